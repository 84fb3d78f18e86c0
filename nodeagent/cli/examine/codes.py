"""Every finding that a state directory can get: code, what it means, what to do.

Codes are an interface: scripts and documents name them. E is an error, W a warning, N a note that
needs nobody. 60x: who the node is; 61x: files and disk; 62x: the journal as a file; 63x: its
records; 64x: decrees; 65x: active; 66x: temporary; 67x: draft; 68x: history.
"""

from msgspec import Struct

from nodeagent.model.reports import Severity


class Finding(Struct, frozen=True):
    """One thing that is wrong or worth knowing: `file` is relative to the state directory."""

    code: str
    severity: Severity
    file: str
    text: str
    remedy: str


_ADD_AGAIN = (
    "remove this node from the cluster (a DARE without it), then add it again with a new state "
    "directory: what it promised is lost, so it must not vote from this one"
)
_RESTART = "nothing: the agent mends it at its next start"

CODES: dict[str, tuple[str, str]] = {
    "E601": ("no state directory", "make it with 'nodeagent init', or name the right folder"),
    "E602": ("node.toml cannot be used", 'restore it; it holds one line: name = "NODE"'),
    "E603": ("no key", "restore node.key; if it is lost, " + _ADD_AGAIN),
    "E604": ("key open to others", "chmod 600; then rotate the key, for others may have read it"),
    "E605": ("key cannot be used", "restore node.key; if it is lost, " + _ADD_AGAIN),
    "E606": ("invitation cannot be used", "give the node the file that adds it: nodeagent init"),
    "N607": ("invitation left over", _RESTART),
    "N608": ("waits to be added", "apply the configuration that adds it"),
    "E609": ("another key than the cluster knows", "restore node.key, or apply the new public key"),
    "E610": ("files cannot be read", "run this as their owner or as root"),
    "E611": ("others may write here", "chmod 700; look whether something was changed"),
    "W612": ("somebody else's file", "chown it to the user that the agent runs as"),
    "W613": ("file open to others", "chmod 600"),
    "E614": ("not a regular file", "move it away; the agent never follows links"),
    "N615": ("left over from a write that was cut short", "nothing; it may be removed"),
    "N616": ("set aside by an agent", "look at it, then remove it"),
    "E617": ("file too large", "move it away; no file of an agent is that large"),
    "E618": ("disk full", "free space now: the agent ends when it cannot write its journal"),
    "W619": ("disk nearly full", "free space soon"),
    "N620": ("an agent works here", "nothing; what it is writing just now may look unfinished"),
    "E621": ("no journal", _ADD_AGAIN),
    "E622": ("not a journal of ours", "put the right file back; if there is none, " + _ADD_AGAIN),
    "E623": ("journal damaged", _ADD_AGAIN),
    "N624": ("last record torn", "nothing: normal after a crash, and nothing vouched for it yet"),
    "E625": ("unknown record", "use the program version that wrote it; else " + _ADD_AGAIN),
    "N626": ("journal long", _RESTART),
    "E627": (
        "journal of another node",
        "put this node's own journal back; if it is lost, " + _ADD_AGAIN,
    ),
    "E628": ("no history and no invitation", _ADD_AGAIN),
    "E631": ("promise fell", _ADD_AGAIN),
    "E632": ("records missing", _ADD_AGAIN),
    "E633": (
        "two decisions for one slot",
        "stop all agents that share history with this one, and ask for help: this must never be",
    ),
    "E634": ("starts not counted up", _ADD_AGAIN),
    "E635": ("two values accepted under one ballot", _ADD_AGAIN),
    "E636": ("what was accepted is missing", _ADD_AGAIN),
    "E637": ("set back to an older copy", _ADD_AGAIN),
    "N638": ("ended without giving groups back", _RESTART),
    "E641": ("history does not continue", _ADD_AGAIN),
    "E642": ("decree without certificate", _ADD_AGAIN),
    "E643": ("decree cannot be read", _ADD_AGAIN),
    "E644": ("epoch does not follow", _ADD_AGAIN),
    "W645": ("removed from the cluster", "remove this state directory; to come back, join anew"),
    "W651": ("active.toml missing", _RESTART),
    "W652": ("active.toml is not what is in force", _RESTART + "; keep your edit as a draft"),
    "N661": ("a DARE is open", "start the agent: it ends the DARE with the others"),
    "W662": ("temporary.toml left over", _RESTART),
    "W663": ("temporary.toml is not what was staged", "start the agent: the DARE will be aborted"),
    "W671": ("draft cannot be read", "mend it in the console; nothing that runs reads it"),
    "N672": ("draft has errors", "mend it in the console before it is applied"),
    "W673": ("draft made from an older configuration", "merge it in the console before applying"),
    "N674": ("draft of unknown origin", "compare it with the active one before applying"),
    "N675": ("no draft", "nothing: the next agent start or edit makes one"),
    "W681": ("history file changed", "remove it; peers have the same history"),
    "W682": ("history file was never decided", "move it away"),
    "N683": ("foreign file in history", "move it away"),
}

_SEVERITIES: dict[str, Severity] = {"E": "error", "W": "warning", "N": "note"}


def finding(code: str, file: str, text: str, remedy: str = "") -> Finding:
    """Return a finding with this code; its own remedy, or the one that the code names."""
    return Finding(code, _SEVERITIES[code[0]], file, text, remedy or CODES[code][1])
