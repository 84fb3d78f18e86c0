"""`invite` and `joining`: what they say of what comes next."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from nodeagent.wire.console import Answer, Refused, Request
from nodeagent.wire.joining import Admit, Admitted, GetJoining, Guest, Invite, Invited, Joining
from tests.unit.cli.conftest import ACTIVE, DIGEST, Run
from tests.unit.client.fake_agent import FakeAgent

Agents = tuple[FakeAgent, FakeAgent]
SHOWN = "0123-4567-89ab-cdef-0123-4567-89ab-cdef"
DELTA = Guest("delta", "asks", "ann", 600, "k" * 40, SHOWN, "10.10.1.14")


WITH_DELTA = ACTIVE + "# and delta\n"


def invites(agent: FakeAgent, guests: Sequence[Guest]) -> None:
    """Let the agent keep these invitations; its draft is the active configuration with delta."""
    agent.snapshot = replace(agent.snapshot, draft=WITH_DELTA)

    def handle(request: Request) -> Answer:
        if isinstance(request, GetJoining):
            return Joining(agent.name, tuple(guests))
        if isinstance(request, Invite):
            return Invited("orders", "k" * 40, ("tcp://10.10.1.11:7415",), 900)
        if isinstance(request, Admit):
            return Admitted(WITH_DELTA, DIGEST)
        return agent.snapshot

    agent.handler = handle


@pytest.fixture(autouse=True)
def _known_to_alpha(agents: Agents) -> None:
    invites(agents[0], [DELTA])
    invites(agents[1], [])


def test_who_is_let_in_without_a_dare_is_told_the_commands_that_add_it(run: Run) -> None:
    ran = run("joining", "delta", "--yes", SHOWN)

    assert (ran.code, ran.out) == (0, "delta: admitted\n")
    assert f"  clustertui joining delta --yes {SHOWN} --apply\n" in ran.err
    assert "over (10 min)" in ran.err
    assert f"  clustertui merge draft.toml --base {DIGEST} --output merged.toml\n" in ran.err
    assert "  clustertui apply merged.toml\n" in ran.err
    assert "drops the draft" in ran.err


def test_draft_of_unknown_base_is_not_advised_to_be_merged(agents: Agents, run: Run) -> None:
    agents[0].snapshot = replace(agents[0].snapshot, draft=ACTIVE + "# and more\n")

    ran = run("joining", "delta", "--yes", SHOWN)

    assert ran.code == 0
    assert " --apply\n" in ran.err
    assert "clustertui merge" not in ran.err


def test_second_invitation_says_that_it_replaces_the_first(run: Run) -> None:
    again, other = run("invite", "delta"), run("invite", "echo")

    assert again.code == other.code == 0
    assert "it replaces the invitation of delta by ann, which is over" in again.err
    assert "what asked with it from 10.10.1.14 is refused" in again.err
    assert "replaces" not in other.err


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["invite", "delta"], 2, "alpha is a node of the cluster already"),
        (["joining", "nosuch", "--withdraw"], 1, "nosuch is not invited"),
        (["joining", "delta", "--yes", SHOWN], 4, "another key"),
    ],
)
def test_refusal_is_one_object_for_scripts(
    agents: Agents, run: Run, words: list[str], code: int, text: str
) -> None:
    def handle(request: Request) -> Answer:
        if isinstance(request, GetJoining):
            return Joining("alpha", (DELTA,))
        return Refused("no", text, code)

    agents[0].handler = handle

    told, ran = run(*words), run(*words, "--json")

    assert (told.code, told.out) == (code, "")
    assert (ran.code, ran.json["result"], ran.json["exit"]) == (code, "refused", code)
    assert text in ran.json["text"]
    assert text in ran.err


@pytest.mark.parametrize("name", ["two words", "", "-x" * 40, "é"])
def test_name_that_no_node_can_have_is_told_with_what_one_is(
    agents: Agents, run: Run, name: str
) -> None:
    ran = run("invite", "--", name)

    assert (ran.code, ran.out) == (2, "")
    assert "is no name for a node. A name has letters, digits" in ran.err
    assert not agents[0].requests
