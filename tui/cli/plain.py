"""`clustertui --plain`: the console line by line, for screen readers, pipes and logs.

It prints what is so, then a line for each change. Nothing moves a cursor or has a colour. Lines
that are typed, or come through a pipe, are subcommands; a question of theirs is answered by the
next line. The terminal stays as it was found, so nothing has to be restored.
"""

import asyncio
import os
import shlex
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Protocol

from textual.message import Message

from nodeagent.model.run import DareRun
from tui.cli import exits
from tui.cli.asking import run_until_interrupted
from tui.cli.output import complain, put
from tui.cli.progress import is_worth_a_line, item_line, news
from tui.messages import ProblemArose, SnapshotArrived
from tui.session import Client, Session
from tui.viewmodels.ages import Moment
from tui.viewmodels.facts import Look
from tui.viewmodels.plain import NO_AGENT, changes, stamped, summary_lines
from tui.viewmodels.presence import Place

LOOK_S = 0.25
FIRST_S = 10.0
"""So long the first agent is waited for, where nobody types and nothing would be told."""
AHEAD_S = 2.0
"""An agent's clock may be so far behind ours that its newest event seems to be from before."""
READ_BYTES = 4_096
LINE_BYTES_MAX = 1 << 16
ENDS = frozenset({"quit", "exit"})
HELP = (
    "a line is a subcommand, such as: status, why GROUP, move GROUP NODE, apply FILE",
    "a line of output that begins with ? asks, and the next line answers",
    "summary says again what is so now; help SUBCOMMAND tells of one; quit ends",
)
FOLLOWS = "changes are told here by themselves; leave --follow out"

Lines = asyncio.Queue[str | None]
"""What was typed; None at its end."""


class Runner(Protocol):
    """Runs the words of a subcommand; `answers` are for what it asks."""

    def run(self, words: list[str], answers: Lines | None = None) -> AsyncGenerator[str, None]:
        """Yield the lines that it writes; the last one is its exit code."""
        ...


def run_plain(
    client: Client,
    runner: Runner,
    *,
    author: str = "",
    read_only: bool = False,
    read: "Reader | None" = None,
) -> int:
    """Tell of the cluster until the input ends; return the exit code. KeyboardInterrupt: Ctrl+C."""
    return run_until_interrupted(_whole(client, runner, author, read_only, read or from_fd))


Reader = Callable[[Callable[[str | None], None]], None]
"""Begins to read, and gives each line, then None, to what it is handed; from any thread."""


async def _whole(
    client: Client,
    runner: Runner,
    author: str,
    read_only: bool,
    read: Reader,
) -> int:
    known = asyncio.Event()

    def heard(message: Message) -> None:
        if isinstance(message, SnapshotArrived):
            known.set()
        elif isinstance(message, ProblemArose):
            for line in stamped([f"{message.title}: {message.text}"], time.time()):
                put(line)

    session = Session(client, post=heard, now=_now, read_only=read_only)
    session.be_at(Place(author, "line by line"))
    plain = Plain(session, runner, known)
    works = (session.follow(), session.gather(), session.turn())
    listening = [asyncio.create_task(work) for work in works]
    try:
        return await plain.talk(read)
    finally:
        for task in listening:
            task.cancel()
        await session.close()


class Plain:
    """Tells of what the session sees, and has run what is typed."""

    def __init__(self, session: Session, runner: Runner, known: asyncio.Event) -> None:
        self._session = session
        self._known = known
        self._runner = runner
        self._typed: Lines = asyncio.Queue()
        self._look = Look(session.view, session.now)
        self._run: DareRun | None = None
        self._busy = False
        self._since = session.now.wall - AHEAD_S

    async def talk(self, read: Reader) -> int:
        """Say first what is so, then what changes and what commands write, to the input's end."""
        loop = asyncio.get_running_loop()
        read(lambda line: _hand_over(loop, self._typed, line))
        if not await self._first():
            complain(f"{NO_AGENT} within {FIRST_S:.0f} s: {self._trouble()}")
            return exits.FAILED
        put("type help for what can be typed; Ctrl+C or the end of input ends this")
        telling = asyncio.create_task(self._tell_for_ever())
        typing = asyncio.create_task(self._obey())
        try:
            await asyncio.wait({telling, typing}, return_when=asyncio.FIRST_COMPLETED)
            for task in (telling, typing):
                if task.done():
                    task.result()  # what broke is not swallowed
        finally:
            telling.cancel()
            typing.cancel()
            await asyncio.gather(telling, typing, return_exceptions=True)
        return exits.DONE

    async def _first(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_S):
                await self._known.wait()
        if not self._known.is_set():
            return False
        self._look = Look(self._session.view, self._session.now)
        self._run = self._session.view.run
        self._say_summary()
        return True

    def _trouble(self) -> str:
        return str(getattr(self._session.client, "trouble", "")) or "see that nodeagent runs"

    def _say_summary(self) -> None:
        for line in summary_lines(Look(self._session.view, self._session.now)):
            put(line)

    async def _tell_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self._tell()

    def _tell(self) -> None:
        before, self._look = self._look, Look(self._session.view, self._session.now)
        lines = [*self._of_run(), *changes(before, self._look, self._since)]
        for line in stamped(lines, self._look.now.wall):
            put(line)

    def _of_run(self) -> list[str]:
        """Return what is new in the DARE; a subcommand that runs one tells of it itself."""
        before, after = self._run, self._look.view.run
        self._run = after
        if after is None or after is before or self._busy:
            return []
        same = before if before is not None and before.tx == after.tx else None
        lines = [] if same else [f"DARE {after.tx} by {after.author or 'somebody'}: {after.state}"]
        lines += [_spaced(item_line(item)) for item in news(same, after) if is_worth_a_line(item)]
        if same is not None and same.state != after.state:
            lines.append(f"DARE {after.tx}: {after.state}; {after.text}".rstrip("; "))
        return lines

    async def _obey(self) -> None:
        while True:
            line = await self._typed.get()
            text = None if line is None else line.strip()
            if text is None or text in ENDS:
                return
            if text:
                await self._carry_out(text)

    async def _carry_out(self, text: str) -> None:
        try:
            words = shlex.split(text)
        except ValueError as error:
            put(f"{text}: {error}")
            return
        if words == ["summary"]:
            self._say_summary()
        elif words == ["help"]:
            for line in HELP:
                put(line)
        elif "--follow" in words:
            put(FOLLOWS)
        elif words:
            await self._run_words([*words[1:], "--help"] if words[0] == "help" else words)

    async def _run_words(self, words: list[str]) -> None:
        self._busy = True
        try:
            async with aclosing(self._runner.run(words, self._typed)) as output:
                async for line in output:
                    put(line)
        except OSError as error:
            put(f"cannot be run: {error.strerror or error}")
        finally:
            await asyncio.sleep(LOOK_S * 2)  # the stream may be behind what the subcommand told
            self._run = self._session.view.run
            self._busy = False


def _spaced(text: str) -> str:
    return f"step {' '.join(text.split())}"


def _now() -> Moment:
    return Moment(time.monotonic(), time.time())


def _hand_over(loop: asyncio.AbstractEventLoop, typed: Lines, line: str | None) -> None:
    with suppress(RuntimeError):  # the loop has ended, and nobody waits for lines any more
        loop.call_soon_threadsafe(typed.put_nowait, line)


def from_fd(give: Callable[[str | None], None], fd: int | None = None) -> None:
    """Read standard input, or `fd`, line by line in a thread of its own until it ends.

    Bare reads and a thread that nobody waits for: a terminal, a pipe and a file can all be read so,
    and the program can end while it waits.
    """
    source = sys.stdin.fileno() if fd is None else fd
    threading.Thread(target=_read, args=(source, give), daemon=True).start()


def _read(fd: int, give: Callable[[str | None], None]) -> None:
    rest = b""
    with suppress(OSError):
        while data := os.read(fd, READ_BYTES):
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                give(line.decode("utf-8", "replace"))
            rest = rest[-LINE_BYTES_MAX:]
    if rest:
        give(rest.decode("utf-8", "replace"))
    give(None)
