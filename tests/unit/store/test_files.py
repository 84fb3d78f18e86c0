"""Three configurations, their history, and one agent at a time."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nodeagent.store import disk
from nodeagent.store.errors import StoreError
from nodeagent.store.files import HISTORY_KEPT, StateDirectory, Which
from nodeagent.wire.limits import CONFIGURATION_BYTES_MAX


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path / "state")


@pytest.mark.parametrize("which", ["default", "active", "temporary"])
def test_what_was_written_is_read(state: StateDirectory, which: Which) -> None:
    assert state.read(which) is None
    assert not state.digest(which)

    state.write(which, b"first")
    state.write(which, b"second")

    assert state.read(which) == b"second"
    assert state.digest(which) == digest(b"second")
    state.drop(which)
    state.drop(which)
    assert state.read(which) is None


def test_all_is_for_the_owner_alone(state: StateDirectory) -> None:
    state.acquire_lock()
    state.write("temporary", b"one")
    state.promote(1, digest(b"one"))

    modes = {file.name: file.stat().st_mode & 0o777 for file in state.path.rglob("*")}
    assert {mode for name, mode in modes.items() if name != "history"} == {0o600}
    assert modes["history"] == state.path.stat().st_mode & 0o777 == 0o700


def test_a_second_agent_is_kept_out_and_told_by_whom(state: StateDirectory) -> None:
    state.acquire_lock()
    state.acquire_lock()

    with pytest.raises(StoreError, match=f"another agent .* process {os.getpid()}"):
        StateDirectory(state.path).acquire_lock()
    state.release_lock()
    StateDirectory(state.path).acquire_lock()


def test_a_dead_agents_lock_is_gone(state: StateDirectory) -> None:
    code = (
        "import os, sys; from nodeagent.store.files import StateDirectory; "
        "StateDirectory(sys.argv[1]).acquire_lock(); os.kill(os.getpid(), 9)"
    )
    run = subprocess.run([sys.executable, "-c", code, str(state.path)], check=False)

    assert run.returncode == -9
    state.acquire_lock()


def test_promoting_makes_it_active_and_keeps_the_old(state: StateDirectory) -> None:
    state.write("active", b"first")
    state.write("temporary", b"second")

    state.promote(2, digest(b"second"))

    assert state.read("active") == b"second"
    assert state.read("temporary") is None
    assert state.history() == ((1, digest(b"first")), (2, digest(b"second")))
    assert state.read_history(1, digest(b"first")) == b"first"
    assert state.read_history(9, digest(b"first")) is None


def test_promoting_again_changes_nothing(state: StateDirectory) -> None:
    state.write("temporary", b"one")
    for _ in range(3):
        state.promote(1, digest(b"one"))

    assert state.history() == ((1, digest(b"one")),)


def test_only_what_was_decided_is_promoted(state: StateDirectory) -> None:
    state.write("active", b"old")
    with pytest.raises(StoreError, match="has digest none, decided was"):
        state.promote(2, digest(b"new"))
    state.write("temporary", b"other")

    with pytest.raises(StoreError, match=digest(b"other")[:16]):
        state.promote(2, digest(b"new"))
    assert state.read("active") == b"old"


def test_the_history_keeps_the_newest(state: StateDirectory) -> None:
    for epoch in range(1, HISTORY_KEPT + 6):
        state.write("temporary", b"%d" % epoch)
        state.promote(epoch, digest(b"%d" % epoch))

    kept = [epoch for epoch, _ in state.history()]
    assert kept == list(range(6, HISTORY_KEPT + 6))


def test_an_edited_history_is_not_believed(state: StateDirectory) -> None:
    state.write("temporary", b"one")
    state.promote(1, digest(b"one"))
    (state.path / "history" / f"1-{digest(b'one')}.toml").write_bytes(b"changed")

    with pytest.raises(StoreError, match="changed by hand"):
        state.read_history(1, digest(b"one"))


@pytest.mark.parametrize("step", ["_remember", "sync_folder", "rename", "_forget"])
def test_a_crash_anywhere_in_promote_is_finished_by_doing_it_again(
    state: StateDirectory, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.write("active", b"old")
    state.write("temporary", b"new")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as crashing:
        if step == "rename":
            crashing.setattr(Path, "rename", crash)
        elif step == "sync_folder":
            crashing.setattr(disk, "sync_folder", crash)
        else:
            crashing.setattr(StateDirectory, step, crash)
        with pytest.raises(KeyboardInterrupt):
            state.promote(2, digest(b"new"))
    assert state.read("active") in {b"old", b"new"}

    state.promote(2, digest(b"new"))

    assert state.read("active") == b"new"
    assert (2, digest(b"new")) in state.history()


def test_a_failed_replacement_leaves_the_old_and_no_rubbish(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.write("default", b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="free space"):
        state.write("default", b"new")

    assert state.read("default") == b"old"
    assert [file.name for file in state.path.iterdir()] == ["default.toml"]


def test_links_and_other_things_are_not_followed(state: StateDirectory, tmp_path: Path) -> None:
    state.write("default", b"own")
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    (state.path / "active.toml").symlink_to(secret)
    os.mkfifo(state.path / "temporary.toml")

    with pytest.raises(StoreError, match="symbolic link"):
        state.read("active")
    with pytest.raises(StoreError, match="not a regular file"):
        state.read("temporary")
    state.write("active", b"ours")
    assert secret.read_bytes() == b"secret"
    assert state.read("active") == b"ours"


def test_a_folder_that_others_may_change_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)

    with pytest.raises(StoreError, match="chmod 700"):
        StateDirectory(tmp_path / "open").acquire_lock()


def test_too_large_is_refused(state: StateDirectory) -> None:
    with pytest.raises(StoreError, match="more than 1 MiB"):
        state.write("default", bytes(CONFIGURATION_BYTES_MAX + 1))


def _as_link(file: Path) -> None:
    file.symlink_to("/etc/passwd")


def _as_pipe(file: Path) -> None:
    os.mkfifo(file)


def _as_giant(file: Path) -> None:
    with file.open("wb") as giant:
        giant.truncate(CONFIGURATION_BYTES_MAX + 1)


@pytest.mark.parametrize("which", ["default", "active", "temporary"])
@pytest.mark.parametrize("spoil", [Path.mkdir, _as_link, _as_pipe, _as_giant])
def test_what_cannot_be_read_is_set_aside_and_told(
    state: StateDirectory, which: Which, spoil: Callable[[Path], None]
) -> None:
    state.write(which, b"kept")
    assert not state.set_aside_unusable(which)
    state.drop(which)
    spoil(state.path / f"{which}.toml")

    told = state.set_aside_unusable(which)

    [aside] = state.path.glob(f"{which}.toml.unusable-*")
    assert aside.name in told
    assert state.read(which) is None
    state.write(which, b"new")
    assert not state.set_aside_unusable(which)
