"""One node of a small cluster at rest, to be told bad things, and a look at all that must stay."""

from dataclasses import dataclass
from functools import cache

from nodeagent.core import effects as fx
from nodeagent.core import events as ev
from nodeagent.core.node import Node
from nodeagent.wire.codec import encode
from nodeagent.wire.console import Answer, Ask, Request
from tests.simulation.world import CONSOLE_KEY
from tests.unit.core.story import Story

HARMLESS = (fx.Send, fx.Beat, fx.Publish, fx.Reply, fx.Note, fx.Pet, fx.ReadTemporary)
"""Effects that tell something and change nothing."""


@dataclass(frozen=True)
class Picture:
    """What no bad input may change on a node."""

    slot: int
    last: str
    standing: bytes
    promised: object
    accepted: object
    lock: object
    held: frozenset[str]
    draft: str
    opened: bool
    voters: tuple[str, ...]
    members: tuple[str, ...]


def picture(node: Node) -> Picture:
    """Return what a node stands for."""
    log, acceptor = node.shared.log, node.acceptor
    return Picture(
        slot=log.next_slot,
        last=log.last_digest,
        standing=encode(log.standing),
        promised=acceptor.promised,
        accepted=acceptor.accepted,
        lock=acceptor.lock,
        held=node.held,
        draft=node.shared.draft_digest,
        opened=node.participant.open is not None,
        voters=log.voters,
        members=tuple(sorted(log.standing.view)),
    )


@cache
def target() -> Story:
    """Return a cluster of three at rest; it stays as it is, so all cases may share it."""
    return Story()


def disturb(event: ev.Event, node: Node | None = None) -> list[fx.Effect]:
    """Tell alpha something bad; AssertionError if it changes anything for that."""
    node = node or target().node("alpha")
    before, now = picture(node), node.shared.now
    effects = node.step(event, now)
    changing = [effect for effect in effects if not isinstance(effect, HARMLESS)]
    assert not changing, f"{type(event).__name__} leads to {changing}"
    assert picture(node) == before
    return effects


def asked(request: Request) -> Answer:
    """Return the answer of alpha to its administrator, who asks for something bad."""
    event = ev.ConsoleAsked(b"console", CONSOLE_KEY, Ask(1, request))
    (answer,) = [e.answer for e in disturb(event) if isinstance(e, fx.Reply)]
    return answer
