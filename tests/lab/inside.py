"""`python -m tests.lab.inside`: the lab's own program, in a private place of which it is all.

It ends at once, and all that it started with it, when the pipe that it is handed closes.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec

from nodeagent.client.client import Client
from tests.lab.drills import LabDrills
from tests.lab.lab import Lab
from tests.lab.plan import SERVICE_PORT, TIMES, address_of
from tests.lab.result import Result
from tests.lab.room import RoomError
from tests.lab.stage import START_S, Stage
from tests.lab.stories import STORIES, Story
from tui.demo.agents import AgentError
from tui.demo.asker import Asker
from tui.demo.watch import NotHeld

FOLDER = Path("/dev/shm")
LEAVE_S = 5.0
FIRST = "stable"
FAILED = 1


def end_with_who_started_us(pipe: int) -> None:
    """End this program when the pipe that it was handed closes."""
    os.read(pipe, 1)
    os.kill(os.getpid(), signal.SIGTERM)  # a console gives the terminal back
    time.sleep(LEAVE_S)
    os._exit(FAILED)


async def _told(lab: Lab, story: Story, wanted: list[str], times: int) -> bool:
    """Tell the story, or only the wanted steps of it, so many times; stop at what fails."""
    stage = Stage(lab)
    steps = [one for one in story.steps(stage) if not wanted or one[0] in {FIRST, *wanted}]
    again = [one for one in steps if one[0] != FIRST] * (times - 1)
    try:
        for name, step in (*steps, *again):
            result = await stage.tell(name, step)
            _write(result)
            if not result.ok:
                return False
    finally:
        await stage.close()
    return True


def _write(result: Result) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
    sys.stdout.buffer.flush()


async def _stable(lab: Lab) -> None:
    stage = Stage(lab)
    try:
        await stage.settled(START_S)
    finally:
        await stage.close()


def _console(lab: Lab) -> int:
    from tui.app import ClusterApp, run_console

    try:
        asyncio.run(_stable(lab))
    except NotHeld as reason:
        print(f"lab: {reason}", *lab.last_words(), sep="\n  ", file=sys.stderr)
        return FAILED
    services = {group: address_of(group) for group in lab.cast.groups}
    with closing(Asker(services, SERVICE_PORT)) as client:
        app = ClusterApp(Client(lab.access()), author="lab", probe=client, drills=LabDrills(lab))
        return run_console(app)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pipe", type=int, required=True)
    parser.add_argument("--story", choices=tuple(STORIES), required=True)
    parser.add_argument("--step", action="append", default=[])
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--times", choices=("", *TIMES), default="")
    parser.add_argument("--console", action="store_true")
    return parser.parse_args()


def main() -> int:
    """Make the lab, show it or tell its story, and take it away."""
    wanted = _arguments()
    threading.Thread(target=end_with_who_started_us, args=(wanted.pipe,), daemon=True).start()
    # Files lie in memory and in this place only: whatever happens, nothing of them stays.
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700", "none", FOLDER], check=True)
    os.environ["TMPDIR"] = str(FOLDER)
    # Agents start as installed programs do, compiled; else each start takes a second more.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    story, began = STORIES[wanted.story], time.monotonic()
    cast = replace(story.cast, timing=TIMES[wanted.times]) if wanted.times else story.cast
    try:
        with Lab(FOLDER, cast) as lab:
            lab.start()
            if wanted.console:
                return _console(lab)
            _write(Result("start", True, f"{len(lab.names)} hosts", time.monotonic() - began))
            return 0 if asyncio.run(_told(lab, story, wanted.step, wanted.repeat)) else FAILED
    except (RoomError, AgentError) as error:
        if wanted.console:
            print(f"lab: {error}", file=sys.stderr)
        else:
            _write(Result("start", False, str(error), time.monotonic() - began))
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
