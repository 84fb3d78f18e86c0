"""Fencing: how each node can be switched off, the last check and fencing, and both by hand."""

from functools import partial

from nodeagent.wire.console import Answer, Done, Fence, Refused, Request
from nodeagent.wire.fencing import GetFenceChecks, TestFence
from tui.screens.confirm import ConfirmScreen
from tui.screens.menu import MenuScreen
from tui.screens.rounds import RoundsScreen
from tui.viewmodels import fencing_page as page
from tui.viewmodels.panes import Pane
from tui.viewmodels.spans import Line, Row, line, put

ALL = "all of them"


class FencingScreen(RoundsScreen):
    """A page beside the sections, reached by its key from everywhere."""

    scope = "fencing"

    def question(self) -> Request:
        """Ask for the newest checks."""
        return GetFenceChecks()

    def list_pane(self, width: int, order: str) -> Pane:
        """Return all nodes."""
        del order
        return page.fencing_list(self.look, self.heard, width)

    def page_lines(self, name: str, width: int) -> list[Line]:
        """Return one node in full."""
        return page.fencing_detail(self.look, self.heard, name, width)

    @property
    def unfit(self) -> frozenset[str]:
        """Return what would do nothing with the node under the cursor."""
        devices = self._devices(self.name_under_cursor)
        return frozenset() if devices else frozenset({"test", "fence"})

    def _devices(self, name: str) -> tuple[str, ...]:
        configuration = self.session.view.active.configuration
        noun = configuration.node.get(name) if configuration else None
        return tuple(noun.fence) if noun else ()

    # --- test -----------------------------------------------------------------------------------

    def action_test(self) -> None:
        """Have the node's devices asked by each other node; where there are several, ask which."""
        name = self.name_under_cursor
        devices = self._devices(name)
        if self._is_locked() or not self._has_device(name):
            return
        if len(devices) == 1:
            self._test(name, devices[0])
            return
        rows = [Row(word, line("  ", put(word))) for word in (ALL, *devices)]
        hint = "Enter asks it whether it answers, and switches nothing. Esc leaves."

        def chosen(device: str | None) -> None:
            if device is not None:
                self._test(name, "" if device == ALL else device)

        self.app.push_screen(MenuScreen(f"Test which fence device of {name}?", rows, hint), chosen)

    def _test(self, name: str, device: str) -> None:
        self.desk.guarded(partial(self._test_from_all, name, device), "fence-test")

    async def _test_from_all(self, name: str, device: str) -> None:
        """Ask one agent after the other: a device may take only one session at a time."""
        for node in self.asked_nodes():
            if node == name:
                continue
            answer = await self.session.ask_node(node, TestFence(name, device))
            if isinstance(answer, Refused):
                self.desk.tell(f"{node}: {answer.text}", title="Not tested", severity="error")
            self.ask_all()

    # --- by hand --------------------------------------------------------------------------------

    def action_fence(self) -> None:
        """Say what it means, have the name typed, then switch the node off."""
        name = self.name_under_cursor
        if self._is_locked() or not self._has_device(name):
            return
        self._confirm(
            f"Switch {name} off?",
            page.fence_lines(self.look, name),
            Fence(name, name),
            yes="Switch it off",
        )

    def action_down(self) -> None:
        """Say what it means, have the name typed, then take the person's word."""
        name = self.name_under_cursor
        if self._is_locked() or not name:
            return
        node = self.look.node(name)
        if node is not None and node.word == "up":
            text = f"{name} is heard, so it is not off"
            self.desk.tell(text, title="Not taken", severity="error")
            return
        self._confirm(
            f"Have you seen that {name} is off?",
            page.down_lines(self.look, name),
            Fence(name, name, confirmed=True),
            yes="It is off",
        )

    def _confirm(self, title: str, lines: list[str], request: Fence, *, yes: str) -> None:
        def answered(sure: bool | None) -> None:  # noqa: FBT001 - as Textual calls it
            if sure:
                self.desk.guarded(partial(self._send, request), "fence")

        self.app.push_screen(ConfirmScreen(title, lines, request.node, yes=yes), answered)

    async def _send(self, request: Fence) -> None:
        answer = await self._answer_of_another(request)
        if isinstance(answer, Done):
            self.desk.tell(answer.text)
        elif isinstance(answer, Refused):
            self.desk.tell(answer.text, title="Not done", severity="error")

    async def _answer_of_another(self, request: Fence) -> Answer:
        """Ask an agent that is not the node in question: none can switch itself off."""
        if self.session.view.connection.agent != request.node:
            return await self.session.ask(request, show=False)
        others = [node for node in self.asked_nodes() if node != request.node]
        if not others:
            return Refused("no-agent", "no other agent answers")
        return await self.session.ask_node(others[0], request)

    def _has_device(self, name: str) -> bool:
        if name and not self._devices(name):
            text = f"{name} has no fence device; its form adds one (2 Nodes, e)"
            self.desk.tell(text, severity="warning")
        return bool(self._devices(name))

    def _is_locked(self) -> bool:
        locked = self.session.locked
        if locked:
            self.desk.tell(locked, severity="warning")
        return bool(locked)
