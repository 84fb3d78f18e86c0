"""A key of the cluster in wrong hands: what it says is dropped, told once, and changes nothing."""

import base64
import random
from functools import partial

import msgspec
import pytest

from nodeagent.core.catching_up import CatchingUp
from nodeagent.core.effects import Effect, Note, Send
from nodeagent.core.events import BeatHeard, MessageHeard, Now
from nodeagent.core.hearing import DROPPED_NOTE_MS
from nodeagent.core.node import Node
from nodeagent.model.ownership import Ballot
from nodeagent.wire import codec
from nodeagent.wire.console import Refused, SaveDraft
from nodeagent.wire.peer import (
    Accept,
    CatchUp,
    Decrees,
    Envelope,
    Message,
    Prepare,
    Refuse,
    ViewChange,
)
from tests.unit.core.story import Story

FAR = Ballot(2**62, "bravo")


def tell(node: Node, message: Message, at: Now, *, version: int = 1) -> list[Effect]:
    """Hand the node what bravo's key sent."""
    root, incarnation = node.shared.log.root, node.shared.incarnation
    return node.step(MessageHeard("bravo", Envelope(version, root, 1, incarnation, message)), at)


def notes(effects: list[Effect]) -> list[str]:
    return [effect.event for effect in effects if isinstance(effect, Note)]


@pytest.mark.parametrize("kind", ["prepare", "accept", "refuse"])
def test_ballot_that_nobody_can_have_is_not_believed(kind: str) -> None:
    story = Story()
    node = story.node("alpha")
    slot, before = node.shared.log.next_slot, node.governor.next_ballot().round
    messages: dict[str, Message] = {
        "prepare": Prepare(slot, FAR, "view"),
        "accept": Accept(slot, FAR, ViewChange({}, {})),
        "refuse": Refuse(slot, Ballot(1, "alpha"), "ballot", FAR),
    }

    effects = tell(node, messages[kind], node.shared.now)

    assert notes(effects) == ["message with a ballot that nobody can have"]
    assert node.governor.next_ballot().round == before + 1
    assert story.dare(story.with_group()).state == "done"


def test_ballot_beyond_what_can_be_written_is_no_message() -> None:
    message = Envelope(1, "", 1, 1, Prepare(2, Ballot(2**64 - 1, "bravo"), "view"))

    with pytest.raises(codec.WireError, match="2"):
        codec.decode_envelope(codec.encode(message))


def test_messages_of_another_version_are_noted_once_in_a_while() -> None:
    node = Story().node("alpha")
    now = node.shared.now

    told = [n for _ in range(500) for n in notes(tell(node, CatchUp(0), now, version=9))]

    assert told == ["message of another cluster or version"]
    later = Now(now.ms + DROPPED_NOTE_MS, now.unix)
    assert notes(tell(node, CatchUp(0), later, version=9))


def test_draft_that_does_not_fit_into_a_message_is_refused_everywhere() -> None:
    story = Story()
    before = story.node("alpha").shared.draft
    noise = base64.b85encode(random.Random(1).randbytes(800_000)).decode()

    answer = story.world.ask("alpha", SaveDraft("# " + noise, "ann"))

    assert isinstance(answer, Refused)
    assert answer.code == "too-large"
    assert story.node("alpha").shared.draft == before


def test_a_node_that_boasts_of_decrees_keeps_nobody_from_deciding() -> None:
    story = Story()
    alpha, charlie = story.node("alpha"), story.node("charlie")
    beat = alpha.shared.hearts.peers["bravo"].beat
    story.crash("bravo")

    def boast(number: int) -> None:
        false = msgspec.structs.replace(beat, slot=10**9, sequence=beat.sequence + number)
        for node in (alpha, charlie):
            node.step(BeatHeard("bravo", "eth0", false), node.shared.now)

    for number in range(1, 120):
        story.world.later(number * 200, partial(boast, number))
    story.world.advance(12_000)

    told = [line.text for line in story.world.events if line.subject == "bravo"]
    assert any("tells none" in text for text in told)
    slot = alpha.shared.log.next_slot
    story.crash("charlie").world.start("charlie")
    story.until(lambda: alpha.shared.log.next_slot > slot)  # its new life is counted in


def test_a_node_that_answers_with_nothing_does_not_keep_others_from_being_asked() -> None:
    story = Story()
    alpha, bravo = story.node("alpha"), story.node("bravo")
    nothing = MessageHeard("bravo", bravo.envelope(Decrees(())))
    beats = {n: p.beat for n, p in alpha.shared.hearts.peers.items()}
    now, asked = alpha.shared.now, set[str]()

    def step(event: BeatHeard | MessageHeard) -> None:
        effects = alpha.step(event, now)
        asked.update(
            e.to for e in effects if isinstance(e, Send) and isinstance(e.message, CatchUp)
        )
        if "bravo" in {e.to for e in effects if isinstance(e, Send)} and event is not nothing:
            step(nothing)

    for number in range(1, 10):
        now = Now(now.ms + 200, now.unix + 0.2)
        for name, beat in beats.items():
            told = msgspec.structs.replace(beat, slot=10**6, sequence=beat.sequence + number)
            step(BeatHeard(name, "eth0", told))

    assert asked == {"bravo", "charlie"}


def test_a_node_that_provokes_questions_and_answers_none_does_not_keep_others_from_turns() -> None:
    """It reaches this node, and is not reached itself."""
    shared = Story().node("alpha").shared
    catching_up, peers = CatchingUp(shared), shared.hearts.peers
    for peer in peers.values():
        peer.beat = msgspec.structs.replace(peer.beat, slot=10**6)
    shared.out.clear()

    for _ in range(100):
        shared.now = Now(shared.now.ms + 100, shared.now.unix + 0.1)
        catching_up.ask("bravo")
        for peer in peers.values():
            peer.heard_ms = shared.now.ms
        catching_up.by_turns("charlie")

    asked = [effect.to for effect in shared.out if isinstance(effect, Send)]
    assert asked.count("charlie") > 10


def test_a_node_that_lags_and_cannot_ask_is_told_what_is_missing_there() -> None:
    """It was down while the others changed their addresses: they hear it, and it hears nobody."""
    story = Story()
    alpha = story.node("alpha")
    beat = alpha.shared.hearts.peers["charlie"].beat
    story.crash("charlie")
    story.until(lambda: "charlie" not in alpha.shared.log.standing.view)
    now, told = alpha.shared.now, list[Decrees]()

    for number in range(1, 60):
        now = Now(now.ms + 200, now.unix + 0.2)
        lagging = msgspec.structs.replace(beat, sequence=beat.sequence + number)
        effects = alpha.step(BeatHeard("charlie", "eth0", lagging), now)
        sent = [e.message for e in effects if isinstance(e, Send) and e.to == "charlie"]
        told += [message for message in sent if isinstance(message, Decrees)]

    assert 1 <= len(told) <= 5
    assert told[0].decrees[0].slot == beat.slot + 1
