"""The faults that the console offers to practise on the cluster in a box."""

import asyncio
import os
import shlex
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, suppress
from pathlib import Path

from nodeagent.model.run import OPEN
from nodeagent.wire.console import Drill, DrillKind
from tui.demo.box import Box
from tui.demo.deaths import STEPS
from tui.demo.recipe import ADAPTERS, GROUPS
from tui.demo.watch import NotHeld, Watch, done
from tui.viewmodels import steps
from tui.viewmodels.ports import DrillItem
from tui.viewmodels.store import View


def program() -> str:
    """Return how any terminal calls this `clustertui`: its whole path, unless it is found so."""
    own = Path(sys.executable).with_name("clustertui")
    if not own.exists():
        return f"{shlex.quote(sys.executable)} -m tui.cli"
    found = shutil.which("clustertui")
    at_hand = found is not None and Path(found).resolve() == own.resolve()
    return "clustertui" if at_hand and not _is_in_environment() else shlex.quote(str(own))


def _is_in_environment() -> bool:
    """Return whether the path holds this environment only here: another terminal has not got it."""
    return "VIRTUAL_ENV" in os.environ


def console_command(box: Box) -> str:
    """Return the words with which another terminal reaches the box."""
    return f"{program()} --key {shlex.quote(str(box.access_file))}"


class BoxDrills:
    """The menu of drills; it follows what has been done."""

    def __init__(self, box: Box) -> None:
        self._box = box
        command = console_command(box)
        example = shlex.quote(str(box.example_file))
        self._commands = {
            "terminal look": ("Look", f"{command} status"),
            "terminal change": ("Add a group", f"{command} apply {example}"),
            "terminal file": ("The file of that change", str(box.example_file)),
            "terminal key": ("The key file", str(box.access_file)),
        }
        self._cut: set[tuple[str, str]] = set()
        self._refused: set[str] = set()
        self._armed = ""
        self._armed_after = ""
        self._newest = ""

    def drills(self, view: View) -> Sequence[DrillItem]:
        """Return what can be practised now, on what the console knows to be running."""
        run = view.run
        self._newest = run.tx if run else ""
        used = run is not None and run.tx != self._armed_after and run.state not in OPEN
        if used and run is not None and run.state != "refused":
            self._armed = ""  # it was for one DARE, and that one was decided
        return tuple(self._items(view))

    def _items(self, view: View) -> Iterator[DrillItem]:
        choices = tuple(DrillItem(key, *item) for key, item in self._commands.items())
        help_text = "The commands and files for a shell beside this console."
        yield DrillItem("terminal", "Use a second terminal", help_text, choices)
        yield from self._node_items()
        yield from self._group_items(view)
        yield from self._death_items()
        yield from self._adapter_items(view)

    def _group_items(self, view: View) -> Iterator[DrillItem]:
        configuration = view.active.running
        for group in configuration.group if configuration else GROUPS:
            help_text = "Its process is killed on the node that owns the group."
            yield DrillItem(f"fail {group}", f"Crash {group}", help_text)
            yield self._acquire_item(group)

    def _adapter_items(self, view: View) -> Iterator[DrillItem]:
        configuration = view.active.configuration
        for name in self._box.names:
            known = configuration.node.get(name) if configuration else None
            adapters = {a: noun.network for a, noun in known.adapter.items()} if known else ADAPTERS
            for adapter, network in adapters.items():
                yield self._adapter_item(name, adapter, network)

    def _death_items(self) -> Iterator[DrillItem]:
        if self._armed:
            help_text = (
                f"Armed: the next DARE's coordinator dies at {self._armed}. This disarms it."
            )
            yield DrillItem("disarm", f"Disarm death at {self._armed}", help_text)
        choices = tuple(
            DrillItem(f"die {step}", steps.STEPS[step].title, steps.STEPS[step].explanation)
            for step in STEPS
        )
        help_text = "Whoever coordinates the next DARE is killed when it enters a step you choose."
        yield DrillItem("die", "Kill the coordinator at...", help_text, choices)

    def _node_items(self) -> Iterator[DrillItem]:
        for name, agent in self._box.agents.items():
            if not agent.alive:
                help_text = "Its agent starts again and asks to be let in."
                yield DrillItem(f"start {name}", f"Switch {name} on", help_text)
                continue
            help_text = "The agent and all it runs are killed at once, as by a power cut."
            yield DrillItem(f"kill {name}", f"Switch {name} off", help_text)
            help_text = "Only its agent dies, and starts again at once; what it runs goes on."
            yield DrillItem(f"restart {name}", f"Restart {name}'s agent", help_text)
            if agent.frozen:
                yield DrillItem(f"thaw {name}", f"Thaw {name}", "Its agent goes on where it was.")
            else:
                help_text = "Its agent stands still; its watchdog does not."
                yield DrillItem(f"freeze {name}", f"Freeze {name}", help_text)

    def _acquire_item(self, group: str) -> DrillItem:
        if group in self._refused:
            return DrillItem(f"allow {group}", f"Allow {group} again", "Acquiring it works again.")
        help_text = (
            "All but its owner fail to acquire it, so a DARE that starts or moves it aborts."
        )
        return DrillItem(f"refuse {group}", f"Refuse to acquire {group}", help_text)

    def _adapter_item(self, name: str, adapter: str, network: str) -> DrillItem:
        if (name, adapter) in self._cut:
            help_text = "The adapter hears and speaks again."
            return DrillItem(f"mend {name} {adapter}", f"Mend {name} {adapter}", help_text)
        help_text = f"Nothing goes through {name}'s adapter on {network} any more."
        return DrillItem(f"cut {name} {adapter}", f"Cut {name} {adapter} ({network})", help_text)

    async def run(self, key: str) -> str:
        """Cause the fault named by `key`; return a sentence on what was done."""
        if key in self._commands:
            return self._commands[key][1]
        verb, *words = key.split()
        work: dict[str, Callable[..., Awaitable[str]]] = {
            "start": self._start,
            "kill": self._kill,
            "restart": self._restart,
            "freeze": self._freeze,
            "thaw": self._thaw,
            "fail": self._fail,
            "refuse": self._refuse,
            "allow": self._allow,
            "die": self._die,
            "disarm": self._disarm,
            "cut": self._cut_adapter,
            "mend": self._mend_adapter,
        }
        try:
            return await work[verb](*words)
        except NotHeld as reason:
            return f"not done: {reason}"

    async def _start(self, name: str) -> str:
        await asyncio.to_thread(self._box.run, name)
        self._cut = {(node, adapter) for node, adapter in self._cut if node != name}
        return f"{name} is switched on"

    async def _kill(self, name: str) -> str:
        await asyncio.to_thread(self._box.agents[name].power_off)
        return f"{name} is switched off"

    async def _restart(self, name: str) -> str:
        await asyncio.to_thread(self._box.agents[name].kill)
        await asyncio.to_thread(self._box.run, name)
        return f"the agent of {name} died and starts again"

    async def _freeze(self, name: str) -> str:
        self._box.agents[name].freeze()
        return f"{name} stands still"

    async def _thaw(self, name: str) -> str:
        self._box.agents[name].thaw()
        return f"{name} goes on"

    async def _fail(self, group: str) -> str:
        async with aclosing(_Watching(self._box)) as watching:
            owner = await watching.owner(group)
            await watching.tell([owner], "fail-application", group)
        return f"the application of {group} was killed on {owner}"

    async def _refuse(self, group: str) -> str:
        """Leave the owner out: what an abort brings back must be able to come back."""
        async with aclosing(_Watching(self._box)) as watching:
            try:
                owner = await watching.owner(group)
            except NotHeld:
                owner = ""
            names = [name for name in self._running() if name != owner]
            await watching.tell(names, "fail-acquire", group)
        self._refused.add(group)
        return f"no other node will acquire {group}" if owner else f"no node will acquire {group}"

    async def _allow(self, group: str) -> str:
        await self._everywhere("mend-acquire", group)
        self._refused.discard(group)
        return f"{group} can be acquired again"

    async def _die(self, step: str) -> str:
        await self._everywhere("stop-at-step", step)
        self._armed, self._armed_after = step, self._newest
        return f"armed: the next DARE's coordinator dies when it enters {step}"

    async def _disarm(self) -> str:
        await self._everywhere("stop-at-step", "")
        self._armed = ""
        return "disarmed: the next coordinator lives"

    async def _cut_adapter(self, name: str, adapter: str) -> str:
        await self._at([name], "cut-adapter", adapter)
        self._cut.add((name, adapter))
        return f"{name} {adapter} is cut"

    async def _mend_adapter(self, name: str, adapter: str) -> str:
        await self._at([name], "mend-adapter", adapter)
        self._cut.discard((name, adapter))
        return f"{name} {adapter} is mended"

    async def _everywhere(self, kind: DrillKind, target: str) -> None:
        await self._at(self._running(), kind, target)

    def _running(self) -> list[str]:
        return [n for n, agent in self._box.agents.items() if agent.alive and not agent.frozen]

    async def _at(self, names: Sequence[str], kind: DrillKind, target: str) -> None:
        async with aclosing(_Watching(self._box)) as watching:
            await watching.tell(names, kind, target)


class _Watching:
    """A short look at the agents, from whatever event loop the console runs on."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._watch = Watch(box.access_to)

    async def tell(self, names: Sequence[str], kind: DrillKind, target: str) -> None:
        for name in names:
            answer = await self._watch.ask(name, Drill(kind=kind, target=target))
            done(answer, f"{kind} {target} on {name}")

    async def owner(self, group: str) -> str:
        for name, agent in self._box.agents.items():
            if agent.alive and not agent.frozen:
                with suppress(NotHeld):
                    owners = (await self._watch.look(name)).cluster.owners
                    if owners.get(group):
                        return owners[group]
        raise NotHeld(f"nobody owns {group}")

    async def aclose(self) -> None:
        await self._watch.close()
