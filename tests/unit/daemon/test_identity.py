"""A state directory belongs to one node, also after somebody copied files about."""

from pathlib import Path

import pytest

from nodeagent.core.records import Started, encode
from nodeagent.daemon.identity import SetupError, read_journal
from nodeagent.store.journal import Journal


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
