"""Plays the ten tasks in the console, and writes what they want beside pcs and crmsh.

The console's keys are pressed, one after the other, on a cluster that is a story; a task counts
only if what it is to bring about is asked of the agent or stands on the screen. `python -m
tests.support.usability` plays all and writes tests/console/USABILITY.md.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from textual.events import Paste
from textual.pilot import Pilot

from nodeagent.wire.console import (
    Answer,
    Apply,
    ConfigurationFile,
    Done,
    GetConfiguration,
    Request,
)
from nodeagent.wire.ledger import GetLedger, Ledger
from tests.support import history
from tests.support.screens import LARGE, console, rest, running, screen_text, shows, until
from tests.support.story import StoryClient
from tests.support.tables import table
from tests.support.tasks import BEFORE, NOW, PASTE, TASKS, Peer, Press, Task, typed
from tui.app import ClusterApp
from tui.screens.command_line import Shell
from tui.screens.forms import bench_of

PAGE = Path(__file__).parents[1] / "console" / "USABILITY.md"
TEXTS = history.texts(BEFORE, NOW)
OLD_DIGEST, NOW_DIGEST = TEXTS
ENTRIES = history.entries(OLD_DIGEST, NOW_DIGEST, "stay where it is")
HEAD = """\
# Ten tasks, and how many keys they want

Made by `python -m tests.support.usability`, which presses each key of the column *console* on a
console whose cluster is a story, and looks whether the task was done. Everybody starts where they
work: the console on its dashboard, a shell with the user's rights. Counted are keys: a letter,
Enter, an arrow, Ctrl with a letter, a paste. For pcs and crmsh the letters of the commands below
and an Enter for each, from their manuals (pcs of July 2026, crmsh of June 2026), without
completion, and without what has to be looked up first. *shell* is the same with `clustertui`, where
it has a command for it. `*`: the peer cannot do it, and the figure is what comes nearest.

Not counted, though they differ: the console shows before the last key who is interrupted and for
how long, and undoes by itself what fails; the peers' commands take effect at their Enter.

"""


class Prompt(Shell):
    """A shell that answers whatever is typed."""

    async def run(self, words: list[str]) -> AsyncGenerator[str, None]:
        """Say the words again."""
        yield f"ran {' '.join(words)}"

    async def offers(self, words: list[str]) -> list[str]:
        """Offer nothing."""
        del words
        return []


async def play(task: Task) -> int:
    """Press a task's keys; return how many. AssertionError if it did not bring about its end."""
    client = StoryClient(_answer)
    client.begin()
    app = console(client)
    app.shell = Prompt()
    async with running(app, LARGE) as pilot:
        await shows(pilot, "ALL RIGHT")
        bench = bench_of(app)
        await until(pilot, lambda: bench.judged and bench.draft.text, "the first verdict")
        client.say(*task.told())
        for step in task.presses:
            await _press(pilot, app, step)
            client.say(*step.heard())
            if step.shown:
                await shows(pilot, *step.shown)
        await until(pilot, lambda: task.holds(_asked(client), screen_text(app)), task.name)
    return task.keys


async def _press(pilot: Pilot[Any], app: ClusterApp, step: Press) -> None:
    for key in step.keys:
        if key == PASTE:
            app.post_message(Paste(step.pasted))
            await pilot.pause()
        else:
            await pilot.press(key)
    await until(pilot, lambda: bench_of(app).judged, "the verdict")
    await rest(pilot)


def _asked(client: StoryClient) -> str:
    """Return the configuration of the last DARE that was asked for."""
    return next((one.text for one in reversed(client.asked) if isinstance(one, Apply)), "")


def _answer(request: Request) -> Answer:
    if isinstance(request, GetLedger):
        wanted = [one for one in ENTRIES if not (request.changes and one.kind == "view")]
        if request.group:
            wanted = [one for one in wanted if one.moved]
        return Ledger(tuple(wanted[: request.limit]))
    if isinstance(request, GetConfiguration) and request.digest in TEXTS:
        epoch, text = TEXTS[request.digest]
        return ConfigurationFile(epoch, request.digest, text)
    return Done(text=type(request).__name__)


# -- the page


def page() -> str:
    """Return the page with all figures."""
    head = ("Task", "console", "shell", "pcs", "crmsh")
    rows = [
        (task.name, str(task.keys), _shell(task), _figure(task.pcs), _figure(task.crmsh))
        for task in TASKS
    ]
    return HEAD + "\n".join([table(head, rows), "", *_longer(), "", *map(_details, TASKS)])


def _longer() -> list[str]:
    """Return where a peer that can do the task wants fewer keys."""
    lines = []
    for name in ("pcs", "crmsh"):
        pairs = [(task, task.pcs if name == "pcs" else task.crmsh) for task in TASKS]
        able = [(task, peer.keys) for task, peer in pairs if not peer.lacks]
        in_console = [task.name for task, keys in able if task.keys > keys]
        in_shell = [task.name for task, keys in able if typed(task.shell) > keys]
        lines += [
            f"- More keys in the console than with {name}: {'; '.join(in_console) or 'none'}.",
            f"- More keys in the shell than with {name}: {'; '.join(in_shell) or 'none'}.",
        ]
    return lines


def _shell(task: Task) -> str:
    return str(typed(task.shell)) if task.shell else ""


def _figure(peer: Peer) -> str:
    return f"{peer.keys}{'*' if peer.lacks else ''}"


def _details(task: Task) -> str:
    keys = " ".join(key for press in task.presses for key in press.keys)
    lines = [f"## {task.name}", "", *([task.remark, ""] if task.remark else []), "```text"]
    lines += [f"console  {keys}", *(f"         {command}" for command in task.beside)]
    for name, commands in (
        ("shell", task.shell),
        ("pcs", task.pcs.commands),
        ("crmsh", task.crmsh.commands),
    ):
        lines += [f"{name:9}{command}" for command in commands]
    lines += ["```", ""]
    for name, peer in (("pcs", task.pcs), ("crmsh", task.crmsh)):
        lines += [f"`*` {name} {peer.lacks}.", ""] if peer.lacks else []
    return "\n".join(lines)


def main() -> int:
    """Play all tasks, then write and print the page."""
    for task in TASKS:
        asyncio.run(play(task))
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(page().split("\n## ", 1)[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
