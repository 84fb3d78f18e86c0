"""One voter's promises and acceptances, also over a restart."""

import pytest

from nodeagent.core.decree import Acceptor, Proposer
from nodeagent.core.effects import Effect, Persist
from nodeagent.core.records import AcceptedValue, Durable, Record, decode, encode, replay
from nodeagent.model.ownership import Ballot
from nodeagent.wire.peer import Accept, Accepted, Prepare, Promise, Refuse, ViewChange, Withdraw

BASE = "digest"
VALUE = ViewChange({"alpha": 1}, {}, "one")
OTHER = ViewChange({"bravo": 1}, {}, "other")


def ballot(number: int, node: str = "alpha") -> Ballot:
    return Ballot(number, node)


class Voter:
    """An acceptor with its journal; `restarted` is what is left of it after a crash."""

    def __init__(self, records: tuple[Record, ...] = ()) -> None:
        self.records = list(records)
        self.acceptor = Acceptor(replay(self.records))

    def restarted(self) -> "Voter":
        return Voter(tuple(decode(encode(record)) for record in self.records))

    def _keep(self, effects: list[Effect]) -> None:
        self.records += [e.record for e in effects if isinstance(e, Persist)]

    def prepare(self, b: Ballot, purpose: str = "view", tx: str = "", base: str = BASE) -> object:
        ask = Prepare(0, b, purpose, tx, base)  # type: ignore[arg-type]
        reply, effects = self.acceptor.on_prepare(ask, BASE)
        self._keep(effects)
        return reply

    def accept(self, b: Ballot, value: ViewChange = VALUE) -> object:
        reply, effects = self.acceptor.on_accept(Accept(0, b, value))
        self._keep(effects)
        return reply

    def withdraw(self, b: Ballot) -> None:
        self._keep(self.acceptor.on_withdraw(Withdraw(0, b)))


@pytest.mark.parametrize("restart", [False, True])
def test_a_promise_is_kept(restart: bool) -> None:
    voter = Voter()
    assert isinstance(voter.prepare(ballot(5)), Promise)

    later = voter.restarted() if restart else voter

    for reply in (later.prepare(ballot(4)), later.accept(ballot(4))):
        assert isinstance(reply, Refuse)
        assert (reply.code, reply.promised) == ("ballot", ballot(5))


@pytest.mark.parametrize("restart", [False, True])
def test_what_was_accepted_is_told_to_the_next_proposer(restart: bool) -> None:
    voter = Voter()
    voter.prepare(ballot(5))
    assert isinstance(voter.accept(ballot(5)), Accepted)

    reply = (voter.restarted() if restart else voter).prepare(ballot(6, "bravo"))

    assert isinstance(reply, Promise)
    assert (reply.accepted_ballot, reply.accepted) == (ballot(5), VALUE)


def test_a_repeated_question_gets_the_same_answer_and_no_new_record() -> None:
    voter = Voter()
    first = voter.prepare(ballot(5)), voter.accept(ballot(5))
    records = len(voter.records)

    assert (voter.prepare(ballot(5)), voter.accept(ballot(5)))[1] == first[1]
    assert len(voter.records) == records


def test_what_is_accepted_over_and_over_is_written_once() -> None:
    voter, value = Voter(), ViewChange({"alpha": 1}, {}, "long " * 100)
    for number in range(1, 21):
        voter.prepare(ballot(number))
        assert isinstance(voter.accept(ballot(number), value), Accepted)

    assert sum(isinstance(record, AcceptedValue) for record in voter.records) == 1
    assert max(len(encode(record)) for record in voter.records[2:]) < 100
    reply = voter.restarted().prepare(ballot(30, "bravo"))
    assert isinstance(reply, Promise)
    assert (reply.accepted_ballot, reply.accepted) == (ballot(20), value)


def test_another_value_under_a_higher_ballot_takes_the_place_of_the_first() -> None:
    voter = Voter()
    for number, value in enumerate([VALUE, OTHER, OTHER, VALUE], 1):
        voter.accept(ballot(number), value)
        accepted = voter.restarted().acceptor.accepted
        assert accepted == AcceptedValue(0, ballot(number), value)


@pytest.mark.parametrize("restart", [False, True])
def test_a_lock_keeps_others_out_until_it_is_given_back(restart: bool) -> None:
    voter = Voter()
    voter.prepare(ballot(5), "dare", "one")
    voter = voter.restarted() if restart else voter

    for purpose in ("dare", "view"):
        busy = voter.prepare(ballot(9, "bravo"), purpose, "two")
        assert isinstance(busy, Refuse)
        assert busy.code == "busy"
        assert "alpha" in busy.text

    voter.withdraw(ballot(5))
    voter = voter.restarted() if restart else voter
    assert isinstance(voter.prepare(ballot(9, "bravo"), "dare", "two"), Promise)


def test_a_lock_is_given_back_over_a_restart_after_somebody_tried_to_end_it() -> None:
    voter = Voter()
    voter.prepare(ballot(5), "dare", "one")
    voter.prepare(ballot(7, "bravo"), "terminate", "one")
    voter = voter.restarted()
    assert voter.acceptor.lock is not None
    assert voter.acceptor.lock.holder == "alpha"

    voter.withdraw(ballot(5))

    assert voter.restarted().acceptor.lock is None


def test_who_ends_a_transaction_needs_no_lock() -> None:
    voter = Voter()
    voter.prepare(ballot(5), "dare", "one")

    assert isinstance(voter.prepare(ballot(6, "bravo"), "terminate", "one"), Promise)
    assert isinstance(voter.accept(ballot(5)), Refuse), "the first coordinator is outrun"


def test_a_stale_draft_is_refused() -> None:
    reply = Voter().prepare(ballot(1), "dare", "one", base="older")

    assert isinstance(reply, Refuse)
    assert reply.code == "stale"


def test_a_lock_with_an_accepted_value_is_not_given_back() -> None:
    voter = Voter()
    voter.prepare(ballot(5), "dare", "one")
    voter.accept(ballot(5))

    voter.withdraw(ballot(5))

    assert voter.acceptor.lock is not None


def test_a_proposer_finds_the_value_of_the_highest_ballot() -> None:
    proposer = Proposer(0, ballot(9), "terminate", audience=("alpha", "bravo"))
    proposer.on_promise("alpha", Promise(0, ballot(9), ballot(3), VALUE))
    proposer.on_promise("bravo", Promise(0, ballot(9), ballot(4, "bravo"), OTHER))

    assert proposer.found == OTHER


def test_a_proposer_takes_no_answer_to_another_ballot_or_slot() -> None:
    proposer = Proposer(0, ballot(9), "view")

    assert not proposer.on_promise("alpha", Promise(0, ballot(8)))
    assert not proposer.on_promise("alpha", Promise(1, ballot(9)))
    assert not proposer.on_accepted("alpha", Accepted(0, ballot(9))), "nothing was asked yet"


def test_a_fresh_voter_has_promised_nothing() -> None:
    assert Acceptor(Durable()).lock is None
    assert isinstance(Voter().accept(ballot(1)), Accepted)
