"""What a journal says: replay of any tail that a crash may leave."""

from hypothesis import given
from hypothesis import strategies as st

from nodeagent.core.log import genesis
from nodeagent.core.records import (
    AcceptedAgain,
    AcceptedValue,
    DecidedValue,
    Holding,
    Promised,
    Record,
    Staged,
    Started,
    Withdrawn,
    compact,
    decode,
    encode,
    replay,
)
from nodeagent.model.ownership import Ballot
from nodeagent.wire.peer import Decree, ViewChange
from tests.simulation.clusters import cluster

VIEW = ViewChange({}, {})
FIRST = DecidedValue(genesis(cluster().encode()))
SECOND = DecidedValue(Decree(1, VIEW, Ballot(1, "a"), "", ("a", "b")))


def staged(slot: int) -> Staged:
    return Staged("tx", slot, Ballot(3, "a"), "d", b"", {}, {}, acquire=(("web", "b"),))


STORY: list[Record] = [
    FIRST,
    Started(1),
    Holding("web", held=True),
    Promised(1, Ballot(2, "a")),
    Promised(1, Ballot(3, "a"), "tx"),
    staged(1),
    AcceptedValue(1, Ballot(3, "a"), VIEW),
    AcceptedAgain(1, Ballot(4, "b")),
    SECOND,
    Holding("web", held=False),
]


def test_a_decision_ends_all_that_was_open_in_its_slot() -> None:
    state = replay(STORY)

    assert (state.promised, state.lock, state.staged, state.accepted) == (Ballot(), "", None, None)
    assert len(state.decrees) == 2


def test_what_is_open_is_known_again() -> None:
    state = replay(STORY[:8])

    assert (state.lock, state.promised) == ("tx", Ballot(4, "b"))
    assert state.staged == staged(1)
    assert state.accepted == AcceptedValue(1, Ballot(4, "b"), VIEW)
    assert state.held == {"web"}


def test_who_may_have_got_a_group_in_a_dare_is_known_for_ever() -> None:
    assert replay(STORY).tried == {("web", "b")}


def test_records_of_a_decided_slot_say_nothing_more() -> None:
    assert replay([*STORY, Promised(1, Ballot(9, "z"), "old"), staged(1)]) == replay(STORY)


def test_whose_journal_it_is_stays_known() -> None:
    named: list[Record] = [FIRST, Started(1, "alpha"), SECOND, Started(2)]

    known = replay(named)
    assert known.node == "alpha"
    assert replay(compact(known)) == known


def test_a_life_that_was_decreed_in_is_known_for_ever() -> None:
    view = Decree(1, ViewChange({"alpha": 2}, {}), Ballot(1, "a"), "", ("alpha",))
    starts: list[Record] = [Started(n, "alpha") for n in range(1, 6)]

    known = replay(compact(replay([FIRST, *starts, DecidedValue(view)])))

    assert (known.incarnation, sorted(known.lives)) == (5, [2, 3, 4, 5])  # 3 may be decreed unheard


def test_a_withdrawn_lock_is_free_and_the_promise_stays() -> None:
    state = replay([*STORY[:5], Withdrawn(1, Ballot(3, "a"))])

    assert (state.lock, state.promised) == ("", Ballot(3, "a"))


@given(st.integers(0, len(STORY)))
def test_every_prefix_can_be_read_and_promises_never_fall(length: int) -> None:
    before, after = replay(STORY[:length]), replay(STORY[: length + 1])

    assert len(after.decrees) > len(before.decrees) or after.promised >= before.promised


def test_an_acceptance_whose_value_was_lost_is_a_promise() -> None:
    state = replay([FIRST, AcceptedAgain(1, Ballot(4, "b"))])

    assert (state.accepted, state.promised) == (None, Ballot(4, "b"))


@given(st.integers(0, len(STORY)))
def test_every_prefix_compacts_to_the_same_knowledge(length: int) -> None:
    assert replay(compact(replay(STORY[:length]))) == replay(STORY[:length])


def test_every_record_survives_the_journal() -> None:
    assert [decode(encode(record)) for record in STORY] == STORY
