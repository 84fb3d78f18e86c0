"""One line to type a filter into; it hides when it is left."""

from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from nodeagent.model.text import clean


class FilterBar(Input):
    """Posts `Changed` as it is typed; Enter keeps the filter, Esc drops it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "drop", "Drop the filter")]
    DEFAULT_CSS = """
    FilterBar { display: none; height: 1; border: none; padding: 0 1; dock: bottom;
                background: $boost; }
    FilterBar.-shown { display: block; }
    """

    class Left(Message):
        """The person is done with the filter."""

    def __init__(self) -> None:
        super().__init__(
            placeholder="filter: words, node:NAME, group:NAME, kind:error; Enter keeps, Esc drops",
            id="filter",
            compact=True,
            max_length=80,
        )

    @property
    def needle(self) -> str:
        """Return what is filtered by."""
        return clean(self.value, 80).strip()

    def open(self) -> None:
        """Show it and type into it."""
        self.add_class("-shown")
        self.focus()

    def action_drop(self) -> None:
        """Drop the filter and leave."""
        self.value = ""
        self.leave()

    async def action_submit(self) -> None:
        """Keep the filter and leave."""
        self.leave()

    def leave(self) -> None:
        """Hide, unless something is filtered by."""
        self.set_class(bool(self.needle), "-shown")
        self.post_message(self.Left())
