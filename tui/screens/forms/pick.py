"""The lists behind F4: one thing to choose, or several names to put into an order."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from nodeagent.model.text import clean
from tui.screens.show import show_keys
from tui.viewmodels.form_offer import Offer
from tui.viewmodels.spans import Row, Span, middle, put
from tui.widgets.live_table import LiveTable
from tui.widgets.text import Note

T = TypeVar("T")
LONG = 14
"""Offers; a longer list does not fit on a screen, so one looks for a word in it."""


class ListScreen(ModalScreen[T | None], Generic[T]):
    """A framed list with one line of keys; Esc leaves without a choice."""

    BINDINGS = [
        ("escape", "cancel", "Back"),
        ("f3", "cancel", "Back"),
        ("f1", "help", "Help"),
        ("enter", "accept", "Take it"),
    ]
    DEFAULT_CSS = """
    ListScreen { align: center middle; }
    ListScreen > Vertical {
        width: 84%; max-width: 76; min-width: 40; height: auto; max-height: 80%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    ListScreen LiveTable { height: auto; max-height: 14; }
    """
    keys_text = "Enter take it   Esc back"
    help_keys: tuple[tuple[str, str], ...] = (
        ("letters", "narrow a list that has a line to type in"),
        ("Enter", "take what the cursor is on"),
        ("Esc F3", "leave without a choice"),
    )

    def __init__(self, title: str) -> None:
        super().__init__()
        self._heading = title
        self._left = False

    def compose(self) -> ComposeResult:
        """Lay out the list over its keys."""
        with Vertical() as frame:
            frame.border_title = Text(clean(self._heading, 60))
            yield LiveTable()
            yield Note(self.keys_text)

    def on_mount(self) -> None:
        """Show the rows, the cursor where one begins."""
        self._show()
        self._begin()

    def action_help(self) -> None:
        """Show the keys of this list beside it."""
        show_keys(self, (("↑ ↓ PgUp PgDn", "to another row"), *self.help_keys))

    def action_cancel(self) -> None:
        """Leave without a choice."""
        self._leave(None)

    def action_accept(self) -> None:
        """Leave with what was chosen."""
        self._leave(self._result())

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        """Take what was double-clicked."""
        event.stop()
        self.action_accept()

    def _leave(self, result: T | None) -> None:
        if not self._left:
            self._left = True
            self.dismiss(result)

    def _begin(self) -> None:
        self.query_one(LiveTable).focus()

    def _show(self) -> None:
        raise NotImplementedError

    def _result(self) -> T | None:
        raise NotImplementedError


class PickScreen(ListScreen[str]):
    """Choose one of `offers`; the result is its value.

    What is typed narrows a long list (`find`) down; `notes` stand below it, such as who did not
    answer. Both may change while it is open: `offer`.
    """

    BINDINGS = [
        Binding("up", "move(-1)", "up", show=False, priority=True),
        Binding("down", "move(1)", "down", show=False, priority=True),
        Binding("pageup", "page(-1)", "page up", show=False, priority=True),
        Binding("pagedown", "page(1)", "page down", show=False, priority=True),
        Binding("home", "edge(-1)", "first", show=False, priority=True),
        Binding("end", "edge(1)", "last", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    PickScreen Input { height: 1; border: none; padding: 0; background: $boost; }
    PickScreen #notes { color: $text-warning; max-height: 4; }
    """
    AUTO_FOCUS = ""

    def __init__(
        self,
        title: str,
        offers: Sequence[Offer],
        chosen: str = "",
        *,
        notes: Sequence[str] = (),
        find: bool | None = None,
    ) -> None:
        super().__init__(title)
        self._offers = tuple(offers)
        self._notes = tuple(notes)
        self._chosen = chosen
        self._find = len(offers) > LONG if find is None else find

    def compose(self) -> ComposeResult:
        """Lay out the word to look for over the list, its notes and keys."""
        with Vertical() as frame:
            frame.border_title = Text(clean(self._heading, 60))
            if self._find:
                yield Input(placeholder="type a part of what you look for", compact=True)
            yield LiveTable()
            yield Note(id="notes")
            yield Note(self.keys_text)

    def _begin(self) -> None:
        """Put the cursor on what is chosen so far, and the keys where a word can be typed."""
        table = self.query_one(LiveTable)
        if self._chosen in table.keys:
            table.select(self._chosen)
        (self.query_one(Input) if self._find else table).focus()

    def offer(self, offers: Sequence[Offer], notes: Sequence[str] = ()) -> None:
        """Show other offers, for more was heard."""
        if (tuple(offers), tuple(notes)) != (self._offers, self._notes) and self.is_attached:
            self._offers, self._notes = tuple(offers), tuple(notes)
            self._show()

    def action_move(self, by: int) -> None:
        """Move the cursor, also while a word is typed."""
        self.query_one(LiveTable).action_move(by)

    def action_page(self, direction: int) -> None:
        """Move the cursor by a page."""
        self.query_one(LiveTable).action_page(direction)

    def action_edge(self, direction: int) -> None:
        """Go to the first or the last offer."""
        self.query_one(LiveTable).action_edge(direction)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show only what holds the word."""
        event.stop()
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take what is under the cursor."""
        event.stop()
        self.action_accept()

    def _shown(self) -> list[Offer]:
        words = self.query_one(Input).value.casefold().split() if self._find else []
        return [one for one in self._offers if holds(one, words)]

    def _show(self) -> None:
        shown = self._shown()
        width = min(44, max((len(offer.value) for offer in shown), default=0) + 2)
        rows = [
            Row(
                offer.value, (put(middle(offer.value, width - 2), width), put(offer.note, 0, "dim"))
            )
            for offer in shown
        ]
        nothing = [Row("", (put("nothing is known; type it into the field", 0, "dim"),))]
        self.query_one(LiveTable).show_rows(rows or nothing)
        notes = self.query_one("#notes", Note)
        notes.display = bool(self._notes)
        notes.paint([(put(text, 0, "warn"),) for text in self._notes])

    def _result(self) -> str | None:
        return self.query_one(LiveTable).cursor or None


def holds(offer: Offer, words: Sequence[str]) -> bool:
    """Return whether an offer holds all `words`, whatever their capitals."""
    text = f"{offer.value} {offer.note}".casefold()
    return all(word in text for word in words)


class OrderScreen(ListScreen[list[str]]):
    """Choose names and their order; the result is the list of those chosen."""

    BINDINGS = [
        ("space", "take", "In or out"),
        ("K,shift+up", "shift(-1)", "Up"),
        ("J,shift+down", "shift(1)", "Down"),
    ]
    keys_text = "Space in or out   K/J move   Enter take it   Esc back"
    help_keys = (
        ("Space", "take a name in or out"),
        ("K J", "move it up or down in the order"),
        ("Enter", "take the names and their order"),
        ("Esc F3", "leave without a choice"),
    )

    def __init__(self, title: str, names: Sequence[str], chosen: Sequence[str]) -> None:
        super().__init__(title)
        self._chosen = [*dict.fromkeys(chosen)]
        self._names = [*self._chosen, *(name for name in names if name not in self._chosen)]

    def action_take(self) -> None:
        """Take the name in as the last one, or out."""
        name = self.query_one(LiveTable).cursor
        if name in self._chosen:
            self._chosen.remove(name)
        elif name:
            self._chosen.append(name)
        self._sort()

    def action_shift(self, by: int) -> None:
        """Move the name up or down in the order."""
        name = self.query_one(LiveTable).cursor
        if name not in self._chosen:
            return
        index = self._chosen.index(name)
        place = min(max(0, index + by), len(self._chosen) - 1)
        self._chosen.insert(place, self._chosen.pop(index))
        self._sort()

    def _sort(self) -> None:
        rest = [name for name in self._names if name not in self._chosen]
        self._names = [*self._chosen, *rest]
        self._show()

    def _show(self) -> None:
        rows = []
        for name in self._names:
            inside = name in self._chosen
            number = f"{self._chosen.index(name) + 1:>2}. " if inside else "  - "
            rows.append(Row(name, (Span(number), put(name, 0, "strong" if inside else "dim"))))
        self.query_one(LiveTable).show_rows(rows)

    def _result(self) -> list[str] | None:
        return list(self._chosen)
