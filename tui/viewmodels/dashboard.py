"""The dashboard: whether all is right, then problems, clients and events in their panes.

The panes of nodes and groups, and what stands on the right-hand side, have modules of their own.
"""

from collections.abc import Sequence

from tui.viewmodels.events import event_row
from tui.viewmodels.facts import Look
from tui.viewmodels.panes import Column, Pane, column_width, header, row, titled, toned
from tui.viewmodels.ports import ProbeRow
from tui.viewmodels.problems import Problem, verdict
from tui.viewmodels.spans import Line, Row, Span, cut, line, put, spread, width_of, wrap


def verdict_line(look: Look, problems: tuple[Problem, ...], width: int) -> Line:
    """Return the line that answers whether all is right and what may still be lost."""
    found = verdict(look, problems)
    return cut(line(Span(" "), Span(f" {found.word} ", found.tone), f" {found.text}"), width)


def problems_pane(problems: tuple[Problem, ...], width: int) -> Pane:
    """Return the problems, the worst first."""
    rows: list[Row] = []
    seen: dict[str, int] = {}
    for problem in problems:
        seen[problem.key] = seen.get(problem.key, 0) + 1
        key = f"{problem.key}#{seen[problem.key]}"
        rows += _problem_rows(key, problem, width)
    title = [Span("Problems ", "head"), toned(str(len(problems)) if problems else "none",
             "bad" if problems else "ok")]  # fmt: skip
    return Pane((titled(title, width),), tuple(rows))


def _problem_rows(key: str, problem: Problem, width: int) -> list[Row]:
    text = (Span("  ! ", problem.tone), put(problem.text))
    note = line(put(problem.note, 0, "dim"), " ")
    if width_of(text) + 2 + width_of(note) <= width:
        return [Row(key, spread(text, note, width))]
    first, *more = wrap(problem.text, width - 4)
    under = [put(part) for part in more]
    under += [put(part, 0, "dim") for part in wrap(problem.note, width - 4) if problem.note]
    head = Row(key, (Span("  ! ", problem.tone), put(first)))
    return [head, *(Row("", (Span("    "), part)) for part in under)]


def clients_pane(rows: Sequence[ProbeRow], width: int) -> Pane:
    """Return what a client of the services sees."""
    name = column_width("service", (entry.service for entry in rows), 18)
    columns = [
        Column("service", name),
        Column("now", 6),
        Column("asked", 8, "right"),
        Column("failed", 6, "right"),
        Column("longest gap", 11, "right"),
        Column("answered by", 14),
    ]
    lines = tuple(
        Row("", row(columns, [
            put(entry.service, 0, "strong"),
            Span("ok", "ok") if entry.ok else Span("FAILS", "bad"),
            put(str(entry.requests)),
            put(str(entry.failed), 0, "bad" if entry.failed else "ok"),
            put(f"{entry.longest_gap_ms} ms"),
            put(entry.last_node or "-"),
        ], width))
        for entry in rows
    )  # fmt: skip
    head = titled([Span("Clients of the services", "head")], width)
    return Pane((head, header(columns, width)), lines)


def events_pane(look: Look, width: int, room: int, *, waiting: int = 0) -> Pane:
    """Return the newest events that fit `room` lines, the newest last."""
    newest = look.view.events[-max(0, room) :] if room > 0 else ()
    right = [toned(f"frozen, {waiting} wait", "warn")] if waiting else []
    head = titled([Span("Events", "head"), ", newest last"], width, right)
    return Pane((head,), tuple(event_row(entry, width) for entry in newest))
