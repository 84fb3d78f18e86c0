"""The faults that the console offers to practise in the lab: real ones, below the agents."""

import asyncio
import subprocess
from collections.abc import Callable, Iterator, Sequence

from tests.lab.lab import Lab
from tests.lab.plan import NETWORKS
from tests.lab.room import RoomError
from tui.viewmodels.ports import DrillItem
from tui.viewmodels.store import View


class LabDrills:
    """The menu of faults; it follows what has been done."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._apart = ""
        self._unplugged: set[str] = set()
        self._dead: set[str] = set()

    def drills(self, view: View) -> Sequence[DrillItem]:
        """Return what can be done now."""
        del view
        return tuple(self.items())

    def items(self) -> Iterator[DrillItem]:
        """Yield what can be done now."""
        for name in self._lab.names:
            yield from self._host_items(name)
        for network in NETWORKS:
            if network in self._dead:
                yield DrillItem(f"mend {network}", f"Mend {network}", "All its cables work again.")
            else:
                text = "Every host's cables to this network go dead."
                yield DrillItem(f"kill {network}", f"Kill network {network}", text)

    def _host_items(self, name: str) -> Iterator[DrillItem]:
        if not self._lab.hosts[name].is_up:
            text = "It boots from its own disk, and its agent starts."
            yield DrillItem(f"on {name}", f"Switch {name} on", text)
            return
        yield DrillItem(
            f"off {name}", f"Switch {name} off", "The power fails: all is gone at once."
        )
        if not self._lab.agents[name].alive:
            yield DrillItem(
                f"start {name}", f"Start the agent of {name}", "Its host never stopped."
            )
        else:
            text = "kill -9 of the agent; the host lives on."
            yield DrillItem(f"agent {name}", f"Kill the agent of {name}", text)
        if self._apart == name:
            yield DrillItem("join", f"Let {name} be heard again", "The split is over.")
        elif not self._apart:
            text = "The other hosts do not hear it, nor it them; clients reach all."
            yield DrillItem(f"part {name}", f"Cut {name} off", text)
        cables = tuple(self._cables(name))
        yield DrillItem(f"cables {name}", f"Cables of {name}...", "Pull or plug one.", cables)

    def _cables(self, name: str) -> Iterator[DrillItem]:
        for port in self._lab.switch.ports(name):
            plug = port.removeprefix(f"{name}-")
            if port in self._unplugged:
                yield DrillItem(f"plug {port}", f"Plug {plug} in", "The adapter has a link again.")
            else:
                yield DrillItem(f"pull {port}", f"Pull {plug}", "The adapter loses its link.")

    async def run(self, key: str) -> str:
        """Cause the fault named by `key`; return a sentence on what was done."""
        verb, _, word = key.partition(" ")
        work: dict[str, Callable[[str], str]] = {
            "on": self._on,
            "off": self._off,
            "start": self._start,
            "agent": self._agent,
            "part": self._part,
            "join": self._join,
            "pull": lambda port: self._turn(port, on=False),
            "plug": lambda port: self._turn(port, on=True),
            "kill": lambda network: self._network(network, on=False),
            "mend": lambda network: self._network(network, on=True),
        }
        try:
            return await asyncio.to_thread(work[verb], word)
        except (RoomError, subprocess.SubprocessError) as error:
            return f"not done: {error}"

    def _on(self, name: str) -> str:
        self._lab.power_on(name)
        self._unplugged = {port for port in self._unplugged if not port.startswith(f"{name}-")}
        return f"{name} is switched on"

    def _off(self, name: str) -> str:
        self._lab.power_off(name)
        return f"{name} is switched off"

    def _start(self, name: str) -> str:
        self._lab.run(name)
        return f"the agent of {name} is started"

    def _agent(self, name: str) -> str:
        self._lab.agents[name].kill()
        return f"the agent of {name} is killed"

    def _part(self, name: str) -> str:
        others = [other for other in self._lab.names if other != name]
        self._lab.switch.part([name], others)
        self._apart = name
        return f"{name} is cut off from the other hosts"

    def _join(self, _: str) -> str:
        self._lab.switch.mend()
        self._apart = ""
        return "all hosts hear each other"

    def _turn(self, port: str, *, on: bool) -> str:
        self._lab.switch.turn([port], on=on)
        (self._unplugged.discard if on else self._unplugged.add)(port)
        return f"{port} is {'plugged in' if on else 'pulled'}"

    def _network(self, network: str, *, on: bool) -> str:
        self._lab.switch.turn_network(network, on=on)
        (self._dead.discard if on else self._dead.add)(network)
        return f"{network} is {'mended' if on else 'dead'}"
