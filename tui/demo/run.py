"""`clustertui demo` from start to end: make the box, show it, tidy up."""

import shlex
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from nodeagent.client.client import Client
from nodeagent.model.text import clean
from tui.demo import signals
from tui.demo.agents import AgentError
from tui.demo.asker import Asker
from tui.demo.box import Box, BoxError
from tui.demo.deaths import CoordinatorDeaths
from tui.demo.drills import BoxDrills, console_command
from tui.demo.places import NoPlace
from tui.demo.recipe import GROUPS
from tui.demo.report import Report
from tui.demo.scene import Proof, Scene
from tui.demo.signals import Ended
from tui.demo.tour import Steps, Tour
from tui.demo.watch import NotHeld, Watch

if TYPE_CHECKING:
    from tui.app import ClusterApp
    from tui.screens.command_line import Shell

STABLE_S = 60.0
FAILED = 1
SLEPT = "this node slept"
"""How an agent tells that it was not let run."""


def say(text: str) -> None:
    """Write one line of talk; nobody may be there to read it any more."""
    with suppress(OSError):
        sys.stderr.write(clean(text) + "\n")
        sys.stderr.flush()


ShellOf = Callable[[Path], "Shell"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How `clustertui demo` was called. `deaths`: steps at which the coordinator is to die.

    `shell_of` makes the console's command line from the access file; `keymap`: its keys. `talk`
    runs a console of lines instead of one with a screen.
    """

    nodes: int
    headless: bool = False
    as_json: bool = False
    keep: Path | None = None
    deaths: tuple[str, ...] = ()
    shell_of: ShellOf | None = None
    keymap: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    talk: Callable[[Client, Path], int] | None = None


def demo(wanted: Wanted) -> int:
    """Run the demonstration and return the exit code; nothing of it is left behind."""
    signals.listen()
    try:
        with ExitStack() as stack:
            stack.callback(signals.ignore)
            box = Box(wanted.nodes, wanted.keep)
            stack.callback(_tidy, box)
            stack.callback(signals.ignore)
            return _shown(box, wanted)
    except Ended as ended:
        return ended.exit_code
    except (BoxError, NoPlace, AgentError) as error:
        say(f"clustertui demo: {error}")
        return FAILED


def _tidy(box: Box) -> None:
    say("ending the agents")
    box.close()


def _shown(box: Box, wanted: Wanted) -> int:
    say(f"starting {len(box.names)} agents in {box.folder}")
    box.start()
    services = {group: box.recipe.address_of(group) for group in GROUPS}
    if wanted.headless:
        return signals.run(_tour(box, services, wanted))
    try:
        signals.run(_stable(box))
    except NotHeld as reason:
        _tell_failure(box, str(reason))
        return FAILED
    return _console(box, services, wanted)


def _tell_failure(box: Box, reason: str) -> None:
    say(f"clustertui demo: {reason}")
    words = box.last_words()
    for line in words:
        say(f"  {line}")
    if any(SLEPT in line for line in words):
        say("this machine does not let the agents run in time; try again when it has less to do")


async def _stable(box: Box) -> None:
    say("waiting until the cluster is stable")
    watch = Watch(box.access_to)
    try:
        with closing(Asker({}, 0)) as nobody:
            await Scene(box, watch, nobody).settle(STABLE_S)
    finally:
        await watch.close()


async def _tour(box: Box, services: dict[str, str], wanted: Wanted) -> int:
    report = Report("drill" if wanted.deaths else "tour", as_json=wanted.as_json)
    began = time.monotonic()
    watch = Watch(box.access_to)
    with closing(Asker({}, box.places.service_port)) as client:
        try:
            scene = Scene(box, watch, client)
            story = CoordinatorDeaths(scene, wanted.deaths) if wanted.deaths else Tour(scene)
            ok = await _walk(scene, story.steps(), services, report)
        finally:
            await watch.close()
        record = client.record("orders")
        report.end(
            ok=ok,
            requests=record.requests,
            failed=record.failed,
            gap_s=record.longest_gap_s,
            seconds=time.monotonic() - began,
        )
    return 0 if ok else FAILED


async def _walk(scene: Scene[Box], steps: Steps, services: dict[str, str], report: Report) -> bool:
    for name, step in steps:
        began = time.monotonic()
        try:
            proof = await step()
        except (NotHeld, AgentError) as reason:
            seconds = time.monotonic() - began
            report.step(name, ok=False, seconds=seconds, proof=Proof(str(reason)))
            _tell_failure(scene.box, f"{name} did not hold: {reason}")
            return False
        report.step(name, ok=True, seconds=time.monotonic() - began, proof=proof)
        if name == "stable":
            for group, address in services.items():
                scene.client.watch(group, address)
    return True


def _console(box: Box, services: dict[str, str], wanted: Wanted) -> int:
    command = console_command(box)
    example = shlex.quote(str(box.example_file))
    say(f"a second terminal can look: {command} status")
    say(f"or change something: {command} apply {example}")
    if wanted.talk is not None:
        return wanted.talk(Client(box.access()), box.access_file)
    from tui.app import ClusterApp, run_console

    with closing(Asker(services, box.places.service_port)) as client:
        app = ClusterApp(Client(box.access()), author="demo", probe=client, drills=BoxDrills(box))
        app.command = command
        app.use_keys(wanted.keymap)
        app.shell = wanted.shell_of(box.access_file) if wanted.shell_of is not None else None
        # TERM and HUP are taken care of by the console's own loop, once that runs.
        signal.signal(signal.SIGINT, partial(_leave, app))
        return run_console(app)


def _leave(app: "ClusterApp", number: int, frame: FrameType | None) -> None:
    """Leave the console by an interrupt from outside; inside it, Ctrl+C is a key."""
    del frame
    if not app.is_running:
        raise Ended(number)
    app.exit(128 + number, return_code=128 + number)
