"""The administrator's commands before a group's acquire or release, one after the other.

A pre command that fails makes the step fail. Where it has a recovery command, that is run once, and
if it succeeds, the pre command once more. A recovery command that was not needed for that is run
once after a start that failed, before that is tried once more: once in each acquire at most.
"""

from collections import deque

from nodeagent.core.events import DriverFinished
from nodeagent.model.happenings import Command

Pair = tuple[Command | None, Command | None]
"""A pre command and its recovery command; either may be missing."""


class PreCommands:
    """What is still to run before one step of one group. `problem` is set once the step failed."""

    def __init__(self, pairs: tuple[Pair, ...]) -> None:
        self._recovery = {one.name: one for _, one in pairs if one is not None}
        self._waiting: deque[Command] = deque(pre for pre, _ in pairs if pre is not None)
        self._running: Command | None = None
        self.problem = ""

    def next(self) -> Command | None:
        """Return the command to run now, None once all are through or the step failed."""
        self._running = self._waiting.popleft() if self._waiting and not self.problem else None
        return self._running

    def recover(self) -> bool:
        """Have recovery commands that did not run yet run next; returns whether there are any."""
        commands, self._recovery = self._recovery, {}
        self._waiting.extend(commands.values())
        return bool(commands)

    def finished(self, event: DriverFinished) -> str:
        """Take the result of the command that ran; returns what is to be told, "" for nothing."""
        command, self._running = self._running, None
        assert command is not None, "only what runs can finish"
        if event.ok:
            return f"{command.words()} succeeded" if command.stage == "recovery" else ""
        told = failure(command, event)
        recovery = self._recovery.pop(command.name, None) if command.stage == "pre" else None
        if recovery is None:
            self.problem = told
        else:
            self._waiting.extendleft((command, recovery))
        return told


def failure(command: Command, event: DriverFinished) -> str:
    """Return how a command failed, with its last output."""
    last = f" | {event.evidence[-1]}" if event.evidence else ""
    return f"{command.words()} failed: {event.text or event.code}{last}"
