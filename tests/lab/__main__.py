"""`make lab`: three hosts in namespaces with the console on them, or a story without a screen.

Ends with 0 only if every step held; 77 with the reason, and the Debian packages that are missing,
where no lab can be made.
"""

import argparse
import signal
import sys
import time
from types import FrameType

import msgspec

from tests.lab import apart, needs
from tests.lab.plan import TIMES
from tests.lab.result import Result, line, table
from tests.lab.stories import STORIES

SKIPPED = 77
PLACE_S = 2.0


class Ended(KeyboardInterrupt):
    """A signal said that it is enough."""


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    raise Ended(number)


def parser() -> argparse.ArgumentParser:
    """Return what understands the words of this command."""
    made = argparse.ArgumentParser(prog="make lab ARGS=...", description=__doc__)
    made.add_argument("--headless", action="store_true", help="tell a story, without a screen")
    made.add_argument("--json", action="store_true", help="one JSON object for each step")
    about = "; ".join(f"{name}: {story.about}" for name, story in STORIES.items())
    made.add_argument("--story", choices=tuple(STORIES), default="three", help=about)
    made.add_argument("--step", action="append", default=[], help="only this one; more than once")
    help_text = "times of the configuration, where they are not to be the story's own"
    made.add_argument("--times", choices=tuple(TIMES), default="", help=help_text)
    help_text = "tell the steps so many times (changes of the configuration only once)"
    made.add_argument("--repeat", type=int, default=1, help=help_text)
    return made


def _tell(wanted: argparse.Namespace) -> int:
    chosen = [word for step in wanted.step for word in ("--step", step)]
    chosen += ["--repeat", str(wanted.repeat), "--times", wanted.times]
    found: list[Result] = []
    with apart.running("--story", wanted.story, *chosen, tells=True) as process:
        for result in apart.results(process):
            found.append(result)
            text = msgspec.json.encode(result).decode() if wanted.json else line(result)
            print(text, flush=True)
    if wanted.repeat > 1 and not wanted.json:
        print(table(found))
    held = bool(found) and all(result.ok for result in found) and process.returncode == 0
    missing = [step for step in wanted.step if step not in {result.step for result in found}]
    if missing and held:
        print(f"lab: there is no step {' or '.join(missing)}", file=sys.stderr)
        return 2
    return 0 if held else 1


def _show(story: str, times: str) -> int:
    print("lab: starting the hosts; the console follows", file=sys.stderr)
    with apart.running("--story", story, "--times", times, "--console", tells=False) as process:
        deadline = time.monotonic() + PLACE_S
        while not (pid := apart.first_process(process)) and time.monotonic() < deadline:
            time.sleep(0.05)
        enter = f"nsenter --target {pid} --net --mount --pid"
        look = f"{sys.executable} -m tui.cli --key /dev/shm/console.toml status"
        print(f"lab: a second terminal, as root: {enter} {look}", file=sys.stderr)
        return process.wait()


def main() -> int:
    """Do what was asked for."""
    wanted = parser().parse_args()
    if reason := needs.why_not():
        print(f"lab: {reason}", file=sys.stderr)
        return SKIPPED
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    screen = sys.stdin.isatty() and sys.stdout.isatty()
    try:
        if wanted.headless or wanted.json or wanted.step or not screen:
            return _tell(wanted)
        return _show(wanted.story, wanted.times)
    except KeyboardInterrupt as ended:
        return 128 + (ended.args[0] if isinstance(ended, Ended) else signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
