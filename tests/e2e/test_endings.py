"""However a demonstration ends, no process, no file and no port of it stays behind."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.support import (
    demonstration,
    folder_below,
    is_taken,
    mark_of,
    named_after,
    processes_of,
    until,
)
from tui.demo import warden

pytestmark = [pytest.mark.xdist_group("another-cluster-in-a-box"), pytest.mark.timeout(120)]
STABLE_S = 40.0
GONE_S = 30.0


def wait_for_stable(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert '"stable"' in line, line
    assert '"ok": true' in line, line


def addresses(folder: Path) -> list[tuple[str, int]]:
    found = re.findall(r'"tcp://([\d.]+):(\d+)"', (folder / "console.toml").read_text())
    return [(address, int(port)) for address, port in found]


def test_nothing_is_left_behind_however_often_it_is_interrupted(tmp_path: Path) -> None:
    with demonstration(tmp_path, "--headless", "--json") as process:
        wait_for_stable(process)
        folder = folder_below(tmp_path)
        assert folder is not None
        mark, used = mark_of(folder), addresses(folder)
        assert mark
        assert processes_of(mark, folder)
        assert all(is_taken(*place) for place in used)
        for _ in range(21):
            process.send_signal(signal.SIGINT)
        assert process.wait(GONE_S) == 130
        assert "Traceback" not in process.communicate()[1]

    assert not folder.exists()
    assert not processes_of(mark, folder)
    assert not any(is_taken(*place) for place in used)


def test_interrupt_before_anything_runs(tmp_path: Path) -> None:
    with demonstration(tmp_path, "--headless", "--json") as process:
        until(lambda: folder_below(tmp_path) is not None, STABLE_S, "the folder")
        process.send_signal(signal.SIGINT)
        assert process.wait(GONE_S) == 130
        assert "Traceback" not in process.communicate()[1]

    until(lambda: folder_below(tmp_path) is None, GONE_S, "removal of the folder")


def test_killed_it_leaves_nothing_behind_even_of_frozen_agents(tmp_path: Path) -> None:
    with demonstration(tmp_path, "--headless", "--json") as process:
        wait_for_stable(process)
        folder = folder_below(tmp_path)
        assert folder is not None
        mark, used = mark_of(folder), addresses(folder)
        for pid in warden.marked(mark)[:2]:
            os.kill(pid, signal.SIGSTOP)
        process.kill()
        assert process.wait(GONE_S) == -signal.SIGKILL

    until(lambda: not processes_of(mark, folder), GONE_S, "end of all processes")
    until(lambda: not folder.exists(), GONE_S, "removal of the folder")
    assert not any(is_taken(*place) for place in used)


def test_kept_folder_stays_and_nothing_runs(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with demonstration(tmp_path, "--headless", "--json", "--keep", str(kept)) as process:
        wait_for_stable(process)
        agents = named_after(kept) - {str(process.pid)}
        assert agents
        process.send_signal(signal.SIGHUP)
        assert process.wait(GONE_S) == 128 + signal.SIGHUP

    assert not named_after(kept)
    assert (kept / "alpha" / "agent.log").stat().st_size
    assert (kept / "add-group.toml").exists()
    assert kept.stat().st_mode & 0o777 == 0o700
    assert (kept / "console.toml").stat().st_mode & 0o777 == 0o600


def test_folder_that_is_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "something").touch()

    with demonstration(tmp_path, "--headless", "--keep", str(tmp_path)) as process:
        assert process.wait(GONE_S) == 1
        assert "is not empty" in process.communicate()[1]

    assert [path.name for path in tmp_path.iterdir()] == ["something"]
