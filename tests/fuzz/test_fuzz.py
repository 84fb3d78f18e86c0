"""Some thousand random bad inputs in each run of the suite; `make fuzz` plays many more."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodeagent.config.load import load
from nodeagent.store.journal import pack_journal, replay_bytes
from tests.fuzz.runner import play
from tests.fuzz.targets import MIND, TARGETS
from tests.hostile.peers import heard

COUNTS = {"frame": 1_500, "message": 1_000, "journal": 300, "toml": 200}


@pytest.mark.parametrize("name", list(TARGETS))
def test_random_bad_input_is_refused_or_harmless(name: str) -> None:
    tally = play(name, 0, COUNTS[name])

    assert tally.inputs == COUNTS[name]
    assert tally.crashes == []


def test_the_same_number_makes_the_same_input() -> None:
    for name, target in TARGETS.items():
        assert target.make(Random(f"{name}:7")) == target.make(Random(f"{name}:7"))


def test_messages_get_as_far_as_promises_and_decrees() -> None:
    """Fuzzing that is refused at the door would prove little."""
    reached: set[str] = set()
    before = heard()[0].node("alpha").shared.log.next_slot
    for number in range(0, 1_000, 39):
        play("message", number, 39)
        node = MIND.node
        assert node is not None
        reached |= {"promised"} if node.acceptor.promised.round else set()
        reached |= {"accepted"} if node.acceptor.accepted else set()
        reached |= {"decided"} if node.shared.log.next_slot > before else set()
        if len(reached) == 3:
            break

    assert reached == {"promised", "accepted", "decided"}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=60), max_size=6), st.binary(max_size=80))
def test_what_was_packed_is_replayed_whatever_stands_behind(
    records: list[bytes], behind: bytes
) -> None:
    replayed, state = replay_bytes(pack_journal(records) + behind)

    assert replayed[: len(records)] == records
    assert state.kind in {"clean", "torn", "damaged"}


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300))
def test_no_text_makes_the_parser_raise(text: str) -> None:
    loaded = load(text, "any.toml")

    assert loaded.reports
    assert not loaded.ok
