"""The administrator's commands after an event: post where it happened, notify on every member.

They run beside everything else, and nothing waits for them. What they return changes nothing: a
failure is told, that of a post command also at its group.
"""

from collections import deque

from nodeagent.config.commands import bound, command
from nodeagent.config.words import join
from nodeagent.core.effects import RunCommand
from nodeagent.core.events import CommandTalked, DriverFinished
from nodeagent.core.observed import Observed
from nodeagent.core.pre_commands import failure
from nodeagent.core.shared import Shared
from nodeagent.core.slow import Pace
from nodeagent.model.happenings import EVENTS_OF_ACTOR, Command, Happening, Stage

RUNNING_MAX = 4
WAITING_MAX = 100
"""A storm of events must not become a storm of processes, nor of memory."""
POST_AT_END_MS = 5_000
"""An agent that was told to end waits no longer for its post commands; then they end with it."""


class Commands:
    """Runs what is bound to events that this node saw, a few at a time, in their order."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._waiting: deque[Command] = deque()
        self._running: dict[int, tuple[Command, Pace]] = {}
        self._dropped = 0
        self._was_member = False
        self._ending_ms = -1
        self._observed = Observed(shared)

    def take(self) -> None:
        """Look at what happened since the last time."""
        self._was_member = self._was_member or self.shared.is_member
        happened, self.shared.happened = self.shared.happened, []
        for happening in happened:
            self._happened(happening)
        self._start()

    def _happened(self, happening: Happening) -> None:
        shared = self.shared
        acted = happening.node == shared.name and happening.event in EVENTS_OF_ACTOR
        stages: list[Stage] = []
        if acted and self._was_member:
            stages.append("post")  # also of what it lets go of because it is not in any more
        if shared.is_member:
            stages.append("notify")  # others learn what is long over, or have no part in it
        epoch = shared.log.standing.epoch
        for name, commands in bound(shared.log.configuration, happening):
            for stage in stages:
                wanted = command(name, commands, stage, happening, epoch)
                if wanted is not None:
                    self._wait(wanted)

    def _wait(self, wanted: Command) -> None:
        if len(self._waiting) < WAITING_MAX:
            self._waiting.append(wanted)
            return
        self._dropped += 1
        if self._dropped == 1:
            text = f"{wanted.words()} is not run: {WAITING_MAX} others wait already"
            self.shared.tell("warning", self.shared.name, text)

    def _start(self) -> None:
        while self._waiting and len(self._running) < RUNNING_MAX:
            wanted = self._waiting.popleft()
            op = self.shared.new_op()
            self._running[op] = wanted, Pace(wanted.words(), self.shared.now.ms, wanted.limit_s)
            self.shared.out.append(RunCommand(op, wanted))
        if not self._waiting:
            self._dropped = 0

    def must_finish(self) -> bool:
        """Return whether the agent, which has left, must wait for post commands before it ends.

        That lasts for POST_AT_END_MS from the first question on.
        """
        shared, running = self.shared, (command for command, _ in self._running.values())
        left = [c.words() for c in (*running, *self._waiting) if c.stage == "post"]
        if self._ending_ms < 0:
            self._ending_ms = shared.now.ms
        if left and shared.now.ms - self._ending_ms < POST_AT_END_MS:
            return True
        if left:
            text = f"ends, and with it what it waited for long enough: {join(left)}"
            shared.tell("warning", shared.name, text)
        return False

    def talked(self, event: CommandTalked) -> None:
        """Note the last line that a command printed."""
        if event.op in self._running:
            self._running[event.op][1].output = event.text

    def finished(self, event: DriverFinished) -> bool:
        """Take the result of a command; returns whether it was one of these."""
        ran = self._running.pop(event.op, None)
        if ran is None:
            return False
        if not event.ok:
            self._failed(ran[0], failure(ran[0], event))
        self._start()
        return True

    def _failed(self, ran: Command, text: str) -> None:
        shared, group = self.shared, ran.happening.group
        shared.tell("warning", group or ran.happening.node, text, ran.happening.event)
        runner = shared.runners.get(group) if ran.stage == "post" else None
        if runner is not None:
            runner.note_problem(text, shared.now)

    def tick(self) -> None:
        """See what peers' groups do, and tell of commands that take long."""
        self._observed.look()
        for ran, pace in self._running.values():
            if pace.look(self.shared.now):
                about = ran.happening.group or ran.happening.node
                self.shared.tell("warning", about, pace.text, ran.happening.event)
