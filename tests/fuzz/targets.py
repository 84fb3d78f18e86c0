"""What is fuzzed, each target as two steps: make an input by chance, then let the product have it.

Making is not timed; having it is. A target raises for whatever must not happen; refusals are fine.
"""

import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, get_args

import msgspec

from nodeagent.cli.examine.reading import Entry, Look
from nodeagent.cli.examine.whole import examine
from nodeagent.config.digest import file_digest
from nodeagent.config.load import load
from nodeagent.config.plan import plan
from nodeagent.core import effects as fx
from nodeagent.core import events as ev
from nodeagent.core import records as rec
from nodeagent.core.node import Node
from nodeagent.model.ownership import Ballot
from nodeagent.store.journal import pack_journal, replay_bytes
from nodeagent.wire import codec
from nodeagent.wire.console import Answered, Ask, GetSnapshot, Request
from nodeagent.wire.heartbeat import Heartbeat
from nodeagent.wire.peer import (
    Accept,
    Commit,
    Decided,
    Decrees,
    Envelope,
    Message,
    Prepare,
    StepName,
    StepOrder,
    Withdraw,
)
from tests.fuzz.values import Maker, Vocabulary, mutated, of
from tests.hostile.frames import BEAT, GARBAGE
from tests.hostile.journals import right
from tests.hostile.peers import Word, heard
from tests.hostile.texts import CHARACTERS, HOSTILE, MALFORMED, NAMES, SCHEMA
from tests.simulation.world import CONSOLE_KEY

EXAMPLES = Path(__file__).parents[2] / "configs"
STEPS_PER_NODE = 40
SMALL_BYTES = 64 << 10


@dataclass(frozen=True)
class Target:
    """One thing to fuzz: `make` an input, then `have` it; `have` raises if something is wrong."""

    name: str
    make: Callable[[Random], Any]
    have: Callable[[Any], None]


# -- messages into a node


@cache
def words() -> Vocabulary:
    """Return what alpha knows, so that random messages speak of it."""
    story, _ = heard()
    shared = story.node("alpha").shared
    log, standing = shared.log, shared.log.standing
    digests = [log.root, log.last_digest, standing.digest]
    names = ["alpha", "bravo", "charlie", "web", "orders", "mail", "eth0", "eth1", "public"]
    numbers = [standing.slot, standing.epoch, shared.incarnation, 1, 1 << 16, 3 << 16]
    texts = [story.shape.text, story.with_group("fax").text, story.with_node().text]
    files = [codec.pack(text.encode()) for text in texts]
    return Vocabulary((*names, *digests, *texts), tuple(numbers), (*files, b"", b"x"))


@cache
def _frozen() -> bytes:
    story, _ = heard()
    return pickle.dumps(story.node("alpha"))


class Mind:
    """A node that lives for some inputs, then a fresh copy takes its place."""

    def __init__(self) -> None:
        self._steps = 0
        self._results: list[ev.Event] = []
        self.node: Node | None = None

    def reset(self) -> None:
        """Begin again, so that a run can be replayed from its first number."""
        self._steps, self._results, self.node = 0, [], None

    def step(self, event: ev.Event) -> None:
        """Hand an event over; AssertionError where something goes out that nobody could read."""
        if self.node is None or self._steps % STEPS_PER_NODE == 0:
            copy: Node = pickle.loads(_frozen())
            self.node, self._results = copy, []
        self._steps += 1
        shared = self.node.shared
        slot, epoch = shared.log.next_slot, shared.log.standing.epoch
        results, self._results = self._results, []
        ticks = [ev.Tick()] if self._steps % 5 == 0 else []
        for each in (*results, event, *ticks):
            self._take(self.node, each)
        assert shared.log.next_slot >= slot, "decrees were forgotten"
        assert shared.log.standing.epoch >= epoch or shared.log.next_slot > slot, "epoch fell"

    def _take(self, node: Node, event: ev.Event) -> None:
        """Step, look at what goes out, and keep what drivers and disk would answer for later."""
        now = ev.Now(node.shared.now.ms + self._steps % 7 * 30, node.shared.now.unix)
        for effect in node.step(event, now):
            readable(node, effect)
            if isinstance(effect, fx.RunDriver):
                fine = self._steps % 3 > 0
                self._results.append(ev.DriverFinished(effect.op, fine, "ok" if fine else "failed"))
            elif isinstance(effect, fx.ReadTemporary):
                staged = node.participant.open.staged if node.participant.open else None
                self._results.append(ev.TemporaryRead(staged.digest if staged else ""))


def readable(node: Node, effect: fx.Effect) -> None:
    """Check that what goes out could be read by those it is for."""
    match effect:
        case fx.Send():
            codec.decode_envelope(codec.encode(node.envelope(effect.message)))
        case fx.Publish():
            codec.decode_stream(codec.encode(effect.message))
        case fx.Reply():
            codec.decode_answered(codec.encode(Answered(effect.id, effect.answer)))
        case fx.Beat():
            codec.decode_heartbeat(codec.encode(effect.beat))
        case fx.Persist():
            assert rec.decode(rec.encode(effect.record)) == effect.record
        case _:
            return


MIND = Mind()


def _message(random: Random) -> ev.Event:
    maker = Maker(random, words())
    known = list(heard()[1].values())
    pick = random.random()
    sender = random.choice(("bravo", "bravo", "bravo", "charlie", "alpha", "zulu"))
    if pick < 0.45:
        word: Word = random.choice(known)
        return ev.MessageHeard(word.sender, maker.bent(word.envelope))
    if pick < 0.75:
        right_header = random.choice(known).envelope
        message = maker.make(of(Message))
        if random.random() < 0.6:
            message = fitting(random, message, sender)
        return ev.MessageHeard(sender, msgspec.structs.replace(right_header, message=message))
    if pick < 0.8:
        return ev.MessageHeard(sender, maker.struct(Envelope))
    if pick < 0.9:
        return ev.BeatHeard(sender, random.choice(("eth0", "eth1", "x")), maker.struct(Heartbeat))
    ask = Ask(random.randrange(1 << 62), maker.make(of(Request)))
    return ev.ConsoleAsked(b"console", random.choice((CONSOLE_KEY, "k" * 40)), ask)


def _script(random: Random) -> tuple[ev.Event, ...]:
    """Return a DARE as bravo would coordinate it, with some of its words bent."""
    maker, header = Maker(random, words()), heard()[1]["LeaseRequest-bravo"].envelope
    steps = random.sample(get_args(StepName), random.randrange(1, 6))
    said: list[Any] = [msgspec.structs.replace(maker.struct(Prepare), purpose="dare")]
    said += [msgspec.structs.replace(maker.struct(StepOrder), step=s) for s in ("stage", *steps)]
    said += random.sample([maker.struct(Accept), maker.struct(Decided), maker.struct(Withdraw)], 2)
    events: list[ev.Event] = []
    for message in said:
        right_one = fitting(random, message, "bravo", Ballot(1 << 18, "bravo"))
        told = maker.bent(right_one) if random.random() < 0.15 else right_one
        events.append(ev.MessageHeard("bravo", msgspec.structs.replace(header, message=told)))
    return tuple(events)


def _messages(random: Random) -> tuple[ev.Event, ...]:
    return _script(random) if random.random() < 0.08 else (_message(random),)


def _have_messages(events: tuple[ev.Event, ...]) -> None:
    """Send events through their bytes, as a socket would, and step on what comes out."""
    for event in events:
        _have_frame((_as_bytes(event), event))


def fitting(random: Random, message: Any, sender: str, ballot: Ballot | None = None) -> Any:
    """Return a message for the slot that is open, under a ballot of its sender."""
    ballot = ballot or Ballot(random.choice((0, 1 << 16, *[1 << 17] * 6, 1 << 18)), sender)
    log = heard()[0].node("alpha").shared.log
    fits: dict[str, Any] = {
        "slot": log.next_slot,
        "ballot": ballot,
        "base": log.standing.digest,
        "previous": log.last_digest,
        "accepted_by": random.choice((("alpha", "bravo"), ("alpha", "bravo", "charlie"), ())),
        "tx": f"tx-{sender}",
    }
    for name in ("decree", "value"):
        if hasattr(message, name):
            inner = getattr(message, name)
            if isinstance(inner, Commit):
                inner = _whole(random, inner)
            fits[name] = fitting(random, inner, sender, ballot)
    if isinstance(message, StepOrder):
        fits |= _staged(random)
    if isinstance(message, Decrees):
        fits["decrees"] = tuple(
            fitting(random, decree, sender, ballot) for decree in message.decrees
        )
    wanted = {name: value for name, value in fits.items() if hasattr(message, name)}
    return msgspec.structs.replace(message, **wanted)


def _staged(random: Random) -> dict[str, Any]:
    """Return what an order to stage brings: a file that may be read, and who shall have what."""
    text = random.choice([text for text in words().texts if text.startswith("format")])
    moves = tuple(random.choice((("web", "bravo"), ("mail", "alpha"), ("x", "y"))) for _ in "ab")
    return {
        "file": codec.pack(text.encode()),
        "digest": file_digest(text.encode()),
        "limit_ms": random.choice((0, 1, 2_000, 1 << 40)),
        "release": moves[: random.randrange(3)],
        "acquire": moves[: random.randrange(3)],
    }


def _whole(random: Random, commit: Commit) -> Commit:
    """Return a COMMIT whose file has its digest, and often the next epoch."""
    text = random.choice([text for text in words().texts if text.startswith("format")])
    data = text.encode()
    epoch = heard()[0].node("alpha").shared.log.standing.epoch + random.choice((0, 1, 1, 1, 7))
    return msgspec.structs.replace(
        commit, file=codec.pack(data), digest=file_digest(data), epoch=epoch, generation=0
    )


def _as_bytes(event: ev.Event) -> bytes:
    match event:
        case ev.MessageHeard():
            return codec.encode(event.envelope)
        case ev.BeatHeard():
            return codec.encode(event.beat)
        case ev.ConsoleAsked():
            return codec.encode(event.ask)
        case _:
            raise AssertionError(event)


def samples() -> tuple[ev.MessageHeard, ev.BeatHeard, ev.ConsoleAsked]:
    """Return an event of each kind that bytes may become."""
    return (
        ev.MessageHeard("bravo", heard()[1]["LeaseRequest-bravo"].envelope),
        ev.BeatHeard("bravo", "eth0", BEAT),
        ev.ConsoleAsked(b"console", CONSOLE_KEY, Ask(1, GetSnapshot())),
    )


# -- bytes from sockets


def _frame(random: Random) -> tuple[bytes, ev.Event]:
    event = _message(random)
    if random.random() < 0.1:
        return random.randbytes(random.randrange(300)), event
    if random.random() < 0.05:
        return mutated(random, random.choice(list(GARBAGE.values()))[:2_000]), event
    return mutated(random, _as_bytes(event)), event


def _have_frame(given: tuple[bytes, ev.Event]) -> None:
    """Read the bytes in the way that its event came; what can be read is stepped on."""
    data, event = given
    try:
        read = _read(data, event)
    except codec.WireError:
        return
    MIND.step(read)


def _read(data: bytes, event: ev.Event) -> ev.Event:
    match event:
        case ev.MessageHeard():
            return ev.MessageHeard(event.peer, codec.decode_envelope(data))
        case ev.BeatHeard():
            return ev.BeatHeard(event.peer, event.adapter, codec.decode_heartbeat(data))
        case ev.ConsoleAsked():
            return ev.ConsoleAsked(event.client, event.key, codec.decode_ask(data))
        case _:
            raise AssertionError(event)


# -- journals


_BEHIND_FIRST = len(pack_journal([rec.encode(right()[0])]))


JOURNAL_BYTES = pack_journal(rec.encode(record) for record in right())
"""What alpha wrote, for those who put something behind it."""


def _journal(random: Random) -> bytes:
    if random.random() < 0.3:
        maker = Maker(random, words())
        made = [maker.make(of(rec.Record)) for _ in range(random.randrange(8))]
        return pack_journal(rec.encode(record) for record in (*right(), *made))
    data = JOURNAL_BYTES
    begin = random.choice((0, 16, _BEHIND_FIRST, _BEHIND_FIRST))
    return data[:begin] + mutated(random, data[begin:])


def _have_journal(data: bytes) -> None:
    raw, state = replay_bytes(data)
    if state.kind == "torn":
        again, ended = replay_bytes(data[: state.offset])
        assert (again, ended.kind) == (raw, "clean")
    known = [rec.encode(record) for record in right()]
    assert raw[: len(known)] == known[: len(raw)], "no record is invented or changed"
    node = b'name = "alpha"\n'
    files = {"journal": data, "node.toml": node, "active.toml": b"format = 1\n"}
    entries = {n: Entry(n, "file", 0o600, 0, len(d), d) for n, d in files.items()}
    found = examine(Look(Path("state"), 0o700, 0, entries), 0)
    assert found.things


# -- configurations


@cache
def _texts() -> tuple[bytes, ...]:
    examples = [file.read_bytes() for file in sorted(EXAMPLES.glob("*.toml"))]
    cases = [*SCHEMA.values(), *NAMES.values(), *CHARACTERS.values(), *MALFORMED.values()]
    return tuple(text for text in (*examples * 4, *cases) if len(text) <= SMALL_BYTES)


def _toml(random: Random) -> bytes:
    text = random.choice(_texts())
    if random.random() < 0.2:
        piece = random.choice(list(HOSTILE.values()))
        start = random.randrange(len(piece))
        place = random.randrange(len(text) + 1)
        text = text[:place] + piece[start : start + 4_000] + text[place:]
    elif random.random() < 0.5:
        return _reworded(random, text)
    elif random.random() < 0.5:
        lines = text.split(b"\n")
        for _ in range(random.choice((1, 1, 2, 5))):
            one, other = random.randrange(len(lines)), random.randrange(len(lines))
            lines[one] = random.choice((lines[other], b"", lines[one] + lines[other]))
        text = b"\n".join(lines)
    return mutated(random, text) if random.random() < 0.7 else text


_WORD = re.compile(rb'"[^"\n]*"|[A-Za-z0-9_.-]+|\[[^\]\n]*\]')
_WORDS = (b'""', b"0", b"-1", b"1", b"true", b"99999999999", b'"alpha"', b"[]", b"{}", b"nan")


def _reworded(random: Random, text: bytes) -> bytes:
    """Return `text` with words in each other's place: TOML still, most of the time."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        found = list(_WORD.finditer(text))
        if not found:
            break
        one, other = random.choice(found), random.choice(found).group()
        word = random.choice((other, other, random.choice(_WORDS)))
        text = text[: one.start()] + word + text[one.end() :]
    return text


def _have_toml(text: bytes) -> None:
    loaded = load(text, "fuzz.toml")
    for report in loaded.reports:
        assert str(report).isprintable(), report
    if loaded.ok and loaded.configuration is not None:
        view = tuple(loaded.configuration.node)
        same = plan(loaded.configuration, loaded.configuration, view=view, owners={}, asked={})
        assert not same.release
    else:
        assert loaded.reports


TARGETS = {
    target.name: target
    for target in (
        Target("frame", _frame, _have_frame),
        Target("message", _messages, _have_messages),
        Target("journal", _journal, _have_journal),
        Target("toml", _toml, _have_toml),
    )
}
