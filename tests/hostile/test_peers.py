"""What a key of the cluster says out of place, for another cluster, or without a majority."""

from typing import get_args

from nodeagent.core.events import MessageHeard
from nodeagent.core.node import Node
from nodeagent.wire.peer import Message
from tests.hostile.peers import NOT_PROTOCOL, Word, forged, heard, of_other_clusters, replayed
from tests.hostile.target import disturb, target


def test_every_kind_of_message_is_said() -> None:
    kinds = {type(word.envelope.message) for word in heard()[1].values()}

    assert kinds >= set(get_args(Message)) - set(NOT_PROTOCOL)


def tell(words: dict[str, Word], node: Node) -> None:
    """Say all of it to a node; AssertionError with the name of what it should not have believed."""
    assert len(words) >= 20
    for name, word in words.items():
        try:
            disturb(MessageHeard(word.sender, word.envelope), node)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error


def test_what_was_said_before_changes_nothing_when_it_is_said_again() -> None:
    tell(replayed(), heard()[0].node("alpha"))


def test_what_is_said_for_another_cluster_changes_nothing() -> None:
    tell(of_other_clusters(), heard()[0].node("alpha"))


def test_a_decree_that_nobody_decided_is_not_believed() -> None:
    tell(forged(), target().node("alpha"))
