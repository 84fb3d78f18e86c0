"""How a machine that no cluster knows asks to be taken in, until it is or it is told no."""

import asyncio
from collections.abc import Callable
from itertools import cycle

import zmq
import zmq.asyncio

from nodeagent.client.access import Access
from nodeagent.client.errors import ClientError, LinkLost
from nodeagent.client.line import Line
from nodeagent.model.configuration import Adapter
from nodeagent.model.text import clean
from nodeagent.wire.codec import WireError, decode_join_answer, encode, unpack
from nodeagent.wire.joining import NOT_GOOD, Invitation, JoinAdmitted, JoinAsk, JoinRefused

CONNECT_S = 3.0
ANSWER_S = 5.0
PAUSE_S = 1.0
WAIT_S = 15 * 60.0
"""As long as an invitation may live."""


class NotTakenIn(ClientError):  # noqa: N818 - reads as a sentence
    """The cluster, or time, said no."""


async def ask_to_join(
    invitation: Invitation,
    keys: tuple[str, str],
    adapters: dict[str, Adapter],
    on_trouble: Callable[[str], None],
    *,
    wait_s: float = WAIT_S,
) -> bytes:
    """Return the configuration that adds this machine, once an administrator has confirmed it.

    `keys` are (public, secret). Each endpoint is tried in turn for as long as `wait_s`; what keeps
    one from being reached is told to `on_trouble`. NotTakenIn when it is refused or too late.
    """
    ask = encode(JoinAsk(invitation.token, invitation.node, adapters))
    access = Access(*keys, ())
    told: dict[str, str] = {}
    waited: set[str] = set()
    context = zmq.asyncio.Context()
    try:
        async with asyncio.timeout(wait_s):
            for endpoint in cycle(invitation.endpoints):
                try:
                    return await _ask_at(
                        context, access, endpoint, invitation.key, ask, lambda: waited.add("there")
                    )
                except LinkLost as error:
                    reason = "it lets nobody in for the moment" if error.denied else error.text
                    if told.get(endpoint) != reason:
                        told[endpoint] = reason
                        on_trouble(f"{endpoint}: {reason}; tries on")
                await asyncio.sleep(PAUSE_S)
    except TimeoutError:
        pass
    except NotTakenIn as error:
        if not waited or error.text != NOT_GOOD:
            raise
        text = f"another invitation of {invitation.node} took its place, or it was withdrawn, or "
        text += "its time is over, or the agent that keeps it was started anew"
        raise NotTakenIn(error.text, f"it was good until now: {text}") from None
    finally:
        context.term()
    raise NotTakenIn(
        f"nobody let {invitation.node} in within {wait_s / 60:.0f} minutes",
        "the invitation is over; ask an administrator for a new one",
    )


async def _ask_at(
    context: zmq.asyncio.Context,
    access: Access,
    endpoint: str,
    key: str,
    ask: bytes,
    on_waits: Callable[[], None],
) -> bytes:
    """Ask one agent over and over while it says to wait; LinkLost if it cannot be asked."""
    answers: asyncio.Queue[bytes | LinkLost] = asyncio.Queue()
    line = Line(
        context,
        zmq.DEALER,
        access=access,
        endpoint=endpoint,
        key=key,
        on_message=answers.put_nowait,
        on_over=answers.put_nowait,
    )
    try:
        await line.wait_ready(CONNECT_S)
        while True:
            await line.send(ask)
            data = _read(await _next(answers))
            if data is not None:
                return data
            on_waits()
            await asyncio.sleep(PAUSE_S)
    finally:
        await line.close()


async def _next(answers: "asyncio.Queue[bytes | LinkLost]") -> bytes:
    try:
        async with asyncio.timeout(ANSWER_S):
            item = await answers.get()
    except TimeoutError:
        raise LinkLost(f"no answer within {ANSWER_S:.0f} s") from None
    if isinstance(item, LinkLost):
        raise item
    return item


def _read(data: bytes) -> bytes | None:
    """Return the configuration in an answer, None if it says to wait; NotTakenIn if it says no."""
    try:
        answer = decode_join_answer(data)
        if isinstance(answer, JoinRefused):
            raise NotTakenIn(clean(answer.text))
        return unpack(answer.packed) if isinstance(answer, JoinAdmitted) else None
    except WireError as error:
        raise NotTakenIn(
            f"an answer is not understood: {error}",
            "install the version of clustertui that the cluster has",
        ) from None
