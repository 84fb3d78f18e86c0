"""The draft: the configuration one person is editing, with the way back.

A frozen value. It knows the active configuration it was edited from (its base), so that it can be
told what would change, and whether the cluster has moved on meanwhile. Every edit goes through
`nodeagent.config.edit`, which keeps the comments of the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from nodeagent.config import edit
from nodeagent.config.digest import file_digest

UNDO_MAX = 200
REFERRED: dict[str, Literal["network", "node", "group"]] = {
    "network": "network",
    "node": "node",
    "group": "group",
}
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A text, the active configuration it was edited from, and what undo and redo lead to.

    `mark` names the last edit; edits that follow with the same mark (the letters typed into one
    field) are one step for undo.
    """

    base: str = ""
    base_epoch: int = 0
    text: str = ""
    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    mark: str = ""

    @property
    def base_digest(self) -> str:
        """Return the digest by which a DARE names the configuration it starts from."""
        return file_digest(self.base.encode("utf-8"))

    @property
    def differs(self) -> bool:
        """Return whether anything was edited."""
        return self.text != self.base

    def stale(self, active: str) -> bool:
        """Return whether the configuration in operation is not the base any more."""
        return bool(active) and self.base != active

    def typed(self, text: str, mark: str = "") -> "Draft":
        """Return the draft with a new text, and the old one as the way back."""
        if text == self.text:
            return self
        past = self.past if mark and mark == self.mark else (*self.past, self.text)[-UNDO_MAX:]
        return replace(self, text=text, past=past, future=(), mark=mark)

    def settled(self) -> "Draft":
        """Return the draft such that the next edit is a step of its own for undo."""
        return replace(self, mark="")

    def undone(self) -> "Draft":
        """Return the draft one step back."""
        if not self.past:
            return self
        *past, text = self.past
        return replace(self, text=text, past=tuple(past), future=(self.text, *self.future), mark="")

    def redone(self) -> "Draft":
        """Return the draft one undone step forward again."""
        if not self.future:
            return self
        text, *future = self.future
        return replace(self, text=text, past=(*self.past, self.text), future=tuple(future), mark="")

    def set_value(self, path: Path, value: object, mark: str = "") -> "Draft":
        """Return the draft with the key at `path` set."""
        return self.typed(edit.set_value(self.text, path, value), mark)

    def remove(self, path: Path, mark: str = "") -> "Draft":
        """Return the draft without the key or object at `path`."""
        return self.typed(edit.remove(self.text, path), mark)

    def add(self, path: Path, values: Mapping[str, object]) -> "Draft":
        """Return the draft with a new object."""
        return self.typed(edit.add(self.text, path, values))

    def rename(self, path: Path, new: str, mark: str = "") -> "Draft":
        """Return the draft with the object at `path` called `new`; references follow."""
        text = edit.rename(self.text, path, new)
        if len(path) == 2 and path[0] in REFERRED:
            text = edit.rename_references(text, REFERRED[path[0]], path[1], new)
        return self.typed(text, mark)

    def reorder(self, path: Path, names: Sequence[str]) -> "Draft":
        """Return the draft with the children of `path` in the order of `names`."""
        return self.typed(edit.reorder(self.text, path, names))


def started(text: str, epoch: int, saved: str = "") -> Draft:
    """Return the draft of a console that arrives: the cluster's saved one, else the active."""
    return Draft(base=text, base_epoch=epoch, text=saved or text)


def based(draft: Draft, base: str, epoch: int) -> Draft:
    """Return the draft as one that was made from `base`; the way back stays."""
    return replace(draft, base=base, base_epoch=epoch, mark="")


def carried_over(draft: Draft, text: str, base: str, epoch: int) -> Draft:
    """Return the draft after its merge with a newer configuration, which is now its base."""
    return based(draft.typed(text), base, epoch)


def rebased(draft: Draft, text: str, epoch: int) -> Draft:
    """Return the draft on a new active configuration: moved along while nothing was edited.

    A draft whose text has become the active one (its DARE was done) holds no edits any more
    either. One that holds edits is left as it is, and is stale.
    """
    if draft.base == text:
        return replace(draft, base_epoch=epoch)
    if draft.differs and draft.text != text:
        return draft
    return Draft(base=text, base_epoch=epoch, text=text)
