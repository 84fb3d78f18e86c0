"""What goes into a support bundle, and what does not."""

import tarfile
from pathlib import Path

import pytest

from nodeagent.wire.live import EventLine
from tests.unit.cli.conftest import ACTIVE, Run, snapshot
from tests.unit.client.fake_agent import FakeAgent

Agents = tuple[FakeAgent, FakeAgent]
SECRET = "hunter-two"
WITH_SECRET = (
    ACTIVE
    + f"""\
[group.web.resource.database]
type = "ocf:heartbeat:pgsql"
parameters = {{ repuser_password = "{SECRET}" }}
"""
)


def unpacked(file: Path) -> dict[str, str]:
    with tarfile.open(file) as archive:
        return {
            member.name.partition("/")[2]: inner.read().decode()
            for member in archive
            if (inner := archive.extractfile(member)) is not None
        }


def test_all_agents_are_asked_and_secrets_are_struck(
    run: Run, agents: Agents, tmp_path: Path
) -> None:
    told = EventLine(1, 1.0, "alpha", "warning", "web", f"login with {SECRET} failed")
    agents[0].snapshot = snapshot("alpha", active=WITH_SECRET, events=(told,))
    log = tmp_path / "agent.log"
    log.write_text(f"x {SECRET} y\ntoken=abcdef\n")
    target = tmp_path / "bundle.tar.gz"

    ran = run("support-bundle", target, "--log", log, "--json")

    assert ran.code == 0
    assert ran.json["agents"] == ["alpha", "bravo"]
    files = unpacked(target)
    assert {"README.txt", "agents/alpha/status.json", "agents/bravo/active.toml"} <= set(files)
    assert "login with (struck out) failed" in files["agents/alpha/events.jsonl"]
    assert "[group.web.resource.database]" in files["agents/alpha/active.toml"]
    assert not [name for name, text in files.items() if SECRET in text or "abcdef" in text]
    assert target.stat().st_mode & 0o077 == 0


def test_an_agent_that_does_not_answer_is_left_out_with_the_reason(
    run: Run, agents: Agents, tmp_path: Path
) -> None:
    agents[1].stop()
    target = tmp_path / "bundle.tar.gz"

    ran = run("support-bundle", target)

    assert ran.code == 0
    assert "bravo told nothing" in ran.err
    assert "agents/bravo/error.txt" in unpacked(target)


def test_a_state_directory_is_examined(run: Run, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()

    run("support-bundle", tmp_path / "b.tar.gz", "--state", tmp_path / "state")

    assert '"findings"' in unpacked(tmp_path / "b.tar.gz")["local/check.json"]


@pytest.mark.parametrize("wrong", ["there", "log"])
def test_what_cannot_be_done_leaves_nothing_behind(run: Run, tmp_path: Path, wrong: str) -> None:
    target = tmp_path / "b.tar.gz"
    if wrong == "there":
        target.write_text("mine")
        ran = run("support-bundle", target)
        assert target.read_text() == "mine"
    else:
        ran = run("support-bundle", target, "--log", tmp_path / "none")
        assert not target.exists()

    assert ran.code != 0
    assert str(tmp_path) in ran.err
