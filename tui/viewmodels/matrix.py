"""The reconfiguration as a matrix: steps down, nodes across, each cell live.

Up to nine nodes have a column each. With more, the columns go to the nodes that matter most right
now (failed, lost, running), and a strip under the matrix shows every node as one character.
"""

from dataclasses import dataclass

from nodeagent.model.run import Cell, DareRun, StepRow
from tui.viewmodels.ages import Moment
from tui.viewmodels.panes import Column, Pane, column_width, header, titled
from tui.viewmodels.spans import Line, Row, Span, Tone, cut, line, put
from tui.viewmodels.steps import DECIDE, step_text

COLUMNS_MAX = 9
NOTE_LEAST = 6
_WORD: dict[str, tuple[str, str, Tone]] = {
    "waiting": (".", ".", "dim"),
    "running": ("RUN", "R", "busy"),
    "done": ("OK", "o", "ok"),
    "failed": ("FAIL", "F", "bad"),
    "skipped": ("skip", "s", "dim"),
    "uninvolved": ("-", "-", "dim"),
    "lost": ("LOST", "L", "bad"),
}
_WORST = ("failed", "lost", "running", "waiting", "done", "skipped", "uninvolved")


@dataclass(frozen=True, slots=True)
class Spot:
    """The selected cell: a row's key and a node's name."""

    row: str = ""
    node: str = ""


def row_key(row: StepRow) -> str:
    """Return what names a row."""
    return f"{'undo' if row.undo else 'step'}:{row.name}"


def find_row(run: DareRun, key: str) -> StepRow | None:
    """Return the row named by `key`."""
    return next((row for row in run.steps if row_key(row) == key), None)


def live_seconds(cell: Cell, now: Moment, skew: float) -> float:
    """Return how long a cell has taken, up to now while it is running."""
    if cell.state != "running" or not cell.began:
        return cell.seconds
    return max(0.0, now.wall - skew - cell.began)


def columns_of(run: DareRun, spot: Spot) -> tuple[str, ...]:
    """Return the nodes that get a column: all of up to nine, else the worst and the selected."""
    if len(run.nodes) <= COLUMNS_MAX:
        return run.nodes
    ranked = sorted(run.nodes, key=lambda node: (_rank(run, node), run.nodes.index(node)))
    chosen = set(ranked[:COLUMNS_MAX])
    if spot.node in run.nodes and spot.node not in chosen:
        chosen.discard(ranked[COLUMNS_MAX - 1])
        chosen.add(spot.node)
    return tuple(node for node in run.nodes if node in chosen)


def _rank(run: DareRun, node: str) -> int:
    states = [row.cells[node].state for row in run.steps if node in row.cells]
    return min((_WORST.index(state) for state in states), default=len(_WORST))


def cell_span(row: StepRow, cell: Cell | None, width: int, now: Moment, skew: float) -> Span:
    """Return one cell as a letter or a word that fits `width`."""
    if cell is None:
        return Span("-", "dim")
    word, _, tone = _WORD[cell.state]
    if row.undo and cell.state == "done":
        word = "UNDO" if row.name != "prove" else "OK"
    if cell.state == "running":
        seconds = live_seconds(cell, now, skew)
        told = (f"RUN {seconds:.1f}s", f"RUN {int(seconds)}s")
        word = next((text for text in told if len(text) <= width), word)
    return Span(word, tone)


def current_row(run: DareRun) -> str:
    """Return the row to look at: the running or failed one, else the last that did anything."""
    for states in ({"running"}, {"failed", "lost"}):
        active = [row for row in run.steps if row.state in states]
        if active:
            return row_key(active[-1])
    begun = [row for row in run.steps if row.state != "waiting"]
    return row_key(begun[-1]) if begun else (row_key(run.steps[0]) if run.steps else "")


def matrix_pane(
    run: DareRun, now: Moment, skew: float, width: int, spot: Spot, *, short: bool = False
) -> Pane:
    """Return the matrix; undo rows stand below a line of their own."""
    nodes = columns_of(run, spot)
    columns = _columns(nodes, width)
    rows: list[Row] = []
    undone = [row for row in run.steps if row.undo]
    number = 0
    for row in run.steps:
        if row.undo:
            continue
        number += 1
        if undone and row.state in {"waiting", "skipped"}:
            continue
        if row.name == DECIDE and not undone:
            rows.append(Row("", _no_return(width, passed=row.state == "done")))
        cells = _cells(row, str(number), nodes, columns, spot, now, skew)
        rows.append(Row(row_key(row), _line(columns, cells, width)))
    if undone:
        rows.append(Row("", titled([Span("Undo, newest first", "warn")], width)))
    for row in undone:
        cells = _cells(row, "<", nodes, columns, spot, now, skew)
        rows.append(Row(row_key(row), _line(columns, cells, width)))
    titles = header(columns, width, " ")
    return Pane((titles,) if short else (_title(run, nodes, width), titles), tuple(rows))


def _title(run: DareRun, nodes: tuple[str, ...], width: int) -> Line:
    words: list[Span | str] = [Span("Steps and nodes", "head")]
    if len(nodes) < len(run.nodes):
        words.append(f" ({len(nodes)} of {len(run.nodes)}, the most important; all in the strip)")
    return titled(words, width)


def _columns(nodes: tuple[str, ...], width: int) -> list[Column]:
    fixed = [Column("#", 2, "right"), Column("step", 15), Column("done", 5, "right")]
    taken = 1 + sum(column.width + 2 for column in fixed) + 8
    note = 9 if width < 100 else 24
    each = (width - taken - note) // max(1, len(nodes)) - 2
    if each < 5:
        fixed[1] = Column("step", 12)
        each = (width - taken + 3) // max(1, len(nodes)) - 2
    wanted = column_width("", nodes, 14)
    each = max(4, min(each, max(9, wanted)))
    columns = [*fixed, *(Column(node, each) for node in nodes)]
    free = width - 1 - sum(column.width + 2 for column in columns)
    if free >= 6:
        columns.append(Column("time", 6, "right"))
    if free >= 6 + 2 + NOTE_LEAST:
        columns.append(Column("note", free - 8))
    return columns


def _cells(  # noqa: PLR0917
    row: StepRow,
    number: str,
    nodes: tuple[str, ...],
    columns: list[Column],
    spot: Spot,
    now: Moment,
    skew: float,
) -> list[Span]:
    involved = [cell for cell in row.cells.values() if cell.state != "uninvolved"]
    done = sum(cell.state == "done" for cell in involved)
    here = spot.row == row_key(row)
    tone = _WORD[row.state][2]
    spans = [
        put(number, 0, "dim"),
        put(step_text(row.name).title, 0, tone if row.state != "done" else ""),
        put(f"{done}/{len(involved)}" if involved else "-", 0, "dim"),
    ]
    for node, column in zip(nodes, columns[3 : 3 + len(nodes)], strict=True):
        span = cell_span(row, row.cells.get(node), column.width, now, skew)
        if here and node == spot.node:
            span = Span(put(span.text, column.width).text, "cursor")
        spans.append(span)
    return [*spans, put(_time(row, now, skew)), put(_note(row), 0, "bad" if _bad(row) else "dim")]


def _bad(row: StepRow) -> bool:
    return row.state in {"failed", "lost"}


def _time(row: StepRow, now: Moment, skew: float) -> str:
    if row.state == "running":
        seconds = [live_seconds(cell, now, skew) for cell in row.cells.values()]
        return f"{max(seconds, default=0.0):.1f}s"
    return f"{row.seconds:.1f}s" if row.seconds else ""


def _note(row: StepRow) -> str:
    if row.reason:
        return row.reason
    told = [f"{node}: {cell.reason}" for node, cell in row.cells.items() if cell.reason]
    if told:
        return told[-1]
    if row.state == "running":
        slow = [node for node, cell in row.cells.items() if cell.state == "running"]
        return f"waits for {', '.join(slow)}" if slow else ""
    return ""


def _line(columns: list[Column], cells: list[Span], width: int) -> Line:
    spans: list[Span] = [Span(" ")]
    for column, value in zip(columns, cells, strict=False):
        spans += [put(value.text, column.width, value.tone, align=column.align), Span("  ")]
    return cut(tuple(spans[:-1]), width)


def _no_return(width: int, *, passed: bool) -> Line:
    text = "point of no return: below here only forward"
    if passed:
        text = "point of no return passed: only forward now"
    room = max(0, width - len(text) - 8)
    return (Span("  ═══ ", "warn"), Span(text, "warn"), Span(" " + "═" * room, "warn"))


def strip_lines(run: DareRun, key: str, width: int) -> list[Line]:
    """Return one character for each node in the row `key`, for clusters without enough columns."""
    row = find_row(run, key)
    if row is None or len(run.nodes) <= COLUMNS_MAX:
        return []
    counts: dict[str, int] = {}
    marks = []
    for node in run.nodes:
        cell = row.cells.get(node)
        word, letter, tone = _WORD[cell.state if cell else "uninvolved"]
        counts[word] = counts.get(word, 0) + 1
        marks.append(Span(letter, tone))
    summary = "  ".join(f"{word} {count}" for word, count in counts.items())
    room = max(10, width - 4)
    lines = [line("  ", put(f"all {len(run.nodes)} in {step_text(row.name).title}: {summary}"))]
    starts = range(0, len(marks), room)
    return [*lines, *((Span("  "), *marks[start : start + room]) for start in starts)]
