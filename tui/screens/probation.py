"""From a probation to its end: what it means in a dialog, a deliberate yes, the request."""

from typing import Any, Literal

from textual.app import App

from nodeagent.wire.console import Done, EndProbation
from tui.screens.base import Desk
from tui.screens.confirm import ConfirmScreen
from tui.viewmodels.probation import confirm_lines, open_probation, return_lines

End = Literal["confirm", "return"]
_TITLES: dict[End, tuple[str, str]] = {
    "confirm": ("Keep what is on probation?", "Keep it"),
    "return": ("Go back to what was before?", "Go back"),
}


def ask(app: App[Any], desk: Desk, end: End) -> None:
    """Show what the end means and ask for it; `desk` is the app once more."""
    session = desk.session
    probation = open_probation(session.view)
    if probation is None or isinstance(app.screen, ConfirmScreen):
        return
    if session.read_only:
        desk.tell(session.locked, severity="warning")
        return
    title, yes = _TITLES[end]
    lines = (confirm_lines if end == "confirm" else return_lines)(session.view)
    request = EndProbation(probation.tx, end, desk.author)

    async def send() -> None:
        answer = await session.ask(request)
        if isinstance(answer, Done):
            desk.tell(answer.text, title="Probation")

    def answered(said: bool | None) -> None:  # noqa: FBT001 - as Textual calls it
        if said:
            desk.guarded(send, "probation")

    app.push_screen(ConfirmScreen(title, lines, yes=yes), answered)
