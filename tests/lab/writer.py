"""`python -m tests.lab.writer ADDRESS PORT`: writes numbered rows into a database, always.

One row after the other, each a transaction of its own: a row counts as acknowledged when the
database has said so, and only then. What is not acknowledged within a second is given up and the
connection made anew; its row may be there or not. Writes one JSON line for each row, as the poller
does for each request, and ends with its standard input. Knows nothing of clusters.
"""

import asyncio
import contextlib
import os
import sys
import time

import msgspec

from tests.lab.place import program
from tests.lab.seen import Sample

LIMIT_S = 1.0
LEAVE_S = 0.1
PAUSE_S = 0.02
"""After a row that was not acknowledged."""
USER = DATABASE = "postgres"
TABLE = "rows"


def client(address: str, port: int, *words: str) -> tuple[str, ...]:
    """Return the words that run psql on a database."""
    at = ("-h", address, "-p", str(port), "-U", USER, "-d", DATABASE)
    return (program("psql"), "-qAtX", "-v", "ON_ERROR_STOP=1", *at, *words)


class Line:
    """One connection; ends with the first row that is not acknowledged."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def opened(cls, address: str, port: int) -> "Line":
        """Start psql; whether it is connected shows at the first row."""
        pipe = asyncio.subprocess.PIPE
        environment = {**os.environ, "PGCONNECT_TIMEOUT": "2"}
        words = client(address, port)
        return cls(
            await asyncio.create_subprocess_exec(
                *words, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env=environment
            )
        )

    async def add(self, number: int) -> str:
        """Return why row `number` was not acknowledged, "" if it was."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        text = f"insert into {TABLE} values ({number}) returning id;\n"
        try:
            self._process.stdin.write(text.encode())
            async with asyncio.timeout(LIMIT_S):
                await self._process.stdin.drain()
                answer = await self._process.stdout.readline()
        except (TimeoutError, OSError) as error:
            return f"no acknowledgement: {str(error) or 'too late'}"
        told = answer.decode("utf-8", "replace").strip()
        return "" if told == str(number) else told or "the connection ended"

    async def close(self) -> None:
        """End it, at once if it does not go by itself."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(LEAVE_S):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


async def write(address: str, port: int) -> None:
    """Write rows for ever."""
    line, number = await Line.opened(address, port), 0
    try:
        while True:
            asked = time.monotonic()
            failure = await line.add(number)
            one = Sample(number, asked, time.monotonic(), "" if failure else "database", failure)
            os.write(1, msgspec.json.encode(one) + b"\n")
            number += 1
            if failure:
                await line.close()
                await asyncio.sleep(PAUSE_S)
                line = await Line.opened(address, port)
    finally:
        await line.close()


async def _until_left(address: str, port: int) -> None:
    writing = asyncio.create_task(write(address, port))
    left = asyncio.create_task(asyncio.to_thread(os.read, 0, 1))
    await asyncio.wait({writing, left}, return_when=asyncio.FIRST_COMPLETED)
    writing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await writing


def main(arguments: list[str]) -> int:
    """Write to the database at ADDRESS PORT."""
    if len(arguments) != 2 or not arguments[1].isdigit():
        print("usage: python -m tests.lab.writer ADDRESS PORT", file=sys.stderr)
        return 2
    asyncio.run(_until_left(arguments[0], int(arguments[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
