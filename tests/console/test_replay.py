"""The recorded past, played in the screens of the console."""

import json
from pathlib import Path

import msgspec
import pytest

from nodeagent.wire.console import GetSnapshot, Refused, Request
from nodeagent.wire.live import EventLine, NodeLive
from nodeagent.wire.recording import GetRecording, Recorded, Recording
from tests.support import story
from tests.support.screens import SMALL, running, shows, until
from tests.unit.cli.conftest import Run, agents, key_file, run  # noqa: F401 - fixtures
from tests.unit.client.fake_agent import FakeAgent
from tui.player import SPEED, Player
from tui.replay import ReplayApp
from tui.viewmodels import past
from tui.viewmodels.past import Past

T = story.WALL


def event(time: float, text: str) -> Recorded:
    return Recorded(time, EventLine(int(time - T) + 1, time, "alpha", "warning", "bravo", text))


PAST = Past(
    (
        Recorded(T, story.three_nodes()),
        event(T + 10, "bravo went silent"),
        Recorded(T + 12, story.node_live("bravo", state="down", age_ms=4_000)),
        event(T + 60, "bravo is back"),
        Recorded(T + 61, story.node_live("bravo")),
    )
)


def node_at(time: float, name: str = "bravo") -> NodeLive:
    view = past.shown(past.at(PAST, time), time, "")
    return view.nodes[name].value


def test_a_moment_shows_what_was_known_then_and_how_old_it_was() -> None:
    assert node_at(T + 5).state == "up"
    assert (node_at(T + 12).state, node_at(T + 12).age_ms) == ("down", 4_000)
    assert node_at(T + 42).age_ms == 34_000
    assert node_at(T + 42, "alpha").age_ms == node_at(T, "alpha").age_ms
    assert node_at(T + 61).state == "up"


def test_going_on_is_the_same_as_starting_there() -> None:
    course = past.begun(PAST)
    for passed in range(62):
        course = past.advanced(PAST, course, T + passed)
    assert course.view.nodes == past.at(PAST, T + 61).view.nodes
    assert course.view.events == past.at(PAST, T + 61).view.events


def test_events_are_found_forwards_and_backwards() -> None:
    assert PAST.next_mark(T) == T + 10
    assert PAST.next_mark(T + 10) == T + 60
    assert PAST.next_mark(T + 60) == PAST.end
    assert PAST.mark_before(T + 60) == T + 10
    assert PAST.mark_before(T + 5) == T


class Time:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_time_passes_at_its_speed_holds_still_and_ends() -> None:
    clock = Time()
    player = Player(PAST, clock)
    clock.now = 2.0
    assert player.time == T + 2 * SPEED
    player.pause()
    clock.now = 100.0
    assert player.time == T + 2 * SPEED
    player.pause()
    player.pace(1)
    clock.now = 101.0
    assert player.time == T + 2 * SPEED + SPEED * 2
    clock.now = 1_000.0
    assert player.time == PAST.end


def test_a_step_holds_still_at_the_event() -> None:
    player = Player(PAST, Time(), start=T + 30)
    player.step(1)
    assert (player.time, player.playing) == (T + 60, False)
    player.step(-1)
    player.step(-1)
    assert player.time == T


async def test_the_past_is_seen_on_the_dashboard_and_cannot_be_changed() -> None:
    clock = Time()
    app = ReplayApp(Player(PAST, clock))
    async with running(app, SMALL) as pilot:
        await shows(pilot, "PAST", "3 up of 3")
        await pilot.press("space", ".")
        await shows(pilot, "bravo went silent", "paused")
        await pilot.press(".")
        await shows(pilot, "2 up, 1 down of 3", "bravo is back")
        await pilot.press(",", ",")
        await until(pilot, lambda: app.session.view.nodes["bravo"].value.state == "up", "bravo up")
        answer = await app.session.ask(GetSnapshot())
        assert isinstance(answer, Refused)


Agents = tuple[FakeAgent, FakeAgent]


@pytest.fixture
def recorded(agents: Agents) -> Agents:  # noqa: F811 - the fixture
    half = len(PAST.records) // 2

    def handle(request: Request) -> Recording | Refused:
        if not isinstance(request, GetRecording):
            return Refused("no", "only the past")
        if request.cursor:
            return Recording(PAST.records[half:], missed=1)
        return Recording(PAST.records[:half], "1:1")

    for agent in agents:
        agent.handler = handle
    return agents


def test_records_are_fetched_page_by_page_and_kept_in_a_file(
    recorded: Agents,
    run: Run,  # noqa: F811 - the fixture
    tmp_path: Path,
) -> None:
    file = tmp_path / "past.jsonl"
    ran = run("replay", "--save", file)
    assert (ran.code, len(file.read_text().splitlines())) == (0, len(PAST.records))
    assert "1 records of" in ran.err
    again = run("replay", file, "--json")
    assert [line["time"] for line in again.lines] == [r.time for r in PAST.records]
    assert run("replay", "--save", file).code != 0


@pytest.mark.parametrize("since", ["", "yesterday", "5y", "-3h", "25:99", "1h\x1b[2J"])
def test_what_is_no_time_is_a_usage_error(run: Run, since: str) -> None:  # noqa: F811 - the fixture
    ran = run("replay", "--since", since)
    assert ran.code == 2
    assert "90m" in ran.err


@pytest.mark.parametrize("text", ["{}", "no json", '{"time": 1}', "\x00", "[" * 5_000])
def test_a_file_that_is_no_recording_is_named_with_its_line(
    run: Run,  # noqa: F811 - the fixture
    tmp_path: Path,
    text: str,
) -> None:
    file = tmp_path / "past.jsonl"
    first = msgspec.json.encode(PAST.records[0]).decode()
    file.write_text(f"{first}\n{text}\n")
    ran = run("replay", file, "--json")
    assert ran.code == 2
    assert f"{file}:2: no record" in ran.err


def test_records_are_plain_json() -> None:
    for record in PAST.records:
        assert json.loads(msgspec.json.encode(record))["time"] >= T
