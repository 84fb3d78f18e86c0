"""One DARE in words: what it changes, how it stands, what an abort would do, how it ended."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from nodeagent.model.plan import GroupEffect, Plan
from nodeagent.model.run import REHEARSAL, DareRun, StepRow, is_rehearsal
from tui.viewmodels.ages import Moment, age_text, length_text
from tui.viewmodels.ledger import move_text
from tui.viewmodels.matrix import Spot, find_row, live_seconds
from tui.viewmodels.newcomers import remedy
from tui.viewmodels.preview import outcome_lines
from tui.viewmodels.spans import Line, Span, Tone, brief, cut, joined, line, put, rule, spread, wrap
from tui.viewmodels.steps import DECIDE, STEPS, UNDONE_BY, step_text
from tui.viewmodels.store import View

OPEN = frozenset({"running", "aborting"})
MOVED_ON = "Now on another node than before"
_STATE: dict[str, tuple[str, Tone]] = {
    "running": ("RUNNING", "busy"),
    "aborting": ("ABORTING", "warn"),
    "done": ("DONE", "ok"),
    "refused": ("REFUSED", "warn"),
    "aborted": ("ABORTED", "warn"),
    "in-doubt": ("IN DOUBT", "bad"),
}
_EFFECT = {
    "untouched": "not interrupted",
    "reloaded": "reloaded in place",
    "restarted": "restarted",
    "moved": "moved",
    "started": "started",
    "stopped": "stopped",
}
_ORDER = tuple(STEPS)


def elapsed(run: DareRun, now: Moment, skew: float) -> float:
    """Return the seconds from the start to the end, or to now."""
    if run.state in OPEN:
        return max(0.0, now.wall - skew - run.began)
    return run.seconds


def _took(run: DareRun, now: Moment, skew: float) -> str:
    if run.state in OPEN:
        return length_text(elapsed(run, now, skew))
    return f"in {age_text(run.seconds)}"


def decided(run: DareRun) -> bool:
    """Return whether the point of no return is reached; an abort is refused from there on."""
    return any(row.name == DECIDE and row.state in {"running", "done"} for row in run.steps)


def can_abort(run: DareRun | None) -> bool:
    """Return whether an abort may be asked for."""
    if run is None or is_rehearsal(run.tx):
        return False
    return run.state == "running" and not decided(run)


def bars_others(view: View, now: Moment) -> str:
    """Return why no other DARE can begin, in the words of agents; "" where none is open.

    Nor where no agent is heard: whichever answers next knows. An agent tells of its lock once a
    second, so the lock of a run that has ended counts no more.
    """
    lock = view.cluster.value.lock if view.cluster else ""
    run = view.run
    if view.connection.lost(now):
        return ""
    if run is not None and view.running:
        lock = lock or f"{run.tx} held by {run.coordinator}"
    elif run is not None and run.state != "in-doubt" and lock.startswith(f"{run.tx} held by "):
        return ""
    return f"another DARE is open: {lock}; try again when it has ended" if lock else ""


def summary_lines(
    run: DareRun, now: Moment, skew: float, width: int, *, place: int = 0, count: int = 0,
    short: bool = False,
) -> list[Line]:  # fmt: skip
    """Return the lines above the matrix: state and time, changes, effects on groups.

    `short` leaves the changes out once they no longer matter: an abort needs the room.
    """
    word, tone = _STATE[run.state]
    name = brief(run.tx.removeprefix(REHEARSAL), 20 if width >= 100 else 10)
    left = line(
        " ", Span(_kind(run), "head"), put(name, 0, "head"), "  ", Span(word, tone),
        f" {_took(run, now, skew)}", f"  {epochs_text(run)}",
        f"  by {brief(run.author or '?', 16)}", f"  via {brief(run.coordinator, 16)}",
    )  # fmt: skip
    right = line(put(f"run {place} of {count} ", 0, "dim")) if count > 1 else ()
    lines = [spread(left, right, width)]
    if not short or run.state in {"running", "done"}:
        lines.append(cut(_changes(run.plan), width))
    return [*lines, _effects(run, width)]


def _kind(run: DareRun) -> str:
    return "REHEARSAL " if is_rehearsal(run.tx) else "DARE "


def epochs_text(run: DareRun) -> str:
    """Return from which epoch to which it goes, or that it stays with the one there was."""
    if run.state in {"refused", "aborted"} or is_rehearsal(run.tx):
        return f"epoch {run.base_epoch} stays"
    return f"epoch {run.base_epoch} > {run.base_epoch + 1}"


def is_lost(view: View, run: DareRun) -> bool:
    """Return whether a run that goes on has lost its coordinator, as far as is heard."""
    heard = view.nodes.get(run.coordinator)
    return run.state in OPEN and heard is not None and heard.value.state == "down"


def _changes(plan: Plan) -> Line:
    marks = {"add": "+", "remove": "-", "change": "~"}
    count = len(plan.changes)
    spans: list[Span] = [put(f" {count} change{'' if count == 1 else 's'}: ")]
    if not count:
        spans = [put(" no change of the text: groups are moved")]
    for index, change in enumerate(plan.changes):
        spans += [Span(", " if index else ""), Span(marks[change.kind], "draft"),
                  put(f"{change.object}{'.' if change.key else ''}{change.key}")]  # fmt: skip
    return tuple(spans)


def _effects(run: DareRun, width: int) -> Line:
    if not run.plan.effects:
        return line(put(" no group is affected", 0, "dim"))
    wish = {"running": "plan: ", "done": ""}.get(run.state, "wanted: ")
    spans: list[Span] = [Span(" "), Span(wish, "dim")]
    for effect in sorted(run.plan.effects, key=lambda item: item.kind == "untouched"):
        tone: Tone = "ok" if effect.kind in {"untouched", "reloaded"} else "warn"
        spans += [put(f"{effect.group}: ", 0, "strong"), put(effect_text(effect), 0, tone)]
        spans.append(Span("   "))
    return cut(tuple(spans), width)


def effect_text(effect: GroupEffect) -> str:
    """Return what happens to a group, in words."""
    word = _EFFECT[effect.kind]
    if effect.kind == "moved":
        return f"moved {effect.source} > {effect.target}"
    if effect.kind == "started":
        return f"started on {effect.target}"
    if effect.kind in {"stopped", "restarted"}:
        return f"{word} on {effect.source}"
    return word


def gap_text(run: DareRun) -> str:
    """Return for how long at worst a death could have gone unnoticed, and on which node."""
    where = f" on {run.detection_gap_node}" if run.detection_gap_node else ""
    return f"Longest gap in failure detection {run.detection_gap_ms / 1000:.1f}s{where}"


def as_told(run: DareRun) -> DareRun:
    """Return a run in which nothing goes on for ever, its undo rows in their own order.

    A coordinator that is lost leaves cells that it called running; whoever goes on in its place
    walks the undo rows only. What was running then has no result that anybody heard of. And undo
    rows stand in the order in which their first news came, which may have overtaken each other.
    """
    ended = run.state not in OPEN
    undone = sorted((row for row in run.steps if row.undo), key=_place)
    forward = (row for row in run.steps if not row.undo)
    steps = (
        *(_silent(row) if ended or undone else row for row in forward),
        *(_silent(row) if ended else row for row in undone),
    )
    return run if steps == run.steps else replace(run, steps=steps)


def _place(row: StepRow) -> int:
    return _ORDER.index(row.name) if row.name in _ORDER else len(_ORDER)


def _silent(row: StepRow) -> StepRow:
    running = {node for node, cell in row.cells.items() if cell.state == "running"}
    if row.state != "running" and not running:
        return row
    cells = {
        node: replace(cell, state="lost") if node in running else cell
        for node, cell in row.cells.items()
    }
    return replace(row, state="lost" if row.state == "running" else row.state, cells=cells)


def ended_text(run: DareRun) -> str:
    """Return what a run says of its end, and what to do where added nodes did not answer."""
    return "; ".join(filter(None, (run.text, remedy(run))))


def result_text(run: DareRun) -> tuple[str, Tone]:
    """Return how a DARE ended, in words."""
    why = f": {ended_text(run)}" if ended_text(run) else ""
    gap = f" {gap_text(run)}." if run.detection_gap_ms > 0 else ""
    took = f"{run.seconds:.1f}s"
    if run.rehearsed:
        text = f"Rehearsed in {took}{why}. Carried out from the draft (g), what drifted refuses it."
        return f"{text} Digest {run.rehearsed[:12]}.", "ok"
    match run.state, run.restored:
        case "done", _:
            return f"Done in {took}{why}.{gap}", "ok"
        case "refused", _:
            return f"Refused, nothing was changed{why}.", "warn"
        case "aborted", "restored":
            text = f"Aborted after {took}{why}. Every node has proved it."
            return text + gap, "warn"
        case "aborted", "restored-except":
            return f"Aborted after {took}. Restored EXCEPT what is named here{why}.{gap}", "bad"
        case "aborted", _:
            return f"Aborted after {took}{why}. Whether all is restored is UNKNOWN.{gap}", "bad"
        case "in-doubt", _:
            return f"In doubt{why}. Any voter finishes it, in one direction only.", "bad"
        case _:
            return "", ""


def moved_on(view: View, run: DareRun, now: Moment) -> tuple[str, ...]:
    """Return which groups are elsewhere now than before a run that was undone.

    Who had them was lost then, or since. Nothing for a run after which there was another one: that
    may have moved them. Nor where it is not known who has them now: without quorum, or unheard.
    """
    cluster = view.cluster.value if view.cluster else None
    newest = [one.tx for one in view.all_runs[-1:]] == [run.tx]
    if run.state != "aborted" or not newest or cluster is None or cluster.epoch != run.base_epoch:
        return ()
    if not cluster.quorum or view.connection.lost(now):
        return ()
    before = {effect.group: effect.source for effect in run.plan.effects if effect.source}
    after = {group: cluster.owners.get(group, "") for group in before}
    return tuple(
        move_text((group, owner, after[group]))
        for group, owner in before.items()
        if after[group] != owner
    )


def outlook_lines(
    run: DareRun, width: int, *, lost: bool = False, moved: Sequence[str] = ()
) -> list[Line]:
    """Return what an abort would do now, or how it ended.

    `lost`: the coordinator is; `moved`: which groups are elsewhere than before.
    """
    if run.state not in OPEN:
        text, tone = result_text(run)
        told = f"{MOVED_ON}: {', '.join(moved)}."
        ended = [line(" ", put(part, 0, "bad")) for part in wrap(told, width - 2) if moved]
        ended += [line(" ", put(part, 0, tone)) for part in wrap(text, width - 2)]
        away = "; ".join(outcome_lines(run))
        return [*ended, *(line(" ", put(part, 0, "dim")) for part in wrap(away, width - 2) if away)]
    if is_rehearsal(run.tx):
        return [line(" The nodes are asked only: no lock, no pause, nothing is written.")]
    if lost:
        text = (
            f"{run.coordinator}, its coordinator, is lost. The others find out whether it was "
            "decided: then they finish it, else they undo it. Nothing has to be done."
        )
        return [line(" ", put(part, 0, "warn")) for part in wrap(text, width - 2)]
    if run.state == "aborting":
        return [line(" ", put(part, 0, "warn")) for part in wrap(f"Undoing: {run.text}", width - 2)]
    if decided(run):
        return [line(" Decided: it goes on to the end on every node and cannot be aborted.")]
    return [line(" ", put(part)) for part in wrap(abort_forecast(run), width - 2)]


def abort_forecast(run: DareRun) -> str:
    """Return what an abort would undo at this moment, and whom it would interrupt."""
    begun = [
        row.name for row in run.steps if not row.undo and row.state not in {"waiting", "skipped"}
    ]
    undo = [step_text(UNDONE_BY[name]).title for name in reversed(begun) if name in UNDONE_BY]
    calm = [effect.group for effect in run.plan.effects if effect.kind in {"untouched", "reloaded"}]
    spared = f"; {', '.join(calm)} not interrupted" if calm else ""
    if not undo:
        return f"If it aborts now: nothing to undo{spared}."
    back = ""
    if "release" in begun:
        names = ", ".join(f"{group} on {node}" for group, node in run.plan.release)
        back = f", {names} again" if names else ""
    return f"If it aborts now: {', '.join(undo)}{back}, then prove{spared}."


# --- the selected cell --------------------------------------------------------------------------


def cell_title(run: DareRun, spot: Spot, now: Moment, skew: float) -> list[Span | str]:
    """Return the heading of the evidence."""
    row = find_row(run, spot.row)
    if row is None:
        return [Span("No step selected", "dim")]
    cell = row.cells.get(spot.node)
    words: list[Span | str] = [put(f"{spot.node} / {step_text(row.name).title}", 0, "head")]
    if cell is None or cell.state == "uninvolved":
        return [*words, "  not involved"]
    tone: Tone = {"done": "ok", "running": "busy", "failed": "bad", "lost": "bad"}.get(
        cell.state, "dim"
    )  # type: ignore[assignment]
    words += ["  ", put(cell.state, 0, tone)]
    seconds = live_seconds(cell, now, skew)
    if seconds:
        words.append(f" {seconds:.1f}s")
    return words


def evidence_heading(
    run: DareRun, spot: Spot, now: Moment, skew: float, width: int, *, read: bool
) -> Line:
    """Return the line over the evidence; `read`: the keys are there, and this is the way back."""
    title = cell_title(run, spot, now, skew)
    if not read:
        return rule(title, width)
    place = put(f" {joined(line(title[0]))} ", 0, "cursor")
    return rule([place, *title[1:]], width, [put("↑ ↓ scroll  Esc matrix", 0, "key")])


def cell_lines(run: DareRun, spot: Spot, width: int) -> list[Line]:
    """Return the evidence of the selected cell, then what the step is."""
    row = find_row(run, spot.row)
    if row is None:
        return []
    return [cut(entry, width) for entry in _cell_lines(run, spot, width)]


def _cell_lines(run: DareRun, spot: Spot, width: int) -> Iterator[Line]:
    row = find_row(run, spot.row)
    assert row is not None
    cell = row.cells.get(spot.node)
    if cell is not None:
        for part in wrap(cell.reason, width - 3) if cell.reason else ():
            yield line("  ", put(part, 0, "bad" if cell.state in {"failed", "lost"} else ""))
        for entry in cell.evidence:
            for part in wrap(entry, width - 5):
                yield line("    ", put(part))
    words = STEPS.get(row.name)
    if words is None:
        return
    for part in wrap(f"{words.explanation} On failure: {words.failure}", width - 3):
        yield line("  ", put(part, 0, "dim"))


def legend(width: int) -> Line:
    """Return the words of the cells."""
    words: tuple[tuple[str, Tone, str], ...] = (
        ("OK", "ok", "done"), ("RUN", "busy", "working"), (".", "dim", "to do"),
        ("-", "dim", "not involved"), ("FAIL", "bad", "failed"), ("LOST", "bad", "silent"),
        ("UNDO", "warn", "undone"), ("skip", "dim", "for nobody, or not needed"),
    )  # fmt: skip
    spans = [Span(" ")]
    for word, tone, text in words:
        spans += [Span(word, tone), Span(f" {text}  ", "dim")]
    return cut(tuple(spans), width)
