"""Joining: who is invited, who asks with which key; invite, let in, refuse."""

import secrets
from functools import partial

from nodeagent.model.configuration import Configuration
from nodeagent.wire.console import Refused, Request
from nodeagent.wire.joining import (
    TOKEN_BYTES,
    Admit,
    Admitted,
    GetJoining,
    Invite,
    Invited,
    Withdraw,
)
from tui.screens.confirm import ConfirmScreen
from tui.screens.rounds import RoundsScreen
from tui.screens.show import ShowScreen
from tui.viewmodels import joining_page as page
from tui.viewmodels.panes import Pane
from tui.viewmodels.spans import Line


class InviteDialog(ConfirmScreen):
    """Ask under which name a machine is invited; one that is taken is told at once."""

    note_needed = True

    def __init__(self, active: Configuration | None) -> None:
        super().__init__(
            "Invite a new node?", page.INVITE_LINES, yes="Invite it", note="Name of the new node:"
        )
        self._active = active

    def wrong_with(self, note: str) -> str:
        """Return why no machine can have this name."""
        return page.name_trouble(note, self._active)


class JoiningScreen(RoundsScreen):
    """A page beside the sections, reached by its key from everywhere."""

    scope = "joining"
    kind = page.KIND

    def question(self) -> Request:
        """Ask for the invitations."""
        return GetJoining()

    def list_pane(self, width: int, order: str) -> Pane:
        """Return all invitations."""
        del order
        return page.visitor_list(self.heard, width)

    def page_lines(self, name: str, width: int) -> list[Line]:
        """Return one in full."""
        one = self._visitor(name)
        return page.visitor_page(one, width) if one else []

    def _visitor(self, name: str) -> page.Visitor | None:
        return next((one for one in page.visitors(self.heard) if one.name == name), None)

    @property
    def unfit(self) -> frozenset[str]:
        """Return what would do nothing with the one under the cursor."""
        one = self._visitor(self.name_under_cursor)
        if one is None:
            return frozenset({"open", "admit", "withdraw"})
        return frozenset() if one.guest.state == "asks" else frozenset({"admit"})

    # --- invite ---------------------------------------------------------------------------------

    def action_invite(self) -> None:
        """Ask for the name of the new node, then for an invitation."""
        if self._is_locked():
            return
        active = self.session.view.active.configuration
        dialog = InviteDialog(active)

        def answered(yes: bool | None) -> None:  # noqa: FBT001 - as Textual calls it
            if yes:
                self.desk.guarded(partial(self._invite, dialog.noted), "invite")

        self.app.push_screen(dialog, answered)

    async def _invite(self, node: str) -> None:
        token = secrets.token_hex(TOKEN_BYTES)
        answer = await self.session.ask(Invite(node, token))
        if not isinstance(answer, Invited):
            return
        word = page.invitation_word(node, token, answer)
        command = page.join_command(word, self.session.view.active.configuration)
        lines = page.invitation_page(node, command, answer)
        self.app.push_screen(ShowScreen(f"The invitation of {node}", lines, " ".join(command)))
        self.ask_all()

    # --- let in, refuse -------------------------------------------------------------------------

    def action_admit(self) -> None:
        """Show the key to be compared, then let the machine in."""
        one = self._visitor(self.name_under_cursor)
        if one is None or self._is_locked():
            return
        if one.guest.state != "asks":
            self.desk.tell(f"{one.name} does not ask to be let in now", severity="warning")
            return
        lines = page.admit_lines(one)
        title = f"Let {one.name} in?"
        dialog = ConfirmScreen(title, lines, yes="It is the same", no="Not yet")
        request = Admit(one.name, one.guest.fingerprint)
        self.app.push_screen(dialog, partial(self._answered, one, request))

    def action_withdraw(self) -> None:
        """Ask, then take the invitation back: whoever came with it is not let in."""
        one = self._visitor(self.name_under_cursor)
        if one is None or self._is_locked():
            return
        lines = ("Its invitation is good no more; who asks with it is refused.",)
        dialog = ConfirmScreen(f"Refuse {one.name}?", lines, yes="Refuse it")
        self.app.push_screen(dialog, partial(self._answered, one, Withdraw(one.name)))

    def _answered(self, one: page.Visitor, request: Admit | Withdraw, yes: bool | None) -> None:  # noqa: FBT001 - as Textual calls it
        if yes:
            self.desk.guarded(partial(self._send, one, request), "joining")

    async def _send(self, one: page.Visitor, request: Admit | Withdraw) -> None:
        answer = await self.session.ask_node(one.agent, request)
        if isinstance(answer, Refused):
            self.desk.tell(answer.text, title="Not done", severity="error")
        elif isinstance(answer, Admitted):
            self.desk.tell(f"{one.name} is in the draft: start its agent, then 5 runs the DARE")
        else:
            self.desk.tell(f"the invitation of {one.name} is taken back")
        self.ask_all()

    def _is_locked(self) -> bool:
        locked = self.session.locked
        if locked:
            self.desk.tell(locked, severity="warning")
        return bool(locked)
