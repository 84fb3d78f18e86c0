"""The command palette: every action of the screen below, found by name."""

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui import actions


class ActionProvider(Provider):
    """Offers what is offered on the screen below, and runs it there."""

    async def discover(self) -> Hits:
        """Offer everything."""
        for action in self._offered():
            yield DiscoveryHit(
                Content(_title(action)), partial(self._run, action), help=action.help
            )

    async def search(self, query: str) -> Hits:
        """Offer what matches."""
        matcher = self.matcher(query)
        for action in self._offered():
            title = f"{_title(action)}: {action.help}"
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, matcher.highlight(title), partial(self._run, action))

    def _offered(self) -> tuple[actions.Action, ...]:
        scope = str(getattr(self.screen, "scope", ""))
        possible = getattr(self.app, "offered", actions.offered)
        found: tuple[actions.Action, ...] = possible(scope)
        return listed(found)

    async def _run(self, action: actions.Action) -> None:
        await self.screen.run_action(prefixed(action))


def listed(offered: tuple[actions.Action, ...]) -> tuple[actions.Action, ...]:
    """Return what the palette lists of what is offered: all but itself."""
    return tuple(action for action in offered if action.name != "palette")


def prefixed(action: actions.Action) -> str:
    """Return the action's name as a screen can run it."""
    return f"app.{action.name}" if action.scope in {"app", "replay"} else action.name


def _title(action: actions.Action) -> str:
    return f"{action.label} ({action.key})" if action.key else action.label
