"""Why a group is where it is, in a dialog: event, rule, candidates, action, result."""

from functools import partial

from nodeagent.wire.ledger import GetLedger, Ledger
from nodeagent.wire.live import NodeLive
from tui.screens.base import SectionScreen
from tui.screens.show import ShowScreen
from tui.viewmodels.ledger import why_lines
from tui.viewmodels.spans import line, put
from tui.viewmodels.store import View


def show_why(screen: SectionScreen, group: str) -> None:
    """Ask for the last decision about `group`, and show it when it comes."""
    screen.desk.guarded(partial(_ask_and_show, screen, group), "why")


async def _ask_and_show(screen: SectionScreen, group: str) -> None:
    answer = await screen.session.ask(GetLedger(limit=1, group=group))
    if not isinstance(answer, Ledger):
        return
    view = screen.session.view
    entry = answer.entries[0] if answer.entries else None
    told = why_lines(group, _owner(view, group), _nodes(view), entry, view.events)
    lines = [line(put(word, 12, "head"), put(text)) for word, text in told]
    screen.app.push_screen(ShowScreen(f"Why is {group} where it is?", lines))


def _owner(view: View, group: str) -> str:
    return view.cluster.value.owners.get(group, "") if view.cluster else ""


def _nodes(view: View) -> tuple[NodeLive, ...]:
    return tuple(heard.value for heard in view.nodes.values())
