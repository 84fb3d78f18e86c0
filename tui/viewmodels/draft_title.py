"""What stands over the draft: how much it changes, where it is kept, what overtook it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from tui.viewmodels.documents import Document
from tui.viewmodels.draft import Draft
from tui.viewmodels.draft_review import Review
from tui.viewmodels.form_page import count_text
from tui.viewmodels.spans import Line, Tone, cut, line, put


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a draft stands.

    `saved`: a word on where it is kept; `other`: who kept another one; `stale`: the epoch that
    overtook it, or 0; `base`: whether what it was made from is still asked for, or lost; `beside`:
    who else edits the draft.
    """

    saved: str = ""
    other: str = ""
    stale: int = 0
    base: Literal["", "wanted", "lost"] = ""
    beside: str = ""


class Standing(Protocol):
    """What is asked of the bench."""

    saved: str
    other_author: str
    base_wanted: str
    base_lost: bool

    def beside(self, item: str = "") -> str:
        """Return who else edits the draft, or `item` in it."""
        ...

    @property
    def stale(self) -> bool:
        """Return whether the active configuration moved on."""
        ...

    @property
    def active(self) -> Document:
        """Return the configuration in operation."""
        ...


def standing_of(bench: Standing) -> Kept:
    """Return where the draft of a bench stands."""
    base: Literal["", "wanted", "lost"] = "wanted" if bench.base_wanted else ""
    return Kept(
        bench.saved,
        bench.other_author,
        bench.active.epoch if bench.stale else 0,
        "lost" if bench.base_lost else base,
        bench.beside(),
    )


def title_lines(draft: Draft, review: Review, width: int, kept: Kept = Kept()) -> tuple[Line, ...]:
    """Return what the draft is and where it stands."""
    errors, warnings = len(review.errors), len(review.of("warning"))
    verdict: Tone = "bad" if errors else "warn" if warnings else "ok"
    findings = f"verify: {count_text(errors, 'error')}, {count_text(warnings, 'warning')}"
    head = line(
        put(" DRAFT ", 0, "draft"),
        put(f"{_count(draft, review)} to epoch {draft.base_epoch}", 0, "strong"),
        put("   "),
        put(findings, 0, verdict),
        put(" (key 6)", 0, "dim"),
        put(f"   {kept.saved}", 0, "dim"),
    )
    note = line(put(" Nothing reaches the cluster before the DARE (g).", 0, "dim"))
    return tuple(cut(one, width) for one in (head, note, *_warnings(draft, kept)))


def _count(draft: Draft, review: Review) -> str:
    unknown = draft.differs and review.configuration is None and not review.changes
    return "unread changes" if unknown else count_text(review.count, "change")


def _warnings(draft: Draft, kept: Kept) -> Iterator[Line]:
    if kept.stale:
        yield _stale_line(draft, kept.stale)
    if kept.base == "wanted":
        yield line(put(" ! fetching the configuration that this draft was made from", 0, "warn"))
    elif kept.base == "lost":
        text = " ! no agent remembers what this draft was made from: look at each change"
        yield line(put(text, 0, "warn"))
    if kept.beside:
        yield line(put(f" ! {kept.beside}", 0, "warn"))
    if kept.other:
        text = f" ! {kept.other} has kept another draft meanwhile; keeping yours replaces it"
        yield line(put(text, 0, "warn"))


def _stale_line(draft: Draft, epoch: int) -> Line:
    return line(
        put(f" ! epoch {epoch} is active, this draft is of {draft.base_epoch}: ", 0, "warn"),
        put("m", 0, "key"),
        put(" merges, ", 0, "warn"),
        put("r", 0, "key"),
        put(" starts again", 0, "warn"),
    )
