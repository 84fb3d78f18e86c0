"""Programs that are started, watched and stopped by argument lists, without a shell.

foreground: the started program is the service. It counts as started when its monitor command is
content, or without one when it still runs after a short while. Its end is told at once.
`startup-monitor` is asked instead while it starts; `stabilization-seconds` is how long it must
stay content before it counts.

background: start returns 0 and leaves the service behind. It counts as started when the monitor
command is content, or without one when a process of it is left. Its processes are known by their
group and by a variable in their environment, so also those that went into a session of their own.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from nodeagent.drivers import procs, records
from nodeagent.drivers.adopted import Adopted
from nodeagent.drivers.aside import aside
from nodeagent.drivers.base import Context, Job, Key, Outcome, failed, fine
from nodeagent.drivers.child import Child, ending
from nodeagent.drivers.running import (
    Ran,
    Run,
    command,
    environment,
    look_for,
    new_cookie,
    program,
    remaining,
)
from nodeagent.drivers.service import Service
from nodeagent.drivers.steadiness import becomes_steady
from nodeagent.model.configuration import Application

OnExit = Callable[[str, str, str], None]
"""Group, name, text."""

CONFIRM_SECONDS = 0.2
"""A foreground program without monitor command that lives this long counts as started."""
KILL_SECONDS = 2.0
STILL_WELL = "the stop command is done, and the monitor command still says that it runs"
STOP_COMMAND_PART = 0.7
"""Of a stop's time; the rest is for TERM."""
KILL_PART = 0.25
"""At the end of a stop's time this much is kept for killing what would not stop."""


class _EndedEarlyError(Exception):
    """The program ended while its start waited for it."""


class ApplicationDriver:
    """Keeps the started applications of one agent."""

    def __init__(self, context: Context, on_exit: OnExit) -> None:
        self._context = context
        self._on_exit = on_exit
        self._services: dict[Key, Service] = {}
        self._burials: set[asyncio.Task[None]] = set()
        self.outlives = False

    async def start(self, job: Job) -> Outcome:
        """Start it and wait until it works."""
        resource = _resource(job)
        until = time.monotonic() + min(job.budget_s, resource.start_seconds)
        service = self._services.get(job.key)
        if service is not None and await service.lives():
            return await self._content(job, service, until, "already runs")
        if service is not None:
            await self._end(job.key, service, KILL_SECONDS)
        elif await self._runs_by_itself(job, until):
            return fine("already runs")
        name, directory = resource.start[0], resource.directory
        try:
            looked = aside(lambda: look_for(name, directory))
            await asyncio.wait_for(looked, remaining(until))
        except TimeoutError:
            text = f"cannot start {name}: the storage that it or its folder is on does not answer"
            return failed(text, code="timeout")
        except OSError as error:
            where = f"folder {directory}: " if error.filename != name else ""
            return failed(f"cannot start {name}: {where}{error.strerror}")
        try:
            return await self._start(job, resource, until)
        except OSError as error:
            return failed(f"cannot start {name}: {error.strerror}")

    async def stop(self, job: Job) -> Outcome:
        """Stop it: its stop command, then TERM, in the end KILL."""
        resource = _resource(job)
        until = time.monotonic() + min(job.budget_s, resource.stop_seconds)
        service = self._services.get(job.key)
        if service is None:
            return await self._stop_foreign(job, until)
        service.stopping = True
        own = await service.has_processes()
        gently_until = until - min(KILL_SECONDS, KILL_PART * remaining(until))
        evidence: tuple[str, ...] = ()
        if own and resource.stop:
            evidence = await self._order_stop(job, service, gently_until)
        gone = await service.terminate(gently_until)
        try:
            await self._end(job.key, service, remaining(until))
        except TimeoutError as error:
            return failed(f"cannot be ended: {error}", evidence=evidence)
        if not own:
            return await self._stop_foreign(job, until)
        return Outcome(True, "ok", "stopped" if gone else "stopped, in the end by force", evidence)

    async def monitor(self, job: Job) -> Outcome:
        """Run the monitor command, or look whether its process lives."""
        resource = _resource(job)
        service = self._services.get(job.key)
        if service is not None and not await service.lives():
            return failed("its process is gone", code="failed", evidence=service.child.lines())
        if service is None and (resource.process == "foreground" or not resource.monitor):
            return failed("does not run", code="stopped")
        if not resource.monitor:
            return fine("runs")
        seconds = min(job.budget_s, resource.monitor_seconds)
        ran = await self._run(job, resource.monitor, seconds)
        if ran.code == 0:
            return fine("runs")
        if service is None:
            return failed("does not run", code="stopped", evidence=ran.lines)
        return _not_content("monitor", ran, seconds)

    async def validate(self, job: Job) -> Outcome:
        """Look whether its programs and its folder are there."""
        resource = _resource(job)
        directory = resource.directory
        if not resource.start:
            return failed("start names no program", code="invalid")
        for what in ("start", "stop", "monitor", "startup-monitor"):
            arguments: tuple[str, ...] = getattr(resource, what.replace("-", "_"))
            if arguments and not await aside(partial(program, arguments[0], directory)):
                text = f"{what}: {arguments[0]} is not a program that may be run on this node"
                return failed(text, code="invalid")
            if any("\0" in word for word in arguments):
                return failed(f"{what}: an argument holds a NUL character", code="invalid")
        if directory and not await aside(Path(directory).is_dir):
            return failed(f"folder {directory} does not exist on this node", code="invalid")
        return fine("its programs are there")

    def adopt(self, job: Job, record: records.Record) -> None:
        """Go on with what an earlier agent started."""
        run = Run(str(self._context.state_directory), job, record.cookie, record)
        resource = _resource(job)
        child = Adopted(record, keep_leftovers=resource.process == "background")
        service = self._services[job.key] = Service(run, child, resource)
        if service.foreground:
            service.child.exited.add_done_callback(lambda _: self._ended(job.key, service))

    def last_words(self, key: tuple[str, str]) -> str:
        """Return the last line that a running application printed, "" for none."""
        service = self._services.get(key)
        return next(reversed(service.child.lines()), "") if service is not None else ""

    def fail(self, group: str) -> int:
        """Kill the applications of `group` as a crash would; return how many (for drills)."""
        found = [service for key, service in self._services.items() if key[0] == group]
        for service in found:
            procs.send(procs.find(service.run.record), signal.SIGKILL)
        return len(found)

    def close(self) -> None:
        """End all applications at once."""
        for service in self._services.values():
            service.stopping = True
            service.child.kill()
            with contextlib.suppress(TimeoutError):  # the next agent's recovery goes on with it
                service.run.end_now(KILL_SECONDS)
            service.child.close()
        self._services = {}

    # --- start ---

    async def _start(self, job: Job, resource: Application, until: float) -> Outcome:
        cookie = new_cookie()
        run = Run(str(self._context.state_directory), job, cookie)
        background = resource.process == "background"
        variables = environment(self._context, job, cookie, resource.environment)
        run.keep(())  # whatever happens from here on, its cookie is known
        child = Child(
            resource.start,
            variables,
            resource.directory,
            keep_leftovers=background,
            outlives=self.outlives,
        )
        service = self._services[job.key] = Service(run, child, resource)
        try:
            run.keep((child.member,), child.pipe)
            outcome = await (self._returned if background else self._stayed)(job, service, until)
        except BaseException:  # a deadline or a stop cancels us: a failed start leaves nothing
            self._abandon(job.key, service)
            raise
        if not outcome.ok:
            self._abandon(job.key, service)
        elif not background:
            child.exited.add_done_callback(lambda _: self._ended(job.key, service))
        return outcome

    def _abandon(self, key: Key, service: Service) -> None:
        """Kill a service whose start failed; the rest of the work is done beside."""
        service.stopping = True
        service.child.signal(signal.SIGKILL)
        if self._services.get(key) is service:
            del self._services[key]
        task = asyncio.create_task(self._bury(service))
        self._burials.add(task)
        task.add_done_callback(self._burials.discard)

    async def _bury(self, service: Service) -> None:
        await service.child.wait(KILL_SECONDS)
        with contextlib.suppress(TimeoutError):  # its record stays, so recovery goes on with it
            await service.run.end(KILL_SECONDS)
        service.child.close()

    async def _stayed(self, job: Job, service: Service, until: float) -> Outcome:
        """Wait until a foreground program works; it must not end."""
        resource = service.resource
        stable_s = resource.stabilization_seconds
        if resource.startup_monitor or resource.monitor:
            return await self._content(job, service, until, "started", stable_s)
        code = await service.child.wait(min(max(CONFIRM_SECONDS, stable_s), remaining(until)))
        if code is None:
            return fine("started")
        return _ended_early(service.child, code)

    async def _returned(self, job: Job, service: Service, until: float) -> Outcome:
        """Wait until the start command returned and the service works."""
        seconds = remaining(until)
        code = await service.child.wait(seconds)
        lines = service.child.lines()
        if code is None:
            text = f"start did not return within {seconds:.1f} s"
            return failed(text, code="timeout", evidence=lines)
        if code != 0:
            return failed(f"start ended with {ending(code)}", evidence=lines)
        service.run.keep(service.child.survivors)
        resource = service.resource
        stable_s = resource.stabilization_seconds
        if resource.startup_monitor or resource.monitor:
            return await self._content(job, service, until, "started", stable_s)
        if await service.run.alive():
            await asyncio.sleep(min(stable_s, remaining(until)))
            if not stable_s or await service.run.alive():
                return fine("started")
            return failed(f"its processes ended within {stable_s:g} s", evidence=lines)
        text = "start left no process behind and there is no monitor command to ask"
        return failed(text, evidence=lines)

    async def _content(
        self, job: Job, service: Service, until: float, text: str, stable_s: float = 0.0
    ) -> Outcome:
        """Wait until the monitor command is content, and stays so for `stable_s` seconds."""
        resource, ran = service.resource, Ran(0, ())
        monitor = resource.startup_monitor or resource.monitor
        foreground = resource.process == "foreground"

        async def look() -> bool:
            nonlocal ran
            ran = await self._run(job, monitor, min(remaining(until), resource.monitor_seconds))
            if foreground and not service.child.running:
                raise _EndedEarlyError
            return ran.code == 0

        try:
            wait = service.child.wait if foreground else asyncio.sleep
            if not monitor or await becomes_steady(look, wait, until, stable_s):
                return fine(text)
        except _EndedEarlyError:
            return _ended_early(service.child, service.child.exited.result())
        told = "is not content" if ran.code != 0 else f"was not content for {stable_s:g} s on end"
        lines = service.child.lines() + ran.lines
        return failed(f"runs, but its monitor {told}", code="timeout", evidence=lines)

    async def _runs_by_itself(self, job: Job, until: float) -> bool:
        """Whether a background service works that was not started here, as after a new start."""
        resource = _resource(job)
        if resource.process == "foreground" or not resource.monitor:
            return False
        ran = await self._run(
            job, resource.monitor, min(remaining(until), resource.monitor_seconds)
        )
        return ran.code == 0

    def _ended(self, key: Key, service: Service) -> None:
        """A foreground service ended; tell it unless that was asked for."""
        if service.stopping or self._services.get(key) is not service:
            return
        lines = service.child.lines_at_end()
        last = f": {' | '.join(lines[-3:])}" if lines else ""
        self._on_exit(*key, f"ended with {ending(service.child.exited.result())}{last}")

    # --- stop ---

    async def _order_stop(self, job: Job, service: Service, until: float) -> tuple[str, ...]:
        """Run the stop command and see the service end; return what to tell when it fails."""
        resource = _resource(job)
        seconds = remaining(until) * STOP_COMMAND_PART
        began = time.monotonic()
        ran = await self._run(job, resource.stop, seconds)
        if ran.code == 0 and await service.gone(began + seconds - time.monotonic()):
            return ()
        if ran.code == 0:
            return ("the stop command was content, but the service did not end",)
        told = "took too long" if ran.code is None else f"ended with {ending(ran.code)}"
        return (f"stop command {told}", *ran.lines)

    async def _stop_foreign(self, job: Job, until: float) -> Outcome:
        """Stop a background service that was not started by this agent."""
        resource = _resource(job)
        if not resource.stop or not await self._runs_by_itself(job, until):
            return fine("does not run")
        ran = await self._run(job, resource.stop, remaining(until) * STOP_COMMAND_PART)
        if ran.code == 0 and not await self._runs_by_itself(job, until):
            return fine("stopped")
        return failed(STILL_WELL, evidence=ran.lines)

    # --- helpers ---

    async def _end(self, key: Key, service: Service, seconds: float) -> None:
        """Kill what is left of a service; TimeoutError if something stays."""
        until = time.monotonic() + seconds
        service.child.signal(signal.SIGKILL)
        await service.child.wait(remaining(until))
        await service.run.end(remaining(until))
        service.child.close()
        if self._services.get(key) is service:
            del self._services[key]

    async def _run(self, job: Job, arguments: tuple[str, ...], seconds: float) -> Ran:
        resource = _resource(job)
        variables = environment(self._context, job, new_cookie(), resource.environment)
        try:
            return await command(arguments, variables, resource.directory, seconds)
        except OSError as error:
            return Ran(127, (f"cannot run {arguments[0]}: {error.strerror}",))


def _resource(job: Job) -> Application:
    assert isinstance(job.resource, Application)
    return job.resource


def _ended_early(child: Child | Adopted, code: int) -> Outcome:
    return failed(f"ended at once with {ending(code)}", evidence=child.lines_at_end())


def _not_content(what: str, ran: Ran, seconds: float) -> Outcome:
    if ran.code is None:
        text = f"{what} did not return within {seconds:.1f} s"
        return failed(text, code="timeout", evidence=ran.lines)
    return failed(f"{what} ended with {ending(ran.code)}", code="unwell", evidence=ran.lines)
