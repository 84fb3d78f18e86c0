"""One resource group on this node: acquire in order, release in reverse, watch, restart.

The runner holds a queue of driver actions and has at most one of them under way. `held` is true
from before the first start until after the last stop: that is what a probe is answered by, so that
another node never starts what may still run here. A failed start turns the queue round; a failed
stop is tried again and keeps the group held.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec
from msgspec import UNSET

from nodeagent.config.effects import is_told
from nodeagent.config.instances import is_concurrent
from nodeagent.core.claims import claim_of, claims_of
from nodeagent.core.effects import (
    DriverAction,
    Effect,
    EndCommand,
    Persist,
    RunCommand,
    RunDriver,
)
from nodeagent.core.events import CommandTalked, DriverFinished, Now
from nodeagent.core.pre_commands import PreCommands
from nodeagent.core.records import Holding
from nodeagent.core.slow import Pace
from nodeagent.model.attachment import NOWHERE, Attachment
from nodeagent.model.configuration import Group, Resource, ServiceAddress
from nodeagent.model.happenings import EventName
from nodeagent.model.health import GroupState, ResourceState
from nodeagent.model.moves import GROUP_MOVES, may_follow
from nodeagent.model.operations import operations
from nodeagent.model.ownership import Token
from nodeagent.model.reports import Severity
from nodeagent.model.times import Timed
from nodeagent.wire.live import GroupLive, ResourceLive

EXPIRES_S = 60.0
"""For a group whose configuration is not known any more."""
TOLERABLE = ("unwell", "timeout")
STOP_RETRY_MS = 1_000
_STOPPED: frozenset[ResourceState] = frozenset({"stopped"})
_WATCHED: frozenset[ResourceState] = frozenset({"started"})
_WATCHED_ON_HOLD: frozenset[ResourceState] = frozenset({"started", "failed"})
_NEWS: dict[GroupState, tuple[Severity, str, EventName]] = {
    "online": ("note", "online here", "group-online"),
    "offline": ("note", "offline here", "group-offline"),
    "error": ("error", "in error here", "group-error"),
}
"""What lasts is told once; a restart on the same node ends in what it was."""
_WORKING: dict[DriverAction, ResourceState] = {"start": "starting", "stop": "stopping"}


def limit_s(resource: Resource, action: DriverAction) -> float:
    """Return the deadline of a driver action in seconds."""
    return operations(resource).limit_s(action)


@dataclass(frozen=True, slots=True)
class GroupNews:
    """Something to tell: an event line about a group. `event`: commands can be bound to it."""

    severity: Severity
    text: str
    cause: str = ""
    event: EventName | Literal[""] = ""


class _PreCommandsOf(Protocol):
    def __call__(
        self, group: str, event: EventName, cause: str, *, tentative: bool
    ) -> PreCommands: ...


def _no_commands(group: str, event: EventName, cause: str, *, tentative: bool) -> PreCommands:
    del group, event, cause, tentative
    return PreCommands(())


def _detail(name: str, text: str, evidence: tuple[str, ...]) -> str:
    return f"{name}: {text}" + (f" | {evidence[-1]}" if evidence else "")


def _no_adapter(_network: str, _current: str) -> Attachment:
    return NOWHERE


class GroupRunner:
    """The life of one group on this node.

    `attach(network, current)` says on which adapter a service address belongs that is on `current`.
    `pre_commands` says what is to be run before it is acquired or released.
    """

    def __init__(
        self,
        name: str,
        new_op: Callable[[], int],
        attach: Callable[[str, str], Attachment] = _no_adapter,
        pre_commands: _PreCommandsOf = _no_commands,
    ) -> None:
        self.name = name
        self.state: GroupState = "offline"
        self.text = ""
        self.since = 0.0
        self.failures = 0
        self.restarts = 0
        self.token = Token()
        self.tentative = False
        self.group: Group | None = None
        self.resources: dict[str, ResourceState] = {}
        self.news: list[GroupNews] = []
        self.timed: list[Timed] = []
        self.changed = True
        self.stuck = False
        self._new_op = new_op
        self._started_as: dict[str, Resource] = {}
        self._queue: deque[tuple[DriverAction, str]] = deque()
        self._op: tuple[int, DriverAction | Literal["command"], str] | None = None
        self._began_ms = 0
        self._pace: Pace | None = None
        self._pre_commands, self._pre = pre_commands, PreCommands(())
        self._may_refuse = False
        self.refused = ""
        self.cause = ""
        self._told: GroupState = "offline"
        self._noted_ms = -1
        self._goal: GroupState = "offline"
        self._refuse = ""
        self._exit: tuple[str, str] | None = None
        self._retry_ms = 0
        self._monitor_ms: dict[str, int] = {}
        self._failed_ms = 0
        self._well_ms = 0
        self._bad_runs: dict[str, int] = {}
        self._attach = attach
        self._placed: dict[str, Attachment] = {}
        self._moving: dict[str, str] = {}
        self._moved: dict[str, str] = {}
        self._handed = False

    # -- what others ask

    @property
    def held(self) -> bool:
        """Return whether any part of the group may be running here."""
        busy = self._op is not None and self._op[1] != "monitor"
        return busy or bool(self._queue) or not _STOPPED.issuperset(self.resources.values())

    @property
    def uses(self) -> frozenset[str]:
        """Return what the group may be using here, as it runs or is about to (`core.claims`)."""
        if not self.held or self.group is None or is_concurrent(self.group):
            return frozenset()
        running = (r for n, r in self._started_as.items() if self.resources.get(n) != "stopped")
        return claims_of(self.group) | frozenset(map(claim_of, running))

    @property
    def settled(self) -> bool:
        """Return whether nothing is under way."""
        return not self._queue and (self._op is None or self._op[1] == "monitor")

    def monitors(self, op: int) -> bool:
        """Return whether the action `op` is a monitor that is under way here."""
        return self._op is not None and self._op[0] == op and self._op[1] == "monitor"

    @property
    def whole(self) -> tuple[Group, Token, dict[str, str]] | None:
        """Return what a later life could take over: all runs as it stands in the group, else None.

        With the token and the adapters of the service addresses.
        """
        group = self.group
        if self.state != "online" or not self.settled or self._exit or self.tentative or not group:
            return None
        for name, resource in group.resource.items():
            before = self._started_as.get(name)
            if self.resources.get(name) != "started":
                return None
            if before is not resource and before != resource:
                return None
        return group, self.token, {name: at.adapter for name, at in self._placed.items()}

    @property
    def failed(self) -> bool:
        """Return whether the group failed here lately and must not be placed here."""
        return self.state == "error"

    def live(self) -> GroupLive:
        """Return what the heartbeat says of this group."""
        resources = tuple(
            ResourceLive(n, s, self._moved.get(n, "")) for n, s in self.resources.items()
        )
        text = "; ".join(filter(None, (self.text, self.doing)))
        return GroupLive(
            self.name, self.state, self.since, text, self.failures, resources, self.stuck or UNSET
        )

    @property
    def doing(self) -> str:
        """Return what takes long here at present, and how it goes; "" for nothing."""
        return self._pace.text if self._pace else ""

    def note_problem(self, text: str, now: Now) -> None:
        """Show something that changes nothing about an online group, while a failure counts."""
        if self.state == "online" and not self.waits_for_recovery:
            self.text, self.changed, self._noted_ms = text, True, now.ms

    # -- orders

    def acquire(
        self,
        group: Group,
        token: Token,
        now: Now,
        *,
        refuse: str = "",
        tentative: bool = False,
        handed: bool = False,
        cause: str = "",
    ) -> list[Effect]:
        """Start all resources in order. `refuse` makes it fail at the end, for a drill.

        `tentative`: for a configuration that is not decided yet. `handed`: it was online until its
        owner released it for this.
        """
        assert not self.held, "a held group is not acquired again"
        self.group, self.token, self._refuse = group, token, refuse
        self.tentative, self._handed = tentative, handed
        self.resources = dict.fromkeys(group.resource, "stopped")
        self.restarts = 0
        self._goal = "online"
        self._placed, self._moving, self._moved = {}, {}, {}
        self._queue = deque(("start", name) for name in group.resource)
        self.cause, self.refused = cause, ""
        self._pre = self._pre_commands(self.name, "group-online", cause, tentative=tentative)
        self._become("acquiring", "", now)
        return [Persist(Holding(self.name, held=True)), *self._next(now)]

    def inherit(
        self, group: Group, running: dict[str, Resource], now: Now, text: str
    ) -> list[Effect]:
        """Stop what an earlier agent started and nobody could end; held until it is stopped."""
        assert not self.held, "an agent inherits before it acquires"
        self.group = group
        self._started_as = dict(running)
        self.resources = dict.fromkeys(group.resource, "stopped")
        self.resources |= dict.fromkeys(running, "failed")
        return self.release(now, text=text)

    def adopt(self, group: Group, token: Token, placed: dict[str, Attachment], now: Now) -> None:
        """Go on with a group that an earlier life left online, and that its drivers took over."""
        assert not self.held, "an agent adopts before it acquires"
        self.group, self.token, self._placed = group, token, dict(placed)
        self._started_as = dict(group.resource)
        self.resources = dict.fromkeys(group.resource, "started")
        self._goal, self._well_ms = "online", now.ms
        self._told = "online"  # it was that before, so nothing happened
        self._become("online", "", now)

    def release(
        self,
        now: Now,
        goal: GroupState = "offline",
        text: str = "",
        *,
        cause: str = "",
        urgent: bool = False,
        may_refuse: bool = False,
    ) -> list[Effect]:
        """Stop everything in reverse order; ends in `goal`.

        Of an online group the pre commands run first, unless it is `urgent` or has failed. If they
        fail, that is told and nothing more; with `may_refuse` the group stays online, and `refused`
        says why.
        """
        self.cause, self.refused = cause or text, ""
        ended = self._end_commands()
        if not self.held:
            self._become(goal, text, now)
            return ended
        if self.state == "online" and goal == "offline" and not urgent:
            self._pre = self._pre_commands(self.name, "group-offline", self.cause, tentative=False)
        self._may_refuse = may_refuse and self._exit is None
        self._goal = goal
        self._exit = None
        self.stuck = False
        self._moving = {}
        self._queue = deque(
            ("stop", name) for name, s in reversed(self.resources.items()) if s != "stopped"
        )
        if self._op is not None and self._op[1] == "start" and self._queue_lacks(self._op[2]):
            self._queue.appendleft(("stop", self._op[2]))
        self._become("releasing", text, now)
        return [*ended, *self._next(now)]

    def hurry(self, now: Now) -> list[Effect]:
        """Wait for no pre command any more: what is released must be stopped now."""
        if self.state != "releasing" or self._op is None or self._op[1] != "command":
            return []
        text = "a pre command was ended, for the release cannot wait"
        self.news.append(GroupNews("warning", text))
        return [*self._end_commands(), *self._next(now)]

    def stay(self, group: Group, now: Now) -> list[Effect]:
        """Take a release back while nothing is stopped yet; afterwards it goes on to its end.

        `group` is as what it is wanted: another one must be stopped, and started as that.
        """
        untouched = all(state == "started" for state in self.resources.values())
        if self.state != "releasing" or self._goal != "offline" or not untouched:
            return []
        if self.tentative or self.group != group:
            return []
        ended = self._end_commands()
        self._queue.clear()
        self._goal = "online"
        self._become("online", "", now)
        text = "its release was taken back before anything was stopped"
        why = f"{text}; the pre command was ended" if ended else text
        self.news.append(GroupNews("note", why, self.cause))
        return ended

    def _end_commands(self) -> list[Effect]:
        self._pre = PreCommands(())
        if self._op is None or self._op[1] != "command":
            return []
        op, self._op, self._pace = self._op[0], None, None
        return [EndCommand(op)]

    def follow(self, now: Now) -> list[Effect]:
        """Move service addresses off adapters that failed, to where they belong on this node.

        The other resources go on: an address alone is stopped and started again. A monitor that is
        under way is not waited for.
        """
        if self.state != "online" or self._exit is not None:
            return []
        for name, at in self._placed.items():
            if name in self._moving or self.resources.get(name) != "started":
                continue
            if self._belongs(name, at.adapter).adapter != at.adapter:
                self._moving[name] = at.adapter
                self._queue.extend((("stop", name), ("start", name)))
        if not self._queue:
            return []
        if self._op is not None and self._op[1] == "monitor":
            self._op = None
        return self._next(now) if now.ms >= self._retry_ms else []

    def _belongs(self, name: str, current: str) -> Attachment:
        resource = self.group.resource.get(name) if self.group else None
        if not isinstance(resource, ServiceAddress):
            return Attachment(current)
        return self._attach(resource.network, current)

    def _queue_lacks(self, name: str) -> bool:
        return all(waiting != name for _, waiting in self._queue)

    def update(self, group: Group) -> None:
        """Take new values of an untouched or reloaded group (monitors, deadlines, order).

        What is being stopped is stopped as it was started.
        """
        if self.state != "releasing":
            self.group = group

    def forgive(self, now: Now) -> None:
        """Forget failures: the group's configuration changed or its time is over."""
        if self.state == "error" and not self.held:
            self.failures = 0
            self._become("offline", "", now)

    # -- what happens

    def finished(self, event: DriverFinished, now: Now) -> list[Effect]:
        """Take the result of the action that is under way."""
        if self._op is None or self._op[0] != event.op:
            return []
        _, action, name = self._op
        self._op, self._pace = None, None
        if action == "command":
            return self._commanded(event, now)
        if event.ok and event.seconds > 0 and action != "validate":
            self.timed.append(Timed(self.name, name, action, max(0, now.ms - self._began_ms)))
        if action == "monitor":
            return self._monitored(name, event, now)
        if action == "reload":
            return self._reloaded(name, event, now)
        if action == "stop":
            return self._stopped(name, event, now)
        return self._started(name, event, now)

    def talked(self, event: CommandTalked) -> None:
        """Note the last line that a pre command printed."""
        if self._op is not None and self._op[0] == event.op and self._pace is not None:
            self._pace.output = event.text

    def _commanded(self, event: DriverFinished, now: Now) -> list[Effect]:
        """Go on after a pre command, or with the failure of its step."""
        told = self._pre.finished(event)
        if told:
            self.news.append(GroupNews("note" if event.ok else "error", told, self.cause))
        problem = self._pre.problem
        if not problem:
            return self._next(now)
        if self.state == "acquiring":
            self.failures += 1
            self._failed_ms = now.ms
            failed = f"{self.text}; " if self.text else ""  # the start that it was to recover
            return self.release(now, "error", failed + problem, urgent=True)
        if self._may_refuse and all(state == "started" for state in self.resources.values()):
            self.refused, self._goal = problem, "online"
            self._queue.clear()
            self._become("online", "", now)
            self.note_problem(problem, now)
            return []
        self._pre = PreCommands(())
        return self._next(now)

    def _started(self, name: str, event: DriverFinished, now: Now) -> list[Effect]:
        self.resources[name] = "started" if event.ok else "failed"
        self.changed = True
        if self._goal != "online":
            return self._next(now)  # a release was asked for meanwhile
        if event.ok and self._refuse and not self._queue:
            return self._fail(name, self._refuse, (), now)
        if not event.ok:
            again = self._start_again(name, event, now)
            return again or self._fail(name, event.text, event.evidence, now)
        if name in self._moving:
            self._tell_of_move(name, self._moving.pop(name), self._placed[name].adapter)
        return self._next(now)

    def _tell_of_move(self, name: str, old: str, new: str) -> None:
        if old == new:
            self.news.append(GroupNews("note", f"{name} stays on {old}"))
            return
        self._moved[name] = f"on {new}, because {old} failed"
        text = f"{name} moved from {old} to {new} here"
        self.news.append(GroupNews("warning", text, f"adapter {old} failed"))

    def _start_again(self, name: str, event: DriverFinished, now: Now) -> list[Effect]:
        """Stop what failed to start, run what recovers it, start it once more; [] without that.

        The recovery commands follow the stop, so that they find nothing half started.
        """
        if self.state != "acquiring" or not self._pre.recover():
            return []
        self.text = _detail(name, event.text, event.evidence)
        self.news.append(GroupNews("warning", f"start failed, {self.text}; recovery follows"))
        self._queue.appendleft(("start", name))
        self.resources[name] = "stopping"
        return [self._run("stop", name, now)]

    def _fail(self, name: str, text: str, evidence: tuple[str, ...], now: Now) -> list[Effect]:
        detail = _detail(name, text, evidence)
        self.failures += 1
        self._failed_ms = now.ms
        self.news.append(GroupNews("error", f"acquire failed, {detail}"))
        return self.release(now, "error", detail)

    def _stopped(self, name: str, event: DriverFinished, now: Now) -> list[Effect]:
        self.changed, self.stuck = True, not event.ok
        if event.ok:
            self.resources[name] = "stopped"
            return self._next(now)
        self.resources[name] = "failed"
        self.text = f"cannot stop {name}: {event.text}"
        self.news.append(GroupNews("error", self.text))
        self._queue.appendleft(("stop", name))
        self._retry_ms = now.ms + STOP_RETRY_MS
        return []

    def _monitored(self, name: str, event: DriverFinished, now: Now) -> list[Effect]:
        if event.ok:
            self._bad_runs.pop(name, None)
            if self._exit is not None and self._exit[0] == name:
                self._is_well_again(name)
        elif self.state == "online" and not self._let_pass(name, event):
            self.exited(name, f"monitor: {event.text}")
        return self._next(now) if self._queue else []

    def _reloaded(self, name: str, event: DriverFinished, now: Now) -> list[Effect]:
        if not event.ok:
            self.exited(name, f"reload: {event.text}")
        elif self.state == "online":
            self.news.append(GroupNews("note", f"{name} took over its new parameters"))
        return self._next(now) if self._queue else []

    def _let_pass(self, name: str, event: DriverFinished) -> bool:
        """Return whether a bad monitor run is tolerated; that it does not run at all never is."""
        resource = self.group.resource.get(name) if self.group else None
        allowed = operations(resource).failures_tolerated if resource else 0
        bad = self._bad_runs[name] = self._bad_runs.get(name, 0) + 1
        if bad > allowed or event.code not in TOLERABLE:
            return False
        self.news.append(GroupNews("warning", f"{name}: {event.text} ({bad}/{allowed} tolerated)"))
        return True

    def exited(self, name: str, text: str) -> None:
        """A resource is not well any more; dealt with at the next `tick` that may recover."""
        if self.state != "online" or self._exit is not None:
            return
        self._exit = (name, text)
        self.resources[name] = "failed"
        self.changed = True
        self.text, self._noted_ms = f"{name} failed: {text}", -1
        self.news.append(GroupNews("error", self.text))

    def _is_well_again(self, name: str) -> None:
        """Take back a failure that nobody has dealt with: a person mended it under a hold."""
        self._exit = None
        self.resources[name] = "started"
        self.text, self.changed = "", True
        self.news.append(GroupNews("note", f"{name} is well again"))

    @property
    def waits_for_recovery(self) -> str:
        """Return what failed and is not yet dealt with, empty if nothing."""
        return self._exit[1] if self._exit else ""

    def tick(
        self, now: Now, *, may_restart: bool, may_leave: bool, on_hold: bool = False
    ) -> list[Effect]:
        """Recover from failures, repeat failed stops, run monitors that are due.

        `may_restart`: here, on this node. `may_leave`: be given up, for another node to take over.
        `on_hold`: failures wait, and what failed is watched on, for a person may mend it.
        """
        if self._pace is not None:
            self._look_at_pace(self._pace, now)
        if self._exit is not None and not on_hold:
            may_recover = may_restart if self._may_try_again() else may_leave
            if may_recover:
                return self._recover(*self._exit, now)
        if self._op is None and self._queue and now.ms >= self._retry_ms:
            return self._next(now)
        if self.state == "error" and self._expired(self._failed_ms, now):
            self.forgive(now)
        if self._noted_ms >= 0 and self._expired(self._noted_ms, now):
            self.text, self.changed, self._noted_ms = "", True, -1
        if self.state == "online" and self.restarts and self._expired(self._well_ms, now):
            self.restarts = 0
        if self.state == "online" and self._op is None and not self._queue:
            reload = self._reload(now) if may_restart and not on_hold else []
            return reload or self._monitor(now, _WATCHED_ON_HOLD if on_hold else _WATCHED)
        return []

    def _look_at_pace(self, pace: Pace, now: Now) -> None:
        before = pace.text
        if pace.look(now):
            self.news.append(GroupNews("warning", pace.text, self.cause))
        self.changed = self.changed or pace.text != before

    def _reload(self, now: Now) -> list[Effect]:
        """Tell the next resource that was started otherwise than it stands in the group now."""
        assert self.group is not None, "an online group has its configuration"
        for name, resource in self.group.resource.items():
            before = self._started_as.get(name)
            if before is resource or self.resources.get(name) != "started":
                continue
            self._started_as[name] = resource
            if before is not None and is_told(before, resource):
                return [self._run("reload", name, now)]
        return []

    def _expired(self, since_ms: int, now: Now) -> bool:
        """Return whether what went wrong before `since_ms` is forgotten; 0 seconds is never."""
        seconds = self.group.failure_expires_seconds if self.group else EXPIRES_S
        return seconds > 0 and now.ms - since_ms > seconds * 1000

    def _restarts_allowed(self) -> int:
        name = self._exit[0] if self._exit else ""
        resource = self.group.resource.get(name) if self.group else None
        return operations(resource).restart_count if resource else 0

    def _may_try_again(self) -> bool:
        return self.restarts < self._restarts_allowed()

    def _recover(self, name: str, text: str, now: Now) -> list[Effect]:
        allowed = self._restarts_allowed()
        self._exit = None
        if self.restarts >= allowed:
            self.failures += 1
            self._failed_ms = now.ms
            return self.release(now, "error", f"{name}: {text}")
        self.restarts += 1
        names = list(self.resources)
        again = names[min(names.index(one) for one in (name, *self._moving)) :]
        self._moving = {}
        self._goal = "online"
        self._queue = deque([("stop", n) for n in reversed(again)])
        self._queue.extend(("start", n) for n in again)
        self._become("acquiring", f"restart {self.restarts} of {allowed}: {name}", now)
        self.news.append(GroupNews("warning", f"restarts {name} here ({self.restarts}/{allowed})"))
        return self._next(now)

    def _monitor(self, now: Now, watched: frozenset[ResourceState]) -> list[Effect]:
        assert self.group is not None, "an online group has its configuration"
        for name, resource in self.group.resource.items():
            if self.resources.get(name) not in watched or now.ms < self._monitor_ms.get(name, 0):
                continue
            every = operations(resource).interval_seconds
            self._monitor_ms[name] = now.ms + int(every * 1000)
            return [self._run("monitor", name, now)]
        return []

    def _next(self, now: Now) -> list[Effect]:
        if self._op is not None:
            return []
        command = self._pre.next()
        if command is not None:
            op = self._new_op()
            self._op = (op, "command", command.name)
            self._pace = Pace(command.words(), now.ms, command.limit_s)
            return [RunCommand(op, command)]
        if self._queue:
            action, name = self._queue.popleft()
            self.resources[name] = _WORKING[action]
            self.changed = True
            return [self._run(action, name, now)]
        if self._goal == "online":
            self._monitor_ms = {}
            self._bad_runs = {}
            self._well_ms = now.ms
            self._handed = False
            self._pre = PreCommands(())  # a restart on the same node is no event
            self._become("online", "", now)
            return []
        self._become(self._goal, self.text if self._goal == "error" else "", now)
        return [Persist(Holding(self.name, held=False))]

    def _run(self, action: DriverAction, name: str, now: Now) -> RunDriver:
        assert self.group is not None, "a driver runs for a known resource"
        op = self._new_op()
        self._op, self._began_ms = (op, action, name), now.ms
        resource = self.group.resource.get(name) or self._started_as[name]
        if action == "start":
            self._started_as[name] = resource
            self._place(name, resource)
        at = self._placed.get(name, NOWHERE)
        limit = limit_s(resource, action)
        if action in _WORKING:
            self._pace = Pace(f"{action} of {name}", now.ms, limit)
        return RunDriver(op, self.name, name, resource, action, limit, self.token, at)

    def _place(self, name: str, resource: Resource) -> None:
        if isinstance(resource, ServiceAddress):
            before = self._placed.get(name, NOWHERE).adapter
            at = self._attach(resource.network, before)
            if at.adapter != before:
                self._moved.pop(name, None)
            moves = name in self._moving
            self._placed[name] = msgspec.structs.replace(at, moves=moves, handed=self._handed)

    def _become(self, state: GroupState, text: str, now: Now) -> None:
        assert may_follow(GROUP_MOVES, self.state, state), f"{self.name}: {self.state} > {state}"
        if state != self.state:
            self.since = now.unix
        self.state, self.text, self.changed, self._noted_ms = state, text, True, -1
        if state in _NEWS and state != self._told:
            severity, told, event = _NEWS[state]
            forgiven, self._told = (self._told, state) == ("error", "offline"), state
            if not forgiven:
                self.news.append(GroupNews(severity, told, text or self.cause, event))
