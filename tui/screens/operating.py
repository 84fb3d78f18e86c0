"""From an operation to its DARE: the consequences in a dialog, a deliberate yes, the request."""

from functools import partial

from nodeagent.config.edit import EditError
from nodeagent.wire.console import Apply, Done
from tui.screens.base import SectionScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.show import program_of
from tui.viewmodels.commands import operation_command
from tui.viewmodels.dare import bars_others
from tui.viewmodels.operations import Ground, Make
from tui.viewmodels.probation import forbids


def operate(screen: SectionScreen, make: Make, button: str) -> None:
    """Show what the operation does and ask; `button` does it."""
    ground = ground_of(screen)
    if ground is None:
        return
    try:
        operation = make(ground)
    except EditError as error:
        screen.desk.tell(str(error), severity="error")
        return
    if operation.already:
        screen.desk.tell(operation.already)
        return
    if operation.refused:
        screen.desk.tell(operation.refused, severity="error")
        return
    title = f"{operation.what[:1].upper()}{operation.what[1:]}?"
    lines = [*operation.lines(), "", f"The same from a shell (F6): {operation.command}"]
    word = operation.subject if operation.interrupts else ""
    dialog = ConfirmScreen(
        title,
        lines,
        word,
        yes=button,
        note="Reason, kept in the history:",
        command=partial(operation_command, program_of(screen.app), operation),
    )

    def answered(yes: bool | None) -> None:  # noqa: FBT001 - as Textual calls it
        if yes:
            request = operation.request(ground, screen.desk.author, dialog.noted)
            screen.desk.guarded(partial(_ask, screen, request, operation.what), "operate")

    screen.app.push_screen(dialog, answered)


def ground_of(screen: SectionScreen) -> Ground | None:
    """Return what an operation starts from; None, and say why, where nothing can be asked."""
    session = screen.session
    if session.read_only:
        screen.desk.tell(session.locked, severity="warning")
        return None
    view = session.view
    waits = bars_others(view, session.now) or forbids(view)
    if waits:
        screen.desk.tell(waits, severity="warning")
        return None
    if view.active.running is None or view.cluster is None:
        screen.desk.tell("the active configuration is not known", severity="error")
        return None
    unix = session.now.wall - view.skew
    return Ground(view.active.text, view.active.running, view.cluster.value, unix, view.times)


async def _ask(screen: SectionScreen, request: Apply, what: str) -> None:
    answer = await screen.session.ask(request)
    if isinstance(answer, Done):
        screen.desk.tell(f"DARE {answer.tx}: {what}" if answer.tx else answer.text)
