"""One change of the draft taken back: the object or key as the base has it again."""

from nodeagent.config import edit
from nodeagent.model.plan import Change
from tui.viewmodels import draft_data as raw
from tui.viewmodels.draft import Draft

Path = tuple[str, ...]


def reverted(draft: Draft, change: Change) -> Draft:
    """Return the draft without `change`; raises `edit.EditError` where the text does not allow it.

    What came with an object (a group's resources) goes with it, and comes back with it.
    """
    old, new = raw.data_of(draft.base), raw.data_of(draft.text)
    if change.kind == "add":
        return draft.remove(_found(new, change))
    path = _found(old, change)
    if change.kind == "remove":
        # An object whose owner went, too, comes back with its owner.
        whole = len(path) == 4 and raw.at(new, path[:2]) is None
        return _restored(draft, old, path[:2] if whole else path)
    if change.key == "resource":
        return _reordered(draft, old, path)
    before = raw.at(old, (*path, change.key))
    if change.key == "type" and _other_type(old, new, path):
        return draft.typed(edit.add(edit.remove(draft.text, path), path, raw.table(old, path)))
    if before is None:
        return draft.remove((*path, change.key))
    return draft.set_value((*path, change.key), before)


def _found(data: raw.Data | None, change: Change) -> Path:
    path, rest = raw.split(data, change.object)
    if not path or rest:
        raise edit.EditError(f"there is no {change.object}")
    return path


def _other_type(old: raw.Data | None, new: raw.Data | None, path: Path) -> bool:
    return raw.kind_of(path, old) != raw.kind_of(path, new)


def _restored(draft: Draft, old: raw.Data | None, path: Path) -> Draft:
    """Return the draft with a removed object again, at its place among its siblings."""
    text = edit.add(draft.text, path, raw.table(old, path))
    return draft.typed(_in_order(text, old, path[:-1]))


def _reordered(draft: Draft, old: raw.Data | None, path: Path) -> Draft:
    return draft.typed(_in_order(draft.text, old, (*path, "resource")))


def _in_order(text: str, old: raw.Data | None, family: Path) -> str:
    """Return `text` with the objects of a family as the base had them, new ones last."""
    now = raw.names(raw.data_of(text), family)
    before = [name for name in raw.names(old, family) if name in now]
    wanted = [*before, *(name for name in now if name not in before)]
    if list(now) == wanted:
        return text
    try:
        return edit.reorder(text, family, wanted)
    except edit.EditError:
        return text  # the order is not worth losing the object for
