"""The console driven by keys, on a cluster that is only a story."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.model.health import LinkState
from nodeagent.model.run import RunChanged, RunStarted
from nodeagent.wire.console import Abort, Apply, EndProbation, Refused, Request
from nodeagent.wire.live import ConfigurationChanged, ProgressMade
from tests.support import story
from tests.support.gallery import picture, settled
from tests.support.screens import (
    LARGE,
    SMALL,
    Clock,
    console,
    running,
    screen_text,
    shows,
    until,
)
from tests.support.story import StoryClient
from tui.app import ClusterApp
from tui.left import Left
from tui.screens.confirm import ConfirmScreen
from tui.screens.dare import DareScreen
from tui.screens.menu import MenuScreen
from tui.screens.sections import CLASSES, loaders
from tui.styles.themes import LIGHT
from tui.viewmodels.ages import Moment
from tui.viewmodels.events import waiting_text
from tui.viewmodels.merged import EVENTS_MAX
from tui.viewmodels.ports import DrillItem, ProbeRow
from tui.viewmodels.spans import Row, Span
from tui.viewmodels.store import View

Play = Callable[[Pilot[int], StoryClient, Clock], Awaitable[None]]


def play(act: Play, size: tuple[int, int] = SMALL, **options: object) -> ClusterApp:
    """Run `act` against a console on three nodes; return the console after it ended."""
    apps = []

    async def run() -> None:
        client, clock = StoryClient(), Clock()
        client.begin()
        app = console(client, clock, **options)
        apps.append(app)
        async with running(app, size) as pilot:
            await shows(pilot, "ALL RIGHT")
            await act(pilot, client, clock)
        assert client.closed

    asyncio.run(run())
    return apps[0]


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_dashboard_answers_at_one_look(size: tuple[int, int]) -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        text = await shows(pilot, "any 1 node may fail", "3 up of 3", "2 online of 2")
        assert "alpha > bravo > charlie" in text
        assert "epoch 17" in text
        client.say(story.node_live("bravo", state="down", age_ms=4_000))
        await shows(pilot, "TROUBLE", "bravo is down, silent 4.0s", "no node may fail")

    play(act, size)


def test_gravest_problem_is_in_sight_where_the_cursor_is_elsewhere() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        down: dict[str, LinkState] = {"public1": "down", "public2": "down"}
        client.say(*(story.node_live(node, links=down, epoch=16) for node in story.NODES))
        await shows(pilot, "more ↓", "alpha/eth0 public1 down")
        pilot.app.screen.query_one("#problems").focus()
        await pilot.press("end")
        await shows(pilot, "more ↑")
        client.say(story.cluster_live(quorum=False))
        await shows(pilot, "Problems 10", "more ↑")
        assert "no quorum: nothing" not in screen_text(pilot.app)
        pilot.app.screen.query_one("#nodes").focus()
        await shows(pilot, "no quorum: nothing can be decided", "more ↓")
        client.say(story.node_live("alpha", state="down", age_ms=4_000, links=down))
        await shows(pilot, "alpha is down, silent", "no quorum: nothing can be decided")

    play(act)


def test_sections_by_number_and_back() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        for key, text in (("2", "e edit"), ("3", "Networks 3"), ("4", "Groups 2 online"),
                          ("7", "DARE 41"), ("8", "Events 3 of 3")):  # fmt: skip
            await pilot.press(key)
            await shows(pilot, text)
            await pilot.press("escape")
            await shows(pilot, "ALL RIGHT")

    play(act)


def test_another_theme_reaches_what_was_painted_and_sections_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: dict[str, list[str]] = {}

    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        app = cast("ClusterApp", pilot.app)
        for keys, text in (("4",), "Groups 2 online"), (("escape",), "ALL RIGHT"):
            await pilot.press(*keys)
            await shows(pilot, text)
        if not seen:
            await pilot.press("ctrl+t")
            await until(pilot, lambda: app.theme == LIGHT.name)
        seen[app.theme + str(len(seen))] = looks = []
        for key, text in ("escape", "ALL RIGHT"), ("4", "Groups 2 online"):
            await pilot.press(key)
            await shows(pilot, text)
            await settled(pilot)
            looks.append(picture(app))

    play(act)
    monkeypatch.setenv("COLORFGBG", "0;15")
    play(act)

    switched, started = seen.values()
    assert list(seen) == ["daylight0", "daylight1"]
    assert switched == started


async def test_section_that_cannot_be_loaded_is_told_and_the_console_stays() -> None:
    client = StoryClient()
    client.begin()
    app = console(client)
    app.screens = loaders({**CLASSES, "past": "ScreenOfAnotherVersion"})
    async with running(app, LARGE) as pilot:
        await shows(pilot, "ALL RIGHT")
        await pilot.press("9")
        await shows(pilot, "past cannot be shown", "AttributeError", "was the", "start it again")
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")


def test_node_page_and_back() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("down", "enter")
        text = await shows(pilot, "Node bravo", "Adapters", "10.10.1.12")
        assert "if bravo fails: charlie" in text
        await pilot.press("escape")
        await shows(pilot, "Nodes 3 up of 3")

    play(act)


def test_list_and_page_stand_side_by_side_where_there_is_room() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("4")
        await shows(pilot, "Groups 2 online", "Group database", "in acquire order")
        await pilot.press("down")
        await shows(pilot, "Group web")

    play(act, LARGE)


def test_cursor_stays_with_its_object() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("2", "down", "down")
        table = pilot.app.screen.query_one("#list")
        await until(pilot, lambda: table.cursor == "node:charlie")  # type: ignore[attr-defined]
        await pilot.press("s", "s")
        client.say(story.node_live("charlie", state="down"))
        await shows(pilot, "by state", "X down")
        assert table.cursor == "node:charlie"  # type: ignore[attr-defined]

    play(act)


def test_filter_and_problems_only() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("2", "slash", *"web", "enter")
        text = await shows(pilot, 'with "web"')
        assert "alpha    U" not in text
        await pilot.press("escape", "exclamation_mark")
        await shows(pilot, "problems only", "nothing matches")

    play(act)


def test_dare_of_another_only_says_that_it_runs() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("4", "down")
        await shows(pilot, "Groups 2 online")
        theirs = replace(story.new_run(), author="bob@desk", mark="another")
        client.say(ProgressMade(RunStarted(theirs)))
        await shows(pilot, "DARE 42: running, by bob@desk; R goes there", "Groups 2 online")
        assert pilot.app.current_mode == "groups"
        await pilot.press("R")
        await shows(pilot, "DARE 42", "point of no return")

    play(act)


@pytest.mark.parametrize("chosen", [True, False])
def test_dare_of_another_is_told_also_on_the_page_of_an_older_one(chosen: bool) -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.say(*story.run_succeeds())
        await shows(pilot, "DARE 42", "DONE")
        theirs = replace(story.new_run("43"), author="bob@desk", mark="another", began=story.WALL)
        if not chosen:
            cast("DareScreen", pilot.app.screen).follow("")
        client.say(ProgressMade(RunStarted(theirs)))
        if chosen:
            text = await shows(pilot, "DARE 43: running, by bob@desk; R goes there", "▶ DARE 43")
            assert "a abort" not in text
            await pilot.press("R")
        text = await shows(pilot, "DARE 43  RUNNING", "a abort")
        assert "▶ DARE 43" not in text
        client.say(ProgressMade(RunChanged("43", "aborted", "restored", 9.4, "it failed")))
        await shows(pilot, "DARE 43  ABORTED")

    play(act)


def test_dare_is_known_as_ones_own_before_its_request_is_answered() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("4", "down", "m")
        await shows(pilot, "Move web, now on bravo")
        await pilot.press("enter")
        await shows(pilot, "clustertui move web charlie")
        await pilot.press("enter", *"web", "enter")
        await until(pilot, lambda: client.marks, "the request")
        ours = replace(story.new_run(), mark=client.marks[0])
        client.say(ProgressMade(RunStarted(ours)))
        await shows(pilot, "DARE 42", "point of no return")

    play(act)


def test_return_is_ones_own_where_it_was_asked_for_here() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        app = cast("ClusterApp", pilot.app)
        digest = app.session.view.active.digest
        back = replace(story.new_run(), mark="probation", base_digest=digest)
        assert not app.session.is_own(back)
        await app.session.ask(EndProbation("41", "return"))
        assert app.session.is_own(back)

    play(act)


def test_a_dare_shows_itself_and_goes_on_when_left() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.say(*story.run_up_to("greet"))
        await shows(pilot, "DARE 42", "RUNNING", "waits fo", "point of no return")
        clock.passed += 2.0
        await shows(pilot, "RUN 2.0s")
        await pilot.press("1")
        await shows(pilot, "CHANGING", "DARE 42 running", "R goes there")
        client.say(*story.run_succeeds())
        await shows(pilot, "Done in 21.0s")

    play(act)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_abort_shows_its_undo_and_its_proof(size: tuple[int, int]) -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.say(*story.run_aborts())
        text = await shows(pilot, "ABORTED", "undo-stage", "prove", "Every node has proved")
        assert "charlie / acquire  failed 2.1s" in text
        assert "port 80 is in use by another program" in text

    play(act, size)


def test_abort_wants_the_clusters_name() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.say(*story.run_up_to("acquire"))
        await shows(pilot, "RUNNING")
        await pilot.press("a")
        await shows(pilot, "Abort DARE 42", "undo-release")
        await pilot.press("enter", "escape")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1)
        assert not client.asked
        await pilot.press("a", *"orders", "enter")
        await until(pilot, lambda: client.asked == [Abort("42")], "the abort")

    play(act)


@pytest.mark.parametrize(
    ("news", "why"), [(story.run_up_to("decide"), "only forward"), (story.run_aborts(), "is over")]
)
def test_question_whether_to_abort_closes_when_it_comes_too_late(
    news: list[ProgressMade], why: str
) -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.say(*story.run_up_to("release"))
        await shows(pilot, "RUNNING")
        await pilot.press("a", *"ord")
        await shows(pilot, "Abort DARE 42")
        client.say(*news)
        await until(pilot, lambda: len(pilot.app.screen_stack) == 1, "the end of the question")
        await shows(pilot, "DARE 42 cannot be aborted any more", why)
        assert not client.asked

    play(act)


def test_ctrl_c_asks_as_f10_does_and_once() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("4", "ctrl+c", "ctrl+c")
        text = await shows(pilot, "End the demonstration?")
        assert "[b]" not in text
        await pilot.press("ctrl+c", "escape")
        text = await shows(pilot, "│")
        assert "End the demonstration?" not in text

    play(act, drills=Drills())


def test_abort_is_refused_after_the_decision() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.say(*story.run_up_to("decide"))
        await shows(pilot, "cannot be aborted")
        await pilot.press("a")
        await shows(pilot, "cannot abort: it is decided")

    play(act)


def test_read_only_offers_and_does_nothing_that_changes() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("4")
        text = await shows(pilot, "│ RO", "Groups 2 online")
        assert "m move" not in text
        await pilot.press("m")
        await shows(pilot, "read-only")
        answer = await pilot.app.session.ask(Abort("42"))  # type: ignore[attr-defined]
        assert isinstance(answer, Refused)
        assert not client.asked

    play(act, read_only=True)


async def test_observers_key_is_told_from_the_start_and_before_anything_is_filled_in() -> None:
    admin = '[admin.eve]\nkey = "{}"\nrole = "{}"\n'
    text = story.configuration_text() + admin.format(story.key_of("eve"), "observer")
    client = StoryClient(public=story.key_of("eve"))
    client.begin(story.three_nodes(active=text, draft=text))
    async with running(console(client)) as pilot:
        await shows(pilot, "│ RO observer", "Read-only: the key of this console is an observer's")
        for keys, offered in (("4",), "m move"), (("5",), "g run the DARE"), (("n",), "i invite"):
            await pilot.press(*keys)
            assert offered not in await shows(pilot, "│ RO observer", "help")
        await pilot.press("5")
        page = await shows(pilot, "You may look: t shows it as text, 9 Past how it came to be.")
        assert "Enter edit" not in page
        assert "e edits" not in page
        await pilot.press("n")
        await shows(pilot, "│ RO observer", "Joining")
        before = pilot.app.screen
        await pilot.press("i")
        await shows(pilot, "it may look, not act")
        assert pilot.app.screen is before
        text = text.replace('"observer"', '"operator"')
        client.say(ConfigurationChanged(False, 18, file_digest(text.encode()), text))
        await shows(pilot, "│ RW", "i invite")
        assert not client.asked


def test_move_shows_the_consequences_and_asks_for_the_same_text() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("4", "down", "m")
        await shows(pilot, "Move web, now on bravo", "Nothing moves yet")
        await pilot.press("enter")
        await shows(pilot, "moved bravo > charlie", "clustertui move web charlie")
        await pilot.press("enter", *"web", "enter")
        await until(pilot, lambda: client.asked, "the request")
        text = story.configuration_text()
        assert client.asked == [
            Apply(text=text, base=file_digest(text.encode()), reason="move web to charlie",
                  author="ann", owners={"web": "charlie"})
        ]  # fmt: skip

    play(act)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_section_behind_a_dialog_can_be_read_without_colour(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("4", "down", "m", "enter")
        text = await shows(pilot, "Move web to charlie?", "Groups 2 online")
        assert "database  online     alpha" in text.partition("Move web")[0]

    play(act, size)


def test_refusal_is_shown() -> None:
    def refuse(request: Request) -> Refused:
        return Refused("busy", "42 of ann is going on", 3)

    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.answer = refuse
        await pilot.press("4", "down", "m", "enter")
        await shows(pilot, "moved bravo > charlie")
        await pilot.press("enter", *"web", "enter")
        await shows(pilot, "Not done (busy)", "42 of ann is going on")

    play(act)


def test_lost_agent_is_said_and_nothing_stays_green() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.trying = "bravo"
        client.break_stream()
        clock.passed += 3.0
        text = await shows(pilot, "agent alpha lost 3.0s ago, trying bravo", "UNKNOWN", "stale")
        assert "online  " not in text
        client.begin(agent="bravo")
        text = await shows(pilot, "ALL RIGHT", "bravo 0.0s")
        assert "agent alpha lost 3.0s ago" not in text

    play(act)


def test_client_that_raises_is_a_problem_and_not_an_end() -> None:
    def broken(request: Request) -> Refused:
        raise OSError("no route to host")

    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.answer = broken
        answer = await pilot.app.session.ask(Abort("1"))  # type: ignore[attr-defined]
        assert isinstance(answer, Refused)
        await shows(pilot, "no route to host", "ALL RIGHT")

    play(act)


def test_events_follow_freeze_and_filter() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("8")
        await shows(pilot, "Events 3 of 3", "following")
        await pilot.press("pageup")
        text = await shows(pilot, "End follows again")
        assert "following" not in text
        client.say(story.event(49, "on"))
        await shows(pilot, "Events 4 of 4", "End follows again")
        await pilot.press("end")
        await shows(pilot, "following")
        await pilot.press("f")
        client.say(story.event(50, "lost", severity="error"), story.event(51, "found"))
        await shows(pilot, "frozen, 2 wait")
        await pilot.press("exclamation_mark")
        await shows(pilot, "Events 1 of 4, only warnings and errors")
        await pilot.press("f")
        await shows(pilot, "Events 2 of 6", "only warnings and errors", "lost")

    play(act)


def test_what_waits_is_counted_also_where_the_oldest_are_forgotten() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        many = [story.event(number, f"e{number}") for number in range(10, 2_010)]
        client.say(*many)
        await pilot.press("8")
        await shows(pilot, "of 2000")
        await pilot.press("f")
        client.say(*(story.event(number, f"e{number}") for number in range(2_010, 2_017)))
        await shows(pilot, "frozen, 7 wait")
        await pilot.press("1", "f")
        client.say(story.event(2_017, "e"))
        await shows(pilot, "FROZEN  what you see is old; 1 event waiting")

    play(act)
    assert waiting_text((), tuple(story.event(n, "e") for n in range(EVENTS_MAX))) == "2000 or more"


LONG_S = 600.0
"""A message stays for so long: a slow machine may need more than its few seconds."""


def test_hint_is_gone_once_a_dialog_has_opened_and_an_error_stays() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        app = cast("ClusterApp", pilot.app)
        app.notify("bravo does not answer", severity="error", timeout=LONG_S)
        await pilot.press("w")
        await shows(pilot, "put the cursor on a group first")
        await pilot.press("f9")
        await until(pilot, lambda: app.screen.is_modal, "the dialog")
        await until(pilot, lambda: "put the cursor" not in screen_text(app))
        app.notify("said in the dialog", timeout=LONG_S)
        await shows(pilot, "said in the dialog", "bravo does not answer")

    play(act, LARGE)


def test_a_page_to_be_read_is_leafed_through() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("f1")
        first = await shows(pilot, "Keys of Dash ")
        await pilot.press("pagedown")
        await until(pilot, lambda: screen_text(pilot.app) != first, "the next page")
        await pilot.press("end")
        await shows(pilot, "this console may change things, or only watch")
        await pilot.press("home")
        await shows(pilot, "Keys of Dash ")

    play(act)


def test_a_list_that_is_held_still_says_so_and_is_filtered_all_the_same() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("2", "f")
        await shows(pilot, "FROZEN, what you see is old")
        client.say(story.node_live("bravo", state="down", age_ms=9_000))
        await pilot.press("slash", *"bravo", "enter")
        held = await shows(pilot, 'with "bravo"', "U up")
        assert "alpha  " not in held.split("beats")[1].splitlines()[1]
        await pilot.press("f")
        await shows(pilot, "X down")
        await pilot.press("4", "f")
        await shows(pilot, "FROZEN, what you see is old")
        text = edit.add(story.configuration_text(), ("group", "mail"), {"nodes": ["alpha"]})
        client.say(ConfigurationChanged(True, 17, file_digest(text.encode()), text))
        await shows(pilot, "+ mail", "FROZEN, all but the draft is old")

    play(act)


def test_events_are_filtered_by_one_line_and_one_key_leads_to_what_is_new(tmp_path: Path) -> None:
    left = Left(tmp_path)
    left.write("orders", Moment(0.0, story.WALL - 555.0))

    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        online = replace(story.event(50, "online here"), event="group-online", at="bravo")
        client.say(online, story.event(51, "lost", severity="error"))
        await pilot.press("8")
        text = await shows(pilot, "Events 5 of 5, 2 since you left", "you left at")
        assert text.index("you left at") < text.index("online here")
        await pilot.press("home", "m")
        await shows(pilot, "number 50", "group-online")
        await pilot.press("slash", *"kind", "colon", *"group")
        await shows(pilot, "Events 1 of 5")
        await pilot.press("escape")
        await shows(pilot, "Events 5 of 5")

    play(act, left=left)
    assert left.read("orders") > story.WALL - 1.0
    (tmp_path / "left-orders.json").write_text("{", "ascii")
    assert left.read("orders") == 0.0


def test_help_lists_the_keys_of_its_screen() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("7", "f1")
        await shows(pilot, "Keys of DARE", "abort")
        await pilot.press("end", "escape")
        await shows(pilot, "DARE 41")

    play(act)


def test_help_of_the_editor_offers_no_key_that_is_a_letter_there() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("5", "f7")
        await shows(pilot, "DRAFT as text")
        await pilot.press("f1")
        text = await shows(pilot, "Keys of this page", "Take the last edit back", "F10")
        rows = [row.split("│")[1] for row in text.splitlines() if row.count("│") > 1]
        keys = [row.strip().split("  ")[0] for row in rows]
        assert "F6" in keys
        assert not {"1", "2", "F1 ?", "F10 q", "R"} & set(keys)

    play(act, LARGE)  # the page of the finding comes first


def test_palette_finds_an_action() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("f9", *"Networks and adap")
        await shows(pilot, "Networks and adapters")
        await pilot.press("enter")
        await shows(pilot, "Networks 3")

    play(act)


def test_palette_over_a_dialog_has_the_keys_of_the_dialog() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        pilot.app.push_screen(ConfirmScreen("Run it?", ["what happens"], yes="Do it"))
        await shows(pilot, "what happens")
        await pilot.press("f9")
        text = await shows(pilot, "Cancel (Esc)", "Command (F6)", "light or dark (^T)")
        assert "quit (F10)" not in text
        await pilot.press(*"cancel", "enter")
        await until(pilot, lambda: not pilot.app.screen.is_modal, "the dialog is left")

    play(act, LARGE)


class Probe:
    def rows(self) -> list[ProbeRow]:
        return [ProbeRow("web", 120, 2, 340, "bravo", ok=True)]


class Drills:
    def __init__(self) -> None:
        self.ran: list[str] = []

    def drills(self, view: View) -> list[DrillItem]:
        steps = (DrillItem("die lock", "lock", "promises"), DrillItem("die keep", "keep", "states"))
        groups = view.active.configuration.group if view.active.configuration else {}
        return [
            DrillItem("kill", "kill a node", "end an agent abruptly"),
            DrillItem("die", "kill the coordinator", f"of {len(groups)} groups", steps),
        ]

    async def run(self, key: str) -> str:
        self.ran.append(key)
        return "alpha was killed"


def test_demonstration_shows_its_client_and_its_drills() -> None:
    drills = Drills()

    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await shows(pilot, "Clients of the services", "340 ms")
        await pilot.press("D")
        await shows(pilot, "Practise a fault", "kill a node")
        await pilot.press("f1")
        await shows(pilot, "Keys of this dialog", "leave without choosing")
        await pilot.press("f1")
        await shows(pilot, "Practise a fault", "kill a node")
        await pilot.press("enter")
        await shows(pilot, "alpha was killed")

    play(act, probe=Probe(), drills=drills)
    assert drills.ran == ["kill"]


def test_demonstration_is_not_ended_without_a_question() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("f1")
        await shows(pilot, "End the demonstration, its agents")
        await pilot.press("escape", "f10")
        await shows(pilot, "End the demonstration?", "Its agents, its services")
        await pilot.press("enter")
        assert pilot.app.is_running
        await pilot.press("f10")
        await shows(pilot, "End the demonstration?")
        await pilot.press("right", "enter")

    play(act, drills=Drills())


def test_ctrl_q_ends_the_demonstration_at_once_from_everywhere() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("f10")
        await shows(pilot, "End the demonstration?")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not pilot.app.is_running, "the end")

    play(act, drills=Drills())


def test_drill_with_a_choice_asks_for_it_first() -> None:
    drills = Drills()

    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("D")
        await shows(pilot, "kill the coordinator")
        await pilot.press("down")
        await shows(pilot, "of 2 groups")
        await pilot.press("enter")
        await shows(pilot, "promises")
        await pilot.press("down", "enter")
        await shows(pilot, "alpha was killed")

    play(act, drills=drills)
    assert drills.ran == ["die keep"]


def test_report_and_picture_are_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.say(*story.run_aborts())
        await shows(pilot, "ABORTED")
        await pilot.press("y", "y", "f8")
        await until(pilot, (tmp_path / "clustertui.svg").exists)

    play(act)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["clustertui.svg", "dare-42-2.txt", "dare-42.txt"]
    assert "nginx: bind()" in (tmp_path / "dare-42.txt").read_text("utf-8")


def test_past_runs_can_be_looked_at() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.say(*story.run_aborts())
        await shows(pilot, "run 2 of 2")
        await pilot.press("left_square_bracket")
        await shows(pilot, "DARE 41", "run 1 of 2", "Done in 21.0s")

    play(act)


def test_hostile_words_are_words() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        bad = "[/x] [@click=app.quit]a[/] \x1b]52;c;aGk=\x07 \u202eabc"
        client.say(
            story.node_live("bravo", groups=(story.group_live("web", "error", bad),)),
            story.event(9, bad, node=bad, subject=bad, severity="error"),
            story.cluster_live(lock=bad),
        )
        await shows(pilot, "[/x] [@click=app.quit]")
        for key in "234781":
            await pilot.press(key, "enter", "escape")
        text = screen_text(pilot.app)
        assert "\x1b" not in text
        assert "\u202e" not in text

    play(act)


def test_quit_by_key() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        await pilot.press("q")

    assert not play(act).return_code


def test_message_hides_neither_the_outcome_nor_the_keys() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.say(*story.run_aborts())
        await shows(pilot, "ABORTED", "Aborted after 9.4s")
        app = pilot.app
        assert isinstance(app, ClusterApp)
        app.tell("report written to /srv/a.txt", title="Report")
        text = await shows(pilot, "Report: report written to /srv/a.txt")
        assert "Aborted after 9.4s" in text
        assert "y report" in text
        app.tell("[/b] many words " * 40, title="Not done", severity="error")
        text = await shows(pilot, "! Not done: [/b] many words", "…")
        assert "Aborted after 9.4s" in text
        clock.passed += 20
        await until(pilot, lambda: "many words" not in screen_text(app), "the message goes")

    play(act)


def test_message_is_told_in_the_section_that_one_goes_to() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        app = pilot.app
        assert isinstance(app, ClusterApp)
        app.tell("said on the dashboard")
        await shows(pilot, "said on the dashboard")
        await pilot.press("8")
        await shows(pilot, "Events", "said on the dashboard")
        clock.passed += 20
        await until(pilot, lambda: "said on" not in screen_text(app), "the message goes")

    play(act)


def test_footer_offers_what_can_be_done_with_this_run() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.say(*story.run_up_to("acquire"))
        await shows(pilot, "RUNNING", "a abort", "[ older")
        client.say(*story.run_aborts()[len(story.run_up_to("acquire")) :])
        await shows(pilot, "ABORTED")
        await until(pilot, lambda: "a abort" not in screen_text(pilot.app), "no abort any more")
        assert "] newer" not in screen_text(pilot.app)
        await pilot.press("left_square_bracket")
        await shows(pilot, "run 1 of 2", "] newer")

    play(act)


def test_evidence_says_that_the_keys_are_in_it_and_how_they_come_back() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        client.say(*story.run_aborts())
        await shows(pilot, "ABORTED", "Enter evidence")
        for there, back in ("enter", "escape"), ("enter", "enter"), ("tab", "escape"):
            await pilot.press(there)
            await shows(pilot, "↑ ↓ scroll  Esc matrix", "Enter back to the matrix")
            await pilot.press(back)
            text = await shows(pilot, "Enter evidence", "ABORTED")
            assert "Esc matrix" not in text

    play(act)


def test_menu_says_what_its_rows_do_however_many_there_are() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, clock: Clock) -> None:
        rows = [Row(str(number), (Span(f"fault {number}"),)) for number in range(30)]
        details = {str(number): f"what {number} does" for number in range(30)}
        pilot.app.push_screen(MenuScreen("Practise", rows, "Enter causes it at once", details))
        await shows(pilot, "fault 0", "what 0 does", "Enter causes it at once", "16 of 30")
        await pilot.press("end")
        await shows(pilot, "fault 29", "what 29 does")

    play(act)
