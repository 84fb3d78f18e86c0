"""A file that the cluster overtook: what `apply` says of it, and `merge`."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.wire.console import (
    Answer,
    Apply,
    ConfigurationFile,
    GetConfiguration,
    GetSnapshot,
    Refused,
    Request,
)
from tests.unit.cli.conftest import ACTIVE, DIGEST, Run
from tests.unit.client.fake_agent import FakeAgent

Agents = tuple[FakeAgent, FakeAgent]
NEWER = edit.set_value(ACTIVE, ("group", "web", "fallback"), "higher-priority")
MINE = "# mine\n" + ACTIVE.replace("10.10.1.100", "10.10.1.101")
RIVAL = ACTIVE.replace("10.10.1.100", "10.10.1.99")


def overtaken(agents: Agents, active: str, **more: object) -> None:
    """Let the agents run `active`; they remember what was active before."""
    for agent in agents:
        digest = file_digest(active.encode())
        live = msgspec.structs.replace(agent.snapshot.cluster, epoch=2, digest=digest)
        agent.snapshot = msgspec.structs.replace(
            agent.snapshot, cluster=live, active=active, **more
        )
        agent.handler = handler_of(agent)


def handler_of(agent: FakeAgent) -> Callable[[Request], Answer]:
    def handle(request: Request) -> Answer:
        if isinstance(request, GetSnapshot):
            return agent.snapshot
        if request == GetConfiguration(DIGEST):
            return ConfigurationFile(1, DIGEST, ACTIVE)
        if isinstance(request, Apply):
            return Refused("stale", "epoch 2 is active", 6)
        return Refused("unknown-digest", "no decided configuration here has the digest")

    return handle


def test_stale_apply_says_what_changed_since_and_how_to_merge(
    agents: Agents, run: Run, new_file: Callable[[str], Path]
) -> None:
    overtaken(agents, NEWER)
    file = new_file(MINE)

    ran = run("apply", file, "--base", DIGEST)

    assert ran.code == 6
    assert ran.out.splitlines()[-1] == "refused: epoch 2 is active"
    assert "from epoch 1 to 2, 1 change came in between:" in ran.err
    assert '~ group.web fallback: "never" -> "higher-priority"' in ran.err
    assert f"clustertui merge {file} --base {DIGEST} --output merged.toml" in ran.err


@pytest.mark.parametrize("how", ["digest", "file", "draft"])
def test_merge_prints_my_file_with_what_came_since(
    agents: Agents, run: Run, new_file: Callable[[str], Path], tmp_path: Path, how: str
) -> None:
    drafted = {"draft": MINE, "draft_base": DIGEST} if how == "draft" else {}
    overtaken(agents, NEWER, **drafted)
    old = tmp_path / "old.toml"
    old.write_text(ACTIVE)
    bases: dict[str, list[object]] = {"digest": ["--base", DIGEST], "file": ["--base", old]}

    ran = run("merge", new_file(MINE), *bases.get(how, []))

    assert ran.code == 0, ran.err
    assert ran.out.startswith("# mine\n")
    web = tomllib.loads(ran.out)["group"]["web"]
    assert web["fallback"] == "higher-priority"
    assert web["resource"]["address"]["address"] == "10.10.1.101"
    assert "1 change taken from epoch 2" in ran.err


def test_conflict_is_told_and_nothing_is_written_until_a_side_is_named(
    agents: Agents, run: Run, new_file: Callable[[str], Path], tmp_path: Path
) -> None:
    overtaken(agents, RIVAL)
    file, output = new_file(MINE), tmp_path / "merged.toml"
    words = ("merge", file, "--base", DIGEST, "--output", output)

    ran = run(*words)

    assert (ran.code, ran.out) == (1, "")
    assert "! group.web.resource.address address" in ran.err
    assert 'theirs "10.10.1.99"' in ran.err
    assert not output.exists()
    assert run(*words, "--take", "theirs").code == 0
    assert output.read_text() == "# mine\n" + RIVAL
    told = run(*words, "--take", "mine", "--json").json
    assert (told["ok"], told["text"]) == (True, MINE)
    assert [one["choice"] for one in told["conflicts"]] == ["mine"]


def test_difference_of_an_overtaken_draft_says_that_it_is_one(agents: Agents, run: Run) -> None:
    overtaken(agents, NEWER, draft=MINE, draft_base=DIGEST)
    told = run("diff").err
    assert "made from an older epoch" in told
    assert "clustertui export configuration --draft draft.toml\n" in told
    assert f"clustertui merge draft.toml --base {DIGEST} --output merged.toml\n" in told
    assert "clustertui apply merged.toml\n" in told
    overtaken(agents, NEWER, draft=MINE, draft_base="")
    assert "no agent remembers what this draft was made from" in run("diff").err
    overtaken(agents, NEWER, draft=NEWER, draft_base=DIGEST)
    assert "older epoch" not in run("diff").err, "nothing is left of it"
    overtaken(agents, NEWER, draft=NEWER, draft_base=file_digest(NEWER.encode()))
    assert "older epoch" not in run("diff").err


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "what was FILE made from?"), (("--base", "f" * 64), "remembers no configuration")],
)
def test_unknown_base_is_a_usage_error(
    agents: Agents,
    run: Run,
    new_file: Callable[[str], Path],
    words: tuple[str, ...],
    said: str,
) -> None:
    overtaken(agents, NEWER)

    ran = run("merge", new_file(MINE), *words)

    assert ran.code == 2
    assert said in ran.err


def test_active_configuration_is_printed_or_kept_in_a_new_file(
    agents: Agents, run: Run, tmp_path: Path
) -> None:
    del agents
    file = tmp_path / "kept.toml"

    assert run("export", "configuration").out == ACTIVE
    assert run("export", "configuration", file).code == 0
    assert file.read_text() == ACTIVE
    again = run("export", "configuration", file)
    assert again.code == 1
    assert "kept.toml" in again.err
    assert run("export", "configuration", "--json").json["digest"] == DIGEST


def test_exported_configuration_is_the_same_to_the_byte(agents: Agents, run: Run) -> None:
    text = f"# a\u00a0blank of another kind\n\t# and a tab\n{ACTIVE}"
    overtaken(agents, text)

    assert run("export", "configuration").out == text
    assert run("export", "configuration", "-").out == text
