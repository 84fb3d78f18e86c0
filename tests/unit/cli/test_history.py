"""history, why, blame, diff between epochs, rollback: read from the agents' ledger."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.model.choice import Candidate, Choice
from nodeagent.wire.console import (
    Answer,
    Apply,
    ConfigurationFile,
    GetConfiguration,
    GetSnapshot,
    Refused,
    Request,
)
from nodeagent.wire.ledger import GetLedger, Ledger, LedgerEntry
from tests.unit.cli.conftest import ACTIVE, Run
from tests.unit.client.fake_agent import FakeAgent

Agents = tuple[FakeAgent, FakeAgent]
FIRST = edit.set_value(ACTIVE, ("group", "web", "nodes"), ["bravo", "alpha"])
TEXTS = {file_digest(text.encode()): (epoch, text) for epoch, text in ((1, FIRST), (2, ACTIVE))}
FIRST_DIGEST, ACTIVE_DIGEST = TEXTS
CHOICE = Choice(
    "web", "bravo", "alpha", "alpha is better than bravo, fallback higher-priority",
    (Candidate("alpha", "chosen", "its home node"), Candidate("bravo", "possible", "later")),
)  # fmt: skip
ENTRIES = (
    LedgerEntry(2, "change", "d2", "d1", 2, ACTIVE_DIGEST, "alpha", ("alpha", "bravo"), "t2",
                at=1_700_000_000.0, seconds=0.4, author="ann", reason="home first",
                moved=(("web", "bravo", "alpha"),), choices=(CHOICE,)),
    LedgerEntry(1, "view", "d1", "d0", 1, FIRST_DIGEST, "alpha", ("alpha", "bravo"),
                text="bravo is up", moved=(("web", "", "bravo"),)),
    LedgerEntry(0, "change", "d0", "", 1, FIRST_DIGEST, "", (), "genesis"),
)  # fmt: skip


def page(request: GetLedger, entries: tuple[LedgerEntry, ...] = ENTRIES) -> Ledger:
    """What an agent would answer."""
    wanted = [
        entry
        for entry in entries
        if (request.before < 0 or entry.slot < request.before)
        and not (request.changes and entry.kind == "view")
        and (not request.group or request.group in {move[0] for move in entry.moved})
    ]
    return Ledger(tuple(wanted[: request.limit]), more=len(wanted) > request.limit)


def handler_of(
    agent: FakeAgent, entries: tuple[LedgerEntry, ...] = ENTRIES
) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        if isinstance(request, GetSnapshot):
            return agent.snapshot
        if isinstance(request, GetLedger):
            return page(request, entries)
        if isinstance(request, GetConfiguration) and request.digest in TEXTS:
            epoch, text = TEXTS[request.digest]
            return ConfigurationFile(epoch, request.digest, text)
        return Refused("busy", "another DARE is open", 3)

    return handle


@pytest.fixture(autouse=True)
def _ledger(agents: Agents) -> None:
    for agent in agents:
        agent.handler = handler_of(agent)


def test_history_shows_changes_and_with_all_the_views_too(run: Run) -> None:
    assert "home first" in run("history").out
    assert "bravo is up" not in run("history").out
    assert "bravo is up" in run("history", "--all").out
    assert [line["slot"] for line in run("history", "--all", "--json").lines] == [2, 1, 0]
    assert len(run("history", "--limit", "1", "--json").lines) == 1


def test_one_epoch_is_shown_with_what_it_changed_and_why(run: Run) -> None:
    ran = run("history", "2")

    assert '~ group.web nodes: ["bravo", "alpha"] -> ["alpha", "bravo"]' in ran.out
    assert "web: bravo > alpha, because alpha is better" in ran.out
    assert run("history", "2", "--json").json["changes"][0]["object"] == "group.web"


def test_an_unknown_epoch_is_named_with_those_there_are(run: Run) -> None:
    ran = run("history", "9")

    assert ran.code == 2
    assert "there is no epoch 9; known: 1 to 2" in ran.err


def test_agents_that_remember_alike_are_told_so(run: Run) -> None:
    ran = run("history", "--verify")

    assert (ran.code, ran.out) == (0, "alpha, bravo: the same unbroken chain up to slot 2\n")


@pytest.mark.parametrize("what", ["digest", "previous"])
def test_a_differing_or_broken_chain_is_an_error(run: Run, agents: Agents, what: str) -> None:
    forged = msgspec.structs.replace(ENTRIES[1], **{what: "forged"})
    agents[1].handler = handler_of(agents[1], (ENTRIES[0], forged, ENTRIES[2]))

    ran = run("history", "--verify")

    assert ran.code == 1
    assert "slot" in ran.err
    assert run("history", "--verify", "--json").json["problems"]


def test_why_tells_rule_candidates_and_action(run: Run) -> None:
    ran = run("why", "web")

    assert "rule        alpha is better than bravo, fallback higher-priority" in ran.out
    assert "bravo: possible, later" in ran.out
    assert "accepted by alpha, bravo" in ran.out
    found = run("why", "web", "--json").json
    assert (found["owner"], found["choice"]["target"]) == ("alpha", "alpha")


def test_why_of_an_unknown_group_names_the_nearest(run: Run) -> None:
    ran = run("why", "wep")

    assert ran.code == 2
    assert "web" in ran.err


def test_blame_names_epoch_author_and_reason(run: Run) -> None:
    ran = run("blame", "group.web.nodes")

    assert ran.out == "group.web.nodes  epoch 2  2023-11-14 22:13:20Z  ann  home first\n"
    rows = {row["key"]: row["epoch"] for row in run("blame", "--json").lines}
    assert (rows["group.web.nodes"], rows["cluster.name"]) == (2, 1)


@pytest.mark.parametrize("key", ["group.wep", "a..b"])
def test_blame_of_nothing_is_a_usage_error(run: Run, key: str) -> None:
    assert run("blame", key).code == 2


def test_epochs_are_compared(run: Run) -> None:
    ran = run("diff", "--from", "1", "--json")

    assert (ran.json["from"], ran.json["to"]) == (1, 2)
    assert ran.json["changes"][0]["key"] == "nodes"
    assert run("diff", "--to", "1").code == 2


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["1"], "rollback to epoch 1"),
        (["2", "--undo"], "rollback of what changed in epoch 2"),
        (["2", "--only", "group.web.nodes"], "rollback of group.web.nodes in epoch 2"),
    ],
)
def test_rollback_asks_for_the_configuration_of_then(
    run: Run, agents: Agents, words: list[str], reason: str
) -> None:
    ran = run("rollback", *words, "--yes")

    (asked,) = (r for agent in agents for r in agent.requests if isinstance(r, Apply))
    assert (asked.text, asked.base, asked.reason) == (FIRST, ACTIVE_DIGEST, reason)
    assert ran.code == 3
    assert "group.web nodes" in ran.err


def test_rollback_to_what_is_in_force_does_nothing(run: Run, agents: Agents) -> None:
    assert run("rollback", "2").code == 0
    assert not [r for agent in agents for r in agent.requests if isinstance(r, Apply)]


def test_nobody_is_asked_without_a_terminal(run: Run, agents: Agents) -> None:
    ran = run("rollback", "1")

    assert ran.code == 2
    assert "--yes" in ran.out
    assert not [r for agent in agents for r in agent.requests if isinstance(r, Apply)]


def test_what_was_changed_again_is_not_taken_back(run: Run, agents: Agents) -> None:
    active = edit.set_value(ACTIVE, ("group", "web", "nodes"), ["alpha"])
    for agent in agents:
        agent.snapshot = msgspec.structs.replace(agent.snapshot, active=active)

    ran = run("rollback", "2", "--undo", "--yes")

    assert ran.code == 1
    assert "changed again since" in ran.err
    assert "group.web nodes" in ran.err


@pytest.mark.parametrize("words", [["1", "--undo"], ["2", "--only", "cluster.name"]])
def test_what_cannot_be_taken_back_says_why(run: Run, words: list[str]) -> None:
    assert run("rollback", *words, "--yes").code == 2


def test_a_snapshot_can_be_applied_again(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "snapshot.toml"

    assert run("export", "snapshot", file).code == 0
    assert "# web: alpha\n" in file.read_text()
    assert file.read_text().endswith(ACTIVE)
    assert run("check", file).code == 0
    assert run("export", "snapshot", file).code != 0
