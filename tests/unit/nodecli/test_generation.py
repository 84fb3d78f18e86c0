"""`nodeagent force-generation`: shown, confirmed, written down, and adopted by the others."""

import json
import os
import re
from pathlib import Path

import pytest

from nodeagent.cli import main
from nodeagent.cli.examine.reading import look_at
from nodeagent.cli.examine.whole import examine
from nodeagent.core.records import AcceptedValue, decode, replay
from nodeagent.model.ownership import Ballot
from nodeagent.store.journal import Journal
from nodeagent.wire.peer import Commit, ViewChange
from tests.support.states import OWNERS, VIEW, Bench, bench

FORCE = ("--survivor", "alpha", "--reason", "fire in room 2")


def call(path: Path, *arguments: str) -> int | str | None:
    """Return the exit code of force-generation on this directory."""
    try:
        return main(["force-generation", "--state", str(path), *arguments])
    except SystemExit as end:
        return end.code


def decrees(path: Path) -> list[Commit]:
    journal, raw, _ = Journal.open(path / "journal")
    journal.close()
    values = [decree.value for decree in replay([decode(data) for data in raw]).decrees]
    return [value for value in values if isinstance(value, Commit)]


def bytes_of(path: Path) -> dict[str, bytes]:
    names = {file for file in path.rglob("*") if file.is_file() and file.name != "lock"}
    return {str(file): file.read_bytes() for file in names}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return bench(tmp_path / "alpha").path


def test_what_it_means_is_shown_and_nothing_is_asked_without_a_terminal(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = bytes_of(state)

    code = call(state, *FORCE)

    out = capsys.readouterr()
    assert code == 2
    assert "--confirm box" in out.err
    assert "survive and vote: alpha" in out.out
    assert "epoch 2 -> 3, generation 1 -> 2" in out.out
    assert re.search(r"lost: bravo \(owns orders\): POWER IT OFF", out.out)
    assert bytes_of(state) == before


def test_a_wrong_name_changes_nothing(state: Path) -> None:
    before = bytes_of(state)

    assert call(state, *FORCE, "--confirm", "bax") == 1
    assert bytes_of(state) == before


def test_confirmed_it_is_in_force_with_who_why_and_what(state: Path) -> None:
    old = decrees(state)[-1].digest

    assert call(state, *FORCE, "--confirm", "box") == 0

    forced = decrees(state)[-1]
    assert (forced.generation, forced.epoch) == (2, 3)
    assert forced.reason == "fire in room 2"
    assert " on " in forced.author
    assert forced.owners == OWNERS, "what the lost nodes had falls over from them"
    (line,) = (state / "audit.jsonl").read_text().splitlines()
    entry = json.loads(line)
    assert (entry["what"], entry["old_digest"], entry["new_digest"]) == (
        "forced",
        old,
        forced.digest,
    )
    assert entry["voters"] == ["alpha"]
    assert (state / "audit.jsonl").stat().st_mode & 0o777 == 0o600
    wrong = [f.code for t in examine(look_at(state), os.geteuid()).things for f in t.findings]
    assert wrong == ["W652", "N674"], "the agent writes active.toml at its start"


def test_done_again_it_only_hands_the_file_out_again(state: Path) -> None:
    assert call(state, *FORCE, "--confirm", "box") == 0
    (state / "generation-2.decrees").unlink()

    assert call(state, *FORCE) == 0

    assert [c.generation for c in decrees(state)] == [0, 0, 2]
    assert (state / "generation-2.decrees").exists()


def behind(path: Path, *, nodes: int = 5) -> Bench:
    """Return the state directory of bravo, one decree behind alpha."""
    return Bench(path, nodes=nodes).person("bravo").begin("bravo")


def ahead(path: Path) -> Bench:
    """Return the state directory of alpha in a cluster of five."""
    made = Bench(path, nodes=5).person().begin()
    made.decide(made.decree(ViewChange(VIEW, OWNERS, "alpha alone saw this")))
    return made


def test_another_survivor_adopts_it_and_both_say_the_same(tmp_path: Path) -> None:
    first, second = ahead(tmp_path / "alpha").path, behind(tmp_path / "bravo").path
    both = ("--survivor", "alpha", "--survivor", "bravo")
    assert call(first, *both, "--confirm", "box") == 0
    file = ("--adopt", str(first / "generation-2.decrees"))
    before = bytes_of(second)

    assert call(second, *file) == 2, "nobody is there to be asked"
    assert bytes_of(second) == before
    assert call(second, *file, "--confirm", "box") == 0

    assert decrees(second) == decrees(first)
    assert json.loads((second / "audit.jsonl").read_text())["what"] == "adopted"
    assert call(second, *file, "--confirm", "box") == 1, "it is in force already"


def test_who_is_no_survivor_cannot_adopt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = ahead(tmp_path / "alpha").path, behind(tmp_path / "bravo").path
    assert call(first, *FORCE, "--confirm", "box") == 0
    before = bytes_of(second)

    file = str(first / "generation-2.decrees")

    assert call(second, "--adopt", file, "--confirm", "box") == 1
    assert "not among the survivors" in capsys.readouterr().err
    assert bytes_of(second) == before


def test_another_clusters_decrees_are_refused(tmp_path: Path) -> None:
    first, second = ahead(tmp_path / "alpha").path, behind(tmp_path / "bravo", nodes=4).path
    assert call(first, *FORCE, "--survivor", "bravo", "--confirm", "box") == 0
    before = bytes_of(second)

    file = str(first / "generation-2.decrees")

    assert call(second, "--adopt", file, "--confirm", "box") == 1
    assert bytes_of(second) == before


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--survivor", "bravo"), "must be among"),
        (("--survivor", "alpha", "--survivor", "zulu"), "zulu"),
        (("--survivor", "alpha", "--survivor", "bravo"), "decide without force"),
    ],
    ids=["not-this", "stranger", "majority"],
)
def test_what_makes_no_sense_is_refused(
    state: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], word: str
) -> None:
    before = bytes_of(state)

    assert call(state, *arguments, "--confirm", "box") == 1
    assert word in capsys.readouterr().err
    assert bytes_of(state) == before


def test_a_running_agent_is_not_disturbed(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = Bench(state)
    other.directory.acquire_lock()

    assert call(state, *FORCE, "--confirm", "box") == 1
    assert "another agent works" in capsys.readouterr().err
    other.directory.release_lock()


def test_what_may_have_been_decided_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = bench(tmp_path / "alpha")
    made.record(AcceptedValue(3, Ballot(5, "bravo"), ViewChange({}, {})))

    call(made.path, *FORCE)

    assert "DROPPED: a ViewChange was accepted" in capsys.readouterr().out


@pytest.mark.parametrize("bend", ["cut", "bitten", "foreign", "missing"])
def test_a_file_that_is_not_whole_is_refused(
    state: Path, tmp_path: Path, bend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(state, *FORCE, "--confirm", "box") == 0
    data = (state / "generation-2.decrees").read_bytes()
    file = tmp_path / "copy"
    contents = {"cut": data[:-5], "bitten": data[:99] + b"X" + data[100:], "foreign": b"hello"}
    if bend in contents:
        file.write_bytes(contents[bend])
    other = behind(tmp_path / "bravo").path
    before = bytes_of(other)

    code = call(other, "--adopt", str(file), "--confirm", "box")

    assert code == (2 if bend == "missing" else 1)
    assert bytes_of(other) == before
    assert str(file) in capsys.readouterr().err
