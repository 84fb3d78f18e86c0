"""The footer: keys of this screen, the least important dropped first and help last of all."""

from collections.abc import Mapping
from dataclasses import replace

from textual.events import Click

from tui import actions
from tui.viewmodels.spans import Line, Span, line, put, width_of
from tui.widgets.lines import Lines


def footer_line(offered: tuple[actions.Action, ...], width: int) -> Line:
    """Return the keys that fit `width`, by priority; help stands at the end and stays."""
    listed = sorted((a for a in offered if a.priority), key=lambda action: action.priority)
    last = [action for action in listed if action.name == "help"]
    chosen: list[actions.Action] = []
    room = width - sum(_room(action) for action in last) - 1
    for action in listed:
        if action in last:
            continue
        if _room(action) <= room:
            chosen.append(action)
            room -= _room(action)
    spans = [Span(" ")]
    for action in [*chosen, *last]:
        spans += [put(action.key, 0, "key"), put(f" {action.label}  ")]
    return tuple(spans)


def _room(action: actions.Action) -> int:
    return width_of(line(action.key, " ", action.label, "  "))


class ActionFooter(Lines):
    """One line with the actions of a scope; a click does what it names."""

    DEFAULT_CSS = "ActionFooter { dock: bottom; height: 1; background: $panel; }"

    def __init__(self, scope: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._scope = scope
        self._unfit: frozenset[str] = frozenset()
        self._labels: Mapping[str, str] = {}

    def on_mount(self) -> None:
        """Show the keys."""
        self._show()

    def on_resize(self) -> None:
        """Choose anew what fits."""
        self._show()

    def suit(self, unfit: frozenset[str], labels: Mapping[str, str]) -> None:
        """Show the keys without those of `unfit`, which would do nothing now.

        `labels` are what actions are called that do something else than usual, by their names.
        """
        if (unfit, labels) != (self._unfit, self._labels):
            self._unfit, self._labels = unfit, labels
            self._show()

    def _show(self) -> None:
        self.show_lines([footer_line(self._offered(), self.size.width)])

    def _offered(self) -> tuple[actions.Action, ...]:
        possible = getattr(self.app, "offered", actions.offered)
        found: tuple[actions.Action, ...] = possible(self._scope)
        return tuple(
            replace(action, label=self._labels.get(action.name, action.label))
            for action in found
            if action.name not in self._unfit
        )

    async def on_click(self, event: Click) -> None:
        """Do the action whose words were clicked."""
        at = 1
        for action in self._shown_actions():
            room = _room(action)
            if at <= event.x < at + room:
                await self.screen.run_action(action.name)
                return
            at += room

    def _shown_actions(self) -> list[actions.Action]:
        words = {
            (span.text, after.text.strip())
            for span, after in zip(self.lines[0][1::2], self.lines[0][2::2], strict=False)
        }
        offered = [a for a in self._offered() if a.priority and (a.key, a.label) in words]
        return sorted(offered, key=lambda a: (a.name == "help", a.priority))
