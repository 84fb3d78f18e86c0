"""The console on a recorded past: the same screens, with keys that move the time."""

from typing import ClassVar

from textual.binding import BindingType

from tui import actions
from tui.app import ClusterApp
from tui.keymap import mapped
from tui.player import Player


class ReplayApp(ClusterApp):
    """Shows what `player` plays; its clocks are those of the recording."""

    BINDINGS: ClassVar[list[BindingType]] = list(actions.bindings("replay"))

    def __init__(self, player: Player) -> None:
        super().__init__(
            player,
            read_only=True,
            clock=lambda: player.time,
            monotonic=lambda: player.time,
        )
        self._player = player

    def offered(self, scope: str) -> tuple[actions.Action, ...]:
        """Return what can be done here: to look, and to move the time."""
        return (*mapped(actions.of("replay"), self._keys), *super().offered(scope))

    def action_play(self) -> None:
        """Hold still, or go on."""
        self._player.pause()

    def action_next_event(self) -> None:
        """Go to the next event."""
        self._player.step(1)

    def action_event_before(self) -> None:
        """Go to the event before."""
        self._player.step(-1)

    def action_faster(self) -> None:
        """Play faster."""
        self._player.pace(1)

    def action_slower(self) -> None:
        """Play slower."""
        self._player.pace(-1)
