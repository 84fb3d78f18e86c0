"""`node` and `group`: what is shown first, what is asked for, and how each ends."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.config.operations import with_hold, with_standby
from nodeagent.config.parse import parse
from nodeagent.model.run import RunChanged, RunStarted
from nodeagent.wire.console import Answer, Apply, Done, GetSnapshot, Refused, Request
from nodeagent.wire.live import ProgressMade
from tests.unit.cli.conftest import ACTIVE, DIGEST, Run, snapshot
from tests.unit.cli.test_apply import TX, record
from tests.unit.client.fake_agent import FakeAgent

Agents = tuple[FakeAgent, FakeAgent]
FUTURE = datetime(2999, 1, 1, tzinfo=UTC)


def obeys(agent: FakeAgent) -> None:
    """Let the agent carry out what it is asked for at once."""

    def handle(request: Request) -> Answer:
        if isinstance(request, GetSnapshot):
            return agent.snapshot
        assert isinstance(request, Apply)
        agent.publish(ProgressMade(RunStarted(record(request.text))))
        agent.publish(ProgressMade(RunChanged(TX, "done", text="epoch 2")))
        return Done(tx=TX)

    agent.handler = handle


def active(agents: Agents, text: str, **cluster: object) -> None:
    """Let the cluster run `text`."""
    for agent in agents:
        plain = snapshot(agent.name)
        live = replace(plain.cluster, digest=file_digest(text.encode()), **cluster)
        agent.snapshot = replace(plain, cluster=live, active=text, draft=text)


def asked(agents: Agents) -> list[Apply]:
    return [request for request in agents[0].requests if isinstance(request, Apply)]


def test_standby_marks_the_node_and_tells_what_moves(agents: Agents, run: Run) -> None:
    obeys(agents[0])

    ran = run("node", "standby", "alpha", "--reason", "new disks")

    assert ran.code == 0, ran
    assert "web: moved alpha > bravo (alpha goes to standby)" in ran.err
    assert "alpha stays in and votes" in ran.err
    assert "no other node could then take over web" in ran.err
    (apply,) = asked(agents)
    assert (apply.base, apply.owners, apply.reason) == (DIGEST, {}, "new disks")
    assert apply.text == with_standby(ACTIVE, "alpha", standby=True)


def test_resume_takes_the_mark_away(agents: Agents, run: Run) -> None:
    active(agents, with_standby(ACTIVE, "alpha", standby=True), owners={"web": "bravo"})
    obeys(agents[0])

    ran = run("node", "resume", "alpha")

    assert ran.code == 0, ran
    assert "no group is interrupted" in ran.err
    assert [apply.text for apply in asked(agents)] == [ACTIVE]


def test_offline_and_online_ask_for_owners_only(agents: Agents, run: Run) -> None:
    obeys(agents[0])
    off = run("group", "offline", "web")
    active(agents, ACTIVE, owners={"web": ""}, asked={"web": ""})
    on = run("group", "online", "web")

    assert (off.code, on.code) == (0, 0)
    assert "web: stopped on alpha (asked to be offline)" in off.err
    assert "web: started on alpha" in on.err
    assert [(a.text, a.owners) for a in asked(agents)] == [
        (ACTIVE, {"web": ""}),
        (ACTIVE, {"web": "alpha"}),
    ]


def test_hold_writes_its_end_and_unhold_takes_it_away(agents: Agents, run: Run) -> None:
    obeys(agents[0])
    ran = run("group", "hold", "web", "--for", "1h30m")
    (apply,) = asked(agents)
    new = parse(apply.text).configuration
    assert new is not None
    until = new.group["web"].hold_until
    assert until is not None
    left = until.timestamp() - datetime.now(UTC).timestamp()
    assert 5_000 < left <= 5_400
    assert "neither restarted nor moved, not even if alpha is lost" in ran.err

    active(agents, apply.text)
    assert run("group", "unhold", "web").code == 0
    assert asked(agents)[-1].text == ACTIVE


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("group", "offline", "wep"), "there is no group wep: did you mean web?"),
        (("group", "hold", "wbe", "--for", "5m"), "did you mean web?"),
        (("node", "standby", "alhpa"), "there is no node alhpa: did you mean alpha?"),
        (("move", "web", "brave"), "did you mean bravo?"),
        (("group", "hold", "web", "--for", "tomorrow"), "write 90s, 30m, 2h or 1h30m"),
        (("group", "hold", "web", "--for", "400d"), "at most 30d"),
        (("group", "hold", "web"), "--for"),
    ],
)
def test_wrong_words_are_answered_with_the_right_ones(
    agents: Agents, run: Run, words: tuple[str, ...], text: str
) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert text in ran.err
    assert not asked(agents)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("group", "online", "web"), "web is on alpha already"),
        (("group", "unhold", "web"), "web is not held"),
        (("node", "resume", "alpha"), "alpha is not on standby"),
    ],
)
def test_what_is_so_already_is_done(
    agents: Agents, run: Run, words: tuple[str, ...], text: str
) -> None:
    ran = run(*words, "--json")
    assert (ran.code, ran.json["result"], ran.json["text"]) == (0, "done", text)
    assert not asked(agents)


@pytest.mark.parametrize(
    "words",
    [
        ("move", "web", "bravo"),
        ("group", "offline", "web"),
        ("node", "standby", "alpha"),
    ],
)
def test_held_group_is_named_and_left_alone(
    agents: Agents, run: Run, words: tuple[str, ...]
) -> None:
    active(agents, with_hold(ACTIVE, "web", FUTURE))
    ran = run(*words)
    assert ran.code == 3
    assert "web is held" in ran.out
    assert "clustertui group unhold web" in ran.out
    assert not asked(agents)


def test_idle_group_that_has_no_home_is_told_where_it_can_go(agents: Agents, run: Run) -> None:
    text = edit.set_value(ACTIVE, ("group", "web", "fallover"), "bring-offline")
    active(agents, with_standby(text, "alpha", standby=True), owners={"web": ""})
    ran = run("group", "online", "web")
    assert ran.code == 1
    assert "its home node alpha, which is on standby, cannot take it" in ran.out
    assert "clustertui move web bravo" in ran.out


def test_group_is_not_moved_to_a_node_on_standby(agents: Agents, run: Run) -> None:
    active(agents, with_standby(ACTIVE, "bravo", standby=True))
    ran = run("move", "web", "bravo")
    assert ran.code == 1
    assert "bravo is on standby" in ran.out


def test_refusal_of_the_agents_is_passed_on(agents: Agents, run: Run) -> None:
    def handle(request: Request) -> Answer:
        if isinstance(request, GetSnapshot):
            return agents[0].snapshot
        return Refused("busy", "another DARE is open", 3)

    agents[0].handler = handle
    ran = run("node", "standby", "alpha", "--json")
    assert (ran.code, ran.lines[-1]["result"], ran.lines[-1]["exit"]) == (3, "refused", 3)


def test_hold_of_an_idle_group_says_that_nobody_starts_it(agents: Agents, run: Run) -> None:
    active(agents, ACTIVE, owners={"web": ""})
    obeys(agents[0])
    ran = run("group", "hold", "web", "--for", "5m")
    assert ran.code == 0
    assert "neither restarted nor moved, nor started" in ran.err
