"""The command line inside the console: the same words as in a shell, with their output below.

The words are run by `Shell`, which is handed in: it calls the very same program with the very same
arguments, so nothing can be meant differently here. What was typed before comes back with the arrow
keys; Tab completes subcommands, options, and the names of nodes and groups.
"""

import asyncio
import shlex
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import ClassVar, Protocol

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from nodeagent.model.text import clean
from tui.screens.show import show_keys
from tui.viewmodels.spans import Line, Row, line, put, wrap
from tui.widgets.live_table import LiveTable
from tui.widgets.text import Note

LINES_MAX = 2_000
HISTORY_MAX = 100
END_S = 5.0
"""How long a subcommand may take to end when it is told to, before it is killed."""
READ_BYTES = 1 << 16
_HELP = (
    ("Enter", "run what was typed"),
    ("Tab", "complete the word, or list how it may go on"),
    ("↑ ↓", "what was typed before"),
    ("PgUp PgDn", "scroll the output"),
    ("help", "typed: the subcommands there are"),
    ("Esc F3", "back"),
)


class Shell(Protocol):
    """Runs the words of a subcommand, and knows how they may go on."""

    def run(self, words: list[str]) -> AsyncGenerator[str, None]:
        """Yield the lines that it writes; the last one is its exit code, as ``exit 0``."""
        ...

    async def offers(self, words: list[str]) -> list[str]:
        """Return how the last of `words` may be completed."""
        ...


class Words(Input):
    """The line that is typed into; its keys are those of a shell."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("up", "screen.recall(-1)", "Before"),
        ("down", "screen.recall(1)", "After"),
        ("tab", "screen.complete", "Complete"),
        ("pageup", "screen.scroll(-1)", "Page up"),
        ("pagedown", "screen.scroll(1)", "Page down"),
    ]


class CommandLine(ModalScreen[None]):
    """Type a subcommand without its program's name. Esc ends what runs, then leaves.

    `typed` stands there already, to be gone on with.
    """

    AUTO_FOCUS = "Words"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "leave", "Leave"),
        ("f3", "leave", "Leave"),
        ("f1", "help", "Help"),
    ]
    DEFAULT_CSS = """
    CommandLine { align: center bottom; }
    CommandLine > Vertical {
        width: 100%; height: auto; max-height: 100%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    CommandLine LiveTable { height: auto; max-height: 70vh; }
    CommandLine Words { padding: 0; }
    """

    def __init__(self, shell: Shell, said: list[str], typed: str = "") -> None:
        super().__init__()
        self._typed = typed
        self._shell = shell
        self._said = said
        """What was typed, oldest first; outlives this screen."""
        self._place = len(said)
        self._lines: list[Line] = []
        self._busy = False
        self._left = False

    def compose(self) -> ComposeResult:
        """Lay out the output over the line."""
        with Vertical() as frame:
            frame.border_title = Text("clustertui …")
            yield LiveTable(id="output")
            yield Words(
                self._typed,
                placeholder="status, why GROUP, move GROUP NODE, history, … help",
                select_on_focus=False,
                compact=True,
            )
            yield Note(
                "Enter runs it, Tab completes, ↑ ↓ what was typed, Page ↑ ↓ scroll, Esc back"
            )

    def on_mount(self) -> None:
        """Type at once."""
        self.set_focus(self.query_one(Words))

    def action_help(self) -> None:
        """Show the keys of the line beside it."""
        show_keys(self, _HELP)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Run what was typed."""
        event.stop()
        text = event.value.strip()
        if not text or self._busy:
            return
        try:
            words = shlex.split(text)
        except ValueError as error:
            self._show([f"{text}: {error}"], clear=True)
            return
        if text not in self._said[-1:]:
            self._said.append(text)
            del self._said[:-HISTORY_MAX]
        self._place = len(self._said)
        event.input.clear()
        self._show([f"$ {text}"], clear=True)
        self._carry_out(words)

    @work(exclusive=True, exit_on_error=False, group="command-line")
    async def _carry_out(self, words: list[str]) -> None:
        self._busy = True
        try:
            async with aclosing(self._shell.run(words)) as output:
                async for text in output:
                    self._show([text])
        except OSError as error:
            self._show([f"cannot be run: {error.strerror or error}"])
        finally:
            self._busy = False

    def _show(self, texts: list[str], *, clear: bool = False) -> None:
        if clear:
            self._lines = []
        table = self.query_one("#output", LiveTable)
        width = max(20, self.size.width - 6)
        for text in texts:
            self._lines += [line(put(part)) for part in wrap(clean(text, 4_000), width) or [""]]
        del self._lines[:-LINES_MAX]
        table.show_rows([Row("", one) for one in self._lines])
        table.scroll_end(animate=False)

    def action_recall(self, by: int) -> None:
        """Bring back what was typed before or after."""
        self._place = min(max(self._place + by, 0), len(self._said))
        text = self._said[self._place] if self._place < len(self._said) else ""
        words = self.query_one(Words)
        words.value = text
        words.cursor_position = len(text)

    def action_scroll(self, direction: int) -> None:
        """Move the output by a page."""
        table = self.query_one("#output", LiveTable)
        table.scroll_relative(y=direction * max(1, table.size.height - 1), animate=False)

    def action_complete(self) -> None:
        """Complete the word that is typed, or show how it may go on."""
        if not self._busy:
            self._complete_word(self.query_one(Words).value)

    @work(exclusive=True, exit_on_error=False, group="completion")
    async def _complete_word(self, text: str) -> None:
        try:
            words = shlex.split(text)
        except ValueError:
            return
        if not text or text.endswith(" "):
            words.append("")
        offers = await self._shell.offers(words)
        line_of = self.query_one(Words)
        if line_of.value != text or not offers:
            return
        start = _common(offers)
        whole = f"{start} " if len(offers) == 1 else start
        line_of.value = text[: len(text) - len(words[-1])] + whole
        line_of.cursor_position = len(line_of.value)
        if len(offers) > 1:
            self._show(["  ".join(offers)], clear=True)

    def action_leave(self) -> None:
        """End what runs; where nothing does, go back."""
        if self._busy:
            self.workers.cancel_group(self, "command-line")
            self._show(["ended; a DARE that has begun goes on"])
        elif not self._left:
            self._left = True
            self.dismiss(None)


def _common(words: list[str]) -> str:
    """Return with what all `words` begin: the first and the last in order differ the earliest."""
    first, last = min(words), max(words)
    size = next((i for i, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]),
                min(len(first), len(last)))  # fmt: skip
    return first[:size]


async def lines_of(process: asyncio.subprocess.Process) -> AsyncGenerator[str, None]:
    """Yield what a process writes, and last its exit code; it ends when nobody reads on."""
    assert process.stdout is not None
    try:
        async for raw in process.stdout:
            yield raw.decode("utf-8", "replace").rstrip("\n")
        yield f"exit {await process.wait()}"
    finally:
        if process.returncode is None:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process and wait for it, however much of its output nobody has read."""
    process.terminate()
    try:
        async with asyncio.timeout(END_S):
            await _read_away(process)
    except TimeoutError:
        process.kill()
        await _read_away(process)


async def _read_away(process: asyncio.subprocess.Process) -> None:
    # A full pipe is not read until somebody takes what came, and only its end ends the waiting.
    assert process.stdout is not None
    while await process.stdout.read(READ_BYTES):
        pass
    await process.wait()
