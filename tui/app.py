"""The console as an application: sections, wiring, theme, and how it ends.

The app decides nothing about the cluster. It holds the session, paints the screens that can be
seen four times a second, and turns what the session tells into notifications and screens.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, Literal, cast

from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.driver import Driver
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from nodeagent.model.run import DareRun
from tui import actions, messages
from tui.crash import write_report
from tui.keep import keep
from tui.keymap import Keymap, bindings, mapped
from tui.left import Left
from tui.palette import ActionProvider
from tui.screens import probation
from tui.screens.base import SectionScreen
from tui.screens.command_line import CommandLine, Shell
from tui.screens.confirm import ConfirmScreen
from tui.screens.help import HelpScreen
from tui.screens.menu import MenuScreen
from tui.screens.sections import SCREENS, Loaders, makers
from tui.session import Client, Session
from tui.styles.themes import FEW, PLAIN, THEMES, first_theme, other_theme, terminal_theme
from tui.terminal import TerminalDriver, lasting
from tui.viewmodels.ages import Moment
from tui.viewmodels.dare import OPEN, result_text
from tui.viewmodels.ports import DrillItem, Drills, Probe
from tui.viewmodels.presence import Place
from tui.viewmodels.probation import open_probation
from tui.viewmodels.spans import Row, line, put
from tui.viewmodels.store import PASSING
from tui.widgets.message import MessageLine, Messages
from tui.widgets.text import plain

PAINT_S = 0.25
PAINTS_A_SECOND = 4
LOAD_EVERY_S = 0.2
ENDS = "End the demonstration, its agents and its services"
Severity = Literal["information", "warning", "error"]


class ClusterApp(App[int]):
    """The console on one cluster. `client` is closed when the app ends.

    `left` remembers when it is left. `command` is what a shell calls to reach the same cluster.
    """

    command = "clustertui"
    left: Left | None = None
    shell: Shell | None = None
    """Runs the command line; None where there is nothing that it could be run on."""
    screens: Loaders = SCREENS
    """What loads each section."""

    TITLE = "clustertui"
    CSS_PATH = "styles/console.tcss"
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = makers()
    DEFAULT_MODE = "dashboard"
    BINDINGS: ClassVar[list[BindingType]] = [
        *actions.bindings("app"),
        # Dialogs keep all keys to themselves but these: whoever is lost in one finds its keys here.
        Binding("f9,ctrl+p", "palette_of_dialog", "palette", show=False, priority=True),
    ]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {ActionProvider}
    ENABLE_COMMAND_PALETTE = False
    """Textual's own key for the palette; ours opens it, and can be another."""

    def __init__(
        self,
        client: Client,
        *,
        read_only: bool = False,
        author: str = "",
        probe: Probe | None = None,
        drills: Drills | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        theme = first_theme()  # asked first: Textual takes the variable away
        super().__init__(ansi_color=True if theme is PLAIN else None)
        self.use_command_palette = True
        self.animation_level = "none"
        for known in (*THEMES, *FEW, PLAIN):
            self.register_theme(known)
        self.theme = theme.name
        self.author = author
        self.probe = probe
        self.drills = drills
        self._left_read = False
        self._role = ""
        self._clock = clock
        self._monotonic = monotonic
        self.report_path = ""
        self.other_keys: Mapping[str, str] = {}
        self._keys: dict[str, tuple[str, ...]] = {}
        self._ticks = 0
        self._unloaded = iter(self.screens.values())
        self._loading: Timer | None = None
        self._said_to_shell: list[str] = []
        self._said = Messages(monotonic)
        self._dialog: Screen[Any] | None = None
        self.session = Session(client, post=self.post_message, now=self.now, read_only=read_only)

    def use_keys(self, keymap: Keymap) -> None:
        """Let actions have the keys of `keymap` from now on, wherever keys are shown, too."""
        self._keys = dict(keymap)
        self.other_keys = {key: actions.shown(keys[0]) for key, keys in keymap.items()}
        self.set_keymap(bindings(self._keys))

    def get_driver_class(self) -> type[Driver]:
        """Return Textual's choice, made to outlive its terminal."""
        return lasting(super().get_driver_class())

    def now(self) -> Moment:
        """Return one reading of both clocks."""
        return Moment(self._monotonic(), self._clock())

    # --- life -----------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Listen to the cluster, paint, and leave cleanly when the system says so."""
        session = self.session
        session.may_turn = self._no_dialog
        works = {"follow": session.follow(), "gather": session.gather(), "turn": session.turn()}
        for name, work in works.items():
            self.run_worker(work, name=name, exit_on_error=False, exclusive=False)
        self.set_interval(PAINT_S, self.tick, name="paint")
        self._loading = self.set_interval(LOAD_EVERY_S, self._load_one, name="load")
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self._leave, 128 + number)

    def _load_one(self) -> None:
        """Load a section beside the work: an update of the program must not meet half of the old.

        Nobody waits for it with a key, either.
        """
        load = next(self._unloaded, None)
        if load is not None:
            with suppress(Exception):  # told when somebody goes there
                load()
        elif self._loading is not None:
            self._loading.stop()

    async def on_unmount(self) -> None:
        """Keep the draft where that was still to be done, and let go of the client."""
        await self._keep_draft()
        cluster = self.session.view.cluster
        if self.left is not None and cluster is not None:
            self.left.write(cluster.value.cluster, self.now())
        await self.session.close()

    async def action_quit(self) -> None:
        """Leave, with the last letters that were typed; ask where more than the console ends."""
        if self.drills is None:
            await self._leave_now()
            return
        lines = ("Its agents, its services and what you changed end with the console.",)
        dialog = ConfirmScreen("End the demonstration?", lines, yes="End it", no="Stay")
        self.push_screen(dialog, self._answered_to_end)

    async def action_quit_now(self) -> None:
        """Leave, with the last letters that were typed, and the demonstration with it."""
        await self._leave_now()

    def action_help_quit(self) -> None:
        """Take Ctrl+C, where nothing is marked to be copied, as the wish to leave."""
        if not isinstance(self.screen, ConfirmScreen):
            self.call_later(self.action_quit)

    async def _answered_to_end(self, answer: bool | None) -> None:  # noqa: FBT001 - the dialog's
        if answer:
            await self._leave_now()

    async def _leave_now(self) -> None:
        for screen in self.screen_stack:
            take_typed = getattr(screen, "take_typed", None)
            if take_typed is not None:
                take_typed()
        await self._keep_draft()
        self.exit()

    async def _keep_draft(self) -> None:
        from tui.screens.forms.bench import keep_draft

        try:
            path = await keep_draft(self)
        except OSError as error:
            self._exit_renderables.append(plain(f"the last edits of the draft are lost: {error}"))
            return
        if path:
            text = f"no agent took the last edits of the draft; they are in {path}"
            self._exit_renderables.append(plain(text))

    def _leave(self, code: int) -> None:
        self.exit(code, return_code=code)

    def tick(self, *, at_once: bool = False) -> None:
        """Paint what can be seen; once a second where nothing but ages and clocks went on."""
        if isinstance(self._driver, TerminalDriver) and self._driver.is_gone:
            self._leave(128 + signal.SIGHUP)
            return
        self.session.check_feed()
        self._learn_when_left()
        self._learn_role()
        self.session.be_at(self._own_place())
        self._look_for_dialog()
        self._show_messages()
        self._ticks += 1
        if at_once or self._has_news() or not self._ticks % PAINTS_A_SECOND:
            self._paint()

    def _paint(self) -> None:
        for screen in self.screen_stack:
            painter = getattr(screen, "repaint", None)
            if painter is not None and screen.is_attached:
                painter()
        self.session.dirty.clear()

    def _has_news(self) -> bool:
        """Return whether there is what cannot wait; events can for one tick, for they may storm."""
        run, news = self.session.view.run, self.session.dirty - PASSING
        if news == {"events"}:
            return not self._ticks % 2
        return bool(news) or (run is not None and run.state in OPEN)

    def _no_dialog(self) -> bool:
        """Return whether no dialog is open: what it asks goes to the agent that it was made for."""
        return not any(screen.is_modal for screen in self.screen_stack)

    def _own_place(self) -> Place:
        """Return where the person is, for those who have another console open."""
        named = (str(getattr(screen, "place_item", "")) for screen in reversed(self.screen_stack))
        item = next(filter(None, named), "")
        word = next((word for mode, word, _ in actions.SECTIONS if mode == self.current_mode), "")
        return Place(self.author, word, item, edits=bool(item) and not self.session.read_only)

    def _learn_when_left(self) -> None:
        """Learn once, as soon as the cluster is known, when the last console on it was left."""
        cluster = self.session.view.cluster
        if self.left is not None and cluster is not None and not self._left_read:
            self._left_read = True
            self.session.left_at = self.left.read(cluster.value.cluster)

    def _learn_role(self) -> None:
        """Say at once that the key may only look, not when an action is refused."""
        role = self.session.role
        if role != self._role and role == "observer":
            self.tell(self.session.locked, title="Read-only", severity="warning")
        self._role = role

    # --- what the session tells -----------------------------------------------------------------

    def on_agent_lost(self, message: messages.AgentLost) -> None:
        """Say it once; the banner stays as long as it lasts."""
        self.tell(
            message.text or "no word from it",
            title=f"Agent {message.agent} lost",
            severity="warning",
        )

    def on_turned(self, message: messages.Turned) -> None:
        """Say whose word is shown from now on."""
        text = f"{message.agent} has, and is listened to now"
        self.tell(text, title=f"Agent {message.before} has no quorum", severity="warning")

    def on_problem_arose(self, message: messages.ProblemArose) -> None:
        """Show what did not happen."""
        self.tell(message.text, title=message.title, severity="error")

    def on_run_began(self, message: messages.RunBegan) -> None:
        """Show one's own DARE at once; of another's say that it runs: its page has other keys."""
        run = message.run
        if self.session.is_own(run) and len(self.screen_stack) == 1:
            self._show_run(run.tx)
        elif not self._is_shown(run):
            author, key = run.author or "somebody", self.other_keys.get("app.go_to_run", "R")
            self.tell(f"{run.state}, by {author}; {key} goes there", title=f"DARE {run.tx}")

    def on_run_ended(self, message: messages.RunEnded) -> None:
        """Say how it ended, wherever the person is."""
        text, tone = result_text(message.run)
        severity = {"ok": "information", "warn": "warning"}.get(tone, "error")
        if not self._is_shown(message.run):
            self.tell(text, title=f"DARE {message.run.tx}", severity=severity)

    def _is_shown(self, run: DareRun) -> bool:
        """Return whether its page is open; the one of another DARE says nothing of it."""
        return any(getattr(screen, "shown_tx", "") == run.tx for screen in self.screen_stack)

    def _show_run(self, tx: str) -> None:
        self.open_section("dare")
        follow = getattr(self.screen, "follow", None)
        if follow is not None:
            self.screen.call_after_refresh(follow, tx)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what a worker raised; the console stays."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            error = event.worker.error
            self.tell(str(error), title=type(error).__name__, severity="error")

    # --- what screens ask for -------------------------------------------------------------------

    def tell(self, text: str, *, title: str = "", severity: str = "information") -> None:
        """Show a short notification; nothing in it is markup."""
        self.notify(
            str(plain(text, 300)),
            title=str(plain(title, 60)),
            severity=cast("Severity", severity),
            markup=False,
        )

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Severity = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Say it on the message line, which hides nothing; Textual's toasts cover what is below."""
        del markup  # nothing is ever read as markup
        self._look_for_dialog()
        self._said.say(title, message, severity, timeout)
        self._show_messages()

    def _look_for_dialog(self) -> None:
        """Forget hints once another dialog has opened: what they asked for was done, or left."""
        top = next(reversed(self.screen_stack), None)  # none while the app ends
        dialog = top if top is not None and top.is_modal else None
        if dialog is not None and dialog is not self._dialog:
            self._said.forget_hints()
        self._dialog = dialog

    def _show_messages(self) -> None:
        for screen in reversed(self.screen_stack):
            shown = screen.query_one_optional("#message", MessageLine)  # remembered, not sought
            if shown is not None:
                shown.say(self._said.current)
                return

    def guarded(self, work: Callable[[], Awaitable[Any]], name: str) -> None:
        """Run a coroutine function in a worker; what it raises is shown, never fatal."""
        self.run_worker(work(), name=name, exit_on_error=False)

    def sections(self) -> tuple[tuple[str, str], ...]:
        """Return (mode, key and word) of the sections there are."""
        keys = {action.name: action.key for action in mapped(actions.of("app"), self._keys)}
        named = ((mode, keys[f"section('{mode}')"], word) for mode, word, _ in actions.SECTIONS)
        return tuple((mode, f"{key}{word}") for mode, key, word in named if mode in self.screens)

    def open_section(self, mode: str, key: str = "") -> None:
        """Go to a section, and there to the object `key`."""
        if mode not in self.screens:
            self.tell(f"there is no section {mode}", severity="warning")
            return
        try:
            self.screens[mode]()
        except Exception as error:  # noqa: BLE001 - as half-way through an update of the program
            text = f"{type(error).__name__}: {error}; was the program updated? start it again"
            self.tell(text, title=f"{mode} cannot be shown", severity="error")
            return
        self.switch_mode(mode)
        screen = self.screen
        if key and isinstance(screen, SectionScreen):
            screen.call_after_refresh(screen.select, key)

    def edit_object(self, path: tuple[str, ...]) -> None:
        """Open the form of one object of the draft, such as ("group", "web")."""
        from tui.screens.forms import open_form

        open_form(self, path)

    def add_object(self, kind: str) -> None:
        """Open the form of a new "node", "network" or "group"."""
        from tui.screens.forms import open_form

        open_form(self, None, kind)

    def remove_object(self, path: tuple[str, ...]) -> None:
        """Ask, then remove one object from the draft."""
        from tui.screens import forms

        forms.remove_object(self, path)

    # --- actions --------------------------------------------------------------------------------

    def offered(self, scope: str) -> tuple[actions.Action, ...]:
        """Return what can be done in `scope` by this person, on this console."""
        return tuple(
            replace(action, help=ENDS) if action.name == "quit" and self.drills else action
            for action in mapped(actions.offered(scope), self._keys)
            if not (self.session.read_only and action.role != "observer")
            and not (action.name == "drills" and self.drills is None)
            and not (action.name in actions.OF_PROBATION and not open_probation(self.session.view))
        )

    def action_section(self, mode: str) -> None:
        """Go to a section."""
        self.open_section(mode)

    async def action_back(self) -> None:
        """Let the screen say what is behind it; Textual's own would close it."""
        back = getattr(self.screen, "action_back", None)
        if back is not None:
            back()

    def action_go_to_run(self) -> None:
        """Go to the DARE that is going on."""
        run = self.session.view.run
        self._show_run(run.tx if run else "")

    def action_joining(self) -> None:
        """Go to the page of who asks to join."""
        self.open_section("joining")

    def action_fencing(self) -> None:
        """Go to the page of fencing, from the list of nodes to the node under the cursor."""
        listed = self.current_mode == "nodes"
        name = str(getattr(self.screen, "name_under_cursor", "")) if listed else ""
        self.open_section("fencing", f"node:{name}" if name else "")

    def action_confirm(self) -> None:
        """Ask, then keep what is on probation."""
        probation.ask(self, self, "confirm")

    def action_go_back(self) -> None:
        """Ask, then bring back what was before the probation."""
        probation.ask(self, self, "return")

    def action_palette(self) -> None:
        """Open the command palette."""
        self.action_command_palette()

    def action_palette_of_dialog(self) -> None:
        """Open the command palette over a dialog."""
        self.action_command_palette()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys of a dialog's palette to others where no dialog is."""
        if action == "palette_of_dialog":
            return self.screen.is_modal
        return super().check_action(action, parameters)

    def action_command_line(self) -> None:
        """Type a subcommand."""
        self.type_command("")

    def action_support_bundle(self) -> None:
        """Offer to write what all agents know into one archive."""
        self.type_command("support-bundle ")

    def type_command(self, words: str) -> None:
        """Open the command line with the beginning of a subcommand, to be gone on with."""
        if self.shell is None:
            self.tell("there is no command line here", severity="warning")
        elif not isinstance(self.screen, CommandLine):
            self.push_screen(CommandLine(self.shell, self._said_to_shell, words))

    def action_repaint(self) -> None:
        """Paint the whole screen anew."""
        self.refresh(layout=True, repaint=True)

    def action_theme(self) -> None:
        """Take the colours for the other background."""
        self.theme = other_theme(self.theme).name

    def action_help(self) -> None:
        """Show the keys and words of this screen."""
        screen = self.screen
        if isinstance(screen, HelpScreen):
            return
        scope = str(getattr(screen, "scope", ""))
        pages = (*actions.SECTIONS, *actions.PAGES)
        title = next((word for mode, word, _ in pages if mode == scope), "this page")
        offered = self.offered(scope)
        if getattr(screen, "is_typed_in", False):
            offered = actions.beside_text(offered)
        keys, finding = getattr(screen, "help_keys", ()), getattr(screen, "finding", "")
        self.push_screen(HelpScreen(scope, title, offered, keys, finding))

    def action_picture(self) -> None:
        """Save the screen as a picture."""
        path = keep("clustertui", ".svg", self.export_screenshot())
        self.tell(f"picture written to {path}")

    def action_drills(self) -> None:
        """Offer the faults that can be practised."""
        drills = self.drills
        if drills is None:
            self.tell("drills belong to the demonstration", severity="warning")
            return
        self._offer_drills("Practise a fault", drills.drills(self.session.view))

    def _offer_drills(self, title: str, items: Sequence[DrillItem]) -> None:
        rows = [Row(item.key, line("  ", put(item.label, 0, "strong"))) for item in items]
        details = {item.key: item.help for item in items}
        choices = {item.key: item for item in items if item.choices}
        hint = "Enter chooses; Esc leaves" if choices else "Enter does it; Esc leaves"

        def chosen(key: str | None) -> None:
            if key in choices:
                self._offer_drills(choices[key].label, choices[key].choices)
            elif key is not None:
                self.guarded(lambda: self._run_drill(key), "drill")

        self.push_screen(MenuScreen(title, rows, hint, details), chosen)

    async def _run_drill(self, key: str) -> None:
        assert self.drills is not None
        self.tell(await self.drills.run(key), title="Drill")

    # --- trouble --------------------------------------------------------------------------------

    def _fatal_error(self) -> None:
        """Write a report without local variables (they may hold secrets); print one line."""
        error = sys.exc_info()[1] or self._exception
        self.report_path = write_report(error)
        self._exit_renderables.append(
            plain(f"clustertui stopped: {type(error).__name__}; report in {self.report_path}")
        )
        self._close_messages_no_wait()


def run_console(app: ClusterApp) -> int:
    """Run the console on this terminal; return the exit code (2 without a terminal)."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write(
            "clustertui: the console needs a terminal; for scripts use its subcommands\n"
        )
        return 2
    app.theme = terminal_theme(app.theme, os.environ)
    result = app.run()
    if app.return_code:
        return app.return_code
    return result if isinstance(result, int) else 0
