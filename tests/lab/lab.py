"""The lab: a switch, hosts with an agent each, the client's pollers. Made and taken away as one.

The program that makes it must be in a private place (tests.support.private): it is the client host.
All else hangs below it, in namespaces without a name, so nothing outlives it however it ends.
"""

import os
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import zmq

from nodeagent.client import access
from nodeagent.client.access import Access, AgentAddress
from tests.lab import poller
from tests.lab.disk import SIZE_MIB, Disk, NoDiskError
from tests.lab.plan import (
    ADMIN_PORT,
    CONSOLE_PLUG,
    EVENT_PORT,
    SERVICE_PORT,
    SHORT,
    Plan,
    address_of,
)
from tests.lab.power import PowerSwitch
from tests.lab.room import Room
from tests.lab.seen import Sample
from tests.lab.switch import Switch
from tui.demo.agents import AGENT, Agent


@dataclass(frozen=True, slots=True)
class Cast:
    """Which hosts there are: members and witnesses run from the start, `spares` can be added.

    `groups`: to the takeover order, as numbers of members. `timing`: text of the configuration.
    `standby`: members have a standby adapter beside each service adapter. `disk`: *web* has its
    data on the shared disk. `restarts`: how often a service may fail before its group leaves.
    `fenced`: hosts can switch each other off, and must before they take over.
    """

    members: tuple[str, ...]
    groups: Mapping[str, Sequence[int]]
    witnesses: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()
    timing: str = SHORT
    standby: bool = True
    disk: bool = True
    disk_mib: int = SIZE_MIB
    restarts: int = 1
    fenced: bool = False


_decoder = msgspec.json.Decoder(Sample)


class Lab:
    """The hosts of `cast`; all files lie in `folder`."""

    def __init__(self, folder: Path, cast: Cast) -> None:
        self.cast = cast
        self.names = [*cast.members, *cast.witnesses]
        self.folder = folder
        self.agents: dict[str, Agent] = {}
        self.hosts: dict[str, Room] = {}
        self._pairs = {name: _key_pair() for name in (*self.names, *cast.spares)}
        self._console = _key_pair()
        self._power = threading.Lock()
        self._parent_read, self._parent_write = os.pipe()
        disk = _shared_disk(folder / "web.img", cast.disk_mib) if cast.disk else None
        self.plan = Plan(
            hosts=tuple(self._pairs),
            witnesses=cast.witnesses,
            folder=folder,
            mark=secrets.token_hex(12),
            keys={name: public for name, (public, _) in self._pairs.items()},
            console_key=self._console[0],
            python=sys.executable,
            timing=cast.timing,
            standby=cast.standby,
            device=disk.path if disk else "",
            restarts=cast.restarts,
            fenced=cast.fenced,
        )
        self._disk = disk
        self.pollers: dict[str, Poller] = {}
        self.power = PowerSwitch(folder / "power", self.power_off) if cast.fenced else None
        self.switch = Switch()
        self.switch.connect_client()

    # -- for consoles

    @property
    def access_file(self) -> Path:
        """Return where the console's access lies."""
        return self.folder / "console.toml"

    def access(self) -> Access:
        """Return the console's access to all agents that run from the start or were added."""
        return Access(*self._console, tuple(self._address(name) for name in self.names))

    def access_to(self, name: str) -> Access:
        """Return the console's access to one agent alone."""
        return self.access().to([self._address(name)])

    def _address(self, name: str) -> AgentAddress:
        at = self.plan.address(name, CONSOLE_PLUG)
        key = self._pairs[name][0]
        return AgentAddress(name, f"tcp://{at}:{ADMIN_PORT}", f"tcp://{at}:{EVENT_PORT}", key)

    def service_at(self, group: str) -> tuple[str, int]:
        """Return address and port at which clients find `group`."""
        return address_of(group), SERVICE_PORT

    # -- hosts and agents

    def start(self) -> None:
        """Boot and set up every host, then start its agent. RoomError or AgentError on failure."""
        orders = {
            group: [self.cast.members[number] for number in numbers]
            for group, numbers in self.cast.groups.items()
        }
        first = self.folder / "cluster.toml"
        first.write_text(self.plan.base(self.names, orders))
        access.save(self.access(), self.access_file)
        for group in orders:
            self.plan.data(group).mkdir(parents=True)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda name: self._install(name, first), self.names))
        for name in self.names:
            self.run(name)

    def _install(self, name: str, configuration: Path, *, join: bool = False) -> None:
        self.boot(name)
        agent = self.agents[name]
        agent.folder.mkdir(mode=0o700)
        public, secret = self._pairs[name]
        descriptor = os.open(agent.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f'public = "{public}"\nsecret = "{secret}"\n')
        agent.prepare(configuration, join=join)

    def boot(self, name: str) -> None:
        """Make the host `name`, with its cables; its agent does not run yet."""
        room = self.hosts[name] = Room(name)
        self.switch.connect(room, self.plan)
        program = (*room.entrance(), *AGENT)
        self.agents[name] = Agent(name, self.folder / name, self.plan.mark, program)

    def run(self, name: str) -> None:
        """Start the agent of a host that is up and set up."""
        self.agents[name].start(self._parent_read)

    def prepare(self, name: str, text: str) -> None:
        """Boot and set up a host that is to be added by changing to the configuration `text`."""
        configuration = self.folder / f"{name}-joins.toml"
        configuration.write_text(text)
        self._install(name, configuration, join=True)

    def join(self, name: str, text: str) -> None:
        """Boot and start a host that is to be added by changing to the configuration `text`."""
        self.prepare(name, text)
        self.run(name)

    def adopt(self, name: str) -> None:
        """Count an added host in, for consoles too."""
        self.names.append(name)
        access.save(self.access(), self.access_file)

    def forget(self, name: str) -> None:
        """Switch off a host that was removed, and take away what is on its disk."""
        self.power_off(name)
        self.names.remove(name)
        access.save(self.access(), self.access_file)
        shutil.rmtree(self.agents.pop(name).folder)

    def power_off(self, name: str) -> None:
        """Take the power from a host: nobody hears of it again, and all that ran there is gone.

        To take cables away takes a while, and what runs must neither answer nor see it: it is
        stopped first. The cables go before it is killed, for the kernel would still say goodbye to
        everybody in its name.
        """
        with self._power:
            if self.hosts[name].is_up:
                self.hosts[name].freeze()
                self.switch.disconnect(name)
                self.agents[name].kill()
                self.hosts[name].end()

    def power_on(self, name: str) -> None:
        """Boot a host again, from its own disk, and start its agent."""
        self.boot(name)
        self.run(name)

    def last_words(self, lines: int = 8) -> Sequence[str]:
        """Return the ends of all agents' logs, each line with its host's name."""
        agents = self.agents.items()
        return [f"{name}: {line}" for name, agent in agents for line in agent.last_words(lines)]

    def told(self, name: str, text: str) -> int:
        """Return how often the agent of a host has said this."""
        return self.agents[name].log.read_text("utf-8", "replace").count(text)

    # -- the client

    def watch(self, group: str) -> None:
        """Let the client ask the service of `group` from now on."""
        self.pollers[group] = Poller(*self.service_at(group), self.folder / f"client-{group}.jsonl")

    # -- the end

    def close(self) -> None:
        """End everything."""
        for one in self.pollers.values():
            one.close()
        if self.power is not None:
            self.power.close()
        for room in self.hosts.values():
            room.end()
        for agent in self.agents.values():
            agent.kill()
        self.switch.close()
        if self._disk is not None:
            self._disk.close()
        os.close(self._parent_read)
        os.close(self._parent_write)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Poller:
    """A running poller, or another program that writes samples, and what it wrote so far."""

    def __init__(self, address: str, port: int, file: Path, program: str = poller.__name__) -> None:
        self._file = file
        with file.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", program, address, str(port)],
                stdin=subprocess.PIPE,
                stdout=out,
            )

    def samples(self) -> list[Sample]:
        """Return all requests that have ended."""
        lines = self._file.read_bytes().splitlines(keepends=True)
        return [_decoder.decode(line) for line in lines if line.endswith(b"\n")]

    def close(self) -> None:
        """Ask no more."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def _shared_disk(file: Path, size_mib: int) -> Disk | None:
    """Return the disk for groups whose data move, None without a loop device."""
    try:
        return Disk(file, size_mib)
    except NoDiskError:
        return None


def _key_pair() -> tuple[str, str]:
    public, secret = zmq.curve_keypair()
    return public.decode("ascii"), secret.decode("ascii")
