"""How a program is started for a group."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nodeagent.drivers.child import Child, let_be_killed


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


@pytest.mark.parametrize(("before", "after"), [("-900\n", "0"), ("0\n", "0\n"), ("300\n", "300\n")])
def test_only_who_is_spared_is_made_like_all_others(
    tmp_path: Path, before: str, after: str
) -> None:
    score = tmp_path / "oom_score_adj"
    score.write_text(before)
    let_be_killed(score)
    let_be_killed(tmp_path / "ended already")

    assert score.read_text() == after
