"""A live table whose cursor also moves sideways: over the nodes of a step."""

from textual.binding import Binding
from textual.message import Message

from tui.widgets.live_table import LiveTable


class MatrixTable(LiveTable):
    """Left and right are told as `Walked`; who holds the matrix knows the nodes."""

    BINDINGS = [
        Binding("left,h", "walk(-1)", "left", show=False),
        Binding("right,l", "walk(1)", "right", show=False),
    ]

    class Walked(Message):
        """The cursor wants to go sideways."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    class Touched(Message):
        """The person moved the cursor."""

    def action_walk(self, by: int) -> None:
        """Go sideways."""
        self.post_message(self.Walked(by))

    def action_move(self, by: int) -> None:
        """Move, and say that it was by hand."""
        self.post_message(self.Touched())
        super().action_move(by)

    def action_page(self, direction: int) -> None:
        """Move by a page, and say that it was by hand."""
        self.post_message(self.Touched())
        super().action_page(direction)

    def action_edge(self, direction: int) -> None:
        """Go to an end, and say that it was by hand."""
        self.post_message(self.Touched())
        super().action_edge(direction)
