"""A COMMIT on probation: how long it may still stand here, and when the previous one returns.

Every node counts for itself, from where the COMMIT came into force there; after a restart the whole
time begins anew, so a probation ends later for it, never earlier. Whichever voter is through first,
or sees that health is lost, runs a DARE to the previous configuration as an administrator would,
and tries again until one of them has done it. A confirmation is a decree, so nobody can miss it.

Told: what a node knows, at each tick. Decides when to return; the node runs the DARE. Asks for the
administrator's check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodeagent.core.effects import RunCheck
from nodeagent.model.ownership import NOBODY
from nodeagent.wire.live import ProbationLive
from nodeagent.wire.peer import Confirmed

if TYPE_CHECKING:
    from nodeagent.core.events import DriverFinished, FenceFinished
    from nodeagent.core.log import OnProbation
    from nodeagent.core.shared import Shared
    from nodeagent.wire.peer import EndWanted

MARK = "probation"
"""By this mark of its record all agents know a return."""
SICK_BEATS = 3
"""A group may be away for so many times `dead-after-ms`: longer than a restart in its place."""
RANK_MS = 1_000
PAUSE_MS = 2_000
PAUSE_MAX_MS = 10_000
CHECK_MS = 5_000
CHECK_LIMIT_S = 10.0
"""An administrator's check is run so often, and may take so long."""
CONFIRM_MS = 10_000
"""A confirmation that could not be decided for so long is given up; it may be given again."""


class ProbationWatch:
    """Counts one probation after the other on this node."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.returning = ""
        self._tx = ""
        self._sick_ms: dict[str, int] = {}
        self._asked = ""
        self._confirm_until_ms = 0
        self._idle_ms = 0
        self._attempts = 0
        self._was_busy = False
        self._problem = ""
        self._check_op = 0
        self._checked_ms = 0
        self._check_failed = ""

    # -- what others ask

    @property
    def left_ms(self) -> int:
        """Return what is left of the open probation by this node's count."""
        return max(0, self.shared.probation_until_ms - self.shared.now.ms)

    def live(self) -> ProbationLive | None:
        """Return what consoles are told of the open probation, None where there is none."""
        probation = self._follow()
        if probation is None:
            return None
        return ProbationLive(
            tx=self._tx,
            previous=probation.terms.previous,
            seconds=probation.terms.seconds,
            left_ms=self.left_ms,
            author=probation.commit.author,
            returning=self.returning,
            problem=self._problem or self._last_failure(),
        )

    def _last_failure(self) -> str:
        """Return why the newest return came to nothing, whoever ran it."""
        run, standing = self.shared.run, self.shared.log.standing
        if run is None or run.mark != MARK or run.base_digest != standing.digest:
            return ""
        return run.text if run.state in ("refused", "aborted") else ""

    # -- what administrators ask

    def wanted(self, m: EndWanted) -> None:
        """Take an administrator's wish for the end, handed on by whichever agent was asked."""
        probation = self._follow()
        if probation is None or probation.commit.tx != m.tx:
            return
        if m.end == "return":
            self._asked = f"{m.author or 'an administrator'} asked for it"
        elif not self.returning:
            self.shared.confirming = Confirmed(m.tx, m.author)
            self._confirm_until_ms = self.shared.now.ms + CONFIRM_MS

    # -- time

    def tick(self, *, busy: bool) -> str:
        """Look at the open probation; returns why this node must bring the previous one back now.

        Empty: nothing is to be done, or it is another one's turn. `busy`: a DARE is open.
        """
        probation, now = self._follow(), self.shared.now.ms
        if probation is None:
            return ""
        if now >= self._confirm_until_ms:
            self.shared.confirming = None
        self._count_attempts(busy=busy)
        self._check(probation)
        if busy or self.shared.confirming is not None:
            return ""
        ill = self._check_failed or self._unhealthy(probation)
        reason = self._asked or ill or self._over(probation)
        if reason and not self.returning:
            self.returning, self._idle_ms = reason, now
            text = f"returns to epoch {probation.terms.previous}: {reason}"
            self.shared.tell("warning", self._tx, text)
        if not self.returning or now - self._idle_ms < self._pause_ms():
            return ""
        return self.returning

    def _follow(self) -> OnProbation | None:
        """Return the open probation, and begin to count where it is another one than before."""
        probation = self.shared.log.probation
        tx = probation.commit.tx if probation is not None else ""
        if tx != self._tx:
            self._begin(tx, probation)
        return probation

    def _begin(self, tx: str, probation: OnProbation | None) -> None:
        self._tx, self._idle_ms = tx, self.shared.now.ms
        self._sick_ms, self._asked, self.returning = {}, "", ""
        self._attempts, self._was_busy, self._problem = 0, False, ""
        self.shared.confirming = None
        self._check_op, self._checked_ms, self._check_failed = 0, self.shared.now.ms, ""
        if probation is not None:
            self.shared.probation_until_ms = self.shared.now.ms + probation.terms.seconds * 1000

    def _count_attempts(self, *, busy: bool) -> None:
        """Wait longer after each DARE that did not end it, whoever ran it."""
        if busy:
            self._idle_ms, self._problem = self.shared.now.ms, ""
            self._attempts += not self._was_busy and bool(self.returning)
        self._was_busy = busy

    def _pause_ms(self) -> int:
        """Return how long this node leaves it to the others, and the cluster to itself."""
        alive = [voter for voter in self.shared.log.voters if self.shared.alive(voter)]
        if self.shared.name not in alive:
            return 1 << 62  # who has no vote leaves it to those who have
        rank_ms = alive.index(self.shared.name) * RANK_MS
        if not self._attempts:
            return rank_ms
        return rank_ms + min(PAUSE_MS << min(self._attempts - 1, 10), PAUSE_MAX_MS)

    def tried(self, problem: str) -> None:
        """Take that a return began here, or why it could not even do that; it is tried again.

        It counts at once: one that is refused quickly is over before the next tick sees it.
        """
        self._problem = problem
        self._attempts += 1
        self._was_busy = not problem
        self._idle_ms = self.shared.now.ms

    @property
    def first_try(self) -> bool:
        """Return whether no return was tried yet: later ones ask for less."""
        return self._attempts == 0

    # -- health

    def _check(self, probation: OnProbation) -> None:
        """Run the administrator's check again, some while after the last one has ended."""
        shared, arguments = self.shared, probation.terms.check
        votes = shared.name in shared.log.voters and shared.is_member
        if not arguments or not votes or self._check_op or self.returning:
            return
        if shared.now.ms - self._checked_ms >= CHECK_MS:
            self._check_op = shared.new_op()
            shared.out.append(RunCheck(self._check_op, arguments, CHECK_LIMIT_S))

    def checked(self, event: DriverFinished | FenceFinished) -> bool:
        """Take the result of the check; returns whether it is one. A single failure counts."""
        if not self._check_op or event.op != self._check_op:
            return False
        self._check_op, self._checked_ms = 0, self.shared.now.ms
        if not event.ok:
            self._check_failed = f"the check failed on {self.shared.name}: {event.text}"
        return True

    def _over(self, probation: OnProbation) -> str:
        if self.left_ms:
            return ""
        return f"not confirmed within {probation.terms.seconds} s"

    def _unhealthy(self, probation: OnProbation) -> str:
        """Return what was well before the change and is not any more, empty while all is."""
        standing, commit = self.shared.log.standing, probation.commit
        lost = [node for node in commit.view if node not in standing.view]
        if lost:
            return f"{lost[0]} was lost"
        watched = [group for group in probation.terms.online if commit.owners.get(group)]
        return next(filter(None, (self._sick(group) for group in watched)), "")

    def _sick(self, group: str) -> str:
        """Return how a group is, empty if it is online or away for a moment only.

        Of a node that is not heard here others know more, or it is out by decree soon.
        """
        shared, now = self.shared, self.shared.now.ms
        owner = shared.log.standing.owners.get(group, NOBODY)
        state = shared.group_state(group, owner) if owner else "offline"
        if state == "online" or (owner and not shared.alive(owner)):
            self._sick_ms.pop(group, None)
            return ""
        since = self._sick_ms.setdefault(group, now)
        patience = 0 if state == "error" else SICK_BEATS * shared.timing.dead_after_ms
        if now - since < patience:
            return ""
        return f"{group} is {state}" + (f" on {owner}" if owner else "")
