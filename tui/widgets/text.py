"""The one door through which text reaches a widget: cleaned, and never read as markup.

A plain `str` given to most Textual widgets is parsed as markup: a name such as ``[/data]`` ends
the app, ``[@click=…]`` becomes a link. So foreign text goes through `plain` (for titles, labels,
notifications) or is painted as spans, and `Note` stands in for `Static`.
"""

from textual.content import Content
from textual.widgets import Static

from nodeagent.model.text import clean
from tui.viewmodels.spans import Line, Tone

STYLES: dict[Tone, str] = {
    "": "",
    "ok": "$text-success",
    "busy": "bold $text-accent",
    "warn": "bold $text-warning",
    "bad": "bold $text-error",
    "dim": "$secondary",
    "rule": "$primary-muted",
    "head": "bold $text-primary",
    "strong": "bold",
    "accent": "$text-accent",
    "cursor": "reverse bold",
    "draft": "$text-warning",
    "key": "bold $text-primary",
}


def safe(text: str, limit: int = 2_000) -> str:
    """Return `text` as one line that no terminal interprets."""
    return clean(text, limit)


def plain(text: str, limit: int = 2_000) -> Content:
    """Return `text`, cleaned, as content in which nothing is markup."""
    return Content(clean(text, limit))


def painted(lines: tuple[Line, ...] | list[Line]) -> Content:
    """Return lines of spans as one content."""
    return Content("\n").join(
        Content.assemble(*((clean(span.text), STYLES[span.tone]) for span in line))
        for line in lines
    )


class Note(Static):
    """A `Static` that takes plain text or lines of spans and reads neither as markup."""

    DEFAULT_CSS = "Note { width: 1fr; height: auto; }"

    def __init__(
        self,
        text: str = "",
        *,
        id: str | None = None,  # noqa: A002 - Textual's word
        classes: str | None = None,
    ) -> None:
        super().__init__(plain(text), id=id, classes=classes, markup=False)

    def say(self, text: str) -> None:
        """Show one plain text."""
        self.update(plain(text))

    def paint(self, lines: tuple[Line, ...] | list[Line]) -> None:
        """Show lines of spans."""
        self.update(painted(lines))
