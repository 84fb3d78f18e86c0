"""What a cluster survives: each failure, and each pair of failures, played through by its rules.

Nothing here is a second opinion: who is in comes from `quorum`, who owns what from `placement`,
which are what agents decide by. A failure happens at once and stays: a node stops, an adapter's
link goes down, a network carries nothing any more. What fails on the way to another node (a start
that does not work there, a fence device that does not answer) is not played.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from math import comb
from types import MappingProxyType
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from nodeagent.config.instances import written_name
from nodeagent.config.placement import cut_off, place, service_networks
from nodeagent.config.quorum import majority, outlives
from nodeagent.config.times import Moment
from nodeagent.model.configuration import Configuration, Group
from nodeagent.model.ownership import NOBODY
from nodeagent.model.plan import Plan

PAIRS_PARTS_MAX = 64
"""Pairs are played for at most so many parts (2,016 pairs); their number grows with the square."""
ROUNDS_MAX = 8
SETS_MAX = 400
_NOWHERE: Mapping[str, frozenset[str]] = MappingProxyType({})
_NOTHING: Mapping[str, str] = MappingProxyType({})
_Networks = Mapping[str, frozenset[str]]


class Part(Struct, frozen=True, order=True):
    """What can fail. An adapter has the name of its node, and its own one in `adapter`."""

    kind: Literal["node", "adapter", "network"]
    name: str
    adapter: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" + (f"/{self.adapter}" if self.adapter else "")


Failure = tuple[Part, ...]
"""Parts that fail together."""


class Standpoint(Struct, frozen=True):
    """From where it is asked: who is in, who owns what, what was asked for, what is held.

    `cfg` is expanded. `failed`: nodes on which a group has just failed.
    """

    cfg: Configuration
    view: frozenset[str]
    owners: Mapping[str, str]
    asked: Mapping[str, str] = _NOTHING
    held: frozenset[str] = frozenset()
    failed: Mapping[str, frozenset[str]] = _NOWHERE


class Outcome(Struct, frozen=True):
    """How a failure ends.

    `view`: nodes that are in and may own groups; none is in without a quorum. `owners` afterwards.
    `away`: groups that were owned and are not, or that no client reaches where they are. A
    concurrent group, by its name in the file, is away once no instance of it is left.
    """

    view: frozenset[str]
    owners: Mapping[str, str]
    away: tuple[str, ...] = ()

    @property
    def quorum(self) -> bool:
        """Return whether a majority of the voters goes on."""
        return bool(self.view)


class Loss(Struct, frozen=True, forbid_unknown_fields=True):
    """What a failure costs. `failure` names its parts: "node:alpha", "adapter:alpha/eth0"."""

    failure: str
    quorum: bool = True
    groups: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return what is lost, in words."""
        if not self.quorum:
            return "no majority of the voters is left: every group stops"
        verb = "has" if len(self.groups) == 1 else "have"
        return f"{', '.join(self.groups)} {verb} no node left to run on"


class Survival(Struct, frozen=True, forbid_unknown_fields=True):
    """Which failures cost something: single ones, and pairs that cost more than their parts.

    `played_singles` and `played_pairs` count what was tried, `survived_pairs` those that cost
    nothing; no pairs are played where `too_many` parts could fail.
    """

    singles: tuple[Loss, ...] = ()
    pairs: tuple[Loss, ...] = ()
    played_singles: int = 0
    played_pairs: int = 0
    survived_pairs: int = 0
    too_many: bool = False


def parts_of(cfg: Configuration, view: Iterable[str]) -> tuple[Part, ...]:
    """Return everything that can fail while these nodes are in: nodes, networks, adapters."""
    nodes = [name for name in cfg.node if name in set(view)]
    adapters = [Part("adapter", node, name) for node in nodes for name in cfg.node[node].adapter]
    return (
        *(Part("node", name) for name in nodes),
        *(Part("network", name) for name in cfg.network),
        *adapters,
    )


def pairs_of(parts: Iterable[Part]) -> Iterator[Failure]:
    """Yield all pairs but those in which one part goes with the other: a node and its adapter."""
    for one, other in combinations(tuple(parts), 2):
        same = one.name == other.name and {one.kind, other.kind} == {"node", "adapter"}
        if not same:
            yield one, other


def name_of(failure: Failure) -> str:
    """Return the name by which a failure is known, and waived."""
    return "+".join(str(part) for part in failure)


def play(at: Standpoint, failure: Failure) -> Outcome:
    """Return how the cluster stands when it has come to rest after a failure."""
    reached = _reached(at, failure)
    view = _members(at.cfg, reached)
    cut = _cut(at.cfg, view, failure)
    owners = _owners(at, view, _adapters_cut(at.cfg, view, failure))
    return Outcome(view, owners, _away(at, owners, cut))


def survival(at: Standpoint, *, pairs: bool = True) -> Survival:
    """Return what each failure, and with `pairs` each pair of them, would cost."""
    parts = parts_of(at.cfg, at.view)
    known: dict[object, Outcome] = {}
    alone = {part: _loss(at, (part,), known) for part in parts}
    few = len(parts) <= PAIRS_PARTS_MAX
    tried = tuple(pairs_of(parts)) if pairs and few else ()
    losses = [(pair, loss) for pair in tried if _costs(loss := _loss(at, pair, known))]
    return Survival(
        singles=tuple(loss for loss in alone.values() if _costs(loss)),
        pairs=tuple(loss for pair, loss in losses if _is_more(loss, *(alone[p] for p in pair))),
        played_singles=len(parts),
        played_pairs=len(tried),
        survived_pairs=len(tried) - len(losses),
        too_many=pairs and not few,
    )


def spare_nodes(at: Standpoint) -> tuple[int, Loss | None]:
    """Return how many nodes may fail at once, whichever they are, and the first loss beyond that.

    -1: there is no quorum now. A group that a failure shall bring offline is not missed. Counting
    ends, without a loss, where more than SETS_MAX sets of nodes would have to be tried.
    """
    known: dict[object, Outcome] = {}
    calm = {name for name, group in at.cfg.group.items() if group.fallover == "bring-offline"}
    if not play(at, ()).quorum:
        return -1, Loss("", quorum=False)
    nodes = [name for name in at.cfg.node if name in at.view]
    for count in range(1, len(nodes) + 1):
        if comb(len(nodes), count) > SETS_MAX:
            return count - 1, None
        for some in combinations(nodes, count):
            loss = _loss(at, tuple(Part("node", name) for name in some), known)
            missed = tuple(group for group in loss.groups if group not in calm)
            if not loss.quorum or missed:
                return count - 1, Loss(loss.failure, loss.quorum, missed)
    return len(nodes), None


class Endurance(Struct, frozen=True, forbid_unknown_fields=True):
    """What is survived before and after a change.

    `lost` are the single failures that cost more afterwards, of groups that run before and after;
    they have to be waived by name. `lost_pairs` are the pairs of which the same is true.
    """

    before: Survival = Survival()
    after: Survival = Survival()
    lost: tuple[Loss, ...] = ()
    lost_pairs: tuple[Loss, ...] = ()

    def unwaived(self, waived: Iterable[str]) -> tuple[Loss, ...]:
        """Return the losses that nobody has waived; names are those of `Loss.failure`."""
        return tuple(loss for loss in self.lost if loss.failure not in set(waived))


def endurance(old: Standpoint, new: Configuration, plan: Plan, *, pairs: bool = True) -> Endurance:
    """Return what is survived now and once `plan` has brought `new` into force.

    `old.asked` are the wishes that are left, those of the change included.
    """
    nodes = {node for node in (*old.view, *plan.added_nodes) if node in new.node}
    then = Standpoint(new, frozenset(nodes), plan.owners, old.asked, old.held)
    before, after = survival(old, pairs=pairs), survival(then, pairs=pairs)
    both = _running(old.owners) & _running(plan.owners)
    return Endurance(
        before, after, newly_lost(before, after, both), newly_lost_pairs(before, after, both)
    )


def _running(owners: Mapping[str, str]) -> frozenset[str]:
    return frozenset(written_name(name) for name, node in owners.items() if node)


def newly_lost(old: Survival, new: Survival, groups: Iterable[str]) -> tuple[Loss, ...]:
    """Return the single failures that cost more after a change than before it.

    Only `groups`, those that run before and after it, count: who adds a group to one node takes
    nothing away from anybody. An adapter is not named beside its node where that costs as much.
    """
    return _newly(old.singles, new.singles, frozenset(groups))


def newly_lost_pairs(old: Survival, new: Survival, groups: Iterable[str]) -> tuple[Loss, ...]:
    """Return the same of pairs, without those of which a part alone costs as much."""
    return _newly(old.pairs, new.pairs, frozenset(groups))


def _newly(
    old: tuple[Loss, ...], new: tuple[Loss, ...], groups: frozenset[str]
) -> tuple[Loss, ...]:
    before = {loss.failure: loss for loss in old}
    found = []
    for loss in new:
        known = before.get(loss.failure, Loss(loss.failure))
        if not known.quorum:
            continue
        more = tuple(g for g in loss.groups if g in groups and g not in known.groups)
        if not loss.quorum or more:
            found.append(Loss(loss.failure, loss.quorum, more))
    return tuple(loss for loss in found if not any(_covers(one, loss) for one in found))


def _covers(node: Loss, adapter: Loss) -> bool:
    """Return whether an adapter's failure costs no more than its node's: one name is enough."""
    name = adapter.failure.partition("/")[0]
    if "+" in adapter.failure or name != node.failure.replace("node:", "adapter:", 1):
        return False
    worse = not node.quorum or (adapter.quorum and set(adapter.groups) <= set(node.groups))
    return node is not adapter and worse


def _costs(loss: Loss) -> bool:
    return not loss.quorum or bool(loss.groups)


def _is_more(loss: Loss, *parts: Loss) -> bool:
    """Return whether two failures together cost more than one after the other alone."""
    if not all(part.quorum for part in parts):
        return False
    return not loss.quorum or bool(set(loss.groups).difference(*(part.groups for part in parts)))


def _loss(at: Standpoint, failure: Failure, known: dict[object, Outcome]) -> Loss:
    """Return what a failure costs; failures that leave the same cluster are played once."""
    reached = _reached(at, failure)
    view = _members(at.cfg, reached)
    cut = _cut(at.cfg, view, failure)
    own = _adapters_cut(at.cfg, view, failure)
    key = (view, frozenset(cut.items()), frozenset(own.items()))
    if key not in known:
        owners = _owners(at, view, own)
        known[key] = Outcome(view, owners, _away(at, owners, cut))
    outcome = known[key]
    return Loss(name_of(failure), outcome.quorum, outcome.away)


# -- who is in


def _reached(at: Standpoint, failure: Failure) -> _Networks:
    """Return for each node that lives the networks on which it still hears and is heard."""
    down = {part.name for part in failure if part.kind == "node"}
    dead = {(part.name, part.adapter) for part in failure if part.kind == "adapter"}
    silent = {part.name for part in failure if part.kind == "network"}
    return {
        node: frozenset(
            adapter.network
            for name, adapter in noun.adapter.items()
            if (node, name) not in dead and adapter.network not in silent
        )
        for node, noun in at.cfg.node.items()
        if node in at.view and node not in down
    }


def _members(cfg: Configuration, reached: _Networks) -> frozenset[str]:
    """Return the nodes that a majority of the voters hears; with one of two, who fences first."""
    voters, tie_breaker = cfg.voters(), cfg.cluster.tie_breaker
    hearing = _hearing(voters, reached)
    found = {n for n, by in hearing.items() if majority(voters, by | {n}, tie_breaker)}
    if found & set(voters):
        return frozenset(found)
    winner = _who_fences(cfg, voters, hearing)
    if not winner:
        return frozenset()
    return frozenset({winner} | {n for n, by in hearing.items() if by == {winner}} - set(voters))


def _hearing(voters: tuple[str, ...], reached: _Networks) -> dict[str, set[str]]:
    """Return for each node the voters that hear it; a voter hears itself."""
    alive = [voter for voter in voters if voter in reached]
    on = {mine: {v for v in alive if mine & reached[v]} for mine in set(reached.values())}
    return {node: on[mine] | ({node} & set(alive)) for node, mine in reached.items()}


def _who_fences(
    cfg: Configuration, voters: tuple[str, ...], hearing: Mapping[str, set[str]]
) -> str:
    """Return the one of two voters that goes on alone because it fences the other, "" for none.

    Where both live and do not hear each other, the one goes on whose victim's device strikes first.
    """
    if len(voters) != 2:
        return ""
    able = [
        (min(device.delay_seconds for device in cfg.node[other].fence.values()), voter)
        for voter, other in (voters, voters[::-1])
        if voter in hearing
        and cfg.node[other].fence
        and outlives(voters, {voter}, cfg.cluster.tie_breaker, {other})
    ]
    return min(able)[1] if able else ""


# -- who owns what


def _cut(cfg: Configuration, view: frozenset[str], failure: Failure) -> dict[str, frozenset[str]]:
    """Return the networks on which nothing reaches nodes that are in: cut off there, or silent."""
    silent = frozenset(part.name for part in failure if part.kind == "network")
    own = _adapters_cut(cfg, view, failure)
    return {node: own.get(node, frozenset()) | silent for node in (view if silent else own)}


def _adapters_cut(
    cfg: Configuration, view: frozenset[str], failure: Failure
) -> dict[str, frozenset[str]]:
    """Return the networks on which all adapters of a node failed, as the node itself says.

    A network that falls silent as a whole is no adapter's failure, so nothing moves for it.
    """
    found = {}
    for node in view.intersection(part.name for part in failure if part.kind == "adapter"):
        bad = {p.adapter for p in failure if p.kind == "adapter" and p.name == node}
        if lost := cut_off(cfg, node, bad):
            found[node] = lost
    return found


def _owners(at: Standpoint, view: frozenset[str], cut: _Networks) -> Mapping[str, str]:
    """Return the owners once no view would change them any more; nobody without a quorum."""
    if not view:
        return dict.fromkeys(at.cfg.group, NOBODY)
    cfg = replace(at.cfg, group=_concerned(at, view, cut))
    found = {**dict.fromkeys(at.cfg.group, NOBODY), **at.owners}
    owners, asked = {g: found[g] for g in cfg.group}, dict(at.asked)
    ran = frozenset(group for group, owner in at.owners.items() if owner)
    for _ in range(ROUNDS_MAX if cfg.group else 0):
        after = place(
            cfg,
            view=view,
            owners=owners,
            failed=at.failed,
            asked=asked,
            moment=Moment(ran=ran),
            held=at.held,
            cut=cut,
        )
        ended = [g for g, n in after.items() if not n and owners.get(g) and _stays_off(at, g)]
        asked |= dict.fromkeys(ended, NOBODY)
        if after == owners:
            break
        owners = after
    found |= {g: n if _proved(at, view, g) else NOBODY for g, n in owners.items()}
    return {group: found[group] for group in at.cfg.group}


def _concerned(at: Standpoint, view: frozenset[str], cut: _Networks) -> dict[str, Group]:
    """Return the groups that may go elsewhere, and those that are bound to them by any rule.

    All others stay where they are, for placement looks at nothing else of them.
    """
    groups = at.cfg.group
    begun = [name for name in groups if not _stays(at, name, view, cut)]
    bound = _bound(at.cfg) if begun else {}
    seen = set[str]()
    while begun:
        name = begun.pop()
        if name in groups and name not in seen:  # a draft may name what is not there
            seen.add(name)
            begun += bound.get(name, ())
    if any(groups[name].fallover == "least-loaded" for name in seen):
        return dict(groups)
    return {name: group for name, group in groups.items() if name in seen}


def _stays(at: Standpoint, group: str, view: frozenset[str], cut: _Networks) -> bool:
    """Return whether the group's owner is in, serves it, and has not failed it."""
    owner = at.owners.get(group, NOBODY)
    if owner not in view or owner in at.failed.get(group, frozenset()):
        return False
    return _serves(at.cfg, group, owner, cut)


def _bound(cfg: Configuration) -> dict[str, list[str]]:
    """Return for each group those that it is bound to, whoever of the two names the other."""
    found: dict[str, list[str]] = {}
    for name, group in cfg.group.items():
        for other in (*group.after, *group.together, *group.apart_from):
            found.setdefault(name, []).append(other)
            found.setdefault(other, []).append(name)
    return found


def _proved(at: Standpoint, view: frozenset[str], group: str) -> bool:
    """Return whether a lost owner can be known to be off where no waiting is enough for that."""
    before = at.owners.get(group, NOBODY)
    if before in view or before not in at.cfg.node or not at.cfg.cluster.fence_required:
        return True
    return bool(at.cfg.node[before].fence)


def _stays_off(at: Standpoint, group: str) -> bool:
    return at.cfg.group[group].fallover == "bring-offline"


def _away(at: Standpoint, owners: Mapping[str, str], cut: _Networks) -> tuple[str, ...]:
    serving = {
        written_name(group) for group in at.cfg.group if _serves(at.cfg, group, owners[group], cut)
    }
    ran = (written_name(g) for g, before in at.owners.items() if before and g in at.cfg.group)
    return tuple(group for group in dict.fromkeys(ran) if group not in serving)


def _serves(cfg: Configuration, group: str, owner: str, cut: _Networks) -> bool:
    """Return whether somebody owns the group on a node that reaches its service networks."""
    if owner == NOBODY:
        return False
    return not service_networks(cfg.group[group]) & cut.get(owner, frozenset())
