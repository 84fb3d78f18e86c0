"""What is wrong with a state directory is said with code, place and remedy; nothing moves."""

import dataclasses
import fcntl
import hashlib
import json
import os
from pathlib import Path

import pytest

from nodeagent.cli import main
from nodeagent.cli.check import lines
from nodeagent.cli.examine.codes import CODES, Finding
from nodeagent.cli.examine.reading import holder_of, look_at
from nodeagent.cli.examine.whole import Examination, examine
from nodeagent.core.records import compact, decode, encode, replay
from nodeagent.store.journal import Journal
from tests.support.states import Bench, bench
from tests.unit.examine.bent import CASES, Bend, staged

ELSEWHERE = {"E610", "W612", "E618", "W619", "N620"}
"""Codes with a test of their own."""


def examined(path: Path) -> Examination:
    return examine(look_at(path), os.geteuid())


def findings(examination: Examination) -> list[Finding]:
    return [item for thing in examination.things for item in thing.findings]


def picture(path: Path) -> dict[str, str]:
    """Return what would show a change: bytes, modes, times."""
    return {
        str(file): f"{file.lstat().st_mode} {file.lstat().st_mtime_ns} "
        + (hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "")
        for file in [path, *path.rglob("*")]
    }


def test_a_directory_that_an_agent_left_in_order_has_no_finding(tmp_path: Path) -> None:
    made = bench(tmp_path / "state")

    found = examined(tmp_path / "state")

    assert findings(found) == []
    assert (found.ok, found.node) == (True, "alpha")
    newest = made.log.last_digest[:16]
    assert lines(found)[5].endswith(
        f"3 entries, newest entry 2 (change to epoch 2), digest {newest}"
    )
    assert "epoch 2" in lines(found)[6]


@pytest.mark.parametrize(
    ("code", "file", "bend"),
    [pytest.param(code, file, bend, id=f"{code}-{name}") for code, name, file, bend in CASES],
)
def test_finding_names_code_file_and_remedy(
    tmp_path: Path, code: str, file: str, bend: Bend
) -> None:
    path = tmp_path / "state"
    bend(path)
    before = picture(path)

    found = examined(path)

    named = [item for item in findings(found) if item.code == code]
    assert named, lines(found)
    assert named[0].file.startswith(file)
    assert named[0].text
    assert named[0].remedy
    assert found.ok == all(item.severity == "note" for item in findings(found))
    assert picture(path) == before
    errors = {item.code for item in findings(found) if item.severity == "error"}
    assert len(errors) <= 2, "a single fault does not bury its reader"


@pytest.mark.parametrize(
    ("case", "broken"),
    [
        ("first-entry", "entry 0 (change to epoch 1) names one before it, and is the first"),
        ("value-of-entry", "entry 1 (view) has digest"),
        ("link-of-entry", "entry 1 (view) neither follows entry 0 nor is what entry 2 follows"),
        ("other-history", "entry 3 (view) follows digest"),
    ],
)
def test_the_broken_entry_of_the_ledger_is_named(tmp_path: Path, case: str, broken: str) -> None:
    next(bend for _, name, _, bend in CASES if name == case)(tmp_path / "state")

    found = [f for f in findings(examined(tmp_path / "state")) if f.code in {"E641", "E646"}]

    assert len(found) == 1
    assert broken in found[0].text
    assert "clustertui history" in found[0].remedy


def test_every_code_has_a_case() -> None:
    assert {code for code, *_ in CASES} | ELSEWHERE == set(CODES)


def test_an_agent_at_work_is_named_and_not_disturbed(tmp_path: Path) -> None:
    made = bench(tmp_path / "state")
    made.directory.acquire_lock()

    found = examined(made.path)

    assert [item.code for item in findings(found)] == ["N620"]
    assert f"process {os.getpid()}" in findings(found)[0].text
    made.directory.release_lock()
    assert holder_of(made.path) == 0


def test_a_lock_that_somebody_waits_for_is_still_that_of_its_holder(tmp_path: Path) -> None:
    made = bench(tmp_path / "state")
    with (made.path / "lock").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)

        assert holder_of(made.path) == os.getpid()


@pytest.mark.parametrize(("free", "code"), [(1 << 20, "E618"), (32 << 20, "W619")])
def test_a_full_disk_is_told_before_it_stops_the_agent(
    tmp_path: Path, free: int, code: str
) -> None:
    made = bench(tmp_path / "state")

    look = dataclasses.replace(look_at(made.path), free_bytes=free)

    assert [item.code for item in findings(examine(look, os.geteuid()))] == [code]


def test_files_of_somebody_else_are_told(tmp_path: Path) -> None:
    made = bench(tmp_path / "state")
    look = look_at(made.path)
    entries = {name: dataclasses.replace(e, owner=4711) for name, e in look.entries.items()}

    found = examine(dataclasses.replace(look, entries=entries), os.geteuid())

    assert {item.code for item in findings(found)} == {"W612"}


def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    made = bench(tmp_path / "state")
    look = look_at(made.path)
    closed = dataclasses.replace(look.entries["journal"], data=None, problem="Permission denied")

    found = examine(
        dataclasses.replace(look, entries={**look.entries, "journal": closed}), os.geteuid()
    )

    assert [item.code for item in findings(found)] == ["E610"]


def test_a_compacted_journal_is_as_good_as_the_long_one(tmp_path: Path) -> None:
    staged(tmp_path / "state")
    opened, raw, _ = Journal.open(tmp_path / "state" / "journal")
    opened.rewrite([encode(record) for record in compact(replay([decode(r) for r in raw]))])
    opened.close()

    assert [item.code for item in findings(examined(tmp_path / "state"))] == ["N661"]


def test_exit_codes_and_json_are_for_scripts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = bench(tmp_path / "state").path
    call = ["check", "--state", str(state)]
    codes: list[int | str | None] = []
    for arguments in (call, [*call, "--json"], ["check"], ["check", "--state", "/nowhere"]):
        try:
            codes.append(main(arguments))
        except SystemExit as exit_:
            codes.append(exit_.code)
    (state / "journal").unlink()
    with pytest.raises(SystemExit) as end:
        main([*call, "--json"])

    out = capsys.readouterr().out.splitlines()
    assert codes == [0, 0, 2, 1]
    assert end.value.code == 1
    good, bad = (json.loads(line) for line in out if line.startswith("{"))
    assert (good["ok"], bad["ok"]) == (True, False)
    codes_of_bad = [f["code"] for thing in bad["things"] for f in thing["findings"]]
    assert codes_of_bad == ["E621"]


def test_hostile_names_and_texts_do_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = bench(tmp_path / "state")
    made.private("history/\x1b[2J.toml", b"x")
    made.private("default.toml", b'format = 1\n"\x1b]52;c;AAAA\x07" = 1\n')

    with pytest.raises(SystemExit):
        main(["check", "--state", str(made.path)])

    assert "\x1b" not in capsys.readouterr().out


def test_an_empty_folder_says_how_to_begin(tmp_path: Path) -> None:
    Bench(tmp_path / "state")

    first = findings(examined(tmp_path / "state"))[0]

    assert first.code == "E601"
    assert "nodeagent init" in first.remedy
