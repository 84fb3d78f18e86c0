"""Mutants of the DARE: suspension, the order of its steps, undo, files, and what is told."""

from typing import Any

from msgspec import structs

from nodeagent.core import coordinator as coordinator_module
from nodeagent.core import desk
from nodeagent.core.coordinator import Coordinator
from nodeagent.core.decree import Lock
from nodeagent.core.effects import Activate, DropTemporary, Effect
from nodeagent.core.event_queue import ClusterEvent, EventQueue
from nodeagent.core.events import Now
from nodeagent.core.governor import Governor
from nodeagent.core.heartbeat import Heartbeats
from nodeagent.core.keeper import Keeper
from nodeagent.core.node import Node
from nodeagent.core.participant import Participant
from nodeagent.core.records import Staged
from nodeagent.core.shared import Shared
from nodeagent.core.table import Step, rows_for
from nodeagent.wire.peer import Aborted, Commit, Decided, Decree
from tests.simulation.mutants_kit import Mutant, always, nothing, original

_TICK = original(Node, "_tick")
_START = original(Node, "start")
_STEP = original(Node, "step")
_LOCKED = original(Participant, "locked")
_PREPARE_DARE = original(desk, "prepare_dare")
_PERSIST = original(Shared, "persist")
_HEARD = original(Heartbeats, "heard")


def _gives_up_alone(self: Node, tick: object) -> None:
    """Take a DARE back as soon as its deadline is over, as two-phase commit without votes does."""
    opened, log = self.participant.open, self.shared.log
    if self.participant.in_doubt and opened is not None and opened.staged is not None:
        value, ballot = Aborted(opened.tx, "no news", opened.staged.owners), opened.ballot
        self.extend(Decree(log.next_slot, value, ballot, log.last_digest, log.voters))
    _TICK(self, tick)


def _suspended_for_ever(self: Participant) -> bool:
    return self.open is not None and self.open.staged is not None


def _commits_alone(self: Node, tick: object) -> None:
    """What a third phase with a time-out does: ready, and nothing heard, so it must be yes."""
    opened, log = self.participant.open, self.shared.log
    if self.participant.in_doubt and opened is not None and opened.staged is not None:
        staged, ballot = opened.staged, opened.ballot
        view = {n: life or log.standing.view.get(n, 1) for n, life in staged.view.items()}
        epoch, packed = log.standing.epoch + 1, staged.file
        value = Commit(staged.tx, epoch, staged.digest, packed, view, staged.owners)
        voters = tuple(dict.fromkeys((*log.voters, *log.voters_after(value))))
        self.extend(Decree(log.next_slot, value, ballot, log.last_digest, voters))
    _TICK(self, tick)


def _no_redo(self: Node, now: Now) -> list[Effect]:
    effects: list[Effect] = _START(self, now)
    return [effect for effect in effects if not isinstance(effect, Activate)]


def _draft_at_start(self: Node, now: Now) -> list[Effect]:
    """Copy default to active at every start, as block 84 says."""
    effects: list[Effect] = _START(self, now)
    standing, draft = self.shared.log.standing, self.shared.draft
    if standing.epoch and draft and draft != self.shared.log.active:
        effects.append(Activate(standing.epoch, self.shared.draft_digest, draft))
    return effects


def _extends_suspension(self: Participant, lock: Lock, slot: int) -> None:
    _LOCKED(self, lock, slot)
    if self.open is not None:
        self.open.deadline_ms = self.shared.now.ms + self.shared.timing.suspend_ms


def _acquire_first(*, topology: bool, resources: bool) -> tuple[Step, ...]:
    rows = list(rows_for(topology=topology, resources=resources))
    release = [row for row in rows if row.name == "release"]
    if not release:
        return tuple(rows)
    rows.remove(release[0])
    at = next(index for index, row in enumerate(rows) if row.name == "acquire")
    return (*rows[: at + 1], release[0], *rows[at + 1 :])


def _takes_stale(shared: Shared, apply: Any, *rest: Any) -> Any:
    return _PREPARE_DARE(shared, structs.replace(apply, base=shared.log.standing.digest), *rest)


def _forgets_staged(self: Shared, record: Any) -> None:
    if not isinstance(record, Staged):
        _PERSIST(self, record)


def _keeps_temporary(self: Node, event: object, now: object) -> list[Effect]:
    effects: list[Effect] = _STEP(self, event, now)
    return [effect for effect in effects if not isinstance(effect, DropTemporary)]


def _drops_events(self: EventQueue, *, suspended: bool) -> tuple[ClusterEvent, ...]:
    taken = tuple(self._waiting)
    self._waiting.clear()
    return () if suspended else taken


def _any_life(self: Heartbeats, peer: str, *rest: Any, **more: Any) -> bool:
    known = self.peers.get(peer)
    if known is not None:  # as if it were of the first life: then any other is newer
        known.beat = structs.replace(known.beat, incarnation=0, sequence=0)
    return bool(_HEARD(self, peer, *rest, **more))


def _looks_away(_: Coordinator, __: str, m: Any) -> str:
    return "" if m.ok else m.reason or "failed"


def _told_to_members_alone(self: Node, decree: Decree, _: object) -> None:
    configuration = self.shared.log.configuration
    nodes = set(configuration.node) if configuration is not None else set()
    self.shared.send_all(sorted(nodes - {self.shared.name}), Decided(decree))


MUTANTS = (
    Mutant(
        "unilateral abort",
        "a node in doubt asks the voters, it does not undo by itself",
        ((Node, "_tick", _gives_up_alone),),
    ),
    Mutant(
        "no deadline on the suspension",
        "a suspension ends by the node's own clock",
        ((Participant, "suspended", property(_suspended_for_ever)),),
    ),
    Mutant(
        "nobody terminates",
        "a DARE whose coordinator is gone is finished by another voter",
        ((Participant, "in_doubt", always(False)), (Governor, "_must_terminate", lambda _: False)),
    ),
    Mutant(
        "commits by itself after a time-out",
        "being ready is no decision (the time-out rule of three-phase commit)",
        ((Node, "_tick", _commits_alone),),
    ),
    Mutant(
        "no redo of a decided configuration",
        "what was decided before a crash is activated after it",
        ((Node, "start", _no_redo),),
    ),
    Mutant(
        "draft activated at start",
        "only a decided configuration becomes active (the trap of block 84)",
        ((Node, "start", _draft_at_start),),
    ),
    Mutant(
        "repeated prepare extends the suspension",
        "what is asked again changes no deadline",
        ((Participant, "locked", _extends_suspension),),
    ),
    Mutant(
        "acquire before release",
        "groups are released everywhere before anybody acquires them",
        (
            (coordinator_module, "rows_for", _acquire_first),
            (Participant, "_wanting", lambda *_: ""),
        ),
    ),
    Mutant(
        "staged is not on disk",
        "a restarted node knows which DARE it had staged",
        ((Shared, "persist", _forgets_staged),),
    ),
    Mutant(
        "an open DARE is forgotten at a restart",
        "what the journal left open is taken up again",
        ((Participant, "restored", nothing),),
    ),
    Mutant(
        "undo forgotten",
        "what was started for an aborted DARE is stopped again",
        ((Keeper, "undo_tentative", nothing),),
    ),
    Mutant(
        "a release goes on after the abort",
        "what nobody wants to move any more is not stopped",
        ((Keeper, "_take_back", nothing),),
    ),
    Mutant(
        "temporary file is not dropped",
        "nothing of a DARE is left when it has ended",
        ((Node, "step", _keeps_temporary),),
    ),
    Mutant(
        "the temporary file is not compared",
        "all have the same bytes before anything is released",
        ((Coordinator, "_problem", _looks_away),),
    ),
    Mutant(
        "a stale draft is taken",
        "a draft is applied to the configuration it was made from",
        ((desk, "prepare_dare", _takes_stale),),
    ),
    Mutant(
        "deaths seen while suspended are forgotten",
        "what happens during a DARE waits in the event queue",
        ((EventQueue, "take", _drops_events),),
    ),
    Mutant(
        "an old life's heartbeats are believed",
        "a late heartbeat of an earlier life says nothing",
        ((Heartbeats, "heard", _any_life),),
    ),
    Mutant(
        "a death does not end the DARE",
        "any participant's death before the decision ends the DARE",
        ((Coordinator, "_notice_deaths", nothing), (Coordinator, "_notice_losses", nothing)),
    ),
    Mutant(
        "removed and added nodes are not told of the end",
        "who is in one of the two configurations only hears of the decision, too",
        ((Node, "_announce", _told_to_members_alone), (Node, "_leaving", nothing)),
    ),
)
