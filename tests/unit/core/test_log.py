"""The decree log takes only what follows, with a certificate."""

import msgspec
import pytest

from nodeagent.config.digest import file_digest
from nodeagent.core.log import DecreeError, DecreeLog, chain_digest, genesis
from nodeagent.model.ownership import Ballot
from nodeagent.wire.codec import pack
from nodeagent.wire.peer import Commit, Decree, Value, ViewChange
from tests.simulation.clusters import cluster

VIEW = {"alpha": 1, "bravo": 1}


def begun(nodes: int = 3) -> DecreeLog:
    log = DecreeLog()
    log.extend(genesis(cluster(nodes).encode()))
    return log


def decree(log: DecreeLog, value: Value, *accepted_by: str) -> Decree:
    return Decree(log.next_slot, value, Ballot(1, "alpha"), log.last_digest, accepted_by)


def commit(text: str, epoch: int = 2) -> Commit:
    data = text.encode()
    return Commit("tx", epoch, file_digest(data), pack(data), view=VIEW, owners={})


def refuses(log: DecreeLog, wrong: Decree) -> None:
    standing = log.standing
    with pytest.raises(DecreeError):
        log.extend(wrong)
    assert log.standing == standing


def test_the_first_configuration_is_the_identity_of_the_cluster() -> None:
    assert begun().root == begun().root != begun(4).root


def test_a_view_needs_a_majority_of_the_voters() -> None:
    log = begun()
    refuses(log, decree(log, ViewChange(VIEW, {}), "alpha"))
    refuses(log, decree(log, ViewChange(VIEW, {}), "alpha", "zulu", "yankee"))

    log.extend(decree(log, ViewChange(VIEW, {}), "alpha", "bravo"))

    assert log.standing.view == VIEW


def test_a_commit_needs_majorities_of_old_and_new() -> None:
    log = begun(3)
    grown = commit(cluster(5))
    refuses(log, decree(log, grown, "alpha", "bravo"))
    refuses(log, decree(log, grown, "alpha", "delta", "echo"))

    log.extend(decree(log, grown, "alpha", "bravo", "delta"))

    assert log.standing.epoch == 2
    assert len(log.voters) == 5


def test_another_slot_or_another_history_is_refused() -> None:
    log = begun()
    fine = decree(log, ViewChange(VIEW, {}), "alpha", "bravo")

    refuses(log, msgspec.structs.replace(fine, slot=2))
    refuses(log, msgspec.structs.replace(fine, previous="0" * 64))


def test_a_file_that_is_not_its_digest_is_refused() -> None:
    log = begun()
    wrong = msgspec.structs.replace(commit(cluster(3)), digest="0" * 64)

    refuses(log, decree(log, wrong, "alpha", "bravo"))


def test_a_file_that_cannot_be_read_is_refused() -> None:
    log = begun()

    refuses(log, decree(log, commit("nonsense ["), "alpha", "bravo"))
    broken = msgspec.structs.replace(commit(cluster(3)), file=b"no zlib")
    refuses(log, decree(log, broken, "alpha", "bravo"))


def test_the_chain_does_not_ask_who_accepted_under_which_ballot() -> None:
    one = decree(begun(), ViewChange(VIEW, {}), "alpha", "bravo")
    other = msgspec.structs.replace(
        one, ballot=Ballot(9, "bravo"), accepted_by=("bravo", "charlie")
    )

    assert chain_digest(one) == chain_digest(other)


def test_whoever_was_given_a_group_may_hold_it() -> None:
    log = begun()
    log.extend(decree(log, ViewChange(VIEW, {"web": "alpha"}), "alpha", "bravo"))
    log.extend(decree(log, ViewChange(VIEW, {"web": "bravo"}), "alpha", "bravo"))

    assert log.holders["web"] == {"alpha", "bravo"}


def test_what_is_missing_comes_in_bounded_pieces() -> None:
    log = begun()
    for _ in range(100):
        log.extend(decree(log, ViewChange(VIEW, {}), "alpha", "bravo"))

    first = log.since(1)

    assert 0 < len(first) <= 64
    assert first[0].slot == 1
    assert log.since(500) == ()
