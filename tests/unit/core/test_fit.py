"""A heartbeat always fits, whatever failed how often and in which language it says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodeagent.core import effects as fx
from nodeagent.core.events import Now, Tick
from nodeagent.core.fit import allowance, clip, fitted
from nodeagent.core.log import genesis
from nodeagent.core.node import Node, Setup
from nodeagent.core.records import DecidedValue
from nodeagent.model.health import GroupState
from nodeagent.model.text import TEXT_LENGTH_MAX, clean
from nodeagent.wire.codec import decode_heartbeat, encode
from nodeagent.wire.heartbeat import Heartbeat
from nodeagent.wire.limits import HEARTBEAT_BYTES_MAX
from nodeagent.wire.live import GroupLive, ResourceLive
from tests.simulation.clusters import cluster

ERROR = clean("ошибка диска " * 200)
TEXTS = {
    "plain": "x" * 2 * TEXT_LENGTH_MAX,
    "cyrillic": f"server: {ERROR} | {ERROR}",
    "four bytes each": "\U0001f4a5" * 2 * TEXT_LENGTH_MAX,
}
ROOM = 60_000


def group(number: int, text: str, state: GroupState = "error", resources: int = 4) -> GroupLive:
    name = f"group-{number:04}".ljust(63, "n")
    parts = tuple(ResourceLive(f"resource-{n}".ljust(63, "r"), "failed") for n in range(resources))
    return GroupLive(name, state, 1e9, text, 999, parts)


@pytest.mark.parametrize("count", [1, 20, 30, 50, 51, 256])
@pytest.mark.parametrize("kind", sorted(TEXTS))
def test_all_groups_and_their_states_fit(count: int, kind: str) -> None:
    groups = tuple(group(number, TEXTS[kind]) for number in range(count))

    told = fitted(groups, ROOM)

    assert len(encode(told)) <= ROOM
    assert [(g.group, g.state) for g in told] == [(g.group, g.state) for g in groups]
    assert all(g.text for g in told), "each says a little of why"


def test_few_groups_keep_long_texts_and_many_get_short_ones() -> None:
    texts = [fitted(tuple(group(n, ERROR) for n in range(k)), ROOM)[0].text for k in (5, 30, 200)]

    assert texts[0] == ERROR
    assert len(ERROR) > len(texts[1]) > len(texts[2]) > 20
    assert texts[1].endswith("…")


def test_short_texts_are_not_cut_for_the_sake_of_long_ones() -> None:
    groups = (*(group(n, TEXTS["cyrillic"]) for n in range(30)), group(40, "the licence has ended"))

    assert fitted(groups, ROOM)[-1].text == "the licence has ended"


def test_what_fits_is_told_as_it_is() -> None:
    groups = tuple(group(n, "text") for n in range(50))

    assert fitted(groups, ROOM) == groups


def test_where_not_even_the_names_fit_failures_are_told_first() -> None:
    states: tuple[GroupState, ...] = ("online", "error")
    groups = tuple(group(n, ERROR, states[n % 2]) for n in range(1_000))

    told = fitted(groups, ROOM)

    assert len(encode(told)) <= ROOM
    assert [g.state for g in told].count("error") == min(500, len(told))


@given(st.lists(st.integers(0, 3_000), max_size=40), st.integers(0, 20_000))
def test_shares_fill_the_room_and_no_more(sizes: list[int], room: int) -> None:
    share = allowance(sizes, room)

    assert sum(min(size, share) for size in sizes) <= room
    assert (
        all(size <= share for size in sizes)
        or share == room
        or (sum(min(size, share + 1) for size in sizes) > room - len(sizes))
    )


@given(st.text(max_size=40), st.integers(0, 50))
def test_a_clipped_text_is_a_beginning_in_whole_characters(text: str, bytes_max: int) -> None:
    clipped = clip(text, bytes_max)

    assert len(clipped.encode()) <= bytes_max
    assert clipped == text or text.startswith(clipped.removesuffix("…"))


@pytest.mark.parametrize("groups", [30, 256])
def test_an_agent_with_many_failures_is_still_heard(groups: int) -> None:
    node = Node(Setup("alpha", (DecidedValue(genesis(cluster().encode())),)), Now(0, 0.0))
    node.start(Now(0, 0.0))
    for number in range(groups):
        runner = node.shared.runner(f"group-{number}")
        runner.state, runner.text = "error", TEXTS["cyrillic"]

    effects = node.step(Tick(), Now(1_000, 0.0))

    beats = [encode(effect.beat) for effect in effects if isinstance(effect, fx.Beat)]
    assert len(beats) == 2
    for data in beats:
        heard: Heartbeat = decode_heartbeat(data)
        assert len(data) <= HEARTBEAT_BYTES_MAX
        assert heard.groups is not None
        assert [group.state for group in heard.groups] == ["error"] * groups
