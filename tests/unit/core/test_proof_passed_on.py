"""Proof of release between nodes that do not hear each other, through one that hears both."""

import pytest

from nodeagent.core.effects import Send
from nodeagent.core.events import MessageHeard
from nodeagent.wire.limits import PROTOCOL_VERSION
from nodeagent.wire.peer import Envelope, Message, Probe, ProbeReply
from tests.unit.core.story import Story

CUT = {("alpha", "bravo"), ("bravo", "alpha")}


def test_group_comes_back_though_two_members_do_not_hear_each_other() -> None:
    """bravo may have begun to acquire it, is in, and alpha cannot ask it."""
    story = Story()
    story.drill("bravo", "slow-step", "acquire")
    story.ask(story.changed("web", nodes=("bravo", "charlie")), "bravo")
    story.at_step("acquire")
    assert story.owner("web") == []

    story.world.cut |= CUT
    story.until(lambda: story.owner("web") != [])

    assert story.world.cut == CUT
    assert set(story.node("charlie").shared.log.standing.view) == {"alpha", "bravo", "charlie"}


def tell(story: Story, to: str, sender: str, message: Message) -> list[tuple[str, Message]]:
    """Hand a node what a peer said; return what it sends because of it."""
    node, shared = story.node(to), story.node(to).shared
    life = story.node(sender).shared.incarnation
    heard = MessageHeard(sender, Envelope(PROTOCOL_VERSION, shared.log.root, 1, life, message))
    effects = node.step(heard, shared.now)
    return [(effect.to, effect.message) for effect in effects if isinstance(effect, Send)]


@pytest.mark.parametrize("held", [(), ("web",)])
def test_question_and_answer_are_passed_on(held: tuple[str, ...]) -> None:
    story = Story()

    asked = tell(story, "charlie", "alpha", Probe(1, 7, ("web",), "bravo"))
    answered = tell(story, "charlie", "bravo", ProbeReply(1, 7, held, "bravo", "alpha"))

    assert asked == [("bravo", Probe(1, 7, ("web",), "bravo", "alpha"))]
    assert answered == [("alpha", ProbeReply(1, 7, held, "bravo", "alpha"))]


def test_question_is_passed_on_once_only() -> None:
    story = Story()

    assert tell(story, "charlie", "alpha", Probe(1, 7, ("web",), "bravo", "delta")) == []
    assert tell(story, "charlie", "alpha", Probe(1, 7, ("web",), "nobody")) == []


def test_question_that_was_passed_on_is_answered_the_way_it_came() -> None:
    story = Story()
    slot = story.node("alpha").shared.log.standing.slot

    sent = tell(story, "alpha", "charlie", Probe(slot, 7, ("web", "orders"), "alpha", "bravo"))

    assert sent == [("charlie", ProbeReply(slot, 7, ("web",), "alpha", "bravo"))]
