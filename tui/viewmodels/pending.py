"""What the draft would change, counted and cached: the headline asks four times a second."""

from functools import lru_cache

from nodeagent.config.diff import diff
from nodeagent.model.plan import Change
from tui.viewmodels.documents import Document, digest_of, read


@lru_cache(maxsize=8)
def _changes(old: str, new: str) -> tuple[Change, ...] | None:
    before, after = read(old).configuration, read(new).configuration
    if before is None or after is None:
        return None
    return diff(before, after)


def changes(active: Document, draft: Document) -> tuple[Change, ...] | None:
    """Return how the draft differs from the active text; None where one of them says nothing."""
    if not draft.text or draft.text == active.text:
        return ()
    return _changes(active.text, draft.text)


def change_count(active: Document, draft: Document) -> int:
    """Return the number of changes, -1 where the draft cannot be read."""
    found = changes(active, draft)
    return -1 if found is None else len(found)


def overtaken(active: Document, draft: Document) -> bool:
    """Return whether the draft holds edits of a configuration that is not the active one."""
    if not draft.base or not draft.text or draft.text == active.text:
        return False
    return draft.base not in {digest_of(active.text), digest_of(draft.text)}
