"""Configurations as shapes: frozen descriptions that a schedule changes and writes as text."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from nodeagent.config.digest import file_digest
from tests.simulation.clusters import NAMES, node_key
from tests.simulation.world import CONSOLE_KEY

TIMINGS = (
    (
        "heartbeat-ms = 200\ndead-after-ms = 1200\nlease-ms = 2000\nrenew-ms = 500\n"
        "watchdog-ms = 1000\nsuspend-ms = 7000\nstep-ms = 2500\n"
    ),
    (
        "heartbeat-ms = 250\ndead-after-ms = 1000\nlease-ms = 1500\nrenew-ms = 500\n"
        "watchdog-ms = 1000\nsuspend-ms = 7000\nstep-ms = 2500\n"
    ),
    (
        "heartbeat-ms = 200\ndead-after-ms = 1500\nlease-ms = 4000\nrenew-ms = 600\n"
        "watchdog-ms = 2000\nsuspend-ms = 9000\nstep-ms = 2500\n"
    ),
)
COMMANDS = """
[event.audit]
on = ["group-online", "group-offline"]
pre = ["/opt/audit"]
recovery = ["/opt/mend"]
post = ["/opt/log"]
notify = ["/opt/page"]
seconds = 1.5
[event.watch]
on = ["group-error", "node-up", "node-down", "view-changed", "lease-lost", "dare-aborted"]
notify = ["/opt/page"]
seconds = 1.5
"""
SHORT = (
    "heartbeat-ms = 500\ndead-after-ms = 1500\nlease-ms = 2400\nrenew-ms = 1100\n"
    "watchdog-ms = 1200\nsuspend-ms = 2500\nstep-ms = 1200\n"
)
"""Timing -1: few heartbeats and short deadlines, so that a schedule costs little."""


CONCURRENT = "all-available"


@dataclass(frozen=True)
class GroupShape:
    """One group: takeover order, version of its program, parents, and its policies.

    `rules` are (with or apart-from, group); `extras` are further lines of its table.
    `hold` is the end of a hold in Unix seconds. One with startup all-available has nothing that
    only one node at a time may have, and no policies of takeover.
    """

    nodes: tuple[str, ...]
    version: int = 1
    after: tuple[str, ...] = ()
    startup: str = "first-available"
    fallover: str = "next-node"
    fallback: str = "never"
    number: int = 100
    rules: tuple[tuple[str, str], ...] = ()
    extras: str = ""
    tolerates: int = 0
    hold: float = 0.0

    @property
    def concurrent(self) -> bool:
        """Return whether the group runs on all of its nodes at once."""
        return self.startup == CONCURRENT

    def text(self, name: str, *, concurrent: frozenset[str] = frozenset()) -> str:
        """Return the tables of the group; nothing in them names those that are `concurrent`."""
        listed = ", ".join(f'"{node}"' for node in self.nodes)
        parents = ", ".join(f'"{parent}"' for parent in self.after if parent not in concurrent)
        return (
            f"[group.{name}]\nnodes = [{listed}]\nafter = [{parents}]\n"
            f'startup = "{self.startup}"\n{self._hold}'
            f"{'' if self.concurrent else self._single(name, concurrent)}"
            f'[group.{name}.resource.server]\ntype = "application"\nprocess = "foreground"\n'
            f'start = ["/bin/true", "{self.version}"]\n'
            "start-seconds = 3.0\nstop-seconds = 3.0\ninterval-seconds = 2.0\n"
            f'monitor = ["/bin/true"]\nfailures-tolerated = {self.tolerates}\n'
        )

    def _single(self, name: str, concurrent: frozenset[str]) -> str:
        """Return what a group has that runs on one node at a time."""
        rules = [(key, other) for key, other in self.rules if other not in concurrent]
        told = "".join(f'{key} = ["{other}"]\n' for key, other in rules)
        return (
            f"{told}{self.extras}{self._policy('fallover')}{self._policy('fallback')}"
            f'[group.{name}.resource.address]\ntype = "service-address"\nnetwork = "public"\n'
            f'address = "10.1.0.{self.number}"\n'
        )

    def _policy(self, key: str) -> str:
        """Return the line of a policy, unless the extras have it."""
        value = getattr(self, key)
        return "" if f"{key} =" in self.extras else f'{key} = "{value}"\n'

    @property
    def _hold(self) -> str:
        until = datetime.fromtimestamp(self.hold, UTC)
        return f"hold-until = {until.isoformat()}\n" if self.hold else ""


@dataclass(frozen=True)
class Shape:
    """A whole cluster in a few words; `voters` empty means the default.

    `witness` votes, and no group may run there. With `breaks_ties` half of the voters decide if the
    first of them is there; with `shrinks` who is away loses its vote. `fences`: every node has a
    fence device, every other one two, in levels; `must_fence`: fencing is required. With `spare`
    every node has a standby adapter on the public network, eth2. `adapters` are the names of the
    service, the private and the standby adapter. `commands` are tables of commands for events.
    """

    nodes: tuple[str, ...]
    groups: tuple[tuple[str, GroupShape], ...]
    networks: int = 1
    timing: int = 0
    voters: tuple[str, ...] = ()
    witness: str = ""
    breaks_ties: bool = False
    shrinks: bool = False
    fences: bool = False
    must_fence: bool = False
    settling: float = 0.0
    standby: tuple[str, ...] = ()
    spare: bool = False
    adapters: tuple[str, str, str] = ("eth0", "eth1", "eth2")
    commands: str = ""

    @property
    def tie_breaker(self) -> str:
        """Return the voter that decides when half of them are left, if there is one."""
        return (self.voters or self.nodes)[0] if self.breaks_ties else ""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the nodes on which groups may run."""
        return tuple(node for node in self.nodes if node != self.witness) or self.nodes

    @cached_property
    def text(self) -> str:
        """Return the configuration file."""
        voters = ", ".join(f'"{voter}"' for voter in self.voters)
        shrinks = 2.0 if self.shrinks else 0.0
        parts = [
            f'format = 1\n[cluster]\nname = "box"\nvoters = [{voters}]',
            f'tie-breaker = "{self.tie_breaker}"\nshrink-seconds = {shrinks}\n',
            "fence-required = true\n" if self.must_fence else "",
            f"settling-seconds = {self.settling}\n",
            f"[timing]\n{SHORT if self.timing < 0 else TIMINGS[self.timing]}",
            f'[admin.me]\nkey = "{CONSOLE_KEY}"\n',
            '[network.public]\nkind = "public"\nsubnet = "10.1.0.0/24"\n',
        ]
        if self.networks > 1:
            parts.append('[network.private]\nkind = "private"\nsubnet = "10.2.0.0/24"\n')
        parts += [self._node(name) for name in self.nodes]
        concurrent = frozenset(name for name, group in self.groups if group.concurrent)
        parts += [group.text(name, concurrent=concurrent) for name, group in self.groups]
        parts += [self.commands] if self.commands else []
        return "\n".join(parts)

    def _node(self, name: str) -> str:
        number = NAMES.index(name) + 11
        role = "witness" if name == self.witness else "member"
        service, private, standby = self.adapters
        text = (
            f'[node.{name}]\nkey = "{node_key(name)}"\nrole = "{role}"\n'
            f"{'standby = true' if name in self.standby else ''}\n"
            f'[node.{name}.adapter.{service}]\nnetwork = "public"\nrole = "service"\n'
            f'address = "10.1.0.{number}"\n'
        )
        if self.networks > 1:
            text += (
                f'[node.{name}.adapter.{private}]\nnetwork = "private"\nrole = "private"\n'
                f'address = "10.2.0.{number}"\n'
            )
        if self.spare:
            text += (
                f'[node.{name}.adapter.{standby}]\nnetwork = "public"\nrole = "standby"\n'
                f'address = "10.1.0.{number + 40}"\n'
            )
        return text + (self._fences(name, number) if self.fences else "")

    def _fences(self, name: str, number: int) -> str:
        action = "off" if number % 3 == 0 else "reboot"
        table = f'[node.{name}.fence.board]\nagent = "fence_board"\naction = "{action}"\n'
        table += "seconds = 3.0\n"
        if number % 2:
            table += f'[node.{name}.fence.plug]\nagent = "fence_plug"\nlevel = 2\n'
            table += f"seconds = 2.0\ndelay-seconds = {number % 4 / 4}\n"
        return table

    @cached_property
    def digest(self) -> str:
        """Return the digest of the file."""
        return file_digest(self.text.encode())


def first_shape(
    chance: random.Random,
    nodes: int,
    groups: int,
    networks: int,
    *,
    timing: int = 0,
    witness: bool = False,
    breaks_ties: bool = False,
    shrinks: bool = False,
    fences: bool = False,
    must_fence: bool = False,
) -> Shape:
    """Return a cluster to begin with; the witness, if there is to be one, is its last node."""
    names = NAMES[:nodes]
    shape = Shape(
        names,
        (),
        networks,
        timing,
        voters=names[:4] if breaks_ties and nodes > 3 else (),
        witness=names[-1] if witness else "",
        breaks_ties=breaks_ties,
        shrinks=shrinks,
        fences=fences,
        must_fence=must_fence,
    )
    made: list[tuple[str, GroupShape]] = []
    for number in range(groups):
        order = list(shape.hosts)
        chance.shuffle(order)
        size = chance.randint(min(2, len(order)), len(order))
        after = (made[-1][0],) if made and chance.random() < 0.25 else ()
        group = GroupShape(tuple(order[:size]), 1, after, number=100 + number)
        made.append((f"group{number}", group))
    return with_policies(replace(shape, groups=tuple(made)), random.Random(chance.random()))


EXTRAS = (
    'fallback = "higher-priority"\nfallback-delay-seconds = 3.0\n',
    'fallback = "higher-priority"\nfallback-at = "00:10"\n',
    'fallover = "least-loaded"\nweight = 3\n',
    'fallover = "least-loaded"\npriority = 2\n',
    "failure-expires-seconds = 5.0\n",
)
""""00:10" is where the clock of the simulation stands."""


def with_policies(shape: Shape, chance: random.Random) -> Shape:
    """Give some groups rules, times and weights, and the cluster now and then a settling time."""
    for name, _ in shape.groups:
        if chance.random() < 0.4:
            shape = change_policies(shape, chance, name)
    return replace(shape, settling=chance.choice((0.0, 0.0, 4.0)))


def with_concurrent(shape: Shape, chance: random.Random) -> Shape:
    """Let some groups run on all of their nodes at once."""
    for name, _ in shape.groups:
        if chance.random() < 0.5:
            shape = change_concurrent(shape, name)
    return shape


def change_concurrent(shape: Shape, name: str) -> Shape:
    """Let a group run on all of its nodes at once, or on one at a time again."""
    group = dict(shape.groups)[name]
    startup = "first-available" if group.concurrent else CONCURRENT
    return _with_group(shape, name, replace(group, startup=startup))


def change_policies(shape: Shape, chance: random.Random, name: str) -> Shape:
    """Give a group other rules, times or weights."""
    group = dict(shape.groups)[name]
    if chance.random() < 0.5:
        return _with_group(shape, name, replace(group, rules=_rules(shape, chance, name)))
    extras, tolerates = chance.choice(EXTRAS), chance.choice((0, 2))
    return _with_group(shape, name, replace(group, extras=extras, tolerates=tolerates))


def _rules(shape: Shape, chance: random.Random, name: str) -> tuple[tuple[str, str], ...]:
    """Tie a group to one that stands before it, which cannot contradict what others say."""
    names = [other for other, _ in shape.groups]
    before = names[: names.index(name)]
    if not before:
        return ()
    return ((chance.choice(("with", "apart-from")), chance.choice(before)),)


def _with_group(shape: Shape, name: str, group: GroupShape) -> Shape:
    return replace(shape, groups=tuple((n, group if n == name else g) for n, g in shape.groups))


ANEW = "anew"


def base_name(name: str) -> str:
    """Return the name that a group had before it was renamed."""
    return name.removesuffix(ANEW)


def rename_group(shape: Shape, name: str) -> Shape:
    """Give a group its other name, also where other groups speak of it."""
    new = base_name(name) if name.endswith(ANEW) else name + ANEW

    def renamed(group: GroupShape) -> GroupShape:
        after = tuple(new if parent == name else parent for parent in group.after)
        rules = tuple((key, new if other == name else other) for key, other in group.rules)
        return replace(group, after=after, rules=rules)

    groups = tuple((new if n == name else n, renamed(group)) for n, group in shape.groups)
    return replace(shape, groups=groups)


def swap_addresses(shape: Shape, chance: random.Random) -> Shape:
    """Let two groups change their addresses."""
    if len(shape.groups) < 2:
        return shape
    (one, a), (other, b) = chance.sample(shape.groups, 2)
    swapped = {one: replace(a, number=b.number), other: replace(b, number=a.number)}
    return replace(shape, groups=tuple((n, swapped.get(n, g)) for n, g in shape.groups))


def add_group(shape: Shape, chance: random.Random) -> Shape:
    """Add a group under a name that is free."""
    used = {group.number for _, group in shape.groups}
    used |= {100 + int(base_name(name).removeprefix("group")) for name, _ in shape.groups}
    number = next(n for n in range(100, 200) if n not in used)
    order = list(shape.hosts)
    chance.shuffle(order)
    size = chance.randint(1, len(order))
    group = GroupShape(tuple(order[:size]), number=number)
    return replace(shape, groups=(*shape.groups, (f"group{number - 100}", group)))


def remove_group(shape: Shape, chance: random.Random) -> Shape:
    """Remove a group that no other needs."""
    needed = {parent for _, group in shape.groups for parent in group.after}
    free = [name for name, _ in shape.groups if name not in needed]
    if not free:
        return change_group(shape, chance)
    gone = chance.choice(free)
    groups = []
    for name, group in shape.groups:
        rules = tuple(rule for rule in group.rules if rule[1] != gone)
        if name != gone:
            groups.append((name, replace(group, rules=rules)))
    return replace(shape, groups=tuple(groups))


def change_group(shape: Shape, chance: random.Random) -> Shape:
    """Change the program, the takeover order or a policy of a group."""
    if not shape.groups:
        return add_group(shape, chance)
    name, group = chance.choice(shape.groups)
    what = chance.randrange(8)
    if what > 5:
        return change_policies(shape, chance, name)
    if what == 0:
        return _with_group(shape, name, replace(group, version=group.version + 1))
    if what == 1:
        order = list(group.nodes)
        chance.shuffle(order)
        order = order[: chance.randint(1, len(order))]
        return _with_group(shape, name, replace(group, nodes=tuple(order)))
    if what == 2:
        startup = "home-node" if group.startup == "first-available" else "first-available"
        return _with_group(shape, name, replace(group, startup=startup))
    if what == 3:
        fallover = "bring-offline" if group.fallover == "next-node" else "next-node"
        return _with_group(shape, name, replace(group, fallover=fallover))
    if what == 4:
        return _with_parent(shape, chance, name, group)
    fallback = "never" if group.fallback == "higher-priority" else "higher-priority"
    return _with_group(shape, name, replace(group, fallback=fallback))


def _with_parent(shape: Shape, chance: random.Random, name: str, group: GroupShape) -> Shape:
    """Let a group run after one that stands before it, or after none: so there is no circle."""
    names = [other for other, _ in shape.groups]
    before = names[: names.index(name)]
    after = (chance.choice(before),) if before and not group.after else ()
    return _with_group(shape, name, replace(group, after=after))


def add_node(shape: Shape, chance: random.Random, name: str) -> Shape:
    """Add a node, now and then also to the takeover order of a group."""
    grown = replace(shape, nodes=(*shape.nodes, name))
    if grown.groups and chance.random() < 0.5:
        group_name, group = chance.choice(grown.groups)
        nodes = (name, *group.nodes) if chance.random() < 0.5 else (*group.nodes, name)
        grown = _with_group(grown, group_name, replace(group, nodes=nodes))
    return grown


def remove_node(shape: Shape, chance: random.Random) -> Shape:
    """Remove a node, from all takeover orders, too."""
    if len(shape.nodes) < 2:
        return change_group(shape, chance)
    gone = chance.choice(shape.nodes)
    left = tuple(node for node in shape.nodes if node != gone)
    groups = []
    for name, group in shape.groups:
        nodes = tuple(node for node in group.nodes if node != gone) or _any_host(shape, left)
        groups.append((name, replace(group, nodes=nodes)))
    voters = tuple(voter for voter in shape.voters if voter != gone)
    return replace(shape, nodes=left, groups=tuple(groups), voters=voters)


def _any_host(shape: Shape, left: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(node for node in left if node != shape.witness)[:1] or left[:1]


def change_voters(shape: Shape, chance: random.Random) -> Shape:
    """Name other voters."""
    counts = (2, 3, 4) if shape.breaks_ties else (1, 3, 5)
    count = chance.choice([n for n in counts if n <= len(shape.nodes)] or [1])
    return replace(shape, voters=tuple(chance.sample(shape.nodes, count)))


def change_timing(shape: Shape, chance: random.Random) -> Shape:
    """Use other intervals and deadlines, or, where there are two networks, other adapters."""
    if shape.networks > 1 and chance.random() < 0.4:
        return rename_adapters(shape, chance)
    if shape.timing < 0:
        return replace(shape, timing=1)
    return replace(shape, timing=(shape.timing + chance.randint(1, 2)) % len(TIMINGS))


def rename_adapters(shape: Shape, chance: random.Random) -> Shape:
    """Name the private adapters anew, or let service and standby adapters change their names."""
    service, private, standby = shape.adapters
    if shape.spare and chance.random() < 0.5:
        return replace(shape, adapters=(standby, private, service))
    private = "lan1" if private == "eth1" else "eth1"
    return replace(shape, adapters=(service, private, standby))


def change_standby(shape: Shape, chance: random.Random) -> Shape:
    """Send a node to standby, or let one serve again."""
    name = chance.choice(shape.nodes)
    others = tuple(node for node in shape.standby if node != name)
    return replace(shape, standby=others if name in shape.standby else (*others, name))


def change_hold(shape: Shape, chance: random.Random, unix: float) -> Shape:
    """Hold a group for some seconds from `unix` on, or end its hold."""
    if not shape.groups:
        return shape
    name, group = chance.choice(shape.groups)
    hold = 0.0 if group.hold > unix else float(int(unix) + chance.randint(3, 20))
    return _with_group(shape, name, replace(group, hold=hold))
