"""Whom each row of a DARE asks, and by when they must have answered. Decides from the plan alone.

Told: the request and who is heard. Asks for nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from nodeagent.config.commands import longest_pre_s, recovers
from nodeagent.config.quorum import majority
from nodeagent.core.effects import DriverAction
from nodeagent.core.groups import limit_s
from nodeagent.core.shared import Shared
from nodeagent.core.table import Step
from nodeagent.model.choice import Choice
from nodeagent.model.configuration import Configuration
from nodeagent.model.happenings import EventName, Happening
from nodeagent.model.ownership import Ballot, Standing
from nodeagent.model.plan import Plan

VALIDATION_MS = 10_000


@dataclass(frozen=True, slots=True)
class Request:
    """What the administrator wants, checked and planned. `base` is what stood when it was asked.

    `probation_seconds` above 0: what it brings returns after that time unless it is confirmed.
    `rehearsed`: what *verify* finds must have this digest. `check`: see `wire.peer.Probation`.
    `asked`: moves and offlines that stay in force with it.
    """

    tx: str
    ballot: Ballot
    slot: int
    packed: bytes
    digest: str
    candidate: Configuration
    plan: Plan
    participants: tuple[str, ...]
    base: Standing
    author: str = ""
    reason: str = ""
    mark: str = ""
    probation_seconds: int = 0
    choices: tuple[Choice, ...] = ()
    rehearsed: str = ""
    check: tuple[str, ...] = ()
    asked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Audiences:
    """Who is asked in each row of one DARE, and how long they may take."""

    shared: Shared
    request: Request
    old: Configuration | None

    def to_lock(self) -> tuple[str, ...]:
        """Return who is asked for the lock."""
        return tuple(dict.fromkeys((*self.request.participants, *self.shared.log.voters)))

    def awaited_for_lock(self) -> tuple[str, ...]:
        """Return who must promise: not a voter that is out by decree and silent.

        Else nobody could change a cluster, or take a dead node out of it, while a voter is down.
        """
        participants, alive = self.request.participants, self.shared.alive
        return tuple(n for n in self.to_lock() if n in participants or alive(n))

    def deciders(self) -> tuple[str, ...]:
        """Return the old and the new voters."""
        return tuple(dict.fromkeys((*self.shared.log.voters, *self.request.candidate.voters())))

    def only_new_voters(self) -> tuple[str, ...]:
        """Return who votes in the new configuration and not in the old one."""
        old = self.shared.log.voters
        return tuple(n for n in self.request.candidate.voters() if n not in old)

    def new_voters_suffice(self, accepted_by: Collection[str]) -> bool:
        """Return whether these and the old voters that stay are a majority of the new voters."""
        candidate = self.request.candidate
        enough = {*accepted_by, *self.shared.log.voters}
        return majority(candidate.voters(), enough, candidate.cluster.tie_breaker)

    def of(self, step: Step) -> tuple[str, ...]:
        """Return who is asked in this row."""
        request = self.request
        if step.name == "lock":
            return self.awaited_for_lock()
        if step.audience == "releasing":
            return tuple(dict.fromkeys(node for _, node in request.plan.release))
        if step.audience == "acquiring":
            return tuple(dict.fromkeys(node for _, node in request.plan.acquire))
        if step.audience == "voters":
            return self.deciders()
        return request.participants

    def limit_ms(self, step: Step) -> int:
        """Return how long this row may take, drivers' own deadlines included."""
        timing = self.shared.timing
        base = timing.step_ms
        if step.name in ("release", "undo-acquire"):
            return base + self._drivers_ms("stop") + self._pre_commands_ms(step)
        if step.name in ("acquire", "undo-release"):
            # What an abort finds half released is stopped before it is acquired again.
            stops = self._drivers_ms("stop") if step.name == "undo-release" else 0
            starts = self._drivers_ms("start") + self._pre_commands_ms(step)
            if self._may_start_again(step):
                starts += self._drivers_ms("stop") + self._drivers_ms("start")
            return base + stops + starts + self.shared.takeover_wait_ms
        if step.name == "verify":
            return base + max(VALIDATION_MS, self._fences_ms())
        if step.name in ("greet", "stage") or (
            step.name == "lock" and self.request.plan.added_nodes  # they fetch history first
        ):
            return base + 3 * timing.dead_after_ms
        return base

    def _fences_ms(self) -> int:
        """Return how long the slowest fence device may take to say that it could do it."""
        nodes = self.request.candidate.node.values()
        return int(1000 * max((f.seconds for n in nodes for f in n.fence.values()), default=0))

    def _drivers_ms(self, action: DriverAction) -> int:
        pairs = (*self.request.plan.release, *self.request.plan.acquire)
        configurations = [c for c in (self.old, self.request.candidate) if c is not None]
        nouns = [c.group[g] for g in {g for g, _ in pairs} for c in configurations if g in c.group]
        return int(1000 * sum(limit_s(r, action) for n in nouns for r in n.resource.values()))

    def _pre_commands_ms(self, step: Step) -> int:
        """Return how long the administrator's commands in these steps may take."""
        return int(1000 * sum(longest_pre_s(c, one) for c, one in self._happenings(step)))

    def _may_start_again(self, step: Step) -> bool:
        """Return whether a start that fails is tried once more, after a recovery command."""
        happenings = [pair for pair in self._happenings(step) if pair[1].event == "group-online"]
        return any(recovers(c, happening) for c, happening in happenings)

    def _happenings(self, step: Step) -> list[tuple[Configuration | None, Happening]]:
        """Return what the administrator's commands can be bound to in one of these steps."""
        plan, candidate = self.request.plan, self.request.candidate
        before: list[tuple[Configuration | None, EventName, tuple[tuple[str, str], ...]]]
        match step.name:
            case "release":
                before = [(self.old, "group-offline", plan.release)]
            case "acquire":
                before = [(candidate, "group-online", plan.acquire)]
            case "undo-acquire":
                before = [(self.old, "group-offline", plan.acquire)]
            case _:  # its release may still go on, with what runs before that
                before = [
                    (self.old, "group-offline", plan.release),
                    (self.old, "group-online", plan.release),
                ]
        return [(c, Happening(event, n, g)) for c, event, pairs in before for g, n in pairs]

    def longest_ms(self, rows: tuple[Step, ...]) -> int:
        """Return the longest time for which nodes may have to wait for their next order."""
        return max(
            self.limit_ms(step) + self.limit_until_all_ms(rows[index + 1 :])
            for index, step in enumerate(rows)
        )

    def limit_until_all_ms(self, rows: tuple[Step, ...]) -> int:
        """Return the limits of the rows that ask only some: the others wait through them."""
        total = 0
        for step in rows:
            if step.audience == "everybody":
                break
            total += self.limit_ms(step)
        return total
