"""The console of lines: what it says first, what it says of changes, and who it obeys."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support import story
from tests.support.story import StoryClient
from tui.cli.access import Way
from tui.cli.console import inner_shell
from tui.cli.plain import Lines, run_plain
from tui.cli.prompts import BY_LINES, at_terminal, may_ask
from tui.viewmodels import store
from tui.viewmodels.ages import Moment
from tui.viewmodels.facts import Look
from tui.viewmodels.plain import changes, summary_lines
from tui.viewmodels.store import View

NOW = Moment(1_000.0, story.WALL)


def look(view: View, seconds: float = 0.0) -> Look:
    return Look(view, Moment(NOW.mono + seconds, NOW.wall + seconds))


def folded(view: View, *messages: object) -> View:
    for message in messages:
        view, _ = store.fold(view, message, NOW)  # type: ignore[arg-type]
    return view


def calm() -> View:
    return folded(store.connected(View(), "alpha", NOW), story.three_nodes())


def test_first_is_said_whether_all_is_right_and_who_owns_what() -> None:
    lines = summary_lines(look(calm()))

    assert lines[0].startswith("cluster orders: ")
    assert "may fail" in lines[0]
    assert "no change is running" in lines
    assert any(line.startswith("node charlie: up") for line in lines)
    assert any(line.startswith("group web: online on ") and "; next " in line for line in lines)


def test_each_change_is_a_line_and_time_alone_is_none() -> None:
    before = look(calm())
    view = folded(calm(), story.node_live("bravo", state="down"), story.event(9, "it is down"))

    lines = changes(before, look(view))

    assert changes(before, look(calm(), 1.0)) == []
    assert sum(line.startswith("node bravo: down, before up") for line in lines) == 1
    assert sum("it is down" in line for line in lines) == 1
    assert not any(line.startswith("problem: bravo is down") for line in lines)
    assert lines[-1].startswith("now: trouble; ")


def test_quorum_of_another_agent_is_not_said_to_be_back() -> None:
    lost = story.cluster_live(quorum=False, state="no-quorum")
    cut_off = folded(calm(), lost)
    turned = folded(store.connected(cut_off, "bravo", NOW), story.cluster_live(observer="bravo"))

    again = changes(look(cut_off), look(folded(cut_off, story.cluster_live())))
    other = changes(look(cut_off), look(turned))
    back = changes(look(turned), look(cut_off))

    assert "quorum again" in again
    assert "agent bravo has quorum, agent alpha has not" in other
    assert not any("again" in text for text in other)
    assert "agent alpha has no quorum: nothing can be decided there" in back


@dataclass
class Script:
    """Runs nothing; writes `lines`, and takes the answer to each question."""

    lines: tuple[str, ...]
    ran: list[list[str]] = field(default_factory=list)
    answers: list[str | None] = field(default_factory=list)

    async def run(
        self, words: list[str], answers: Lines | None = None
    ) -> AsyncGenerator[str, None]:
        self.ran.append(words)
        for line in self.lines:
            yield line
            if line.startswith("?"):
                assert answers is not None
                self.answers.append(await answers.get())


def given(*lines: str | None) -> Callable[[Callable[[str | None], None]], None]:
    def read(give: Callable[[str | None], None]) -> None:
        for line in lines:
            give(line)

    return read


def test_lines_are_commands_and_answers_until_the_input_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    client, shell = StoryClient(), Script(("? Type web to go on", "\x1b[31mdone", "exit 0"))
    client.begin()

    code = run_plain(client, shell, read=given("move web bravo", "web", "events --follow", None))

    said = capsys.readouterr().out
    assert code == 0
    assert shell.ran == [["move", "web", "bravo"]]
    assert shell.answers == ["web"]
    assert said.index("cluster orders: ") < said.index("? Type web") < said.index("exit 0")
    assert "leave --follow out" in said
    assert "\x1b" not in said
    assert client.closed


async def test_question_of_a_subcommand_is_a_line_and_no_answer_is_a_no(key_file: Path) -> None:
    typed: Lines = asyncio.Queue()
    typed.put_nowait(None)

    lines = [
        line async for line in inner_shell(Way(key=str(key_file))).run(["fence", "alpha"], typed)
    ]

    assert "? Type alpha to go on" in lines
    assert lines[-1] == "exit 1"
    assert typed.get_nowait() is None


@pytest.mark.parametrize(("answered", "asks"), [("typed", True), ("piped", False)])
def test_what_scripts_do_without_is_asked_only_where_lines_are_typed(
    monkeypatch: pytest.MonkeyPatch, answered: str, asks: bool
) -> None:
    monkeypatch.setenv(BY_LINES, answered)

    assert (at_terminal(), may_ask()) == (asks, True)
