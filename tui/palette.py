"""The command palette: every action of the screen below, found by name.

Over a dialog, and over a form, these are the keys of that dialog or form itself; of the console's
own actions a dialog leaves only those that change nothing but the look of the screen.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import Screen

from tui import actions
from tui.widgets.text import safe

OF_THE_LOOK = frozenset(("repaint", "theme", "picture"))


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the palette shows of one thing, and what it does."""

    title: str
    help: str
    run: Callable[[], Awaitable[object]]


class ActionProvider(Provider):
    """Offers what is offered on the screen below, and runs it there."""

    async def discover(self) -> Hits:
        """Offer everything."""
        for entry in self._entries():
            yield DiscoveryHit(Content(entry.title), entry.run, help=entry.help)

    async def search(self, query: str) -> Hits:
        """Offer what matches."""
        matcher = self.matcher(query)
        for entry in self._entries():
            title = f"{entry.title}: {entry.help}" if entry.help else entry.title
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, matcher.highlight(title), entry.run)

    def _entries(self) -> Iterator[_Entry]:
        if not getattr(self.screen, "scope", ""):
            yield from _own(self.screen)
        for action in self._offered():
            yield _Entry(_title(action), action.help, partial(self._run, action))

    def _offered(self) -> tuple[actions.Action, ...]:
        scope = str(getattr(self.screen, "scope", ""))
        possible = getattr(self.app, "offered", actions.offered)
        found: tuple[actions.Action, ...] = listed(possible(scope))
        if self.screen.is_modal:
            return tuple(action for action in found if action.name in OF_THE_LOOK)
        return found

    async def _run(self, action: actions.Action) -> None:
        await self.screen.run_action(prefixed(action))


def _own(screen: Screen[Any]) -> Iterator[_Entry]:
    """Yield what a screen that is no section has keys for, each once."""
    done: set[str] = set()
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if active.node is not screen or binding.action in done or not binding.description:
            continue
        done.add(binding.action)
        title = f"{safe(binding.description, 60)} ({actions.shown(key)})"
        yield _Entry(title, "", partial(screen.run_action, binding.action))


def listed(offered: tuple[actions.Action, ...]) -> tuple[actions.Action, ...]:
    """Return what the palette lists of what is offered: all but itself."""
    return tuple(action for action in offered if action.name != "palette")


def prefixed(action: actions.Action) -> str:
    """Return the action's name as a screen can run it."""
    return f"app.{action.name}" if action.scope in {"app", "replay"} else action.name


def _title(action: actions.Action) -> str:
    return f"{action.label} ({action.key})" if action.key else action.label
