"""Every finding that a state directory can get: what it means, gives it, matters by, and mends it.

Codes are an interface: scripts and documents name them. E is an error, W a warning, N a note that
needs nobody. 60x: who the node is; 61x: files and disk; 62x: the journal as a file; 63x: its
records; 64x: decrees; 65x: active; 66x: temporary; 67x: draft; 68x: history.
"""

from msgspec import Struct


class StateCode(Struct, frozen=True):
    """One kind of finding of `nodeagent check`; `cause` is what makes a sound directory get it."""

    title: str
    cause: str
    remedy: str


_ADD_AGAIN = (
    "remove this node from the cluster (a DARE without it), then add it again with a new state "
    "directory: what it promised is lost, so it must not vote from this one"
)
_COMPARE = (
    "stop this agent; `clustertui history --verify` at the others tells whether they remember the "
    "same; where they do, " + _ADD_AGAIN
)
_RESTART = "nothing: the agent mends it at its next start"

REASONS: dict[str, str] = {
    "60": "Name and key are what a node is to the others; without them it cannot take part.",
    "61": "The agent writes here before it vouches for anything, and others must not meddle.",
    "62": "The journal holds what the node promised and decided; nothing else can replace it.",
    "63": "A node that forgets a promise could let two halves of the cluster decide differently.",
    "64": "Each decision refers to the one before, so that all nodes have the same history.",
    "65": "active.toml is for people; the agent starts from its journal.",
    "66": "temporary.toml belongs to a DARE that is open, and counts for nothing after it.",
    "67": "The draft is only edited; nothing that runs reads it.",
    "68": "The files of history are for people; what was decided stands in the journal.",
}
"""Why findings matter, by the first two digits of their codes."""

STATE_CODES: dict[str, StateCode] = {
    code: StateCode(*texts)
    for code, texts in {
        "E601": (
            "no state directory",
            "node.toml is missing: the folder is not one that `nodeagent init` made.",
            "make it with 'nodeagent init' (--join if it ran before), or name the right folder",
        ),
        "E602": (
            "node.toml cannot be used",
            'node.toml has nome = "alpha" in place of name.',
            'restore it; it holds one line: name = "NODE"',
        ),
        "E603": (
            "no key",
            "node.key was deleted.",
            "restore node.key; if it is lost, " + _ADD_AGAIN,
        ),
        "E604": (
            "key open to others",
            "chmod 644 node.key.",
            "chmod 600; then rotate the key, for others may have read it",
        ),
        "E605": (
            "key cannot be used",
            "node.key was cut short by a full disk or an editor.",
            "restore node.key; if it is lost, " + _ADD_AGAIN,
        ),
        "E606": (
            "invitation cannot be used",
            "joining.toml was edited by hand.",
            "give the node the file that adds it: nodeagent init",
        ),
        "N607": (
            "invitation left over",
            "joining.toml is still there after the node was let in.",
            _RESTART,
        ),
        "N608": (
            "waits to be added",
            "`nodeagent join` was run, and no DARE has added the node yet.",
            "apply the configuration that adds it",
        ),
        "E609": (
            "another key than the cluster knows",
            "node.key is that of another node, or a new one that no DARE has made known.",
            "restore node.key, or apply the new public key",
        ),
        "E610": (
            "files cannot be read",
            "`nodeagent check` is run by a user who may not read the folder.",
            "run this as their owner or as root",
        ),
        "E611": (
            "others may write here",
            "chmod 777 on the state directory.",
            "chmod 700; look whether something was changed",
        ),
        "W612": (
            "somebody else's file",
            "The directory was restored by root, and the agent runs as another user.",
            "chown it to the user that the agent runs as",
        ),
        "W613": ("file open to others", "chmod 644 draft.toml.", "chmod 600"),
        "E614": (
            "not a regular file",
            "active.toml was replaced by a symbolic link.",
            "move it away; the agent never follows links",
        ),
        "N615": (
            "left over from a write that was cut short",
            "The power failed between writing a new file and giving it its name.",
            "nothing; it may be removed",
        ),
        "N616": (
            "set aside by an agent",
            "The agent found a file that it could not use, and moved it away.",
            "look at it, then remove it",
        ),
        "E617": (
            "file too large",
            "A log was written into draft.toml.",
            "move it away; no file of an agent is that large",
        ),
        "E618": (
            "disk full",
            "The file system of the state directory has no room left.",
            "free space now: the agent ends when it cannot write its journal",
        ),
        "W619": (
            "disk nearly full",
            "The file system of the state directory has little room left.",
            "free space soon",
        ),
        "N620": (
            "an agent works here",
            "The agent of this directory is running while it is checked.",
            "nothing; what it is writing just now may look unfinished",
        ),
        "E621": ("no journal", "The journal was deleted.", _ADD_AGAIN),
        "E622": (
            "not a journal of ours",
            "Another file was copied over the journal.",
            "put the right file back; if there is none, " + _ADD_AGAIN,
        ),
        "E623": (
            "journal damaged",
            "A sector of the disk was lost in the middle of the journal.",
            _ADD_AGAIN,
        ),
        "N624": (
            "last record torn",
            "The power failed while the last record was written.",
            "nothing: normal after a crash, and nothing vouched for it yet",
        ),
        "E625": (
            "unknown record",
            "A newer version of the agent wrote to the journal.",
            "use the program version that wrote it; else " + _ADD_AGAIN,
        ),
        "N626": ("journal long", "The agent ran for long without tidying its journal.", _RESTART),
        "E627": (
            "journal of another node",
            "The state directory of one machine was copied to another.",
            "put this node's own journal back; if it is lost, " + _ADD_AGAIN,
        ),
        "E628": (
            "no history and no invitation",
            "The journal holds no decree, and there is no invitation.",
            _ADD_AGAIN,
        ),
        "E631": ("promise fell", "The journal was put together from two copies.", _ADD_AGAIN),
        "E632": ("records missing", "Records were cut out of the journal.", _ADD_AGAIN),
        "E633": (
            "two decisions for one slot",
            "A state directory was copied, and both copies voted.",
            "stop all agents that share history with this one, and ask for help: this must not be",
        ),
        "E634": (
            "starts not counted up",
            "Records of another journal were added to this one.",
            _ADD_AGAIN,
        ),
        "E635": (
            "two values accepted under one ballot",
            "Two agents ran with copies of the same state directory.",
            _ADD_AGAIN,
        ),
        "E636": (
            "what was accepted is missing",
            "The beginning of the journal was cut off.",
            _ADD_AGAIN,
        ),
        "E637": (
            "set back to an older copy",
            "The state directory was restored from a backup.",
            _ADD_AGAIN,
        ),
        "N638": (
            "ended without giving groups back",
            "The agent was killed while it held groups.",
            _RESTART,
        ),
        "E641": (
            "newest ledger entry does not follow",
            "An entry of another history was added, or the last but one was changed.",
            _COMPARE,
        ),
        "E642": (
            "decree without certificate",
            "A record of a decree was changed by hand.",
            _ADD_AGAIN,
        ),
        "E643": (
            "decree cannot be read",
            "The bytes of a decree are not what any version writes.",
            _ADD_AGAIN,
        ),
        "E644": (
            "epoch does not follow",
            "A decree of a configuration is missing between two others.",
            _ADD_AGAIN,
        ),
        "E646": (
            "ledger entry changed",
            "An entry was changed after it was decided; the next one names its old digest.",
            _COMPARE,
        ),
        "W645": (
            "removed from the cluster",
            "A DARE removed the node from the cluster.",
            "remove this state directory; to come back, join anew",
        ),
        "W651": ("active.toml missing", "active.toml was deleted.", _RESTART),
        "W652": (
            "active.toml is not what is in force",
            "active.toml was edited by hand.",
            _RESTART + "; keep your edit as a draft",
        ),
        "N661": (
            "a DARE is open",
            "The agent was stopped in the middle of a DARE.",
            "start the agent: it ends the DARE with the others",
        ),
        "W662": (
            "temporary.toml left over",
            "temporary.toml is there, and no DARE is open.",
            _RESTART,
        ),
        "W663": (
            "temporary.toml is not what was staged",
            "temporary.toml was edited by hand while a DARE was open.",
            "start the agent: the DARE will be aborted",
        ),
        "W671": (
            "draft cannot be read",
            "draft.toml is no TOML.",
            "mend it in the console; nothing that runs reads it",
        ),
        "N672": (
            "draft has errors",
            "draft.toml has errors, as `clustertui check` would tell.",
            "mend it in the console before it is applied",
        ),
        "W673": (
            "draft made from an older configuration",
            "Somebody else's change was decided after the draft was begun.",
            "merge it in the console before applying",
        ),
        "N674": (
            "draft of unknown origin",
            "draft.toml was put there by hand.",
            "compare it with the active one before applying",
        ),
        "N675": (
            "no draft",
            "draft.toml was deleted.",
            "nothing: the next agent start or edit makes one",
        ),
        "W681": (
            "history file changed",
            "A file in history was edited.",
            "remove it; peers have the same history",
        ),
        "W682": (
            "history file was never decided",
            "A file was added to history with the name of an epoch that was never decided.",
            "move it away",
        ),
        "N683": (
            "foreign file in history",
            "A file of another name was put into history.",
            "move it away",
        ),
    }.items()
}
