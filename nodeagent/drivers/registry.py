"""All drivers behind one call that never raises and never takes longer than it may.

One action at a time runs on a resource; only a stop does not wait: it cancels a start or monitor
that is under way, for what must be stopped must not first finish starting.
"""

import asyncio
import time
from collections.abc import Callable

import msgspec

from nodeagent.drivers.address import AddressDriver
from nodeagent.drivers.adoption import record_of
from nodeagent.drivers.application import ApplicationDriver
from nodeagent.drivers.aside import aside
from nodeagent.drivers.base import Context, Driver, Job, Key, Outcome, failed, fine
from nodeagent.drivers.filesystem import FilesystemDriver
from nodeagent.drivers.folder import FolderDriver
from nodeagent.drivers.leftovers import Leftovers
from nodeagent.drivers.ocf import OcfDriver
from nodeagent.drivers.stamp import stamp
from nodeagent.drivers.systemd import SystemdDriver
from nodeagent.model.agents import AgentDescription
from nodeagent.model.configuration import (
    Application,
    DataFolder,
    Filesystem,
    Group,
    Ocf,
    Resource,
    ServiceAddress,
    Systemd,
)
from nodeagent.model.text import clean

TEXT_LENGTH_MAX = 500
LISTEN_SECONDS = 1.0
_TYPES: dict[type[Resource], str] = {
    Application: "application",
    DataFolder: "data-folder",
    Filesystem: "filesystem",
    Ocf: "ocf",
    ServiceAddress: "service-address",
    Systemd: "systemd",
}


def _to_nobody(op: int | str, text: str) -> None:
    del op, text


class Drivers:
    """The drivers of one agent. `on_exit(group, name, text)` tells when an application ended.

    `on_talk(op, line)` tells what an application that is being started printed last.

    `leftovers` are of an earlier agent: a resource of theirs is stopped, or free to be started,
    only once they are gone.
    """

    def __init__(
        self,
        context: Context,
        on_exit: Callable[[str, str, str], None],
        leftovers: Leftovers | None = None,
        on_talk: Callable[[int | str, str], None] = _to_nobody,
    ) -> None:
        self._context = context
        self._leftovers = leftovers or Leftovers(context.state_directory)
        self._applications = ApplicationDriver(context, on_exit)
        self._addresses = AddressDriver(context)
        self._filesystems = FilesystemDriver(context)
        self._ocf = OcfDriver(context)
        self._systemd = SystemdDriver(context)
        self._drivers: dict[type[Resource], Driver] = {
            Application: self._applications,
            DataFolder: FolderDriver(context),
            Filesystem: self._filesystems,
            Ocf: self._ocf,
            ServiceAddress: self._addresses,
            Systemd: self._systemd,
        }
        self._under_way: dict[Key, dict[asyncio.Task[Outcome], Job]] = {}
        self._locks: dict[Key, asyncio.Lock] = {}
        self._talk = on_talk
        self._abandoned: set[asyncio.Task[Outcome]] = set()

    def types(self) -> tuple[str, ...]:
        """Return the types of resources that can be run here."""
        return tuple(_TYPES.values())

    async def describe(self, agent: str, seconds: float) -> AgentDescription:
        """Return what an OCF agent says of itself; AgentError if that cannot be had."""
        return await self._ocf.describe(agent, seconds)

    async def run(self, job: Job) -> Outcome:
        """Carry out `job` and return how it ended, within its limit."""
        began = time.monotonic()
        if job.action == "stop":
            self._supersede(job.key)
        task = asyncio.create_task(self._in_turn(job))
        self._under_way.setdefault(job.key, {})[task] = job
        task.add_done_callback(self._under_way[job.key].pop)
        try:
            done = await self._attend(job, task)
        except asyncio.CancelledError:
            self._abandon(task)
            raise
        if not done:
            self._abandon(task)
        outcome = _outcome(job, task) if done else _too_late(job)
        return msgspec.structs.replace(
            outcome,
            text=clean(outcome.text, TEXT_LENGTH_MAX),
            evidence=tuple(clean(line, TEXT_LENGTH_MAX) for line in outcome.evidence),
            seconds=time.monotonic() - began,
        )

    def outlive(self, *, agent: bool) -> None:
        """Let what is started from now on go on when the agent dies, or end with it."""
        self._applications.outlives = self._ocf.outlives = agent
        self._addresses.outlive(agent=agent)

    def adopt(self, group: str, noun: Group) -> None:
        """Go on with a group that an earlier agent left running; see `adoption.stands`.

        An application that has ended meanwhile is told as one that ends now.
        """
        for name, resource in noun.resource.items():
            self._adopt(Job(0, group, name, resource, "monitor", 0.0))

    def _adopt(self, job: Job) -> None:
        record = record_of(str(self._context.state_directory), *job.key)
        match job.resource:
            case Application() if record is not None:
                self._applications.adopt(job, record)
            case ServiceAddress():
                self._addresses.adopt(job, record)
            case Ocf():
                self._ocf.adopt(job, record)
            case Systemd():
                self._systemd.adopt(job)
            case _:
                pass  # mounts and claims of folders are known by their files

    async def _attend(self, job: Job, task: asyncio.Task[Outcome]) -> bool:
        """Wait for the end of a job within its limit; tell what it printed last meanwhile."""
        left, told = job.limit_s, ""
        while left > 0:
            began = time.monotonic()
            done, _ = await asyncio.wait({task}, timeout=min(left, LISTEN_SECONDS))
            if done:
                return True
            left -= time.monotonic() - began
            last = self._applications.last_words(job.key) if job.action == "start" else ""
            if last != told:
                told = last
                self._talk(job.op, clean(last, TEXT_LENGTH_MAX))
        return False

    def fail_applications(self, group: str) -> int:
        """Kill the applications of `group` as a crash would; return how many (for drills)."""
        return self._applications.fail(group) + self._ocf.fail(group)

    def close(self) -> None:
        """End all that was started, at once. Claims of data folders stay."""
        for task in [task for tasks in self._under_way.values() for task in tasks]:
            task.cancel()
        self._applications.close()
        self._ocf.close()
        self._systemd.close()
        self._addresses.close()
        self._filesystems.close()

    async def _in_turn(self, job: Job) -> Outcome:
        if job.action == "validate":
            # It changes nothing, so it waits for nobody, and above all nobody waits for it.
            return await self._act(job)
        async with self._locks.setdefault(job.key, asyncio.Lock()):
            return await self._act(job)

    async def _act(self, job: Job) -> Outcome:
        driver = self._drivers[type(job.resource)]
        if job.action in ("start", "stop"):
            problem = await self._leftovers.end(job)
            if problem is not None:
                return problem
        if job.action == "start":
            return await driver.start(job)
        if job.action == "stop":
            return await driver.stop(job)
        if job.action == "monitor":
            return await driver.monitor(job)
        if job.action == "validate":
            outcome = await driver.validate(job)
            fact = await aside(lambda: stamp(self._context, job)) if outcome.ok else ""
            return msgspec.structs.replace(outcome, fact=clean(fact, TEXT_LENGTH_MAX))
        return await driver.reload(job) if isinstance(driver, OcfDriver) else fine("nothing to do")

    def _supersede(self, key: Key) -> None:
        """Give up what a stop need not wait for, whether it runs or is still to come."""
        for task, job in self._under_way.get(key, {}).items():
            if job.action not in ("stop", "validate"):
                task.cancel()

    def _abandon(self, task: asyncio.Task[Outcome]) -> None:
        """Cancel a job whose time is over; if it does not even cancel, it is kept out of sight."""
        task.cancel()
        self._abandoned.add(task)
        task.add_done_callback(self._buried)

    def _buried(self, task: asyncio.Task[Outcome]) -> None:
        self._abandoned.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that it is not reported as forgotten


def _outcome(job: Job, task: asyncio.Task[Outcome]) -> Outcome:
    if task.cancelled():
        return failed(f"{job.action} was given up: a stop was asked for", code="superseded")
    error = task.exception()
    if error is None:
        return task.result()
    return failed(f"{job.action} failed: {type(error).__name__}: {error}")


def _too_late(job: Job) -> Outcome:
    return failed(f"{job.action} took longer than {job.limit_s:g} s", code="timeout")
