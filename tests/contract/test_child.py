"""How a program is started for a group."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodeagent.drivers.child import Child, let_be_killed
from tests.support import namespaces

PLACE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
HUNG = """
import asyncio, ctypes, os, sys

libc = ctypes.CDLL(None, use_errno=True)
folder = sys.argv[1]
device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)  # and nobody answers there
options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
if libc.mount(b"hung", folder.encode(), b"fuse", 0, options):
    print("no such mounts here:", os.strerror(ctypes.get_errno()))
    sys.exit()

from nodeagent.drivers.child import Child

async def main():
    for program, directory, outlives in (
        ("/bin/true", folder, False),
        ("/bin/true", folder, True),
        (f"{folder}/server", "", False),
        (f"{folder}/server", "", True),
    ):
        child = Child([program], {}, directory, outlives=outlives)
        assert await child.wait(0.0) is None
        child.kill()
    print("went on")

asyncio.run(main())
"""


def score_of(process: int | str) -> Path:
    return Path(f"/proc/{process}/oom_score_adj")


@pytest.fixture
def spared() -> Iterator[None]:
    """This process is kept from the out-of-memory killer, as an agent under systemd is."""
    before = score_of("self").read_text()
    try:
        score_of("self").write_text("-100")
    except PermissionError:
        pytest.skip("needs CAP_SYS_RESOURCE to keep a process from the out-of-memory killer")
    yield
    score_of("self").write_text(before)


def scores(*processes: int | str) -> list[int]:
    return [int(score_of(process).read_text()) for process in processes]


@pytest.mark.usefixtures("spared")
async def test_a_service_is_not_spared_by_the_out_of_memory_killer() -> None:
    child = Child(["/bin/sleep", "60"], {}, "/")
    try:
        assert scores(child.pid, "self") == [0, -100]
    finally:
        child.kill()
        child.close()


@pytest.mark.skipif(bool(namespaces.why_not()), reason="it needs mounts of its own")
def test_a_folder_or_program_on_dead_storage_does_not_hold_up_the_agent(tmp_path: Path) -> None:
    agent = subprocess.Popen(
        [*PLACE, sys.executable, "-c", HUNG, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        told, _ = agent.communicate(timeout=30.0)
    finally:
        agent.kill()
        agent.wait()
    if told.startswith("no such mounts"):
        pytest.skip(told)
    assert told == "went on\n"


@pytest.mark.parametrize("outlives", [True, False])
async def test_a_program_runs_in_its_folder_with_its_own_variables_and_words(
    tmp_path: Path, *, outlives: bool
) -> None:
    program = tmp_path / "a=b"
    program.write_text('#!/bin/sh\necho "$PWD" "$WORD" "$@"\n')
    program.chmod(0o755)
    child = Child(["./a=b", "c=d", "--", "-x"], {"WORD": "w"}, str(tmp_path), outlives=outlives)

    assert await child.wait(20.0) == 0

    assert child.lines_at_end() == (f"{tmp_path} w c=d -- -x",)


@pytest.mark.parametrize(("before", "after"), [("-900\n", "0"), ("0\n", "0\n"), ("300\n", "300\n")])
def test_only_who_is_spared_is_made_like_all_others(
    tmp_path: Path, before: str, after: str
) -> None:
    score = tmp_path / "oom_score_adj"
    score.write_text(before)
    let_be_killed(score)
    let_be_killed(tmp_path / "ended already")

    assert score.read_text() == after
