"""A walk through every screen of the console, with a look at each stop.

One console is walked from screen to screen, because starting one costs far more than a picture.
`tests.support.annex` goes on with the pages beside the sections, `tests.support.looks` draws all.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from rich.style import Style
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.model.health import LinkState
from nodeagent.wire.console import Answer, ConfigurationFile, Done, GetConfiguration, Request
from nodeagent.wire.ledger import GetLedger, Ledger
from nodeagent.wire.live import ConfigurationChanged, ProbationLive
from nodeagent.wire.recording import Recorded
from tests.support import history, story
from tests.support.screens import (
    LARGE,
    SMALL,
    STEADY_LOOKS,
    Clock,
    console,
    drawn,
    running,
    screen_text,
    until,
)
from tests.support.story import WALL, StoryClient
from tui.app import ClusterApp
from tui.player import Player
from tui.replay import ReplayApp
from tui.screens.command_line import Shell
from tui.screens.forms import bench_of
from tui.viewmodels.past import Past
from tui.viewmodels.ports import DrillItem, ProbeRow
from tui.viewmodels.store import View

ACTIVE = story.configuration_text()
BEFORE = edit.set_value(ACTIVE, ("group", "web", "fallback"), "higher-priority")
DRAFT = edit.set_value(ACTIVE, ("group", "web", "nodes"), ["alpha", "charlie"])
RIVAL = edit.set_value(
    edit.set_value(ACTIVE, ("group", "database", "fallback"), "higher-priority"),
    ("group", "web", "nodes"),
    ["charlie", "bravo"],
)
TEXTS = history.texts(BEFORE, ACTIVE)
BEFORE_DIGEST, ACTIVE_DIGEST = TEXTS
ENTRIES = history.entries(BEFORE_DIGEST, ACTIVE_DIGEST)
FORMS = {
    "resource-form": ("group", "web", "resource", "server"),
    "adapter-form": ("node", "alpha", "adapter", "eth1"),
    "cluster-form": ("cluster",),
}
PROBATION = ProbationLive("16.1.alpha.7", 16, 600, 583_000, "anna")
RECORDED = Past(
    (
        Recorded(WALL, story.three_nodes()),
        Recorded(WALL + 10, story.event(7, "bravo went silent", severity="warning")),
        Recorded(WALL + 12, story.node_live("bravo", state="down", age_ms=4_000)),
    )
)


OVER_S = 20
"""After so long no message stands on the screen any more."""
SIZES = {SMALL: "80x24", LARGE: "120x40"}
See = Callable[[str, ClusterApp], None]
"""Looks at a screen; it is told its name, as ``help-80x24``."""


def answer(request: Request) -> Answer:
    """Answer as an agent that remembers three decrees."""
    if isinstance(request, GetLedger):
        wanted = [one for one in ENTRIES if not (request.changes and one.kind == "view")]
        if request.group:
            wanted = [one for one in wanted if one.moved]
        return Ledger(tuple(wanted[: request.limit]))
    if isinstance(request, GetConfiguration) and request.digest in TEXTS:
        epoch, text = TEXTS[request.digest]
        return ConfigurationFile(epoch, request.digest, text)
    return Done()


class Script(Shell):
    """A shell in which every command says the same."""

    async def run(self, words: list[str]) -> AsyncGenerator[str, None]:
        """Say that all is well."""
        del words
        for said in ("cluster orders: stable, epoch 17", "exit 0"):
            yield said

    async def offers(self, words: list[str]) -> list[str]:
        """Offer what begins with `st`."""
        del words
        return ["standby", "status"]


class Clients:
    """The clients of two services."""

    def rows(self) -> list[ProbeRow]:
        """Return what they saw."""
        return [
            ProbeRow("database", 4_120, 0, 310, "alpha", ok=True),
            ProbeRow("web", 4_118, 7, 2_900, "bravo", ok=False),
        ]


class Faults:
    """Two faults to practise."""

    def drills(self, view: View) -> Sequence[DrillItem]:
        """Offer them."""
        del view
        node = DrillItem("kill:bravo", "bravo", "end the agent of bravo at once")
        return (
            DrillItem("kill", "kill a node", "end one agent, as a power cut does", (node,)),
            DrillItem("fail", "fail an application", "end the process of web"),
        )

    async def run(self, key: str) -> str:
        """Say what would have been done."""
        return f"{key} done"


async def settled(pilot: Pilot[Any]) -> None:
    """Wait until one more painting changes nothing."""
    before = ""
    for _ in range(STEADY_LOOKS):
        text = screen_text(pilot.app)
        if text == before:
            return
        before = text
        cast("ClusterApp", pilot.app).tick(at_once=True)
        await pilot.pause()


@dataclass
class Walk:
    """One person at one console; `see` is called at each stop."""

    pilot: Pilot[Any]
    client: StoryClient
    clock: Clock
    see: See
    resizes: bool = True

    @property
    def app(self) -> ClusterApp:
        """Return the console."""
        return cast("ClusterApp", self.pilot.app)

    async def stop(self, name: str, *texts: str, keys: Sequence[str] = ()) -> None:
        """Press keys, wait until the screen shows `texts`, and look at it in both sizes.

        The second size stays until the next stop, so that each stop costs one change of size.
        """
        await self.leave(*texts, keys=keys)
        for field in self.app.screen.query("Input, TextArea").results():
            if isinstance(field, Input | TextArea):
                field.cursor_blink = False
        await self._look(name)
        if self.resizes:
            now = self.app.size
            await self.pilot.resize_terminal(*(SMALL if now == LARGE else LARGE))
            await self._look(name)

    async def _look(self, name: str) -> None:
        await settled(self.pilot)
        width, height = self.app.size
        self.see(f"{name}-{SIZES[width, height]}", self.app)

    async def leave(self, *texts: str, keys: Sequence[str] = ("escape",)) -> None:
        """Go back to where `texts` are shown."""
        await self.pilot.press(*keys)

        def there() -> bool:
            shown = screen_text(self.app)
            return all(text in shown for text in texts) and "saving" not in shown

        await until(self.pilot, there, f"{texts}")

    async def hush(self) -> None:
        """Let messages be over; the cluster tells of itself all the while, or it would be lost."""
        told = story.three_nodes()
        for _ in range(OVER_S // 2):
            self.clock.passed += 2
            self.client.say(told.cluster, *told.nodes)
            await until(self.pilot, self._heard, "the cluster's word")

    def _heard(self) -> bool:
        return self.app.session.view.connection.heard_at == self.clock.mono()

    async def field(self) -> None:
        """Wait until the cursor stands in a field."""
        app = self.pilot.app
        await until(self.pilot, lambda: isinstance(app.focused, Input), "the cursor in a field")


async def everywhere(walk: Walk) -> None:
    await walk.stop("dashboard", "any 1 node may fail", "Clients")
    await walk.stop("help", "Keys", keys=["f1"])
    await walk.leave("ALL RIGHT")
    await walk.stop("palette", "Search", keys=["f9"])
    await walk.leave("ALL RIGHT")
    await walk.stop("command-line", "exit 0", keys=["colon", *"status", "enter"])
    await walk.leave("ALL RIGHT")
    await walk.stop("drills", "Practise a fault", keys=["D"])
    await walk.leave("ALL RIGHT")
    await walk.stop("quit", "End the demonstration?", keys=["f10"])
    await walk.leave("ALL RIGHT")


async def nodes_and_networks(walk: Walk) -> None:
    await walk.stop("nodes", "Nodes 3", keys=["2"])
    await walk.stop("node", "Node alpha", "Adapters", keys=["enter"])
    await walk.leave("o standby")
    await walk.stop("node-standby", "Send alpha to standby?", keys=["o"])
    await walk.leave("o standby")
    await walk.stop("node-form", "editing node alpha", "marks:", keys=["e"])
    await walk.leave("o standby")
    await walk.stop("networks", "Networks 3", keys=["3"])
    await walk.stop("network", "Network public1", keys=["enter"])
    await walk.leave("Networks 3")
    await walk.stop("network-form", "editing network public1", "marks:", keys=["e"])
    await walk.leave("Networks 3")


async def groups(walk: Walk) -> None:
    await walk.stop("groups", "Groups 2 online", keys=["4", "down"])
    await walk.stop("group", "Group web", keys=["enter"])
    await walk.leave("Groups 2 online")
    await walk.stop("group-why", "Why is web", keys=["w"])
    await walk.leave("Groups 2 online")
    await walk.stop("group-move", "Move web", keys=["m"])
    await walk.leave("Groups 2 online")
    await walk.stop("group-hold", "Hold web for", keys=["h"])
    await walk.leave("Groups 2 online")
    await walk.stop("group-offline", "Take web offline?", keys=["o"])
    await walk.leave("Groups 2 online")
    await walk.stop("group-add", "What the new group is", keys=["a"])
    await walk.leave("Groups 2 online")


async def forms(walk: Walk) -> None:
    bench = bench_of(walk.app)
    await walk.stop("group-form", "editing group web", "marks:", keys=["e"])
    await walk.field()
    await walk.stop("form-choice", "editing group web", keys=["tab", "tab"])
    await walk.stop("form-help", "Takeover order", keys=["shift+tab", "f1"])
    await walk.leave("editing group web")
    await walk.stop("form-order", "Space in or out", keys=["f4"])
    await walk.leave("editing group web")
    await walk.stop("form-toml", "editing group web", keys=["f8"])
    await walk.leave("editing group web", keys=["f8"])
    await walk.stop("form-command", "command", keys=["f6"])
    await walk.leave("editing group web")
    await walk.stop("form-error", "E102", keys=["end", "x"])
    await walk.pilot.press("escape", "6")
    await walk.stop("verify", "E102")
    await walk.stop("verify-explain", "Finding E102", keys=["w"])
    await walk.leave("E102")
    await walk.stop("draft-error", "verify: 1 error", keys=["5"])
    await walk.pilot.press("ctrl+z")
    await until(walk.pilot, lambda: bench.draft.text == DRAFT and bench.judged, "the edit undone")
    for name, path in FORMS.items():
        walk.app.edit_object(path)
        await walk.stop(name, "editing", "marks:")
        await walk.leave("What happens")


async def draft(walk: Walk) -> None:
    bench = bench_of(walk.app)
    await walk.stop("draft", "moved bravo > alpha", keys=["5"])
    await walk.stop("draft-text", "as text, against epoch 17", keys=["t"])
    await walk.stop("draft-active", "Active configuration", keys=["t"])
    await walk.leave("What happens", keys=["t"])
    await walk.stop("draft-commands", "The same without a screen", keys=["f6"])
    await walk.leave("What happens")
    await walk.stop("draft-as-text", "orders", keys=["f7"])
    await walk.leave("What happens")
    await walk.stop("draft-edit", "type a part", keys=["e"])
    await walk.leave("What happens")
    await walk.stop("draft-add", "commands of your own", keys=["a"])
    for name, down in (("admin-form", 3), ("event-form", 4)):
        await walk.pilot.press(*["down"] * down, "enter")
        await walk.stop(name, "editing", "marks:")
        await walk.pilot.press("escape")
        await until(walk.pilot, lambda: len(walk.app.screen_stack) == 1, "the draft")
        while bench.draft.text != DRAFT:
            await walk.pilot.press("ctrl+z")
        await until(walk.pilot, lambda: bench.judged, "the verdict")
        await walk.leave("What happens", keys=())
        await walk.leave("commands of your own", keys=["a"])
    await walk.leave("What happens")
    await walk.hush()
    await walk.stop("probation-length", "Return unless", keys=["p"])
    await walk.leave("What happens")
    await walk.stop("before-the-dare", "Type orders to allow it", keys=["g"])
    await walk.leave("What happens")


async def past(walk: Walk) -> None:
    await walk.stop("events", "Events 3 of 3", keys=["8"])
    await walk.stop("events-filter", "Events", keys=["slash", *"web"])
    await walk.leave("Events", keys=["escape", "escape"])
    await walk.stop("past", "home first", "~ group.web fallback", keys=["9"])
    await walk.stop("past-epoch", "home first", "~ group.web fallback", keys=["enter"])
    await walk.leave("~ group.web fallback")
    await walk.stop("past-views", "bravo is down", keys=["v"])
    await walk.pilot.press("v")
    await walk.stop("past-take-back", "Take back of epoch 17", keys=["u"])
    await walk.leave("~ group.web fallback")


async def dare(walk: Walk) -> None:
    await walk.leave("ALL RIGHT", keys=["1"])
    walk.client.say(*story.run_up_to("greet"))
    await walk.stop("dare-running", "RUN 0.0s", "alpha / greet")
    await walk.stop("dare-abort", "Abort DARE 42", keys=["a"])
    await walk.leave("alpha / greet")
    await walk.stop("dashboard-running", "CHANGING", "DARE 42 running", keys=["1"])
    walk.client.say(*story.run_aborts())
    await walk.leave("! DARE 42: Aborted after 9.4s", keys=())
    await walk.stop("dare-aborted", "Aborted after 9.4s", "charlie / acq", keys=["R"])
    await walk.stop("dare-evidence", "Address in use", keys=["enter"])
    await walk.leave("charlie / acq")


async def trouble(walk: Walk) -> None:
    web = (story.group_live("web", "error", "nginx: exit code 1"),)
    silent: dict[str, LinkState] = dict.fromkeys(story.NETWORKS, "down")
    await walk.hush()
    walk.client.say(
        story.node_live("bravo", links={"public2": "down"}, groups=web),
        story.node_live("charlie", state="down", age_ms=252_000, links=silent),
        story.event(9, "down on public2", node="bravo", severity="error", subject="eth1"),
    )
    await walk.stop("dashboard-trouble", "TROUBLE", "down on public2", keys=["1"])
    await walk.stop("nodes-trouble", "X down", keys=["2"])
    await walk.stop("networks-trouble", "Networks 3", keys=["3"])
    await walk.stop("groups-trouble", "ERROR", keys=["4"])
    await walk.stop("group-trouble", "nginx: exit code 1", keys=["enter"])
    await walk.leave("Groups", keys=["escape"])
    walk.client.say(story.cluster_live(probation=PROBATION))
    await walk.stop("dashboard-probation", "PROBATION", keys=["1"])
    await walk.stop("probation-keep", "Keep what is on probation?", keys=["K"])
    await walk.leave("PROBATION")
    walk.client.say(story.cluster_live())


async def merge(walk: Walk) -> None:
    walk.client.say(ConfigurationChanged(False, 18, file_digest(RIVAL.encode()), RIVAL))
    await walk.stop("draft-stale", "m merges", keys=["5"])
    await walk.stop("merge", "1 to decide", keys=["m"])
    await walk.leave("m merges")


async def lost(walk: Walk) -> None:
    walk.client.break_stream()
    await walk.stop("agent-lost", "lost", keys=["1"])


Part = Callable[[Walk], Awaitable[None]]
PARTS: tuple[Part, ...] = (
    everywhere, nodes_and_networks, groups, forms, draft, past, dare, trouble, merge, lost,
)  # fmt: skip


@asynccontextmanager
async def opened(
    app: ClusterApp, client: StoryClient, clock: Clock, theme: str, see: See, *, resizes: bool
) -> AsyncIterator[Walk]:
    """Run `app` until its draft is judged, and give the walk through it; "" leaves the theme."""
    if theme:
        app.theme = theme
    async with running(app, SMALL) as pilot:
        walk = Walk(pilot, client, clock, see, resizes)
        await walk.leave("ALL RIGHT", keys=())
        bench = bench_of(app)
        await until(pilot, lambda: bench.judged and bench.draft.text, "the verdict")
        yield walk


async def walked(
    theme: str, see: See, parts: Sequence[Part] = PARTS, *, resizes: bool = True
) -> None:
    """Walk through the console on a cluster, calling `see` at each stop; "" leaves the theme."""
    client, clock = StoryClient(answer), Clock()
    client.begin(
        msgspec.structs.replace(story.three_nodes(), draft=DRAFT, draft_base=ACTIVE_DIGEST)
    )
    app = console(client, clock, probe=Clients(), drills=Faults())
    app.shell = Script()
    async with opened(app, client, clock, theme, see, resizes=resizes) as walk:
        for part in parts:
            await part(walk)


async def replayed(theme: str, see: See) -> None:
    """Walk through the console on a recorded past, calling `see` at each stop."""
    app = ReplayApp(Player(RECORDED, lambda: 0.0))
    if theme:
        app.theme = theme
    async with running(app, SMALL) as pilot:
        walk = Walk(pilot, StoryClient(), Clock(), see)
        await walk.stop("replay", "3 up of 3", "paused", keys=["space"])
        await walk.stop("replay-later", "bravo went silent", "paused", keys=["full_stop"] * 2)


def picture(app: App[Any]) -> str:
    """Return the screen as text: its rows, then how each piece of a row looks.

    A piece is the letter of its look and how many cells it takes; the looks are named last.
    """
    letters: dict[str, str] = {}
    rows, looks = [], []
    for strip in drawn(app):
        rows.append("".join(piece.text for piece in strip).rstrip())
        pieces: list[tuple[str, int]] = []
        for text, style, _ in strip:
            seen = _blank(style) if style and not text.strip() else style
            letter = letters.setdefault(str(seen or "none"), _letter(len(letters)))
            if pieces and pieces[-1][0] == letter:
                pieces[-1] = (letter, pieces[-1][1] + len(text))
            else:
                pieces.append((letter, len(text)))
        looks.append(" ".join(f"{letter}{cells}" for letter, cells in pieces))
    named = [f"{letter} {look}" for look, letter in letters.items()]
    return "\n".join([*rows, "---", *looks, "---", *named, ""])


def _blank(style: Style) -> Style:
    """Return what is seen of a style where nothing is written."""
    shown = style.reverse or style.underline or style.strike
    return style if shown else Style(bgcolor=style.bgcolor)


def _letter(number: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return letters[number] if number < 26 else f"{letters[number // 26 - 1]}{letters[number % 26]}"
