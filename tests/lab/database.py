"""The story of PostgreSQL under write load: whatever happens, no acknowledged row is missing.

The database lies on the shared disk, with ext4, and is run by Debian's unmodified OCF agent. Its
client writes through the service address all the time and remembers what was acknowledged.
"""

import asyncio
import shutil
import subprocess
import time
from pathlib import Path

from nodeagent.config import edit
from tests.lab import writer
from tests.lab.disk import NoDiskError
from tests.lab.lab import Poller
from tests.lab.place import lacks, program
from tests.lab.plan import Plan, address_of
from tests.lab.seen import seen
from tests.lab.stage import RECOVER_S, START_S, Stage, Steps
from tui.demo.watch import NotHeld, require, where

GROUP, PORT = "ledger", 5433
DIRECTORY = Path("/mnt")
"""Where the disk is mounted: every user may get there, and each host has its own mounts."""
SIZE_MIB = 256
ROWS_BEFORE = 200
"""So many rows are acknowledged before something happens."""
_HBA = "host all all 0.0.0.0/0 trust\nlocal all all trust\n"
_CONF = f"listen_addresses = '*'\nunix_socket_directories = '{DIRECTORY}/pg'\nport = {PORT}\n"


def why_not() -> str:
    """Return what this machine lacks for a database, "" if nothing."""
    return lacks("pgsql", "initdb", "pg_ctl", "psql", "runuser", "mkfs.ext4")


def prepare(device: str) -> None:
    """Make an empty database on the disk, with the table of the writer."""
    data = DIRECTORY / "pg" / "data"
    _run("mount", device, str(DIRECTORY))
    try:
        data.parent.mkdir()
        shutil.chown(data.parent, "postgres", "postgres")
        as_user = ("runuser", "-u", "postgres", "--")
        _run(*as_user, program("initdb"), "-D", str(data), "-A", "trust")
        (data / "pg_hba.conf").write_text(_HBA)
        with (data / "postgresql.conf").open("a") as file:
            file.write(_CONF)
        single = (program("postgres"), "--single", "-D", str(data), "postgres")
        _run(*as_user, *single, text=f"create table {writer.TABLE} (id integer primary key)\n")
    finally:
        _run("umount", str(DIRECTORY))


def _run(*words: str, text: str = "") -> str:
    done = subprocess.run(
        words, input=text, capture_output=True, text=True, timeout=60, check=False, cwd="/"
    )
    if done.returncode:
        raise NoDiskError(f"{words[0]}: {' '.join(done.stderr.split())}")
    return done.stdout


def with_database(plan: Plan, text: str) -> str:
    """Return `text` with the group of the database: address, disk, server."""
    directory = str(DIRECTORY)
    values = {
        "pgctl": program("pg_ctl"),
        "psql": program("psql"),
        "pgdata": f"{directory}/pg/data",
        "pgport": str(PORT),
        "socketdir": f"{directory}/pg",
        "logfile": f"{directory}/pg/log",
    }
    resources = {
        "address": {
            "type": "service-address",
            "network": "public1",
            "address": address_of(GROUP),
        },
        "disk": {
            "type": "filesystem",
            "device": plan.device,
            "fstype": "ext4",
            "directory": directory,
        },
        "server": {"type": "ocf:heartbeat:pgsql", "parameters": values},
    }
    nodes = tuple(name for name in plan.hosts if name not in plan.witnesses)[:3]
    return edit.add(text, ("group", GROUP), {"nodes": nodes, "resource": resources})


def steps(stage: Stage) -> Steps:
    """Return the steps of the story."""
    story = _Database(stage)
    return (
        ("stable", story.stable),
        ("planned-move", story.planned_move),
        ("node-death", story.node_death),
        ("server-killed", story.server_killed),
    )


class _Database:
    def __init__(self, stage: Stage) -> None:
        self.stage, self.lab = stage, stage.lab

    async def stable(self) -> str:
        """The database runs, and its client writes."""
        if reason := why_not():
            raise NoDiskError(reason)
        device = self.lab.plan.device
        if not device:
            raise NoDiskError("there is no shared disk here")
        await self.stage.scene.settle(START_S)
        await asyncio.to_thread(prepare, device)
        active = (await self.stage.scene.active()).active
        text = with_database(self.lab.plan, active)
        await self.stage.scene.change(self.stage.scene.alive[0], text, "add the database")
        file = self.lab.folder / f"client-{GROUP}.jsonl"
        self.lab.pollers[GROUP] = Poller(address_of(GROUP), PORT, file, writer.__name__)
        await self._more(time.monotonic())
        return f"{GROUP} on {await self._owner()}, its client writes"

    async def planned_move(self) -> str:
        """The database goes to another host."""
        owner = await self._owner()
        await self._more(time.monotonic())
        target = next(name for name in self.lab.cast.members if name != owner)
        moved = time.monotonic()
        await self.stage.move(GROUP, target)
        return await self._nothing_is_missing(f"from {owner} to {target}", moved)

    async def node_death(self) -> str:
        """The power of its host fails while it writes."""
        owner = await self._owner()
        await self._more(time.monotonic())
        died = time.monotonic()
        await asyncio.to_thread(self.lab.power_off, owner)
        self.stage.scene.alive.remove(owner)

        async def taken() -> None:
            require(await self._owner() not in {"", owner}, f"{GROUP} is with nobody")

        await self.stage.watch.until(taken, RECOVER_S, "a takeover")
        told = await self._nothing_is_missing(f"{owner} died", died)
        await asyncio.to_thread(self.lab.power_on, owner)
        self.stage.scene.alive.append(owner)
        await self.stage.scene.settle(RECOVER_S)
        return told

    async def server_killed(self) -> str:
        """kill -9 of every process of the database."""
        owner = await self._owner()
        await self._more(time.monotonic())
        killed = time.monotonic()
        words = ("sh", "-c", "kill -9 $(head -1 /mnt/pg/data/postmaster.pid)")
        await asyncio.to_thread(self.lab.hosts[owner].run, *words)
        return await self._nothing_is_missing(f"killed on {owner}", killed)

    async def _owner(self) -> str:
        return where(await self.stage.scene.look()).get(GROUP, "")

    async def _more(self, since: float) -> None:
        """Wait until so many rows more are acknowledged."""

        async def written() -> None:
            rows = [s for s in self.lab.pollers[GROUP].samples() if s.asked >= since]
            good = sum(not s.failure for s in rows)
            last = rows[-1].failure if rows else "nothing was tried"
            require(good >= ROWS_BEFORE, f"{good} rows since: {last}")

        await self.stage.watch.until(written, RECOVER_S, "rows")

    async def _nothing_is_missing(self, what: str, since: float) -> str:
        """Compare what was acknowledged with what is there."""
        await self._failed(since)
        await self._more(time.monotonic())
        rows = self.lab.pollers[GROUP].samples()
        acknowledged = {s.number for s in rows if not s.failure}
        there = await self._rows()
        missing = sorted(acknowledged - there)
        require(not missing, f"{len(missing)} acknowledged rows are missing: {missing[:5]}")
        gap_ms = seen(rows, since, time.monotonic()).longest_gap_s * 1000
        extra = len({s.number for s in rows if s.failure} & there)
        return (
            f"{GROUP} {what}, now on {await self._owner()}: {len(acknowledged)} rows acknowledged, "
            f"none missing, {extra} there that were not acknowledged; {gap_ms:.0f} ms away"
        )

    async def _failed(self, since: float) -> None:
        async def failed() -> None:
            rows = self.lab.pollers[GROUP].samples()
            require(any(s.failure for s in rows if s.ended >= since), "nothing was interrupted")

        await self.stage.watch.until(failed, RECOVER_S, "the interruption")

    async def _rows(self) -> frozenset[int]:
        query = f"select id from {writer.TABLE}"
        words = writer.client(address_of(GROUP), PORT, "-c", query)
        try:
            text = await asyncio.to_thread(_run, *words)
        except NoDiskError as error:
            raise NotHeld(str(error)) from None
        return frozenset(int(line) for line in text.split())
