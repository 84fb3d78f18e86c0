"""Bytes from a socket that are no message of ours: dropped, told once in a while, no more."""

import contextlib
import io

import pytest

from nodeagent.daemon.agent import Agent
from nodeagent.daemon.logs import AgentLog
from nodeagent.wire import codec
from tests.hostile.frames import BEAT, CASES, RIGHT
from tests.hostile.target import HARMLESS, picture, target

ALL = [
    pytest.param(data, id=f"{number}-{name}")
    for number, frames in CASES.items()
    for name, data in frames.items()
]


@pytest.mark.parametrize("data", ALL)
def test_no_decoder_takes_it_for_a_message(data: bytes) -> None:
    for decode in (codec.decode_envelope, codec.decode_heartbeat, codec.decode_join_ask):
        with pytest.raises(codec.WireError) as error:
            decode(data)
        assert len(str(error.value)) <= 300
    for loose in (
        codec.decode_ask,
        codec.decode_answered,
        codec.decode_join_answer,
        codec.decode_stream,
    ):
        with contextlib.suppress(codec.WireError):
            loose(data)


def test_the_right_ones_are_taken() -> None:
    assert codec.encode(codec.decode_envelope(RIGHT)) == RIGHT
    assert codec.decode_heartbeat(codec.encode(BEAT)) == BEAT


async def test_an_agent_drops_all_of_it_and_says_so_without_a_flood() -> None:
    node = target().node("alpha")
    before, log = picture(node), io.StringIO()
    agent = Agent(node, AgentLog("alpha", log))
    done: list[object] = []
    agent.carry_out = done.append
    for frames in CASES.values():
        for data in frames.values():
            agent.heard_message("bravo", data)
            agent.heard_beat("bravo", "eth0", data)
            agent.asked(b"console", "k" * 40, data)

    assert picture(node) == before
    assert [effect for effect in done if not isinstance(effect, HARMLESS)] == []
    assert not agent.failed.done()
    assert 1 <= len(log.getvalue().splitlines()) <= 20
