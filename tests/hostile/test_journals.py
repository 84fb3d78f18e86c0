"""A bad journal ends the start with a remedy and stays as it is; a torn one loses what was torn."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodeagent.cli.examine.reading import look_at
from nodeagent.cli.examine.whole import examine
from nodeagent.core.events import Now
from nodeagent.core.node import Node, Setup
from nodeagent.daemon.identity import SetupError, read_journal
from nodeagent.daemon.run import Options, run
from nodeagent.store.errors import StoreError
from tests.hostile.journals import REFUSED, TORN, right
from tests.support.states import Bench


def laid_down(path: Path, data: bytes) -> Path:
    bench = Bench(path).person()
    bench.private("journal", data)
    return path


@pytest.fixture
def closed_pipe() -> Iterator[int]:
    """A pipe by which an agent that starts all the same would end at once."""
    reader, writer = os.pipe()
    os.close(writer)
    yield reader
    os.close(reader)


def codes(path: Path) -> list[str]:
    found = examine(look_at(path), os.geteuid())
    return [item.code for thing in found.things for item in thing.findings]


@pytest.mark.parametrize("name", list(TORN))
def test_what_a_crash_leaves_costs_only_what_was_being_written(tmp_path: Path, name: str) -> None:
    path = laid_down(tmp_path / "state", TORN[name])
    assert "N624" in codes(path)

    journal, records, found = read_journal(path, "alpha")
    journal.close()

    assert found
    assert records in (right(), right()[:-1])
    assert Node(Setup("alpha", records), Now(0, 0.0)).start(Now(0, 0.0))
    assert "N624" not in codes(path), "it was cut off"


@pytest.mark.parametrize("name", list(REFUSED))
def test_an_agent_does_not_start_from_a_bad_journal_and_says_what_to_do(
    tmp_path: Path, name: str, closed_pipe: int
) -> None:
    path = laid_down(tmp_path / "state", REFUSED[name])
    found = codes(path)

    with pytest.raises((SetupError, StoreError), match=r"remove|move it away"):
        run(Options(path, parent_pipe=closed_pipe))

    assert (path / "journal").read_bytes() == REFUSED[name]
    assert any(code.startswith(("E62", "E63", "E64")) for code in found)
