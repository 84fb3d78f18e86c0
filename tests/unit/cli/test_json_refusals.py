"""With --json every refusal is an object on stdout, too, whoever refuses and whatever is wrong."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from nodeagent.config import edit
from nodeagent.wire.console import Answer, ConfigurationFile, GetConfiguration, Refused, Request
from tests.unit.cli.conftest import ACTIVE, Ran, Run
from tests.unit.cli.test_history import handler_of
from tests.unit.client.fake_agent import FakeAgent

Agents = tuple[FakeAgent, FakeAgent]
WRONG = ACTIVE.replace('nodes = ["alpha"', 'nodes = ["alfa"')


@pytest.fixture(autouse=True)
def _ledger(agents: Agents) -> None:
    for agent in agents:
        agent.handler = handler_of(agent)


def errors(ran: Ran) -> int:
    return sum(report["severity"] == "error" for report in ran.json["reports"])


@pytest.mark.parametrize("word", ["apply", "rehearse", "plan", "diff"])
@pytest.mark.parametrize(("text", "code"), [(WRONG, 4), ("a = ", 2)], ids=["wrong", "no TOML"])
def test_wrong_file(
    run: Run, new_file: Callable[[str], Path], word: str, text: str, code: int
) -> None:
    ran = run(word, new_file(text), "--json")

    assert (ran.code, ran.json["result"], ran.json["exit"]) == (code, "refused", code)
    assert "1 error" in ran.json["text"]
    assert errors(ran) == 1
    assert "1 error" in ran.err


def test_file_that_is_there_already(run: Run, new_file: Callable[[str], Path]) -> None:
    ran = run("export", "snapshot", new_file(""), "--json")

    assert (ran.code, ran.json["result"], ran.json["exit"]) == (1, "failed", 1)
    assert "new.toml" in ran.json["text"]


@pytest.mark.parametrize(
    "words", [["history"], ["history", "2"], ["blame"], ["diff", "--from", "1"], ["why", "web"]]
)
def test_agent_that_tells_nothing(run: Run, agents: Agents, words: list[str]) -> None:
    for agent in agents:
        agent.handler = lambda _: Refused("busy", "another DARE is open", 3)

    ran = run(*words, "--json")

    assert (ran.code, ran.json["result"], ran.json["exit"]) == (1, "failed", 1)
    assert "another DARE is open" in ran.json["text"]


def test_way_back_that_is_no_configuration_any_more(run: Run, agents: Agents) -> None:
    for agent in agents:
        known = handler_of(agent)

        def handle(request: Request, known: Callable[[Request], Answer] = known) -> Answer:
            if isinstance(request, GetConfiguration):
                return ConfigurationFile(1, request.digest, WRONG)
            return known(request)

        agent.handler = handle

    ran = run("rollback", "1", "--yes", "--json")

    assert (ran.code, ran.json["result"], ran.json["exit"]) == (4, "refused", 4)
    assert errors(ran) == 1


def test_what_was_changed_again_since(run: Run, agents: Agents) -> None:
    active = edit.set_value(ACTIVE, ("group", "web", "nodes"), ["alpha"])
    for agent in agents:
        agent.snapshot = msgspec.structs.replace(agent.snapshot, active=active)

    ran = run("rollback", "2", "--undo", "--yes", "--json")

    assert (ran.code, ran.json["result"], ran.json["exit"]) == (1, "failed", 1)
    assert "changed again since" in ran.json["text"]


def test_past_of_which_nothing_is_recorded(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "past.jsonl"
    file.touch()

    ran = run("replay", file, "--json")

    assert (ran.code, ran.json["result"]) == (1, "refused")


def test_what_is_typed_wrongly_is_told_to_who_typed_it(run: Run) -> None:
    ran = run("move", "nothing", "--json")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err
