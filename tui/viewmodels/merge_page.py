"""The page of a merge: what both changed, to be decided; what came from whom."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from nodeagent.config.edit import EditError
from nodeagent.config.merge import Conflict, Merged, Side, Taken, merge
from nodeagent.model.run import DareRun
from tui.viewmodels.draft import Draft
from tui.viewmodels.form_page import count_text
from tui.viewmodels.spans import Line, Row, Span, Tone, brief, cut, line, put, rule, spread

_SIGNS: dict[str, tuple[str, Tone]] = {
    "add": ("+", "ok"),
    "remove": ("-", "bad"),
    "change": ("~", "draft"),
}
NOTHING = "(not there)"


@dataclass(frozen=True, slots=True)
class Case:
    """A draft and the configuration that overtook it, with what the person decided so far.

    `authors`: who changed the configuration since the draft was begun, as far as runs tell.
    """

    draft: Draft
    theirs: str
    epoch: int
    authors: tuple[str, ...] = ()
    choices: tuple[tuple[str, Side], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the merge of a case gives; `trouble` says why there is none."""

    case: Case
    merged: Merged
    trouble: str = ""

    @property
    def undecided(self) -> int:
        """Return how many conflicts are still open."""
        return len(self.merged.undecided)


def authors_since(runs: Iterable[DareRun], epoch: int) -> tuple[str, ...]:
    """Return who made the epochs after `epoch`, each once."""
    done = (run for run in runs if run.state == "done" and run.base_epoch >= epoch)
    return tuple(dict.fromkeys(brief(run.author, 20) for run in done if run.author))


def worked_out(case: Case) -> Outcome:
    """Return the merge of a case. Takes a moment with large texts, so it may run beside."""
    texts = (case.draft.base, case.draft.text, case.theirs)
    base, mine, theirs = (text.encode("utf-8") for text in texts)
    try:
        return Outcome(case, merge(base, mine, theirs, dict(case.choices)))
    except EditError as error:
        return Outcome(case, Merged(mine), str(error))


def title_lines(outcome: Outcome, width: int) -> tuple[Line, ...]:
    """Return what is merged with what, and what is still to be decided."""
    case = outcome.case
    left = line(
        put(" MERGE ", 0, "draft"),
        put(f"your draft of epoch {case.draft.base_epoch} with epoch {case.epoch}", 0, "strong"),
    )
    right = line(_standing(outcome), " ")
    if outcome.trouble:
        reason = f" ! It cannot be merged by itself: {outcome.trouble}"
        return (spread(left, right, width), cut(line(put(reason, 0, "bad")), width))
    note = " Your text and comments stay; the others' changes go in. Nothing is sent yet."
    return (spread(left, right, width), cut(line(put(note, 0, "dim")), width))


def _standing(outcome: Outcome) -> Span:
    if outcome.trouble:
        return put("not possible", 0, "bad")
    if outcome.undecided:
        return put(f"{outcome.undecided} to decide", 0, "bad")
    return put("ready: ^S takes it", 0, "ok")


def rows(outcome: Outcome, width: int) -> list[Row]:
    """Return the conflicts, then what came from the others, from you, and from both alike."""
    taken = outcome.merged.taken
    epoch, authors = outcome.case.epoch, outcome.case.authors
    by = f" by {', '.join(authors)}" if authors else ""
    return [
        *_conflict_rows(outcome.merged.conflicts, width),
        *_taken_rows(f"Taken from epoch {epoch}{by}", _of(taken, "theirs"), width),
        *_taken_rows("Kept of your draft", _of(taken, "mine"), width),
        *_taken_rows("The same on both sides", _of(taken, "both"), width),
    ]


def _of(taken: Sequence[Taken], side: str) -> tuple[Taken, ...]:
    return tuple(one for one in taken if one.side == side)


def _conflict_rows(conflicts: Sequence[Conflict], width: int) -> Iterator[Row]:
    if not conflicts:
        return
    is_open = sum(not one.choice for one in conflicts)
    left = f"{is_open} to decide" if is_open else "all decided"
    head = (put("Both changed ", 0, "head"), put(left, 0, "bad" if is_open else "ok"))
    yield Row("", rule(head, width))
    for one in conflicts:
        mark, tone = ("=", "ok") if one.choice else ("?", "bad")
        where = line(put(f" {mark} ", 0, tone), put(one.object, 0, "strong"), f" {one.key}")  # type: ignore[arg-type]
        yield Row(one.id, cut(where, width))
        yield Row("", cut(line(put(f"     was     {one.base or NOTHING}", 0, "dim")), width))
        for side, value in (("mine", one.mine), ("theirs", one.theirs)):
            picked = one.choice == side
            arrow = put("   > " if picked else "     ", 0, "ok")
            text = put(f"{side:7} {value or NOTHING}", 0, "ok" if picked else "")
            yield Row("", cut((arrow, text), width))


def _taken_rows(title: str, taken: Sequence[Taken], width: int) -> Iterator[Row]:
    if not taken:
        return
    count = put(count_text(len(taken), "change"), 0, "dim")
    yield Row("", rule((put(f"{title} ", 0, "head"), count), width))
    for index, one in enumerate(taken):
        sign, tone = _SIGNS[one.kind]
        where = line(put(f" {sign} ", 0, tone), put(one.object, 0, "strong"), f" {one.key}  ")
        yield Row(f"{title}#{index}", cut((*where, *_values(one)), width))


def _values(one: Taken) -> Line:
    if one.kind == "add":
        return (put(one.new, 0, "dim"),)
    if one.kind == "remove":
        return (put(one.old, 0, "dim"),)
    return line(put(one.old or NOTHING, 0, "dim"), " > ", put(one.new or NOTHING))


def result(outcome: Outcome) -> str:
    """Return the merged text."""
    return outcome.merged.text.decode("utf-8")
