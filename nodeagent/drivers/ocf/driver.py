"""Runs resource agents that know nothing of us.

A started resource is known by two files: the record of its processes, which can be killed, and the
undo, the agent's own stop, for what is no process. Both are written before the agent's start is
run and removed after its stop went well, so the deadman and the next agent can end what a dead
agent left. Whatever processes the agent's start leaves live on, in its process group or their own.
"""

import asyncio
import contextlib
import os
import signal
import time

from nodeagent.drivers import procs, undo
from nodeagent.drivers.aside import aside
from nodeagent.drivers.base import Context, Job, Key, Outcome, failed, fine
from nodeagent.drivers.child import Child
from nodeagent.drivers.ocf import results
from nodeagent.drivers.ocf.calls import agent_file, call, make_temporary, ocf, variables
from nodeagent.drivers.ocf.find import AgentError
from nodeagent.drivers.ocf.validate import Validation
from nodeagent.drivers.output import InheritedOutput
from nodeagent.drivers.records import Record
from nodeagent.drivers.running import Ran, Run, new_cookie, remaining
from nodeagent.model.agents import AgentDescription

RELOAD = "reload-agent"
PAUSE_SECONDS = (0.05, 1.0)
"""First and longest pause between monitors while a start is confirmed."""
KILL_SECONDS = 2.0
KILL_PART = 0.1
"""Of a stop's time, kept for killing what the agent's stop left."""
CLOSE_SECONDS = 5.0


class _Started:
    """A resource whose start was asked for. `children` are kept: its processes write to them.

    `inherited` is what those of an earlier agent write to.
    """

    def __init__(self, run: Run, inherited: InheritedOutput | None = None) -> None:
        self.run = run
        self.children: list[Child] = []
        self._inherited = inherited

    def close(self) -> None:
        """Listen no longer."""
        for child in self.children:
            child.close()
        if self._inherited is not None:
            self._inherited.close()


class OcfDriver:
    """Keeps the resources that OCF agents run on this node."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._started: dict[Key, _Started] = {}
        self._validation = Validation(context)
        self.outlives = False

    async def start(self, job: Job) -> Outcome:
        """Run the agent's start. OCF: its 0 means started; one good monitor confirms it."""
        until = time.monotonic() + min(job.budget_s, ocf(job).start_seconds)
        try:
            file = await aside(lambda: agent_file(self._context, job))
        except AgentError as error:
            return failed(str(error))
        if job.key in self._started and (await self._ask(job, file, until)).ok:
            return fine("already runs")
        try:
            make_temporary(self._context.ocf_temporary)
            return await self._start(job, file, until)
        except OSError as error:
            return failed(f"cannot start {file}: {error.strerror}")

    async def stop(self, job: Job) -> Outcome:
        """Run the agent's stop, then end what its start left behind."""
        seconds = min(job.budget_s, ocf(job).stop_seconds)
        until = time.monotonic() + seconds
        try:
            file = await aside(lambda: agent_file(self._context, job))
        except AgentError as error:
            return await self._stop_without(job, error, until)
        known = job.key in self._started
        limit = seconds * (1 - KILL_PART)
        ran = await call(self._context, job, file, "stop", limit, known=known)
        if ran.code in undo.DONE or await self._cannot_run(job, file, ran, until):
            return await self._forget(job, until)
        killed = await self._kill(job, until)
        told = f"; {killed} processes of it were killed" if killed else ""
        if ran.code is None:
            late = results.too_late("stop", ran, limit)
            return failed(f"{late.text}{told}", code="timeout", evidence=ran.lines)
        return failed(f"stop: {results.told(ran.code)}{told}", evidence=ran.lines)

    async def monitor(self, job: Job) -> Outcome:
        """Run the agent's monitor; a probe where it was not started here."""
        until = time.monotonic() + min(job.budget_s, ocf(job).monitor_seconds)
        try:
            file = await aside(lambda: agent_file(self._context, job))
        except AgentError as error:
            known = job.key in self._started
            return failed(str(error), code="failed" if known else "stopped")
        return await self._ask(job, file, until)

    async def reload(self, job: Job) -> Outcome:
        """Let the agent take over new values of its reloadable parameters (OCF reload-agent)."""
        seconds = min(job.budget_s, ocf(job).start_seconds)
        try:
            file = await aside(lambda: agent_file(self._context, job))
        except AgentError as error:
            return failed(str(error))
        ran = await call(self._context, job, file, RELOAD, seconds)
        if ran.code is None:
            return results.too_late(RELOAD, ran, seconds)
        if ran.code != results.SUCCESS:
            return failed(f"{RELOAD}: {results.told(ran.code)}", evidence=ran.lines)
        if job.key in self._started:
            self._write_undo(job, file)
        return fine("reloaded")

    async def describe(self, agent: str, seconds: float) -> AgentDescription:
        """Return what an agent says of itself; AgentError if that cannot be had."""
        return await self._validation.describe(agent, seconds)

    async def validate(self, job: Job) -> Outcome:
        """Hold the parameters against the agent's meta-data, then ask its validate-all."""
        return await self._validation.validate(job)

    def adopt(self, job: Job, record: Record | None) -> None:
        """Go on with what an earlier agent started, of whose processes this is the record."""
        cookie = record.cookie if record is not None else new_cookie()
        run = Run(str(self._context.state_directory), job, cookie, record)
        self._started[job.key] = _Started(run, InheritedOutput(run.record))

    def fail(self, group: str) -> int:
        """Kill the processes of `group` as a crash would; return of how many resources."""
        found = [started for key, started in self._started.items() if key[0] == group]
        hit = [procs.find(started.run.record) for started in found]
        for processes in hit:
            procs.send(processes, signal.SIGKILL)
        return sum(1 for processes in hit if processes)

    def close(self) -> None:
        """End everything at once, by the agents' own stops first. Blocks."""
        for started in self._started.values():
            for child in started.children:
                child.signal(signal.SIGKILL)
        if self._started:
            directory = str(self._context.state_directory)
            undo.carry_out_all(directory, agent=os.getpid(), seconds=CLOSE_SECONDS)
        for started in self._started.values():
            with contextlib.suppress(TimeoutError):  # the next agent's recovery goes on with it
                started.run.end_now(KILL_SECONDS)
            started.close()
        self._started = {}

    # --- start ---

    async def _start(self, job: Job, file: str, until: float) -> Outcome:
        started = self._started.get(job.key)
        if started is None:
            run = Run(str(self._context.state_directory), job, new_cookie())
            started = self._started[job.key] = _Started(run)
        self._write_undo(job, file)
        seconds = remaining(until)
        cookie = started.run.record.cookie
        given = variables(self._context, job, "start", seconds, cookie=cookie)
        started.run.keep(started.run.record.members)  # from here on its cookie is known
        child = Child((file, "start"), given, "/", keep_leftovers=True, outlives=self.outlives)
        started.children.append(child)
        try:
            started.run.keep((*started.run.record.members, child.member), child.pipe)
            code = await child.wait(seconds)
        finally:  # also when a stop or a deadline cancels us; the stop that follows does the rest
            child.signal(signal.SIGKILL)
        lines = child.lines()
        if code is None:
            return results.too_late("start", Ran(None, lines), seconds)
        if code != results.SUCCESS:
            return failed(f"start: {results.told(code)}", evidence=lines)
        started.run.keep((*started.run.record.members, *child.survivors))
        return await self._confirmed(job, file, until, lines)

    def _write_undo(self, job: Job, file: str) -> None:
        seconds = ocf(job).stop_seconds
        given = variables(self._context, job, "stop", seconds)
        name = undo.name_of(*job.key)
        undo.write(
            str(self._context.state_directory), undo.Undo(name, (file, "stop"), given, seconds)
        )

    async def _confirmed(
        self, job: Job, file: str, until: float, lines: tuple[str, ...]
    ) -> Outcome:
        """Ask monitor until it is content: an agent that returns too early is waited for."""
        pause, longest = PAUSE_SECONDS
        while True:
            outcome = await self._ask(job, file, until)
            if outcome.ok:
                return fine("started" if outcome.text == "runs" else f"started: {outcome.text}")
            if remaining(until) <= pause:
                text = f"start returned success, but it {_after_start(outcome)}"
                return failed(text, code="timeout", evidence=(*lines, *outcome.evidence))
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)

    async def _ask(self, job: Job, file: str, until: float) -> Outcome:
        seconds = min(remaining(until), ocf(job).monitor_seconds)
        known = job.key in self._started
        ran = await call(self._context, job, file, "monitor", seconds, known=known)
        if not known and ran.code == results.NOT_INSTALLED:
            return failed("does not run: not installed", code="stopped", evidence=ran.lines)
        return results.of_monitor(ran, seconds)

    # --- stop ---

    async def _cannot_run(self, job: Job, file: str, ran: Ran, until: float) -> bool:
        """Whether stop failed only because the software is not here, as after a failed start."""
        if ran.code != results.NOT_INSTALLED:
            return False
        seconds = min(remaining(until), ocf(job).monitor_seconds)
        probe = await call(self._context, job, file, "monitor", seconds, known=False)
        return probe.code in {results.NOT_INSTALLED, results.NOT_RUNNING}

    async def _stop_without(self, job: Job, error: AgentError, until: float) -> Outcome:
        """Stop without an agent: fine where nothing was started, or where it was uninstalled."""
        if job.key in self._started and not error.missing:
            return failed(f"cannot be stopped: {error}")
        outcome = await self._forget(job, until)
        return fine(f"does not run: {error}") if outcome.ok else outcome

    async def _kill(self, job: Job, until: float) -> int:
        """Kill the processes that start left; the agent's next stop finds them gone."""
        started = self._started.get(job.key)
        if started is None:
            return 0
        record, seconds = started.run.record, max(remaining(until), procs.ROUND_SECONDS)
        with contextlib.suppress(TimeoutError):
            return len(await aside(lambda: procs.end(record, seconds)))
        return 0

    async def _forget(self, job: Job, until: float) -> Outcome:
        """End what is left although the agent says that it is stopped, and forget it."""
        started = self._started.get(job.key)
        text = "stopped"
        if started is not None:
            left = await aside(lambda: procs.find(started.run.record))
            text = f"stopped; {len(left)} processes that it left were ended" if left else text
            try:
                await started.run.end(remaining(until))
            except TimeoutError as error:
                return failed(f"the agent says it is stopped, but {error}")
            started.close()
            self._started.pop(job.key, None)
        undo.remove(str(self._context.state_directory), undo.name_of(*job.key))
        return fine(text)


def _after_start(outcome: Outcome) -> str:
    return outcome.text if outcome.code == "stopped" else f"is not well: {outcome.text}"
