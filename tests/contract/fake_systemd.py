"""A bus of its own with a stand-in for systemd, whose units do what a test wants of them."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from nodeagent.drivers.systemd.bus import MANAGER, NAME, PATH, PROPERTIES

DAEMON = shutil.which("dbus-daemon")
CONFIG = """<busconfig><type>session</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>"""


class Unit:
    """One unit. `ends_as` is the state after a start job, `result` what its jobs end as."""

    def __init__(self, load: str = "loaded", file: str = "disabled") -> None:
        self.load = load
        self.file = file
        self.active = "inactive"
        self.ends_as = "active"
        self.result = "done"
        self.hangs = False


class Systemd:
    """Answers as systemd's manager does; `orders` are the jobs that were asked for."""

    def __init__(self, connection: MessageBus) -> None:
        self._connection = connection
        self.units: dict[str, Unit] = {}
        self.orders: list[tuple[str, str]] = []
        self._jobs = 0
        self._later: set[asyncio.Task[None]] = set()
        connection.add_message_handler(self._asked)

    def _asked(self, message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        match message.member:
            case "Subscribe":
                return Message.new_method_return(message)
            case "ListUnitFiles":
                files = [(f"/lib/systemd/system/{n}", u.file) for n, u in self.units.items()]
                return Message.new_method_return(message, "a(ss)", [files])
            case "LoadUnit":
                return Message.new_method_return(message, "o", [_path(message.body[0])])
            case "GetAll" if message.interface == PROPERTIES:
                return Message.new_method_return(message, "a{sv}", [self._properties(message.path)])
            case "StartUnit" | "StopUnit":
                return self._order(message)
        return None

    def _properties(self, path: str | None) -> dict[str, Variant]:
        unit = next((u for name, u in self.units.items() if _path(name) == path), Unit("not-found"))
        words = {
            "LoadState": unit.load,
            "ActiveState": unit.active,
            "SubState": "running" if unit.active == "active" else "dead",
            "UnitFileState": unit.file,
        }
        return {key: Variant("s", value) for key, value in words.items()}

    def _order(self, message: Message) -> Message:
        verb, name = str(message.member), message.body[0]
        self.orders.append((verb, name))
        unit = self.units.get(name)
        if unit is None:
            return Message.new_error(message, f"{NAME}.NoSuchUnit", f"Unit {name} not found.")
        self._jobs += 1
        job = f"{PATH}/job/{self._jobs}"
        if not unit.hangs:
            task = asyncio.create_task(self._end(job, name, verb))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
        return Message.new_method_return(message, "o", [job])

    async def _end(self, job: str, name: str, verb: str) -> None:
        await asyncio.sleep(0.01)
        unit = self.units[name]
        if unit.result == "done":
            unit.active = unit.ends_as if verb == "StartUnit" else "inactive"
        else:
            unit.active = "failed" if verb == "StartUnit" else unit.active
        number = int(job.rpartition("/")[2])
        body: list[Any] = [number, job, name, unit.result]
        signal = Message.new_signal(PATH, MANAGER, "JobRemoved", "uoss", body)
        await self._connection.send(signal)


def _path(unit: str) -> str:
    return f"{PATH}/unit/" + "".join(c if c.isalnum() else f"_{ord(c):02x}" for c in unit)


def _config(place: Path) -> Path:
    place.mkdir()
    config = place / "bus.conf"
    config.write_text(CONFIG.format(place / "bus"))
    return config


@asynccontextmanager
async def fake_systemd(place: Path) -> AsyncIterator[tuple[Systemd, str]]:
    """Run a bus with a stand-in for systemd on it; yield the stand-in and the bus's address."""
    assert DAEMON
    words = ("--nofork", "--nopidfile", f"--config-file={_config(place)}", "--print-address")
    daemon = await asyncio.create_subprocess_exec(DAEMON, *words, stdout=subprocess.PIPE)
    assert daemon.stdout
    connection = None
    try:
        address = (await asyncio.wait_for(daemon.stdout.readline(), 30)).decode().strip()
        connection = await MessageBus(bus_address=address).connect()
        systemd = Systemd(connection)
        await connection.request_name(NAME)
        yield systemd, address
    finally:
        if connection is not None:
            connection.disconnect()
        daemon.kill()
        await daemon.wait()
