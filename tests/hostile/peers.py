"""Classes 11 to 13: well-formed messages from a key of the cluster that must not be believed.

Class 11 takes what bravo and charlie really said to alpha during two DAREs and tells it again, out
of place and time. Class 12 says it for another cluster. Class 13 forges decrees.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import msgspec

from nodeagent.config.digest import file_digest
from nodeagent.core import effects as fx
from nodeagent.core.log import DecreeLog
from nodeagent.core.records import Record
from nodeagent.model.ownership import Ballot
from nodeagent.wire.codec import pack
from nodeagent.wire.peer import (
    Aborted,
    CatchUp,
    Commit,
    Confirmed,
    Decided,
    Decree,
    Decrees,
    DraftNote,
    EndWanted,
    Envelope,
    FenceNote,
    FenceWanted,
    Forget,
    Message,
    Probation,
    Probe,
    ProbeReply,
    ProgressNote,
    Refuse,
    Relay,
    RunWanted,
    TimesNote,
    Value,
    ViewChange,
    Withdraw,
)
from tests.hostile.target import target
from tests.simulation.machine import Machine
from tests.unit.core.story import Story


@dataclass(frozen=True)
class Word:
    """Something said to alpha, by a sender that its key names."""

    sender: str
    envelope: Envelope


class _Scribe:
    """Writes down what is said to alpha; a watcher of the simulated world."""

    def __init__(self) -> None:
        self.words: list[Word] = []

    def wrote(self, machine: Machine, record: Record) -> None:
        """Records are none of its business."""

    def stepped(self, machine: Machine) -> None:
        """Neither is a step's end."""

    def acts(self, machine: Machine, effect: fx.Effect) -> None:
        """Keep what is sent to alpha."""
        if isinstance(effect, fx.Send) and effect.to == "alpha" and machine.node is not None:
            self.words.append(Word(machine.name, machine.node.envelope(effect.message)))


NOT_PROTOCOL = (ProgressNote, DraftNote, TimesNote)
"""What is said for people and their forecasts: told again, it is shown or counted again."""


@cache
def heard() -> tuple[Story, dict[str, Word]]:
    """Return a cluster after two DAREs and two takeovers, and its last words of each kind."""
    story, scribe = Story(), _Scribe()
    story.world.watchers.append(scribe)
    assert story.dare(story.with_group("mail", "charlie", "alpha")).state == "done"
    for name, group, heir in (("charlie", "mail", "alpha"), ("bravo", "orders", "charlie")):
        story.rest().crash(name)
        _until_owned(story, group, heir)
        story.world.start(name)
    assert story.rest().dare(story.shape, "bravo").state == "done"
    story.rest()
    words: dict[str, Word] = {}
    for word in scribe.words:
        kind = type(word.envelope.message)
        if kind not in NOT_PROTOCOL:
            words[f"{kind.__name__}-{word.sender}"] = word
    for message in _unheard(story.node("alpha").shared.log):
        envelope = story.node("bravo").envelope(message)
        words.setdefault(f"{type(message).__name__}-bravo", Word("bravo", envelope))
    return story, words


def _unheard(log: DecreeLog) -> tuple[Message, ...]:
    """Return words of those kinds that are rare."""
    slot, ballot = log.standing.slot, Ballot(1, "bravo")
    return (
        Decrees(log.since(0)),
        Probe(slot, 1, ("web", "orders")),
        ProbeReply(slot, 1, ()),
        FenceNote(slot, "charlie", log.lives["charlie"], "done", "bravo"),
        FenceWanted(slot, "charlie"),
        Refuse(slot, ballot, "busy"),
        Withdraw(slot, ballot),
        Relay("1.1.alpha.1"),
        EndWanted("1.1.alpha.1", "return"),
        RunWanted("1.1.alpha.1"),
        CatchUp(0),
    )


def _until_owned(story: Story, group: str, node: str) -> None:
    story.until(lambda: story.owner(group) == [node])


def _with(word: Word, **fields: object) -> Word:
    return Word(word.sender, msgspec.structs.replace(word.envelope, **fields))


def _slot(word: Word, slot: int) -> Word | None:
    message = word.envelope.message
    if not hasattr(message, "slot"):
        return None
    return _with(word, message=msgspec.structs.replace(message, slot=slot))


def _ballot(word: Word, ballot: Ballot) -> Word | None:
    message = word.envelope.message
    if not hasattr(message, "ballot"):
        return None
    return _with(word, message=msgspec.structs.replace(message, ballot=ballot))


def replayed() -> dict[str, Word]:
    """Return class 11: old words again, and with old or impossible numbers."""
    found: dict[str, Word | None] = {}
    for name, word in heard()[1].items():
        other = "charlie" if word.sender == "bravo" else "bravo"
        found |= {
            f"{name}-again": word,
            f"{name}-by-another": Word(other, word.envelope),
            f"{name}-by-a-stranger": Word("zulu", word.envelope),
            f"{name}-by-itself": Word("alpha", word.envelope),
            f"{name}-old-life": _with(word, incarnation=1),
            f"{name}-later-life": _with(word, incarnation=2**62),
            f"{name}-old-generation": _with(word, generation=0),
            f"{name}-later-generation": _with(word, generation=7),
            f"{name}-slot-0": _slot(word, 0),
            f"{name}-slot-before": _slot(word, -1),
            f"{name}-slot-far": _slot(word, 2**62),
            f"{name}-ballot-0": _ballot(word, Ballot()),
            f"{name}-ballot-far": _ballot(word, Ballot(2**62, "bravo")),
        }
    return {name: word for name, word in found.items() if word is not None}


def of_other_clusters() -> dict[str, Word]:
    """Return class 12: every kind of word, said for a cluster that is not this one."""
    root = heard()[0].node("alpha").shared.log.root
    clusters = {"zeros": "0" * 64, "short": root[:-1], "upper": root.upper(), "other": "box"}
    return {
        f"{name}-{which}": _with(word, cluster=cluster)
        for name, word in heard()[1].items()
        for which, cluster in clusters.items()
    }


# -- class 13: decrees that nobody decided


def _commit(text: str, **fields: object) -> Commit:
    data = text.encode()
    commit = Commit("tx", 2, file_digest(data), pack(data), {}, {})
    return msgspec.structs.replace(commit, **fields)


def _values() -> Iterator[tuple[str, Value, tuple[str, ...]]]:
    """Yield values for the open slot with acceptances that do not decide them."""
    text = target().with_group().text
    other = text.replace('name = "box"', 'name = "box"\nvoters = ["charlie"]')
    view = ViewChange({}, {"web": "bravo"})
    both = ("alpha", "bravo")
    yield "nobody", view, ()
    yield "one", view, ("bravo",)
    yield "one-twice", view, ("bravo", "bravo", "bravo")
    yield "strangers", view, ("xray", "yankee", "zulu")
    yield "one-and-strangers", view, ("bravo", "xray", "yankee", "zulu")
    yield "other-case", view, ("Alpha", "Bravo", "Charlie")
    yield "commit-of-one", _commit(text), ("bravo",)
    yield "commit-without-new-voters", _commit(other), both
    yield "abort-of-one", Aborted("tx"), ("charlie",)
    yield "forget-of-one", Forget("charlie"), ("charlie",)
    yield "confirmed-of-one", Confirmed("genesis"), ("bravo",)
    yield "probation-of-one", _commit(text, probation=Probation(1, 1)), ("charlie",)
    yield "other-digest", _commit(text, digest="0" * 64), both
    yield "no-digest", _commit(text, digest=""), both
    yield "other-file", _commit(text, file=pack(b"format = 1\n")), both
    yield "not-packed", _commit(text, file=text.encode()[:1000]), both
    yield "cut-file", _commit(text, file=pack(text.encode())[:-9]), both
    yield "bomb", _commit(text, file=pack(bytes(64 << 20))), both
    yield "empty-file", _commit(text, file=b""), both
    yield "unreadable", _commit("[cluster]\nname = 7\n"), both
    yield "binary", _commit("\0\1\2"), both
    yield "no-voters", _commit("format = 1\n[cluster]\nname = 'box'\n"), both
    yield "forced", _commit(text, generation=2), ()
    yield "forced-with-votes", _commit(text, generation=2), both
    yield "forced-far", _commit(text, generation=2**62), ()


@cache
def forged() -> dict[str, Word]:
    """Return class 13: decrees without the acceptances they need, or out of the chain."""
    node = target().node("alpha")
    log, root = node.shared.log, node.shared.log.root
    slot, last, incarnation = log.next_slot, log.last_digest, node.shared.incarnation
    good = ViewChange(dict(log.standing.view), dict(log.standing.owners))
    votes = ("alpha", "bravo")
    made = {
        name: Decree(slot, value, Ballot(9, "bravo"), last, by) for name, value, by in _values()
    } | {
        "fenced-one": Decree(slot, good, Ballot(9, "bravo"), last, ("bravo",), ("charlie",)),
        "fenced-me": Decree(slot, good, Ballot(9, "bravo"), last, ("bravo",), ("alpha",)),
        "chain-zeros": Decree(slot, good, Ballot(9, "bravo"), "0" * 64, votes),
        "chain-empty": Decree(slot, good, Ballot(9, "bravo"), "", votes),
        "chain-of-before": Decree(slot, good, Ballot(9, "bravo"), log.decrees[-1].previous, votes),
        "chain-of-root": Decree(slot, good, Ballot(9, "bravo"), root, votes),
        "another-first": Decree(0, _commit(target().with_group().text), Ballot(), "", votes),
        "another-second": Decree(1, Forget("alpha"), Ballot(9, "bravo"), root, votes),
        "slot-before-all": Decree(-1, good, Ballot(9, "bravo"), "", votes),
        "slot-far": Decree(2**62, good, Ballot(9, "bravo"), last, votes),
    }
    words: dict[str, Word] = {}
    for name, decree in made.items():
        messages: tuple[Message, ...] = (Decided(decree), Decrees((decree, decree)))
        for message in messages:
            kind = type(message).__name__.lower()
            words[f"{kind}-{name}"] = Word("bravo", Envelope(1, root, 1, incarnation, message))
    return words
