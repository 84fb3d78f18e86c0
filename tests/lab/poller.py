"""`python -m tests.lab.poller ADDRESS PORT`: a client that asks a service every 20 ms, always.

Each request has a connection of its own and 500 ms, and does not wait for the one before it, so a
service that does not answer is asked on. Writes one JSON line for each request when it has ended;
ends with its standard input. Knows nothing of clusters, so it can watch others as well.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable

import msgspec

from tests.lab.seen import Sample

EVERY_S = 0.02
LIMIT_S = 0.5
REQUEST = b"GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n"
ANSWER_BYTES_MAX = 65_536


class _Answer(msgspec.Struct):
    """What the service of the box says; others say nothing of a node."""

    node: str = ""


class Refused(Exception):  # noqa: N818 - reads as a sentence
    """The service answered, but not with what was asked for."""


def node_of(data: bytes) -> str:
    """Return who answered, "" where it does not say so; Refused unless it is a good answer."""
    head, _, body = data.partition(b"\r\n\r\n")
    status = head.split(b"\r\n", 1)[0]
    if not status.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
        raise Refused(f"no good answer: {status[:60]!r}")
    try:
        return msgspec.json.decode(body, type=_Answer).node
    except msgspec.MsgspecError:
        return ""


async def ask(address: str, port: int) -> str:
    """Return who answered one request over a new connection; OSError or Refused on failure."""
    reader, writer = await asyncio.open_connection(address, port)
    try:
        writer.write(REQUEST)
        data = await reader.read(ANSWER_BYTES_MAX)
        while more := await reader.read(ANSWER_BYTES_MAX):
            data += more
        return node_of(data)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def sample(number: int, address: str, port: int, limit_s: float = LIMIT_S) -> Sample:
    """Return what came of one request, within its limit."""
    asked, node, failure = time.monotonic(), "", ""
    try:
        async with asyncio.timeout(limit_s):
            node = await ask(address, port)
    except TimeoutError:
        failure = f"no answer within {limit_s * 1000:.0f} ms"
    except (OSError, Refused) as error:
        failure = str(error)
    return Sample(number, asked, time.monotonic(), node, failure)


async def poll(
    address: str, port: int, tell: Callable[[Sample], None], *, every_s: float = EVERY_S
) -> None:
    """Ask for ever, once in `every_s`; `tell` hears of each request when it has ended."""

    async def one(number: int) -> None:
        tell(await sample(number, address, port))

    loop = asyncio.get_running_loop()
    due, number = loop.time(), 0
    async with asyncio.TaskGroup() as requests:
        while True:
            requests.create_task(one(number))
            number += 1
            due = max(due + every_s, loop.time())
            await asyncio.sleep(due - loop.time())


def _write(one: Sample) -> None:
    # One write for a line: whoever reads the file meanwhile sees whole lines.
    os.write(1, msgspec.json.encode(one) + b"\n")


async def _until_left(address: str, port: int) -> None:
    polling = asyncio.create_task(poll(address, port, _write))
    left = asyncio.create_task(asyncio.to_thread(os.read, 0, 1))
    await asyncio.wait({polling, left}, return_when=asyncio.FIRST_COMPLETED)
    polling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await polling


def main(arguments: list[str]) -> int:
    """Ask the service at ADDRESS PORT."""
    if len(arguments) != 2 or not arguments[1].isdigit():
        print("usage: python -m tests.lab.poller ADDRESS PORT", file=sys.stderr)
        return 2
    asyncio.run(_until_left(arguments[0], int(arguments[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
