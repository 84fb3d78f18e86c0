"""Every finding that a configuration can get: code, title, explanation.

Codes are an interface: scripts and documents name them. E is an error and forbids going on, W a
warning, N a note. 0xx: the text; 1xx: names; 2xx: networks and addresses; 3xx: votes and groups;
4xx: timing; 5xx: what a change would do to the running cluster.
"""

from msgspec import Struct

from nodeagent.model.reports import Place, Report, Severity


class Code(Struct, frozen=True):
    """One kind of finding: a short title and why it matters."""

    severity: Severity
    title: str
    explanation: str


UNREADABLE = frozenset(f"E{number:03}" for number in range(1, 20))
"""Findings of the text itself: it is no TOML that could be read, which is a wrong use."""
_SEVERITIES: dict[str, Severity] = {"E": "error", "W": "warning", "N": "note"}

_TABLE: dict[str, tuple[str, str]] = {
    "E001": ("file too large", "Configurations are limited to 1 MiB, far above any real cluster."),
    "E002": ("not UTF-8", "TOML is UTF-8 text; other encodings would be read differently."),
    "E003": ("nested too deeply", "Nothing in a configuration is deeper than 8 levels."),
    "E004": ("key too long", "Names have at most 63 characters, so a longer key is no name."),
    "E005": ("number too long", "No number of a configuration has more than 64 characters."),
    "E006": ("too many parts", "A file with this many keys and values would stall the agent."),
    "E007": (
        "invisible or control character",
        "Such characters change what a terminal shows, so a name could pass for another.",
    ),
    "E008": ("byte order mark", "TOML files begin with their text; the mark is not part of it."),
    "E010": ("not TOML", "The text breaks a rule of TOML; nothing after this point was read."),
    "E011": ("key given twice", "TOML allows each key once; which one counts would be a guess."),
    "E012": ("table given twice", "TOML allows each table header once."),
    "E020": ("unknown key", "A key that nobody reads is almost always a slip of the pen."),
    "E021": ("missing key", "The object cannot be used without this key."),
    "E022": ("wrong kind of value", "The value is of another kind than the key asks for."),
    "E023": ("not a choice", "The key takes one of a few words."),
    "E024": ("bad name", "Names go into messages, file names and commands, so they are plain."),
    "E025": ("number out of range", "The number lies outside of what can work."),
    "E026": ("too long or too short", "Texts and lists have limits, so that messages have too."),
    "E027": ("bad address", "Addresses are plain IPv4 or IPv6, without prefix or zone."),
    "E028": ("bad subnet", "Subnets are written as first address and prefix length."),
    "E029": ("bad public key", "Keys are 40 characters in Z85, as `nodeagent key` prints them."),
    "E030": ("unknown resource type", "The type says which driver starts and stops the resource."),
    "E031": ("bad agent or unit", "OCF agents are PROVIDER:NAME, systemd units NAME.service."),
    "E032": ("unknown format", "The file was written for another version of the product."),
    "E039": ("cannot be read", "The value fits no noun of the configuration."),
    "E101": ("unknown network", "The adapter or address names a network that does not exist."),
    "E102": ("unknown node", "The group lists a node that does not exist."),
    "E103": ("unknown group", "The group waits for a group that does not exist."),
    "E104": ("unknown voter", "Only nodes of the cluster can vote."),
    "E105": ("node listed twice", "The order of takeover must be unambiguous."),
    "E106": ("voter listed twice", "Every node has one vote."),
    "E107": ("parent listed twice", "Naming a parent once is enough."),
    "E108": ("group after itself", "A group that waits for itself never starts."),
    "E109": ("circle of groups", "Groups that wait for each other never start."),
    "E110": ("key used twice", "A key is an identity; two owners of one could not be told apart."),
    "E111": ("group without nodes", "A group that may run nowhere never runs."),
    "W112": ("group without resources", "The group has an owner but nothing to run."),
    "E114": ("group on a witness", "A witness votes; it has nothing to run groups with."),
    "E115": ("unknown tie-breaker", "Only one of the voters can decide for both halves."),
    "E113": ("no nodes", "A cluster has at least one node."),
    "E201": ("address outside its subnet", "Nobody on the network could reach the address."),
    "E202": ("address used twice", "Two owners of one address disturb each other's traffic."),
    "E203": ("address of the network itself", "The first and last address are not for hosts."),
    "E204": ("subnets overlap", "Adapters on both could not be told apart by their routes."),
    "E205": ("no node can serve the address", "None of its nodes is on the address's network."),
    "W206": ("some nodes cannot serve the address", "These nodes are skipped at takeover."),
    "E207": ("address not for a host", "Multicast and unspecified addresses belong to no host."),
    "E208": ("node without adapter", "A node that no network reaches cannot be heard."),
    "W209": ("one heartbeat path", "When that one path fails, a healthy node looks dead."),
    "W210": ("no private path", "Heartbeats share the networks of the clients."),
    "N211": ("unused network", "No adapter is on this network."),
    "W212": ("role does not fit the network", "Clients use public networks, nodes private ones."),
    "E213": ("too many ends", "A point-to-point network joins two nodes."),
    "W214": ("service address on a private network", "Clients normally cannot reach it."),
    "E215": ("nodes without a common network", "They could not hear each other's heartbeats."),
    "W301": ("even number of voters", "One voter more would survive one failure more, or a tie."),
    "N304": ("tie-breaker not needed", "An odd number of voters has no halves."),
    "W302": ("few voters", "When this few nodes decide, losing one stops all decisions."),
    "N303": ("single node", "With one node there is nobody to take over."),
    "E311": ("application without start", "Without a program to start there is no application."),
    "W312": ("nothing to stop or watch it by", "A background program is out of the agent's sight."),
    "E313": ("relative path", "Agents have no useful current folder, so paths begin with /."),
    "E314": ("folder used twice", "Two groups would write to one folder from two nodes."),
    "E315": ("device used twice", "Mounting a device on two nodes destroys its file system."),
    "W316": ("folder inside another", "Mount points inside each other depend on their order."),
    "W317": ("only one node", "The group cannot be taken over."),
    "W318": ("program without path", "Which program runs depends on the agent's PATH."),
    "W319": ("arguments in one word", "No shell splits the words; each argument is its own text."),
    "E320": ("bad fence agent", "Agents are programs fence_NAME of the system, or manual."),
    "E321": ("secret in plain", "Configurations are copied, shown and kept; secrets must not be."),
    "E322": ("bad fence parameter", "Agents read NAME=VALUE, one a line, on standard input."),
    "E323": ("reboot of one half", "With two power supplies, a node is off when both are."),
    "W324": ("both would fence at once", "Without a delay both may be off at the end."),
    "W325": ("only an operator can confirm", "Nothing but a person can tell that it is off."),
    "E330": ("unknown group in a rule", "The rule names a group that does not exist."),
    "E331": ("rule about itself", "A group is always with itself and never apart from itself."),
    "E332": ("rules contradict", "Groups cannot be together and apart; one would stay offline."),
    "E333": ("no node for all", "Groups that must be together need a node that takes all of them."),
    "W334": ("too few nodes to be apart", "One of the two groups would always stay offline."),
    "N335": ("rule said twice", "Rules count both ways, and with also through other groups."),
    "W337": ("time without fallback", "A group that never returns has nothing to wait for."),
    "E338": ("not a time of the day", "At a time that cannot be read no group would return."),
    "N339": ("settling time without effect", "No group could start on a second choice."),
    "E340": ("stable too late", "The start would always fail before the application counts."),
    "W341": ("failures of no monitor", "Only bad runs of a monitor command can be tolerated."),
    "W350": ("all nodes on standby", "A node on standby owns nothing, so the group runs nowhere."),
    "N351": ("hold is over", "A hold that has ended says nothing any more."),
    "W352": ("long hold", "For so long nobody restarts the group or takes it over."),
    "N353": ("standby witness", "A witness owns no groups in any case."),
    "E356": (
        "parameter that no agent can read",
        "Agents get parameters as variables, whose names have only letters, digits and _.",
    ),
    "E357": (
        "same name for agents",
        "Agents name files by GROUP.RESOURCE; two resources would use each other's.",
    ),
    "E360": ("commands without an event", "They would never run."),
    "W361": ("event without a command", "Whatever happens, nothing is run for it."),
    "E362": ("nothing to run before", "Only what a node does itself can wait for a command."),
    "W363": ("nobody to run it after", "What is merely seen has no node that does it."),
    "W364": (
        "recovery that never runs",
        "Recovery runs after a pre command failed, or the start of a group.",
    ),
    "W365": ("event of no group", "With groups only events of these groups are meant."),
    "E366": ("command without a program", "The first entry of the list is what is started."),
    "E370": ("one node at a time", "A group on all of its nodes would have it several times."),
    "E371": ("rule with an all-available group", "It is on all of its nodes, beside every group."),
    "E372": ("after an all-available group", "Which of its instances to wait for is not said."),
    "W373": ("takeover of an all-available group", "It has an instance on each node already."),
    "E374": ("too many instances", "Each one counts as a group in the agents' messages."),
    "E401": ("dead too soon", "Single lost heartbeats must not make a node look dead."),
    "E402": ("lease too short", "A lease must outlive the detection of a dead node."),
    "E403": ("lease renewed too seldom", "One lost renewal must not stop the resources."),
    "E404": ("step too long", "Two steps must fit into the time of suspension."),
    "E405": ("suspension too short", "A suspension must outlive a lease."),
    "E406": ("watchdog too short", "The watchdog must wait for at least one renewal."),
    "W407": ("dead-after short for many nodes", "With many nodes heartbeats arrive less evenly."),
    "W409": ("outlives its lease", "Services end with lease and watchdog, with or without agent."),
    "E408": ("port used twice", "Every port has one purpose."),
    "E410": ("too short for agents", "An agent on a busy machine could not keep up with less."),
    "E501": ("all heartbeat networks replaced", "For a moment nobody would hear anybody."),
    "E502": ("no quorum of the new voters", "The change could not be decided."),
    "E503": ("no quorum of the present voters", "The change could not be decided."),
    "E504": (
        "cluster renamed",
        "The name is part of the identity and cannot change while it runs.",
    ),
    "E505": ("port changed", "Agents hold their ports while they run."),
    "W506": ("node's key changed", "Its agent is a stranger until it runs with the new key."),
    "E507": ("too many keys changed", "Those who keep their keys could not decide any more."),
    "E508": (
        "new adapter on a node that is away",
        "A new adapter must answer before it counts; that of a node that is away cannot.",
    ),
}

CODES: dict[str, Code] = {
    code: Code(_SEVERITIES[code[0]], title, explanation)
    for code, (title, explanation) in _TABLE.items()
}


def report(
    code: str, text: str, *, place: Place | None = None, hint: str = "", fix: str = ""
) -> Report:
    """Return a finding whose severity is that of its code."""
    return Report(
        code=code,
        severity=CODES[code].severity,
        text=text,
        place=place or Place(),
        hint=hint,
        fix=fix,
    )
