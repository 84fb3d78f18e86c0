"""The other peer in the lab: Debian's keepalived, which moves service addresses by VRRP (RFC 9568).

It knows addresses and nodes, no applications: the service runs on all hosts all the time, as web
servers behind keepalived do, so nothing is started when an address moves. Settings beside its
defaults: `state BACKUP`, `nopreempt` (an address stays where it is, as with us), and priorities
150, 100 and 50, by which the heirs wait in turn. `advert_int` is 1 s unless said. An address is
moved by stopping keepalived on the host that has it.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.lab.lab import Poller
from tests.lab.needs import missing_packages
from tests.lab.plan import GROUPS, PLUGS, SERVICE_PORT, Plan, address_of
from tests.lab.room import Room, RoomError
from tests.lab.switch import Switch
from tui.demo import service

PACKAGES = {"keepalived": "keepalived"}
PRIORITIES = (150, 100, 50)
LIMIT_S = 30.0
LOOK_S = 0.05
TRIES = 8
_PROGRAM = ("keepalived", "--vrrp", "--dont-fork", "--use-file")
_INSTANCE = """\
vrrp_instance {group} {{
    state BACKUP
    nopreempt
    interface {adapter}
    virtual_router_id {number}
    priority {priority}
    advert_int {advert_s}
    virtual_ipaddress {{
        {address}/24
    }}
}}
"""


def why_not() -> str:
    """Return why this peer cannot be shown here, "" if it can."""
    missing = missing_packages(PACKAGES)
    return f"missing Debian packages: apt-get install {' '.join(missing)}" if missing else ""


class Keepalived:
    """keepalived on `members` of `plan`, with the addresses of `homes`: group to its first host.

    `advert_s`: seconds between its adverts; a master that sent none for three of them is dead.
    """

    def __init__(
        self, folder: Path, plan: Plan, homes: Mapping[str, str], advert_s: float = 1.0
    ) -> None:
        self.members = list(plan.hosts[: len(PRIORITIES)])
        self.hosts: dict[str, Room] = {}
        self.pollers: dict[str, Poller] = {}
        self._plan, self._folder, self._homes, self._advert_s = plan, folder, homes, advert_s
        self._daemons: dict[str, list[subprocess.Popen[bytes]]] = {}
        self.switch = Switch()
        self.switch.connect_client()

    # -- hosts

    def start(self) -> None:
        """Boot all members and wait until each address is with its first host."""
        for name in self.members:
            self.boot(name)
        self.begin()

    def begin(self) -> None:
        """Start keepalived everywhere until each address is with its first host.

        With `nopreempt` an address stays with whoever was the first to wake; then all begin anew.
        """
        for _ in range(TRIES):
            for name in self.members:
                self.run_daemon(name)
            self.until_idle()
            if self.owners() == dict(self._homes):
                return
            self.stop_all()
        raise RoomError("keepalived: an address does not begin at its home")

    def stop_all(self) -> None:
        """Stop keepalived everywhere."""
        for name in self.members:
            self.stop_daemon(name)

    def boot(self, name: str) -> None:
        """Boot a host, and start the service on it."""
        room = self.hosts[name] = Room(name)
        self.switch.connect(room, self._plan)
        own = self._folder / f"keepalived-{name}"
        own.mkdir(exist_ok=True)
        words = (sys.executable, "-I", "-S", service.__file__, "all", "0.0.0.0", str(SERVICE_PORT))
        (own / "keepalived.conf").write_text(self._text(name))
        self._daemons[name] = []
        self._run(name, "env", f"CLUSTERTUI_NODE={name}", *words, str(own))

    def run_daemon(self, name: str) -> None:
        """Start keepalived on a host that is up."""
        file = self._folder / f"keepalived-{name}" / "keepalived.conf"
        self._run(name, *_PROGRAM, str(file))

    def _run(self, name: str, *words: str) -> None:
        self._daemons[name].append(
            subprocess.Popen(
                [*self.hosts[name].entrance(), *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

    def power_off(self, name: str) -> None:
        """Take the power from a host."""
        self.hosts[name].freeze()
        self.switch.disconnect(name)
        for daemon in self._daemons.pop(name):
            daemon.kill()
            daemon.wait()
        self.hosts.pop(name).end()

    def stop_daemon(self, name: str) -> None:
        """Tell keepalived to end, as `systemctl stop` does, and wait for it."""
        self.hosts[name].run("sh", "-c", _STOP)

    def _text(self, name: str) -> str:
        place, version = self.members.index(name), "" if self._advert_s >= 1 else "vrrp_version 3\n"
        text = f"global_defs {{\nrouter_id {name}\n{version}}}\n"
        for number, (group, home) in enumerate(self._homes.items(), 51):
            network = GROUPS[group][0]
            adapter = next(p.name for p in PLUGS if (p.network, p.role) == (network, "service"))
            turn = abs(place - self.members.index(home))
            text += _INSTANCE.format(
                group=group,
                adapter=adapter,
                number=number,
                priority=PRIORITIES[turn],
                advert_s=f"{self._advert_s:g}",
                address=address_of(group),
            )
        return text

    # -- asking

    def owners(self) -> dict[str, str]:
        """Return which host has each address; none is named where several have it, or nobody."""
        shown = {
            name: room.run("ip", "-o", "-4", "addr") for name, room in list(self.hosts.items())
        }
        found = {}
        for group in self._homes:
            at = [name for name, text in shown.items() if f" {address_of(group)}/" in text]
            if len(at) == 1:
                found[group] = at[0]
        return found

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until it holds; RoomError when it does not in time."""
        deadline = time.monotonic() + LIMIT_S
        while not holds():
            if time.monotonic() > deadline:
                raise RoomError(f"keepalived: never came: {what}")
            time.sleep(LOOK_S)

    def until_idle(self) -> None:
        """Wait until each address is with one host, and only one."""
        self.until(lambda: len(self.owners()) == len(self._homes), "one owner of each address")

    # -- the client

    def watch(self, group: str) -> None:
        """Let the client ask the service of `group` from now on."""
        file = self._folder / f"keepalived-{group}.jsonl"
        self.pollers[group] = Poller(address_of(group), SERVICE_PORT, file)

    def close(self) -> None:
        """End everything."""
        for one in self.pollers.values():
            one.close()
        for room in self.hosts.values():
            room.end()
        for daemons in self._daemons.values():
            for daemon in daemons:
                daemon.kill()
                daemon.wait()
        self.switch.close()


_STOP = """
pid=$(cat /run/keepalived.pid /run/keepalived/keepalived.pid 2>/dev/null | head -n 1)
kill -TERM "$pid"
for try in $(seq 400); do
    kill -0 "$pid" 2>/dev/null || exit 0
    sleep 0.02
done
echo "keepalived does not end" >&2
exit 1
"""
