"""The console on an agent that is cut off: it asks the others, and turns to one with quorum."""

from dataclasses import dataclass, field

from msgspec.structs import replace

from nodeagent.client.errors import ClientError
from nodeagent.model.configuration import Configuration
from nodeagent.wire.console import Answer, Refused, Request
from nodeagent.wire.live import Snapshot
from tests.support import story
from tests.support.screens import LARGE, SMALL, console, running, screen_text, shows, until
from tests.support.story import StoryClient
from tui.app import ClusterApp
from tui.turning import Pace

QUICK = Pace(look_s=0.02, patience_s=0.05, ask_s=0.02, turn_s=0.0)


def seen_by(observer: str, *, quorum: bool) -> Snapshot:
    everything = story.three_nodes()
    state = "stable" if quorum else "no-quorum"
    cluster = replace(everything.cluster, observer=observer, quorum=quorum, state=state)
    return replace(everything, cluster=cluster)


@dataclass
class Torn(StoryClient):
    """A client of three agents, each with its own view; who is not in `views` does not answer."""

    views: dict[str, Snapshot] = field(default_factory=dict)
    now: str = "alpha"
    turns: list[str] = field(default_factory=list)
    tried: int = 0
    trouble_of: str = ""

    def others(self, configuration: Configuration | None = None) -> tuple[str, ...]:
        return tuple(name for name in story.NODES if name != self.now)

    async def ask_node(
        self,
        node: str,
        request: Request,
        *,
        configuration: Configuration | None = None,
        timeout_s: float = 1.0,
    ) -> Answer:
        return self.views.get(node, Refused("away", f"{node} is away"))

    async def turn_to(self, node: str, *, configuration: Configuration | None = None) -> None:
        self.tried += 1
        if self.trouble_of:
            raise ClientError(self.trouble_of)
        self.turns.append(node)
        self.now = node
        self.begin(self.views[node], node)


def on_alpha(pace: Pace = QUICK, **views: bool) -> tuple[Torn, ClusterApp]:
    client = Torn(views={name: seen_by(name, quorum=quorum) for name, quorum in views.items()})
    client.begin(seen_by("alpha", quorum=False))
    app = console(client)
    app.session.pace = pace
    return client, app


async def test_console_turns_from_an_agent_that_is_cut_off_and_says_so() -> None:
    client, app = on_alpha(bravo=False, charlie=True)
    async with running(app, LARGE) as pilot:
        await shows(pilot, "alpha has no quorum: charlie has, and is listened to now", "ALL RIGHT")
        await shows(pilot, "charlie 0.0s", "no problems")

    assert client.turns == ["charlie"]


async def test_console_stays_where_nobody_has_quorum_and_says_who_says_so() -> None:
    client, app = on_alpha()
    async with running(app, SMALL) as pilot:
        await shows(pilot, "no quorum: only alpha says so; no answer from bravo, charlie")
        client.views["charlie"] = seen_by("charlie", quorum=False)
        await shows(pilot, "no quorum: 2 of 3 agents say so; no answer from bravo")
        client.say(story.cluster_live())
        await until(pilot, lambda: app.session.view.agreement is None)
        await shows(pilot, "ALL RIGHT")

    assert client.turns == []


async def test_why_an_agent_is_not_turned_to_is_told_once() -> None:
    client, app = on_alpha(charlie=True)
    client.trouble_of = "alpha has still to answer"
    async with running(app, LARGE) as pilot:
        await shows(pilot, "Agent charlie is not turned to", "alpha has still to answer")
        before = client.tried
        await until(pilot, lambda: client.tried > before + 2)
        assert screen_text(app).count("is not turned to") == 1
        client.trouble_of = ""
        await shows(pilot, "charlie has, and is listened to now")


async def test_agent_is_not_left_while_a_dialog_is_open() -> None:
    client, app = on_alpha()
    async with running(app, LARGE) as pilot:
        await shows(pilot, "only alpha says so")
        await pilot.press("4")
        await shows(pilot, "Groups 2")
        await pilot.press("f9")
        await until(pilot, lambda: app.screen.is_modal)
        client.views["bravo"] = seen_by("bravo", quorum=True)
        await until(pilot, lambda: (a := app.session.view.agreement) and a.better == "bravo")
        assert client.turns == []
        await pilot.press("escape")
        await until(pilot, lambda: client.turns)
        await shows(pilot, "bravo 0.0s")


async def test_console_does_not_turn_to_and_fro() -> None:
    client, app = on_alpha(Pace(0.02, 0.05, 0.02, turn_s=3_600.0), bravo=True)
    async with running(app, LARGE) as pilot:
        await until(pilot, lambda: client.turns)
        client.views = {"alpha": seen_by("alpha", quorum=True)}
        client.say(seen_by("bravo", quorum=False))
        await shows(pilot, "no quorum: only bravo says so; alpha has it")

    assert client.turns == ["bravo"]


async def test_agent_that_has_just_started_is_given_time() -> None:
    client, app = on_alpha(Pace(look_s=0.02, patience_s=3_600.0), bravo=True)
    async with running(app, LARGE) as pilot:
        await shows(pilot, "no quorum: nothing can be decided")
        client.say(story.cluster_live())
        await shows(pilot, "ALL RIGHT")

    assert client.turns == []
