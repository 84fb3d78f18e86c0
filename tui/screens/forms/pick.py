"""The lists behind F4: one thing to choose, or several names to put into an order."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from nodeagent.model.text import clean
from tui.viewmodels.form_offer import Offer
from tui.viewmodels.spans import Row, Span, put
from tui.widgets.live_table import LiveTable
from tui.widgets.text import Note

T = TypeVar("T")


class ListScreen(ModalScreen[T | None], Generic[T]):
    """A framed list with one line of keys; Esc leaves without a choice."""

    BINDINGS = [
        ("escape", "cancel", "Back"),
        ("f3", "cancel", "Back"),
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
        """Show the rows."""
        self._show()
        self.query_one(LiveTable).focus()

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

    def _show(self) -> None:
        raise NotImplementedError

    def _result(self) -> T | None:
        raise NotImplementedError


class PickScreen(ListScreen[str]):
    """Choose one of `offers`; the result is its value."""

    def __init__(self, title: str, offers: Sequence[Offer], chosen: str = "") -> None:
        super().__init__(title)
        self._offers = tuple(offers)
        self._chosen = chosen

    def _show(self) -> None:
        width = min(44, max(len(offer.value) for offer in self._offers) + 2)
        table = self.query_one(LiveTable)
        table.show_rows(
            [
                Row(f"row{index}", (put(offer.value, width), put(offer.note, 0, "dim")))
                for index, offer in enumerate(self._offers)
            ]
        )
        values = [offer.value for offer in self._offers]
        if self._chosen in values:
            table.select(f"row{values.index(self._chosen)}")

    def _result(self) -> str | None:
        cursor = self.query_one(LiveTable).cursor
        return self._offers[int(cursor[3:])].value if cursor else None


class OrderScreen(ListScreen[list[str]]):
    """Choose names and their order; the result is the list of those chosen."""

    BINDINGS = [
        ("space", "take", "In or out"),
        ("K,shift+up", "shift(-1)", "Up"),
        ("J,shift+down", "shift(1)", "Down"),
    ]
    keys_text = "Space in or out   K/J move   Enter take it   Esc back"

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
