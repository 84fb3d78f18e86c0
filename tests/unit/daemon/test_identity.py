"""A state directory belongs to one node, also after somebody copied files about."""

from pathlib import Path

import pytest

from nodeagent.core.records import Started, encode
from nodeagent.daemon.identity import SetupError, initialise, key_of_guest, read_journal
from nodeagent.store.files import StateDirectory
from nodeagent.store.journal import Journal
from nodeagent.transport import keys
from tests.unit.core.story import Story


def journal_of(state: Path, *records: Started) -> bytes:
    journal, _, _ = Journal.open(state / "journal")
    for record in records:
        journal.append(encode(record))
    journal.close()
    return (state / "journal").read_bytes()


def test_the_journal_of_another_node_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    before = journal_of(tmp_path, Started(1, "bravo"))

    with pytest.raises(SetupError, match=r"journal of node bravo, and this is node alpha: .*lost"):
        read_journal(tmp_path, "alpha")
    assert (tmp_path / "journal").read_bytes() == before


@pytest.mark.parametrize("records", [(), (Started(1),), (Started(1), Started(2, "alpha"))])
def test_the_own_journal_and_one_of_earlier_times_are_taken(
    tmp_path: Path, records: tuple[Started, ...]
) -> None:
    journal_of(tmp_path, *records)

    journal, read, found = read_journal(tmp_path, "alpha")
    journal.close()

    assert (read, found) == (records, "")


def test_directory_that_an_agent_works_in_is_not_advised_to_be_removed(tmp_path: Path) -> None:
    state, text = tmp_path / "state", Story().shape.text
    pair = keys.generate()
    file, key = tmp_path / "cluster.toml", tmp_path / "alpha.key"
    file.write_text(text.replace(f'"{"alpha" * 8}"', f'"{pair.public}"'))
    keys.save(pair, key)
    initialise(state, "alpha", file, key, joining=False)

    with pytest.raises(SetupError, match=r"set up already; nothing was changed\. Keep it") as idle:
        initialise(state, "alpha", file, key, joining=False)
    agent = StateDirectory(state)
    agent.acquire_lock()
    with pytest.raises(SetupError, match=r"already; another agent works .*, process \d+; nothing"):
        initialise(state, "alpha", file, key, joining=False)
    with pytest.raises(SetupError, match="another agent works"):
        key_of_guest(state)
    agent.release_lock()

    assert "remove it" not in str(idle.value)
