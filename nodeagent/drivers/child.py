"""One started program: its output's tail, its end, and how it is made to end.

Why it is started like this. A program must not outlive the agent that answers for it, so the
kernel is asked to kill it when the agent dies; except for services that the next agent may take
over, of which the deadman takes care (`handover`). Setting that between fork and exec would need
Python code in the child (slow, and unsafe beside threads); the small program setpriv sets it and
becomes the service itself, for about 1.5 ms. Where setpriv is missing, the deadman alone does it.
Programs are started by the thread of the loop: the kernel takes the end of the *thread* that
started them for the death of their parent.

A program that ended stays unreaped until its process group is dealt with: so long its number
cannot be given to anybody else.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from nodeagent.drivers import procs
from nodeagent.drivers.records import Pipe
from nodeagent.model.text import clean_lines

TAIL_BYTES = 8 << 10
TAIL_LINES = 20
READ_BYTES = 64 << 10
BURST_READS = 16
UNKNOWN_EXIT = 256
"""Stands for the exit code of a process that an earlier agent started."""
PAUSE_SECONDS = 0.1
"""After so many reads within this time the pipe is left full for this time: some 10 MB/s."""
_SETPRIV = shutil.which("setpriv", path="/usr/sbin:/usr/bin:/sbin:/bin")


class Tail:
    """The last words of a pipe. Whoever prints without end is slowed down, not stored."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, descriptor: int, size: int = TAIL_BYTES
    ) -> None:
        self._loop = loop
        self._descriptor = descriptor
        self._size = size
        self._kept = bytearray()
        self._reads = 0
        self._burst_began = loop.time()
        self._pause: asyncio.TimerHandle | None = None
        os.set_blocking(descriptor, False)
        loop.add_reader(descriptor, self._readable)

    def lines(self) -> tuple[str, ...]:
        """Return the last lines, fit for a screen."""
        self._take()
        return clean_lines(self._kept.decode("utf-8", "backslashreplace"), lines=TAIL_LINES)

    def data(self) -> bytes:
        """Return the last bytes as they came."""
        return bytes(self._kept)

    def close(self) -> None:
        """Read no more."""
        self._take()
        if self._pause is not None:
            self._pause.cancel()
        self._end()

    def _readable(self) -> None:
        self._take()
        now = self._loop.time()
        if now - self._burst_began > PAUSE_SECONDS:
            self._burst_began, self._reads = now, 0
        self._reads += 1
        if self._descriptor >= 0 and self._reads >= BURST_READS:
            self._loop.remove_reader(self._descriptor)
            self._pause = self._loop.call_later(PAUSE_SECONDS, self._resume)

    def _resume(self) -> None:
        self._pause = None
        self._reads = 0
        if self._descriptor >= 0:
            self._loop.add_reader(self._descriptor, self._readable)

    def _take(self) -> None:
        if self._descriptor < 0:
            return
        try:
            data = os.read(self._descriptor, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end()
            return
        self._kept += data[-self._size :]
        del self._kept[: -self._size]

    def _end(self) -> None:
        if self._descriptor < 0:
            return
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = -1


def pipe_of(descriptor: int) -> Pipe:
    """Return what tells the pipe of `descriptor` from all others."""
    found = os.fstat(descriptor)
    return (found.st_dev, found.st_ino)


def _pipe(*, outlives: bool) -> tuple[int, int]:
    """Return the ends of a pipe: ours to read, and the program's to write.

    One that outlives us has its end open for reading, too: else its next line without a reader
    would end it (SIGPIPE).
    """
    reading, writing = os.pipe2(os.O_CLOEXEC)
    if not outlives:
        return reading, writing
    try:
        both = os.open(f"/proc/self/fd/{writing}", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    return reading, both


class Child:
    """A started program in a process group of its own.

    `exited` becomes its exit code (negative: the signal). With `leftovers` "end", what it leaves
    in its group is killed when it ends; with "keep" it is listed in `survivors`. `listing` is for
    programs whose standard output alone is wanted, its last so many bytes. With `outlives` it goes
    on when the agent dies, until its deadman or the next agent says otherwise (`handover`).
    `pipe` is where it prints to, for a record.
    """

    def __init__(  # noqa: PLR0913  # all that a program can be started with
        self,
        arguments: Sequence[str],
        environment: dict[str, str],
        directory: str,
        *,
        keep_leftovers: bool = False,
        descriptors: tuple[int, ...] = (),
        stdin: int = subprocess.DEVNULL,
        listing: int = 0,
        outlives: bool = False,
    ) -> None:
        """Start it; OSError when it cannot be started. `stdin`: a descriptor that it reads."""
        loop = asyncio.get_running_loop()
        dies = keep_leftovers or not outlives  # what only starts a service need not outlive us
        launcher = [_SETPRIV, "--pdeathsig", "KILL", "--"] if _SETPRIV and dies else []
        reading, writing = _pipe(outlives=outlives)
        try:
            self._process = subprocess.Popen(
                [*launcher, *arguments],
                stdin=stdin,
                stdout=writing,
                stderr=subprocess.DEVNULL if listing else writing,
                cwd=directory or "/",
                env=environment,
                start_new_session=True,
                pass_fds=descriptors,
            )
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self.pid = self._process.pid
        self.pipe = pipe_of(reading)
        let_be_killed(Path(f"/proc/{self.pid}/oom_score_adj"))
        self.survivors: tuple[tuple[int, int], ...] = ()
        self.exited: asyncio.Future[int] = loop.create_future()
        self._keep = keep_leftovers
        self._loop = loop
        self._tail = Tail(loop, reading, listing or TAIL_BYTES)
        self._descriptor = os.pidfd_open(self.pid)
        loop.add_reader(self._descriptor, self._ended)

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    @property
    def member(self) -> tuple[int, int]:
        """Return its number and start time, for a record."""
        process = procs.look(self.pid)
        return (self.pid, process.start if process else 0)

    def lines(self) -> tuple[str, ...]:
        """Return its last lines of output."""
        return self._tail.lines()

    def data_at_end(self) -> bytes:
        """Return its last output as it came, and listen no longer."""
        self.close()
        return self._tail.data()

    def lines_at_end(self) -> tuple[str, ...]:
        """Return its last lines of output, and listen no longer."""
        self.close()
        return self._tail.lines()

    def signal(self, number: int) -> None:
        """Signal its whole process group, if it has not ended."""
        if self.running:  # unreaped, so the number is still its own
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    async def wait(self, seconds: float) -> int | None:
        """Wait for its end; return its exit code, None if it takes longer than `seconds`."""
        await asyncio.wait({self.exited}, timeout=max(seconds, 0.0))
        return self.exited.result() if self.exited.done() else None

    def kill(self) -> None:
        """End it and its group at once, and wait for the little while that this takes."""
        self.signal(signal.SIGKILL)
        if self.running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=2.0)
            self._settle()

    def close(self) -> None:
        """Listen to its output no longer."""
        self._tail.close()

    def _ended(self) -> None:
        self._loop.remove_reader(self._descriptor)
        if self._keep:
            self.survivors = tuple(
                member for member in procs.in_group(self.pid) if member[0] != self.pid
            )
        else:
            self.signal(signal.SIGKILL)
        self._process.wait()
        self._settle()

    def _settle(self) -> None:
        if self._process.returncode is None or self.exited.done():
            return
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        if not self._keep:
            self._tail.close()
        self.exited.set_result(self._process.returncode)


def let_be_killed(score: Path) -> None:
    """Take back what keeps the agent, but no service, from the out-of-memory killer (proc(5))."""
    with contextlib.suppress(OSError, ValueError):  # it may have ended already
        if int(score.read_text("ascii")) < 0:
            score.write_text("0", "ascii")


def ending(code: int) -> str:
    """Return an exit code in words."""
    if code == UNKNOWN_EXIT:
        return "an exit code that only the agent before could have seen"
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
