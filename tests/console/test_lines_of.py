"""A subcommand at the console's own command line ends when it is left, whatever it still says."""

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path

from tui.screens.command_line import lines_of

TALKS = "print('first', flush=True)\nwhile True: print('x' * 1000)"
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('first', flush=True)\n"
)


async def started(program: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        limit=4_096,
    )


async def test_one_that_talks_without_end_is_left() -> None:
    process = await started(TALKS)
    async with asyncio.timeout(60), aclosing(lines_of(process)) as lines:
        assert await anext(lines) == "first"
        await until_the_pipe_is_left_full(process)

    assert process.returncode == -15


async def test_one_that_does_not_listen_is_killed() -> None:
    process = await started(f"{DEAF}while True: print('x' * 100_000), time.sleep(0.01)")
    async with asyncio.timeout(60), aclosing(lines_of(process)) as lines:
        assert await anext(lines) == "first"

    assert process.returncode == -9


async def test_its_exit_code_is_its_last_line() -> None:
    process = await started("print('done'); raise SystemExit(4)")

    assert [line async for line in lines_of(process)] == ["done", "exit 4"]


async def until_the_pipe_is_left_full(process: asyncio.subprocess.Process) -> None:
    """Return when the process sleeps: it only does that in a write that nobody reads."""
    state = Path(f"/proc/{process.pid}/stat")
    while b") S " not in state.read_bytes():  # noqa: ASYNC110, ASYNC240 - nobody tells of this
        await asyncio.sleep(0.01)
