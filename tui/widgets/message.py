"""The line for short messages: above the keys, with room of its own, so that it hides nothing.

It is there only while there is something to say. A message stays for some seconds, errors longer;
the newest stands lowest.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tui.viewmodels.spans import Line, Span, Tone, line, put, wrap
from tui.widgets.lines import Lines

LINES_MAX = 3
STAYS_S = {"information": 6.0, "warning": 8.0, "error": 12.0}
_TONES: dict[str, tuple[str, Tone]] = {
    "information": (" · ", "accent"),
    "warning": (" ! ", "warn"),
    "error": (" ! ", "bad"),
}


@dataclass(frozen=True, slots=True)
class Message:
    """Something said until the moment `until` (monotonic seconds)."""

    title: str
    text: str
    severity: str
    until: float


class Messages:
    """What was said and is still to be shown, by a clock that is handed in."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._said: tuple[Message, ...] = ()

    def say(self, title: str, text: str, severity: str, stays_s: float | None = None) -> None:
        """Keep a message for as long as its severity deserves, or for `stays_s` seconds."""
        until = self._now() + (stays_s or STAYS_S[severity])
        self._said = (*self._said, Message(title, text, severity, until))[-LINES_MAX:]

    def forget_hints(self) -> None:
        """Drop what was said of a step that is behind; warnings and errors stay."""
        self._said = tuple(one for one in self._said if one.severity != "information")

    @property
    def current(self) -> tuple[Message, ...]:
        """Return what is to be shown now, the oldest first."""
        now = self._now()
        self._said = tuple(one for one in self._said if one.until > now)
        return self._said


def message_lines(messages: tuple[Message, ...], width: int) -> list[Line]:
    """Return the newest of what was said, in at most three lines; what is cut shows it."""
    lines: list[Line] = []
    for message in reversed(messages):
        room = LINES_MAX - len(lines)
        if room <= 0:
            break
        lines = [*_lines(message, width, room), *lines]
    return lines


def _lines(message: Message, width: int, room: int) -> list[Line]:
    mark, tone = _TONES.get(message.severity, _TONES["information"])
    title = f"{message.title}: " if message.title else ""
    parts = wrap(title + message.text, max(10, width - 4))
    if len(parts) > room:
        parts = [*parts[: room - 1], put(f"{parts[room - 1]} {parts[room]}", width - 4).text]
    head = line(put(mark, 0, tone), put(parts[0], 0, tone))
    return [head, *((Span("   "), put(part, 0, tone)) for part in parts[1:])]


class MessageLine(Lines):
    """Shows what is said; empty it takes no room."""

    DEFAULT_CSS = """
    MessageLine { height: auto; max-height: 3; background: $panel; display: none; }
    MessageLine.-shown { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._said: tuple[Message, ...] = ()

    def say(self, messages: tuple[Message, ...]) -> None:
        """Show `messages`, the oldest first; none: give the room back."""
        if messages == self._said:
            return
        self._said = messages
        self._show()

    def on_resize(self) -> None:
        """Cut the lines anew."""
        super().on_resize()
        self._show()

    def _show(self) -> None:
        width = self.size.width or self.screen.size.width
        self.set_class(bool(self._said), "-shown")
        self.show_lines(message_lines(self._said, width))
