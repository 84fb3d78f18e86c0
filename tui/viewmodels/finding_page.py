"""The page of a finding's code as lines."""

from nodeagent.config.pages.sheets import parts, sheet
from tui.viewmodels.panes import titled
from tui.viewmodels.spans import Line, Span, Tone, cut, line, put, wrap

_TONES: dict[str, Tone] = {"error": "bad", "warning": "warn", "note": "dim"}


def finding_page(code: str, width: int) -> list[Line]:
    """Return the page of `code`; nothing where there is no such code."""
    page = sheet(code)
    if page is None:
        return []
    title = f"{page.code}: {page.title}"
    lines = [titled([Span(title, _TONES[page.severity]), f", {page.severity}"], width)]
    for heading, text in parts(page):
        lines.append(line("  ", put(heading, 0, "strong")))
        lines += [line("    ", part) for part in wrap(text, max(20, width - 4))]
        if heading == "Example":
            lines += [line("      ", put(part, 0, "key")) for part in page.example]
    return [cut(entry, width) for entry in [*lines, line("")]]
