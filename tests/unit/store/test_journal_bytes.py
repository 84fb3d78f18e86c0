"""The journal's format without a file: the same bytes, the same judgement."""

from pathlib import Path

import pytest

from nodeagent.store.journal import Journal, pack_journal, pack_record, replay_bytes

RECORDS = [b"promise 1", b"accept 2 \xc7REC\0\0", b"decided 3"]


def test_bytes_in_memory_are_those_of_a_file(tmp_path: Path) -> None:
    journal, _, _ = Journal.open(tmp_path / "journal")
    for record in RECORDS:
        journal.append(record)
    journal.close()

    assert (tmp_path / "journal").read_bytes().rstrip(b"\0") == pack_journal(RECORDS)


def test_what_was_packed_record_by_record_is_replayed() -> None:
    data = pack_journal(RECORDS[:1])
    for record in RECORDS[1:]:
        data += pack_record(len(data), record)

    records, state = replay_bytes(data)

    assert (records, state.kind, state.offset) == (RECORDS, "clean", len(data))


@pytest.mark.parametrize("kept", [1, 8, 12, 15])
def test_a_torn_record_is_cut_off_and_another_takes_its_place(kept: int) -> None:
    whole = pack_journal(RECORDS)
    torn = whole + pack_record(len(whole), b"accept 4")[:kept]

    records, state = replay_bytes(torn)
    again = torn[: state.offset] + pack_record(state.offset, b"accept 5")

    assert (records, state.kind) == (RECORDS, "torn")
    assert replay_bytes(again)[0] == [*RECORDS, b"accept 5"]


def test_a_record_at_another_place_is_none() -> None:
    head = pack_journal(())

    assert replay_bytes(head + pack_record(len(head) + 1, b"moved"))[0] == []


def test_a_hole_before_whole_records_is_damage() -> None:
    data = bytearray(pack_journal(RECORDS))
    data[len(pack_journal(RECORDS[:1])) + 5] ^= 1

    assert replay_bytes(bytes(data))[1].kind == "damaged"
