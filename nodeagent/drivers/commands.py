"""The administrator's commands for events: an argument list, no shell, a deadline, its last words.

A command gets nothing of the agent's own environment, only what happened, in variables. What it
leaves behind in its process group is killed when it ends, and all of it when the agent dies.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine

from nodeagent.drivers.base import Outcome, failed
from nodeagent.drivers.child import Child, ending
from nodeagent.drivers.running import SEARCH_PATH
from nodeagent.model.happenings import Command
from nodeagent.model.text import clean

LISTEN_SECONDS = 1.0
TEXT_LENGTH_MAX = 300
LINES_MAX = 10
Talk = Callable[[int, str], None]


class EventCommands:
    """Runs commands on this node. `talk(op, line)` gets what one that still runs printed last."""

    def __init__(self, node: str, talk: Talk) -> None:
        self._node = node
        self._talk = talk
        self._tasks: dict[int, asyncio.Task[Outcome]] = {}
        self._expected: set[int] = set()

    def run(self, op: int, command: Command) -> Coroutine[None, None, Outcome]:
        """Run a command to its end; anything but exit code 0 within its limit is a failure.

        From this call on it can be ended, also before the coroutine's first turn.
        """
        self._expected.add(op)
        return self._run(op, command)

    async def _run(self, op: int, command: Command) -> Outcome:
        if op not in self._expected:
            return _ended()
        self._expected.discard(op)
        task = self._tasks[op] = asyncio.create_task(self._attend(op, command))
        try:
            await asyncio.wait({task})
        finally:
            self._tasks.pop(op, None)
            task.cancel()
        if task.cancelled():
            return _ended()
        return task.result()

    def end(self, op: int) -> None:
        """Kill a command that runs or is to run; one that ended is no concern any more."""
        self._expected.discard(op)
        task = self._tasks.get(op)
        if task is not None:
            task.cancel()

    async def _attend(self, op: int, command: Command) -> Outcome:
        began = time.monotonic()
        try:
            child = Child(command.arguments, self._variables(command), "/")
        except (OSError, ValueError) as error:
            return failed(clean(f"cannot be run: {error}", TEXT_LENGTH_MAX))
        try:
            code = await self._listen(op, child, began + command.limit_s)
        finally:
            child.signal(signal.SIGKILL)
        lines = tuple(clean(line, TEXT_LENGTH_MAX) for line in child.lines_at_end()[-LINES_MAX:])
        seconds = time.monotonic() - began
        if code is None:
            text = f"took longer than {command.limit_s:g} s and was killed"
            return Outcome(ok=False, code="timeout", text=text, evidence=lines, seconds=seconds)
        if code != 0:
            return Outcome(
                ok=False, code="failed", text=ending(code), evidence=lines, seconds=seconds
            )
        return Outcome(ok=True, code="ok", text="exit code 0", evidence=lines, seconds=seconds)

    async def _listen(self, op: int, child: Child, until: float) -> int | None:
        told = ""
        while True:
            left = until - time.monotonic()
            code = await child.wait(min(LISTEN_SECONDS, left))
            if code is not None or left <= 0:
                return code
            last = next(reversed(child.lines()), "")
            if last != told:
                told = last
                self._talk(op, clean(last, TEXT_LENGTH_MAX))

    def _variables(self, command: Command) -> dict[str, str]:
        happening = command.happening
        return {
            "PATH": SEARCH_PATH,
            "LANG": "C.UTF-8",
            "HOME": "/",
            "CLUSTERTUI_EVENT": happening.event,
            "CLUSTERTUI_STAGE": command.stage,
            "CLUSTERTUI_GROUP": happening.group,
            "CLUSTERTUI_NODE": happening.node,
            "CLUSTERTUI_OBSERVER": self._node,
            "CLUSTERTUI_CAUSE": happening.cause,
            "CLUSTERTUI_EPOCH": str(command.epoch),
        }


def _ended() -> Outcome:
    return failed("was ended: nobody waits for it any more", code="superseded")
