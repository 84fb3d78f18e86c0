"""Two people edited the same configuration: both their changes in one text.

A three-way merge by what the texts say, not by their lines: an object or a field that only one side
changed is taken from that side. The text that comes out is *mine* with the others' changes edited
in, so my comments and my order stay. Where both changed the same field differently, or one removed
what the other changed, the caller decides.

Whether the result makes sense as a whole (one side adds a group on a node that the other removed)
is for verification to say.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from nodeagent.config import edit
from nodeagent.config.layout import EditError, Layout
from nodeagent.config.order import Orders
from nodeagent.config.roles import with_role
from nodeagent.config.spans import Path
from nodeagent.config.trees import bare, get, same
from nodeagent.config.words import dotted, value_text
from nodeagent.model.plan import ChangeKind

Side = Literal["mine", "theirs"]

_FAMILIES = frozenset({"network", "node", "group", "admin", "event"})
_INNER = {"node": ("adapter", "fence"), "group": ("resource",)}
_NONE: Mapping[str, Side] = {}


class Taken(Struct, frozen=True):
    """A change that only one side made, or both alike ("both"); it is in the merged text.

    `object` and `key` are as in `Change`; `old` and `new` are TOML-like text, "" for not there.
    """

    side: Literal["mine", "theirs", "both"]
    kind: ChangeKind
    object: str
    key: str
    old: str
    new: str


class Conflict(Struct, frozen=True):
    """What both sides changed differently. `key` is empty where it is the whole object.

    `choice` is whose value stands in the merged text; while it is "", mine does.
    """

    object: str
    key: str
    base: str
    mine: str
    theirs: str
    choice: Literal["", "mine", "theirs"] = ""

    @property
    def id(self) -> str:
        """Return the name by which a choice is handed in."""
        return f"{self.object}|{self.key}"


class Merged(Struct, frozen=True):
    """The merged text, what it took from whom, and what both changed."""

    text: bytes
    taken: tuple[Taken, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    @property
    def undecided(self) -> tuple[Conflict, ...]:
        """Return the conflicts that nobody has decided yet."""
        return tuple(conflict for conflict in self.conflicts if not conflict.choice)


class _Point(Struct, frozen=True):
    """A place at which at least one side differs from the base; None: nothing stands there."""

    path: Path
    base: Any
    mine: Any
    theirs: Any


def merge(base: bytes, mine: bytes, theirs: bytes, choices: Mapping[str, Side] = _NONE) -> Merged:
    """Return `mine` and `theirs`, both made from `base`, in one; `choices` by `Conflict.id`.

    Raises EditError where a text is not TOML, or where a change of theirs cannot be edited into
    mine in the way that is written.
    """
    trees = _Trees(_tree("base", base), _tree("mine", mine), _tree("theirs", theirs))
    points = list(_points((), trees.base, trees.mine, trees.theirs))
    verdicts = [_judged(point, choices) for point in points]
    orders = {path: _orders(trees, path) for path in _ordered_families(trees)}
    moves = [move for path in orders if (move := _judged_order(path, orders[path], choices))]
    found = [*verdicts, *moves]
    taken = tuple(one for one in found if isinstance(one, Taken))
    conflicts = tuple(one for one in found if isinstance(one, Conflict))
    if mine in {base, theirs}:
        return Merged(theirs, taken, conflicts)
    wanted = [p for p, verdict in zip(points, verdicts, strict=True) if _is_theirs(verdict)]
    text = _edited(mine.decode("utf-8"), wanted)
    preferred = {one.object for one in moves if _is_theirs(one)}
    return Merged(_in_order(text, orders, preferred).encode("utf-8"), taken, conflicts)


class _Trees(Struct, frozen=True):
    base: dict[str, Any]
    mine: dict[str, Any]
    theirs: dict[str, Any]


def _tree(side: str, data: bytes) -> dict[str, Any]:
    try:
        tree: dict[str, Any] = bare(Layout(data.decode("utf-8")).raw)
    except UnicodeDecodeError:
        raise EditError(f"{side}: the text is not UTF-8") from None
    except EditError as error:
        raise EditError(f"{side}: {error}") from None
    return tree


# -- what differs ----------------------------------------------------------------------------------


def _points(path: Path, base: Any, mine: Any, theirs: Any) -> Iterator[_Point]:
    """Yield where a side differs from the base: fields, or objects that not all three have."""
    for name in dict.fromkeys((*theirs, *base, *mine)):
        point = _Point((*path, name), base.get(name), mine.get(name), theirs.get(name))
        if _alike(point.base, point.mine) and _alike(point.base, point.theirs):
            continue
        if _descends(point):
            inside = (value or {} for value in (point.base, point.mine, point.theirs))
            yield from _points(point.path, *inside)
        else:
            yield point


def _descends(point: _Point) -> bool:
    values = (point.base, point.mine, point.theirs)
    if any(value is not None and not isinstance(value, Mapping) for value in values):
        return False
    if _is_family(point.path):
        return True
    if None in values:
        return False
    # The keys of one type of resource mean nothing under another one.
    return len({str(value.get("type")) for value in values}) == 1


def _is_family(path: Path) -> bool:
    inner = len(path) == 3 and path[2] in _INNER.get(path[0], ())
    return inner or (len(path) == 1 and path[0] in _FAMILIES)


def _alike(one: Any, two: Any) -> bool:
    """Return whether two values say the same; the order of keys says nothing."""
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        return one.keys() == two.keys() and all(_alike(one[key], two[key]) for key in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(_alike, one, two))
    return same(one, two)


def _owner(path: Path) -> Path:
    """Return the object that a place belongs to."""
    if path[0] in _FAMILIES:
        return path[:4] if path[2:3] and path[2] in _INNER.get(path[0], ()) else path[:2]
    return path[:1] if path[0] in {"cluster", "timing"} else ()


def _judged(point: _Point, choices: Mapping[str, Side]) -> Taken | Conflict:
    owner = _owner(point.path)
    key = dotted(point.path[len(owner) :])
    sides = (point.base, point.mine, point.theirs)
    base, mine, theirs = (_text(with_role(point.path, value)) for value in sides)
    kept, theirs_kept = _alike(point.base, point.mine), _alike(point.base, point.theirs)
    both = _alike(point.mine, point.theirs)
    if not (kept or theirs_kept or both):
        conflict = Conflict(dotted(owner), key, base, mine, theirs)
        return _chosen(conflict, choices)
    kind: ChangeKind = "change"
    if not key and not base:
        kind = "add"
    elif not key and not (mine and theirs):
        kind = "remove"
    side: Literal["mine", "theirs", "both"] = "both" if both else "theirs" if kept else "mine"
    return Taken(side, kind, dotted(owner), key, base, theirs if kept else mine)


def _chosen(conflict: Conflict, choices: Mapping[str, Side]) -> Conflict:
    return replace(conflict, choice=choices.get(conflict.id, ""))


def _text(value: Any) -> str:
    return "" if value is None else value_text(value)


def _is_theirs(verdict: Taken | Conflict) -> bool:
    return (verdict.side if isinstance(verdict, Taken) else verdict.choice) == "theirs"


# -- the order of resources ------------------------------------------------------------------------


def _ordered_families(trees: _Trees) -> tuple[Path, ...]:
    """Return the paths of the resources of each group that any side has."""
    sides = (trees.base, trees.mine, trees.theirs)
    groups = dict.fromkeys(name for side in sides for name in _names(side, ("group",)))
    return tuple(("group", name, "resource") for name in groups)


def _names(tree: dict[str, Any], path: Path) -> tuple[str, ...]:
    found = get(tree, path)
    return tuple(found) if isinstance(found, dict) else ()


def _orders(trees: _Trees, path: Path) -> Orders:
    return Orders(_names(trees.base, path), _names(trees.mine, path), _names(trees.theirs, path))


def _judged_order(
    path: Path, orders: Orders, choices: Mapping[str, Side]
) -> Taken | Conflict | None:
    base, mine, theirs = (" → ".join(one) for one in (orders.base, orders.mine, orders.theirs))
    group = dotted(path[:2])
    if orders.conflict:
        return _chosen(Conflict(group, "resource", base, mine, theirs), choices)
    by_me, by_them = orders.moved(orders.mine), orders.moved(orders.theirs)
    if by_me and by_them:
        return Taken("both", "change", group, "resource", base, mine)
    if by_them:
        return Taken("theirs", "change", group, "resource", base, theirs)
    return Taken("mine", "change", group, "resource", base, mine) if by_me else None


# -- into the text ---------------------------------------------------------------------------------


def _edited(text: str, points: Sequence[_Point]) -> str:
    """Return `text` with what stands at the points on their side."""
    fields = {p.path: p.theirs for p in points if p.theirs is not None and not _is_object(p)}
    text = edit.set_values(text, fields) if fields else text
    for point in points:
        if point.path in fields:
            continue
        if point.theirs is None or get(Layout(text).raw, point.path) is not None:
            text = edit.remove(text, point.path)
        if point.theirs is not None:
            text = edit.add(text, point.path, point.theirs)
    return text


def _is_object(point: _Point) -> bool:
    return isinstance(point.theirs, Mapping) and point.path == _owner(point.path)


def _in_order(text: str, families: Mapping[Path, Orders], theirs_first: Collection[str]) -> str:
    """Return `text` with each group's resources in their order."""
    raw = Layout(text).raw
    for path, orders in families.items():
        names = _names(raw, path)
        wanted = orders.merged(names, theirs_first=dotted(path[:2]) in theirs_first)
        if wanted != names:
            text = edit.reorder(text, path, wanted)
    return text
