"""What a draft changes while it is no configuration: read from its tables, object by object."""

from collections.abc import Iterator

from nodeagent.config.roles import under_role, with_role
from nodeagent.config.words import shown
from nodeagent.model.plan import Change, ChangeKind
from tui.viewmodels import draft_data as raw

_KNOWN = frozenset({"cluster", "timing", *raw.NAMED})


def told_changes(base: str, text: str) -> tuple[Change, ...]:
    """Return what `text` changes of `base`, as far as tables tell it; nothing where one is no TOML.

    Values stand as they were written: what a default is, and what is equal to it, is not known.
    """
    old, new = raw.data_of(base), raw.data_of(text)
    if old is None or new is None:
        return ()
    found = [one for path in raw.changed_objects(old, new) for one in _of_object(path, old, new)]
    return (*found, *_of_strangers(old, new))


def _of_object(path: raw.Path, old: raw.Data, new: raw.Data) -> Iterator[Change]:
    before, after = raw.own_values(old, path), raw.own_values(new, path)
    if before is None or after is None:
        yield _whole(raw.dotted(path), with_role(path, before), with_role(path, after))
        return
    for key in dict.fromkeys((*after, *before)):
        if before.get(key) != after.get(key):
            part = "resources" if path[0] == "group" else "topology"
            one, other = (_text((*path, key), side.get(key)) for side in (before, after))
            if path[0] == "admin":
                role = f"role = {_text((*path, 'role'), after.get('role'))}"
                one = under_role(role, key, one)
            yield Change("change", part, raw.dotted(path), key, one, other)  # type: ignore[arg-type]


def _of_strangers(old: raw.Data, new: raw.Data) -> Iterator[Change]:
    """Yield the tables and keys at the top that no configuration has."""
    for key in dict.fromkeys((*new, *old)):
        if key not in _KNOWN and old.get(key) != new.get(key):
            yield _whole(raw.dotted((key,)), old.get(key), new.get(key))


def _whole(name: str, before: object, after: object) -> Change:
    kind: ChangeKind = "add" if before is None else "remove" if after is None else "change"
    words = ["" if value is None else shown(value) for value in (before, after)]
    part = "resources" if name.startswith("group.") else "topology"
    return Change(kind, part, name, "", *words)  # type: ignore[arg-type]


def _text(path: raw.Path, value: object) -> str:
    told = with_role(path, value)
    return "" if told is None else shown(told)
