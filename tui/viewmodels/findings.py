"""Findings as lines: the list, one in full, and what they mean for a DARE."""

from collections.abc import Sequence

from nodeagent.config.codes import CODES
from nodeagent.model.reports import Report
from tui.viewmodels.draft_review import Review
from tui.viewmodels.form_page import count_text
from tui.viewmodels.spans import Line, Row, Span, Tone, cut, line, put, rule, wrap


def report_rows(reports: Sequence[Report], width: int, *, hints: bool = False) -> list[Row]:
    """Return findings, errors first: code, object, text; with `hints` a line on what is right."""
    rows: list[Row] = []
    ordered = sorted(enumerate(reports), key=lambda item: (_SEVERITY[item[1].severity][0], item[0]))
    for index, report in ordered:
        tone = _SEVERITY[report.severity][1]
        where = put(f"{report.place.key}  ", 0, "strong") if report.place.key else Span("")
        head = line(put(f" {report.severity:7} {report.code}  ", 0, tone), where, report.text)
        rows.append(Row(str(index), cut(head, width)))
        if hints and report.hint:
            rows.append(Row("", cut(line(put(f"                {report.hint}", 0, "dim")), width)))
    return rows


def finding_lines(report: Report | None, width: int) -> tuple[Line, ...]:
    """Return one finding in full: text, what would be right, why it matters."""
    if report is None:
        return ()
    tone = _SEVERITY[report.severity][1]
    code = CODES.get(report.code)
    title = f": {code.title}" if code else ""
    lines = [
        rule((put(f"{report.code}{title}", 0, tone),), width, (put(str(report.place), 0, "dim"),))
    ]
    lines += [line(put(f" {text}")) for text in wrap(report.text, width - 2)]
    right = f"{report.hint}{f' (right would be: {report.fix})' if report.fix else ''}"
    if right:
        lines += [line(put(f" > {text}", 0, "ok")) for text in wrap(right, width - 4)]
    if code:
        lines += [line(put(f" {text}", 0, "dim")) for text in wrap(code.explanation, width - 2)]
    return tuple(lines)


def verdict_line(review: Review, width: int, *, judged: bool) -> Line:
    """Return how many findings of each kind there are, and what that means for a DARE."""
    errors, warnings = len(review.errors), len(review.of("warning"))
    notes = len(review.of("note"))
    tone: Tone = "bad" if errors else "warn" if warnings else "ok"
    counts = ", ".join(
        (count_text(errors, "error"), count_text(warnings, "warning"), count_text(notes, "note"))
    )
    text = "a DARE is refused until the errors are mended" if errors else "a DARE may be run"
    return rule(
        (
            put("DRAFT ", 0, "draft"),
            put(counts, 0, tone),
            put(f"; {text}" if judged else "; looking again", 0, "dim"),
        ),
        width,
    )


_SEVERITY: dict[str, tuple[int, Tone]] = {
    "error": (0, "bad"),
    "warning": (1, "warn"),
    "note": (2, "dim"),
}
