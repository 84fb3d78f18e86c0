"""Who owns each group, by one rule on every node: same configuration and view, same answer.

A group stays where it is while its owner is in and able to serve it. A group that never ran starts
by its startup policy; one whose owner failed follows its fallover policy. Nothing is moved for the
sake of balance: every move interrupts somebody.

Groups are placed one after the other, parents first, then by `priority`, then as in the file; what
is placed stands. So where `with` and `apart-from` cannot be kept, it is the later group that stays
offline, and only a group that runs can make one that runs move.
"""

from collections.abc import Collection, Iterable, Mapping
from heapq import heappop, heappush
from types import MappingProxyType

from msgspec import Struct

from nodeagent.config.board import Board
from nodeagent.config.rules import apart_of, sets_of
from nodeagent.config.times import UNKNOWN, Moment, may_return
from nodeagent.model.configuration import Adapter, Configuration, Group, ServiceAddress
from nodeagent.model.ownership import NOBODY

_NONE: Mapping[str, frozenset[str]] = MappingProxyType({})
_NOTHING: Mapping[str, str] = MappingProxyType({})
_NOBODY_APART: frozenset[str] = frozenset()
_WHOLE: Mapping[str, frozenset[str]] = MappingProxyType({})
Nodes = tuple[str, ...]


class _Situation(Struct, frozen=True):
    """What placement looks at. `sets` and `apart` are the rules between groups."""

    cfg: Configuration
    view: frozenset[str]
    owners: Mapping[str, str]
    failed: Mapping[str, frozenset[str]]
    asked: Mapping[str, str]
    leaving: frozenset[str]
    moment: Moment
    sets: Mapping[str, tuple[str, ...]]
    apart: Mapping[str, frozenset[str]]
    ranks: Mapping[str, int]
    held: frozenset[str]
    cut: Mapping[str, frozenset[str]]


def place(  # noqa: PLR0913 - by keyword only: all that a placement depends on
    cfg: Configuration,
    *,
    view: Collection[str],
    owners: Mapping[str, str],
    failed: Mapping[str, frozenset[str]] = _NONE,
    asked: Mapping[str, str] = _NOTHING,
    leaving: Collection[str] = (),
    moment: Moment = UNKNOWN,
    held: Collection[str] = (),
    cut: Mapping[str, frozenset[str]] = _WHOLE,
) -> dict[str, str]:
    """Return the owner of every group of `cfg` ("" is nobody).

    `view`: nodes that are in. `owners`: before. `failed`: nodes where a group failed. `asked`:
    wishes of the operator, "" for offline; they win where they are possible. `leaving`: nodes
    that go in good order, whose groups move even where the fallover policy would end them.
    `moment`: what time it is; without it nothing returns that has to wait for a time. `held`:
    groups that stay as they are, whatever failed and whoever comes first, while their node may
    have them. `cut`: the networks that a node does not reach, for its adapters there are bad.
    """
    order = in_order(cfg)
    situation = _Situation(
        cfg,
        frozenset(view),
        owners,
        failed,
        asked,
        frozenset(leaving) - frozenset(view),
        moment,
        sets_of(cfg),
        apart_of(cfg),
        {name: rank for rank, name in enumerate(order)},
        frozenset(held),
        cut,
    )
    board = Board(cfg, owners, situation.view)
    for name in order:
        if _stays(situation, board, name):
            owner = owners.get(name, NOBODY)
            board.put(name, owner if owner in situation.view else NOBODY)
    for name in order:
        if name in board.placed:
            continue
        parents = cfg.group[name].after
        waits = any(board.placed.get(parent, NOBODY) == NOBODY for parent in parents)
        board.put(name, NOBODY if waits else _choose(situation, board, name))
    return {name: board.placed.get(name, NOBODY) for name in cfg.group}


def in_order(cfg: Configuration) -> tuple[str, ...]:
    """Return the groups with parents first, else by priority, else in the order of the file.

    Groups of a circle, and those behind one, are left out: verification refuses them, and
    nobody may start them.
    """
    names = tuple(cfg.group)
    waits = {name: len(set(cfg.group[name].after)) for name in names}
    children: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        for parent in set(cfg.group[name].after):
            children.setdefault(parent, []).append(index)
    ranks = [(-group.priority, index) for index, group in enumerate(cfg.group.values())]
    ready = sorted(rank for rank in ranks if not waits[names[rank[1]]])
    ordered = []
    while ready:
        name = names[heappop(ready)[1]]
        ordered.append(name)
        for index in children.get(name, ()):
            waits[names[index]] -= 1
            if not waits[names[index]]:
                heappush(ready, ranks[index])
    return tuple(ordered)


def service_networks(group: Group) -> frozenset[str]:
    """Return the networks on which the group offers service addresses."""
    return frozenset(
        item.network for item in group.resource.values() if isinstance(item, ServiceAddress)
    )


def missing_networks(cfg: Configuration, group: Group, node: str) -> tuple[str, ...]:
    """Return the networks of the group's service addresses on which `node` has no adapter."""
    noun = cfg.node.get(node)
    present = {adapter.network for adapter in noun.adapter.values()} if noun else set()
    return tuple(sorted(service_networks(group) - present))


def cut_off(configuration: Configuration, node: str, bad: Iterable[str]) -> frozenset[str]:
    """Return the networks that `node` has adapters on, all of which are bad."""
    noun, spoiled = configuration.node.get(node), set(bad)
    adapters: dict[str, Adapter] = noun.adapter if noun else {}
    reached = {one.network for name, one in adapters.items() if name not in spoiled}
    return frozenset(one.network for one in adapters.values()) - reached


def able(cfg: Configuration, group: Group, node: str) -> bool:
    """Return whether `node` is listed by the group, serves, and reaches its service networks."""
    if node not in group.nodes or node not in cfg.node or cfg.node[node].standby:
        return False
    return not missing_networks(cfg, group, node)


def _stays(at: _Situation, board: Board, name: str) -> bool:
    """Return whether a hold keeps the group where it is, be that nowhere.

    Nothing keeps it where it may not be, or against the rules between it and another held one.
    """
    owner = at.owners.get(name, NOBODY)
    if name not in at.held or owner == NOBODY:
        return name in at.held
    mates = tuple(mate for mate in at.sets.get(name, ()) if mate != name)
    apart = board.nodes_of(at.apart.get(name, _NOBODY_APART))
    fits = owner not in apart and board.nodes_of(mates) <= {owner}
    return fits and able(at.cfg, at.cfg.group[name], owner)


def _choose(at: _Situation, board: Board, name: str) -> str:
    """Return the node of a group whose parents and betters are placed."""
    if at.asked.get(name) == NOBODY:
        return NOBODY
    mates = tuple(mate for mate in at.sets.get(name, ()) if mate != name)
    with_node = board.nodes_of(mates)
    if with_node:
        return _join(at, board, name, with_node)
    later = tuple(sorted((m for m in mates if m in at.ranks), key=at.ranks.__getitem__))
    later = tuple(mate for mate in later if mate not in board.placed)
    fit = _fit(at, board, name)
    wish, is_new = _wish(at, name, later)
    owner = at.owners.get(name, NOBODY)
    reached = _reaching(at, name, fit)
    if wish in (reached if is_new else _suits(at, board, owner, reached, later)):
        return wish
    spoiled = at.failed.get(name, frozenset())
    good = _reaching(at, name, tuple(node for node in fit if node not in spoiled))
    if owner == NOBODY:
        good = _where_to_start(at, name, good)
    return _by_policy(at, board, name, _suits(at, board, owner, good, later), later)


def _reaching(at: _Situation, name: str, nodes: Nodes) -> Nodes:
    """Return those of `nodes` that reach the group's networks; all of them where none does.

    What no node reaches has failed for all: moving the group would only interrupt it more. A group
    that a failure brings offline stays where it runs, too: its network may return.
    """
    group, owner = at.cfg.group[name], at.owners.get(name, NOBODY)
    networks = service_networks(group)
    reaching = tuple(n for n in nodes if not networks & at.cut.get(n, frozenset()))
    if group.fallover == "bring-offline" and reaching:
        return tuple(n for n in nodes if n in reaching or n == owner)
    return reaching or nodes


def _by_policy(at: _Situation, board: Board, name: str, good: Nodes, later: Nodes) -> str:
    """Stay, return, start or fall over, as the group's policies say."""
    group, owner = at.cfg.group[name], at.owners.get(name, NOBODY)
    taken = frozenset(board.where.get(o, NOBODY) for o in at.apart.get(name, _NOBODY_APART))
    if owner in good:
        return _stay(at, group, owner, good, taken)
    if owner != NOBODY and _ends(at, name):
        return NOBODY
    mates = frozenset(board.where.get(mate, NOBODY) for mate in later)
    board.take_off(name)
    fell = owner != NOBODY or _comes_back(at, name)
    return _pick(board, group, _prefer(_prefer(good, at.view - taken), mates), fell=fell)


def _fit(at: _Situation, board: Board, name: str) -> Nodes:
    """Return the nodes that are in, can serve the group, and are free of those it is apart from."""
    group = at.cfg.group[name]
    taken = board.nodes_of(at.apart.get(name, _NOBODY_APART))
    return tuple(
        n for n in group.nodes if n in at.view and n not in taken and able(at.cfg, group, n)
    )


def _join(at: _Situation, board: Board, name: str, nodes: frozenset[str]) -> str:
    """Go where the groups are that this one must be with; its own order and home do not count."""
    spoiled = at.failed.get(name, frozenset())
    found = [
        node
        for node in _fit(at, board, name)
        if node in nodes and (node not in spoiled or at.asked.get(name) == node)
    ]
    return found[0] if found and not _ends(at, name) else NOBODY


def _suits(at: _Situation, board: Board, owner: str, nodes: Nodes, later: Nodes) -> Nodes:
    """Narrow `nodes` to those that also suit the groups that must be there, the first ones first.

    A group that does not run narrows nothing for one that runs, and nobody waits for one that
    could go nowhere.
    """
    for mate in later:
        idle = at.owners.get(mate, NOBODY) == NOBODY
        if at.asked.get(mate) == NOBODY or _ends(at, mate) or (idle and owner in at.view):
            continue
        spoiled = at.failed.get(mate, frozenset())
        fit = tuple(node for node in _fit(at, board, mate) if node not in spoiled)
        nodes = _prefer(nodes, _reaching(at, mate, fit))
    return nodes


def _prefer(nodes: Nodes, preferred: Collection[str]) -> Nodes:
    """Return those of `nodes` that are preferred, all of them if none is."""
    return tuple(node for node in nodes if node in preferred) or nodes


def _wish(at: _Situation, name: str, later: Nodes) -> tuple[str, bool]:
    """Return where an operator wants the group or one that must be with it, and if that is new.

    A wish for the node where the group is was fulfilled before; a later one outdoes it.
    """
    wishes = [(at.asked.get(one, NOBODY), at.owners.get(one, NOBODY)) for one in (name, *later)]
    new = [wish for wish, owner in wishes if wish not in (NOBODY, owner)]
    old = [wish for wish, _ in wishes if wish != NOBODY]
    return (new or old or [NOBODY])[0], bool(new)


def _stay(at: _Situation, group: Group, owner: str, good: Nodes, taken: frozenset[str]) -> str:
    """Return the owner, or the better node that the group returns to now.

    To return is no need, so nobody who has to be apart is driven out for it.
    """
    if group.fallback == "never":
        return owner
    best = next(node for node in good if node == owner or node not in taken)
    return best if best == owner or may_return(group, best, at.moment) else owner


def _where_to_start(at: _Situation, name: str, good: Nodes) -> Nodes:
    """Start by policy; what only comes back may come to any node."""
    group = at.cfg.group[name]
    if _comes_back(at, name) and group.fallover != "bring-offline":
        return good
    if group.startup == "home-node":
        return tuple(node for node in good if node in group.nodes[:1])
    spoiled = at.failed.get(name, frozenset())
    waits = at.moment.settling and awaited(at.cfg, group, at.view, good, spoiled)
    return () if waits else good


def _comes_back(at: _Situation, name: str) -> bool:
    """Return whether a group without owner ran before, or failed at home: it has to fall over.

    So has one whose home is on standby, or is in and does not reach the group's networks. (A home
    that is not in may only be late, so it is waited for.)
    """
    group = at.cfg.group[name]
    home, networks = group.nodes[:1], service_networks(group)
    idle = any(node in at.cfg.node and at.cfg.node[node].standby for node in home)
    cut = any(node in at.view and networks & at.cut.get(node, frozenset()) for node in home)
    failed_at_home = at.failed.get(name, frozenset()).intersection(home)
    return name in at.moment.ran or idle or cut or bool(failed_at_home)


def awaited(
    cfg: Configuration, group: Group, view: Collection[str], good: Nodes, spoiled: Collection[str]
) -> Nodes:
    """Return the nodes that are not in and would be better than the first of `good`."""
    first = group.nodes.index(good[0]) if good else len(group.nodes)
    better = group.nodes[:first]
    return tuple(n for n in better if n not in view and n not in spoiled and able(cfg, group, n))


def _ends(at: _Situation, name: str) -> bool:
    """Return whether the fallover policy brings the group offline.

    An owner that is no longer fit by plan did not fail, so its group only moves.
    """
    owner = at.owners.get(name, NOBODY)
    if owner == NOBODY or at.cfg.group[name].fallover != "bring-offline":
        return False
    died = owner not in at.view and owner not in at.leaving
    return died or owner in at.failed.get(name, frozenset())


def _pick(board: Board, group: Group, good: Nodes, *, fell: bool) -> str:
    """Return the first, or where least is owned; of equals the first in takeover order."""
    if fell and group.fallover == "least-loaded":
        return min(good, key=lambda node: board.load[node], default=NOBODY)
    return good[0] if good else NOBODY
