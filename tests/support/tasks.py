"""Ten tasks of an administrator: the keys in the console, and the same in a shell, pcs and crmsh.

The peers' commands are written from their manuals: pcs.8.in of July 2026 and crm.8.adoc of June
2026.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.config.operations import with_standby
from nodeagent.config.parse import parse
from nodeagent.model.configuration import ServiceAddress
from nodeagent.wire.live import ConfigurationChanged
from tests.support import story

NOW = story.configuration_text()
BEFORE = edit.set_value(NOW, ("group", "web", "fallback"), "higher-priority")
PASTE = "paste"
"""One key, as Ctrl+Shift+V: what a person copies is not typed."""
UNIT = (
    "nodeagent unit --install",
    "systemctl daemon-reload",
    "systemctl enable --now nodeagent",
)
INIT = (
    "nodeagent init --state /var/lib/nodeagent --node delta --config cluster.toml "
    "--key delta.key --join"
)
JOIN = (
    "nodeagent join --state /var/lib/nodeagent --adapter eth0=public1:10.10.1.14:service "
    "--adapter eth1=public2:10.10.2.14:service --adapter eth2=private1:10.10.9.14:private W"
)
"""W is the word of the invitation, one key: it is pasted."""
_KEYS = {" ": "space", "-": "minus"}


@dataclass(frozen=True, slots=True)
class Press:
    """Keys that are pressed, and what is to be seen before the next ones."""

    keys: tuple[str, ...]
    shown: tuple[str, ...] = ()
    pasted: str = ""
    heard: Callable[[], Sequence[object]] = tuple
    """What the agent says then."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Commands of a peer that do the task, or come nearest. `lacks` says what it cannot do."""

    commands: tuple[str, ...]
    lacks: str = ""

    @property
    def keys(self) -> int:
        """Return letters and Enters."""
        return typed(self.commands)


@dataclass(frozen=True, slots=True)
class Task:
    """`holds` judges the configuration that was asked for (or None) and the screen's text."""

    name: str
    presses: tuple[Press, ...]
    holds: Callable[[str, str], bool]
    pcs: Peer
    crmsh: Peer
    shell: tuple[str, ...] = ()
    remark: str = ""
    beside: tuple[str, ...] = ()
    """What has to be typed on another machine, too; it is counted and not played."""
    told: Callable[[], Sequence[object]] = tuple
    """What the agent says before the first key."""

    @property
    def keys(self) -> int:
        """Return how many keys the console wants."""
        return sum(len(press.keys) for press in self.presses) + typed(self.beside)


def typed(commands: Sequence[str]) -> int:
    """Return how many keys commands want: their letters, and Enter."""
    return sum(len(command) + 1 for command in commands)


def letters(text: str) -> tuple[str, ...]:
    """Return the keys of a text."""
    return tuple(_KEYS.get(letter, letter) for letter in text)


def press(*keys: str, shown: tuple[str, ...] | str = (), pasted: str = "") -> Press:
    """Return keys to press; `shown` is waited for afterwards."""
    return Press(keys, (shown,) if isinstance(shown, str) else shown, pasted)


# -- what the tasks bring about


def _group(text: str, name: str) -> Any:
    found = parse(text).configuration if text else None
    return found.group[name] if found else None


def _has_delta(text: str, _: str) -> bool:
    found = parse(text).configuration if text else None
    return found is not None and found.node["delta"].key == story.key_of("delta")


def _has_second_address(text: str, _: str) -> bool:
    group = _group(text, "web")
    resources = list(group.resource.values()) if group else []
    return sum(isinstance(one, ServiceAddress) for one in resources) == 2


def _is_turned_round(text: str, _: str) -> bool:
    group = _group(text, "web")
    return bool(group) and list(group.nodes) == ["charlie", "bravo"]


def _has_colleague(text: str, _: str) -> bool:
    found = parse(text).configuration if text else None
    admin = found.admin.get("ann") if found else None
    return admin is not None and admin.role == "observer" and admin.key == story.key_of("ann")


def _alpha_is_on_standby() -> list[object]:
    text = with_standby(NOW, "alpha", standby=True)
    digest = file_digest(text.encode())
    active = ConfigurationChanged(draft=False, epoch=18, digest=digest, text=text)
    owners = {"database": "bravo", "web": "bravo"}
    return [active, story.cluster_live(epoch=18, digest=digest, owners=owners)]


RUN = (press("5", shown="untouched"), press("g", shown="Cancel"))
"""From a form to the question whether to run the DARE."""
YES = press("right", "enter")

TASKS: tuple[Task, ...] = (
    Task(
        "Add a node",
        (
            press("2", shown="Nodes 3"),
            press("a", shown="editing node"),
            press(*letters("delta"), shown="editing node delta"),
            press("tab"),
            press(PASTE, pasted=story.key_of("delta")),
            press("ctrl+s"),
            *RUN,
            YES,
        ),
        _has_delta,
        Peer(
            (
                "pcs host auth delta -u hacluster -p SECRET",
                "pcs cluster node add delta --start --enable",
            )
        ),
        Peer(("crm cluster join -c alpha -y",)),
        (
            "clustertui invite delta --wait --apply",
            "y",
            JOIN,
            *UNIT,
        ),
        "Longer than with both peers, by what is typed on the new machine: they look up the host's "
        "name and copy their files, and want a password or ssh key there first.",
        (
            "nodeagent key delta.key",
            INIT,
            *UNIT,
        ),
    ),
    Task(
        "Add an address to a group",
        (
            press("4", shown="Groups 2"),
            press("down", "e", shown="editing group web"),
            press("up", "a", shown="Type of the new resource"),
            press("enter", shown="editing web / "),
            press("ctrl+s", shown="editing group web"),
            press("ctrl+s"),
            *RUN,
            press("enter", *letters("orders"), "enter"),
        ),
        _has_second_address,
        Peer(("pcs resource create web2 IPaddr2 ip=10.10.1.101 --group web",)),
        Peer(
            (
                "crm configure primitive web2 IPaddr2 params ip=10.10.1.101",
                "crm configure modgroup web add web2",
            )
        ),
        remark="The form proposes the network and the first free address. The group is started "
        "anew here, so the cluster's name is typed; the peers start the new address alone.",
    ),
    Task(
        "Change the takeover order",
        (
            press("4", shown="Groups 2"),
            press("down", "e", shown="editing group web"),
            press("tab"),
            press("f4", shown="bravo"),
            press("J", "enter", shown="editing group web"),
            press("ctrl+s"),
            *RUN,
            YES,
        ),
        _is_turned_round,
        Peer(("pcs constraint location web prefers charlie=200 bravo=100",)),
        Peer(
            (
                "crm configure delete web-1 web-2",
                "crm configure location web-1 web 200: charlie",
                "crm configure location web-2 web 100: bravo",
            )
        ),
        remark="The peers have no order, but a score for each node.",
    ),
    Task(
        "Move a group",
        (
            press("4", shown="Groups 2"),
            press("m", shown="Move database"),
            press("down", "enter", shown="Type database"),
            press("enter", *letters("database"), "enter"),
        ),
        lambda text, _: "[group.database]" in text,
        Peer(("pcs resource move database charlie",)),
        Peer(("crm resource move database charlie", "crm resource clear database")),
        ("clustertui move database charlie",),
        "The console has the group's name typed, for it interrupts a service. The peers do not "
        "ask; crmsh leaves a rule behind that has to be cleared.",
    ),
    Task(
        "Find out why a group is where it is",
        (press("4", shown="Groups 2"), press("down", "w", shown="Why is web")),
        lambda _, screen: "bravo is not in" in screen,
        Peer(
            ("crm_simulate --show-scores --live-check",),
            "shows scores of now; no record of the event, the rule and the candidates",
        ),
        Peer(("crm resource scores",), "shows scores of now, as pcs"),
        ("clustertui why web",),
    ),
    Task(
        "Take one field back",
        (
            press("9", shown="~ group.web fallback"),
            press("u", shown="Take back"),
            press("down", "enter", shown="1 change"),
            press("g", shown="Cancel"),
            YES,
        ),
        lambda text, _: text == BEFORE,
        Peer(
            ("pcs resource meta web resource-stickiness=100",),
            "restores whole checkpoints only; a field is set by hand to what one remembers",
        ),
        Peer(
            ("crm resource meta web set resource-stickiness 100",),
            "keeps no configuration of before; by hand, as pcs",
        ),
        ("clustertui rollback 17 --only group.web.fallback", "y"),
    ),
    Task(
        "Recover from a failed change",
        (press("7", shown="Address in use"),),
        lambda _, screen: "Address in use" in screen,
        Peer(
            (
                "pcs config checkpoint",
                "pcs config checkpoint restore 12",
                "pcs resource cleanup web",
            )
        ),
        Peer(
            ("crm configure load push before.crm", "crm resource cleanup web"),
            "has nothing to go back to unless `crm configure save before.crm` came first",
        ),
        remark="Nothing has to be done: the abort returned every node and group. The key is that "
        "to read why it failed.",
        told=story.run_aborts,
    ),
    Task(
        "Take a node out for maintenance, and back",
        (
            press("2", shown="Nodes 3"),
            press("o", shown="Send alpha to standby?"),
            Press(
                ("enter", *letters("alpha"), "enter"), ("S standby",), heard=_alpha_is_on_standby
            ),
            press("O", shown="Let alpha serve again?"),
            YES,
        ),
        lambda text, _: text == NOW,
        Peer(("pcs node standby alpha", "pcs node unstandby alpha")),
        Peer(("crm node standby alpha", "crm node online alpha")),
        ("clustertui node standby alpha", "clustertui node resume alpha"),
    ),
    Task(
        "Compare with last week",
        (
            press("9", shown="~ group.web fallback"),
            press("down", "d", "enter", shown="ran diff --from 16"),
        ),
        lambda _, screen: "ran diff --from 16" in screen,
        Peer(("pcs config checkpoint", "pcs config checkpoint diff 12 live")),
        Peer(("crm history peinputs", "crm history diff pe-input-2080.bz2 live")),
        ("clustertui history", "clustertui diff --from 16"),
        "The past page shows what each epoch changed; d begins the "
        "subcommand that compares two of them.",
    ),
    Task(
        "Give a colleague read-only access",
        (
            press("5", shown="Draft"),
            press("a", shown="Add"),
            press("end", "up", "enter", shown="editing administrator"),
            press(*letters("ann"), shown="editing administrator ann"),
            press("tab"),
            press(PASTE, pasted=story.key_of("ann")),
            press("ctrl+s"),
            *RUN,
            YES,
        ),
        _has_colleague,
        Peer(
            (
                "usermod -aG haclient ann",
                "pcs acl role create look read xpath /cib",
                "pcs acl user create ann look",
                "pcs acl enable",
            )
        ),
        Peer(
            (
                "usermod -aG haclient ann",
                "crm configure role look read xpath:/cib",
                "crm configure acl_target ann look",
                "crm configure property enable-acl=true",
            )
        ),
        remark="An observer is the proposal; the peers' user needs an account on the node, too.",
    ),
)
