"""Runs units of systemd, which belong to the cluster while they do.

systemd keeps what it started when this agent dies. So, as for OCF agents, the order that stops the
unit is written down before the start, for the deadman and the next agent.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import Any

from nodeagent.drivers import undo
from nodeagent.drivers.base import Context, Job, Key, Outcome, failed, fine
from nodeagent.drivers.running import SEARCH_PATH
from nodeagent.drivers.systemd.unit import (
    BY_ITSELF,
    DOWN,
    UP,
    BusError,
    UnitState,
    full_name,
    unusable,
)
from nodeagent.model.configuration import Systemd

SETTLE_SECONDS = 0.05
"""Pause between two looks at a unit whose job is done."""
CLOSE_SECONDS = 5.0


class SystemdDriver:
    """Keeps the units that were started here."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._started: set[Key] = set()

    async def start(self, job: Job) -> Outcome:
        """Start the unit and await its job and its being active."""
        return _told(await self._asked(job, self._start, _resource(job).start_seconds))

    async def stop(self, job: Job) -> Outcome:
        """Stop the unit and await its job. Without systemd nothing can run that it started."""
        outcome = await self._asked(job, self._stop, _resource(job).stop_seconds)
        if outcome.code == "no-bus" and job.key not in self._started:
            return fine(f"does not run: {outcome.text}")
        return _told(outcome)

    async def monitor(self, job: Job) -> Outcome:
        """Tell how systemd sees the unit."""
        outcome = await self._asked(job, self._monitor, _resource(job).monitor_seconds)
        if outcome.code == "no-bus" and job.key not in self._started:
            return failed(outcome.text, code="stopped")
        return _told(outcome)

    async def validate(self, job: Job) -> Outcome:
        """Tell whether systemd has the unit and leaves it to the cluster."""
        outcome = _told(await self._asked(job, self._validate, job.budget_s))
        return outcome if outcome.ok else failed(outcome.text, code="invalid")

    def adopt(self, job: Job) -> None:
        """Go on with a unit that an earlier agent started."""
        self._started.add(job.key)

    def close(self) -> None:
        """Stop all units that were started here. Blocks."""
        if self._started:
            directory = str(self._context.state_directory)
            undo.carry_out_all(directory, agent=os.getpid(), seconds=CLOSE_SECONDS)
        self._started.clear()

    async def _asked(
        self, job: Job, ask: Callable[[Job, Any], Awaitable[Outcome]], seconds: float
    ) -> Outcome:
        """Do `ask` with a connection to systemd, within `seconds`."""
        limit = min(seconds, job.budget_s)
        try:
            async with asyncio.timeout(limit), self._manager() as manager:
                return await ask(job, manager)
        except TimeoutError:
            return failed(f"systemd did not end {job.action} within {limit:.1f} s", code="timeout")
        except BusError as error:
            return failed(str(error), code="failed" if error.name else "no-bus")

    def _manager(self) -> AbstractAsyncContextManager[Any]:
        """Connect; the D-Bus library costs time and memory, so it is loaded at the first need."""
        bus = import_module("nodeagent.drivers.systemd.bus")
        connected: AbstractAsyncContextManager[Any] = bus.manager(self._context.system_bus)
        return connected

    async def _start(self, job: Job, manager: Any) -> Outcome:
        unit = _unit(job)
        state: UnitState = await manager.state(unit)
        if problem := unusable(unit, state) or self._no_undo():
            return failed(problem)
        self._started.add(job.key)
        self._write_undo(job)
        if state.active in UP:
            return fine("already runs")
        result = await manager.order("StartUnit", unit)
        state = await manager.state(unit)
        if result != "done":
            return failed(f"start of {unit} ended as {result}; it is {state}")
        while state.active == "activating":
            await asyncio.sleep(SETTLE_SECONDS)
            state = await manager.state(unit)
        if state.active in UP:
            return fine("started")
        hint = "; a oneshot needs RemainAfterExit=yes" if state.active == "inactive" else ""
        return failed(f"{unit} was started and is {state}{hint}")

    async def _stop(self, job: Job, manager: Any) -> Outcome:
        unit = _unit(job)
        state: UnitState = await manager.state(unit)
        if state.active not in DOWN:
            result = await manager.order("StopUnit", unit)
            state = await manager.state(unit)
            if state.active not in DOWN:
                return failed(f"stop of {unit} ended as {result}; it is {state}")
        self._started.discard(job.key)
        undo.remove(str(self._context.state_directory), undo.name_of(*job.key))
        return fine("stopped")

    async def _monitor(self, job: Job, manager: Any) -> Outcome:
        unit = _unit(job)
        state: UnitState = await manager.state(unit)
        if state.active in UP:
            return fine(f"is {state}")
        if state.active == "inactive" or (state.active == "failed" and not self._knows(job)):
            return failed(f"{unit} is {state}", code="stopped")
        return failed(f"{unit} is {state}")

    async def _validate(self, job: Job, manager: Any) -> Outcome:
        unit = _unit(job)
        state: UnitState = await manager.state(unit)
        if problem := unusable(unit, state) or self._no_undo():
            return failed(problem)
        if state.file in BY_ITSELF:
            text = f"{unit} is {state.file}: systemd starts it at boot on this node, too"
            return failed(f"{text}; systemctl disable {unit}")
        return fine(f"systemd has {unit}")

    def _knows(self, job: Job) -> bool:
        return job.key in self._started

    def _no_undo(self) -> str:
        program = self._context.systemctl
        if os.access(program, os.X_OK):
            return ""
        return f"{program} is missing, by which a unit is stopped when the node agent dies"

    def _write_undo(self, job: Job) -> None:
        words = (str(self._context.systemctl), "stop", "--", _unit(job))
        variables = {"PATH": SEARCH_PATH, "LANG": "C.UTF-8"}
        entry = undo.Undo(undo.name_of(*job.key), words, variables, _resource(job).stop_seconds)
        undo.write(str(self._context.state_directory), entry)


def _resource(job: Job) -> Systemd:
    assert isinstance(job.resource, Systemd)
    return job.resource


def _unit(job: Job) -> str:
    return full_name(_resource(job).unit)


def _told(outcome: Outcome) -> Outcome:
    return failed(outcome.text) if outcome.code == "no-bus" else outcome
