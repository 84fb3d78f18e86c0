"""What a journal must survive: crashes at any byte, flipped bits, foreign files, full disks."""

import errno
import os
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodeagent.store import journal as module
from nodeagent.store.errors import StoreError
from nodeagent.store.journal import Journal, JournalState

RECORDS = [b"promise 1", b"accept 2 \xc7REC\0\0", bytes(700), b"decided 3"]

lists = st.lists(st.binary(min_size=1, max_size=300), max_size=12)
quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def written(path: Path, records: list[bytes]) -> bytes:
    path.unlink(missing_ok=True)
    journal, _, _ = Journal.open(path)
    for record in records:
        journal.append(record)
    journal.close()
    return path.read_bytes()


def reopened(path: Path) -> tuple[list[bytes], JournalState]:
    journal, records, state = Journal.open(path)
    journal.close()
    return records, state


def test_a_new_journal_is_empty_and_private(tmp_path: Path) -> None:
    records, state = reopened(tmp_path / "journal")

    assert (records, state.kind) == ([], "new")
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o600
    assert reopened(tmp_path / "journal")[1].kind == "clean"


@quick
@given(records=lists)
def test_what_was_appended_is_replayed(tmp_path: Path, records: list[bytes]) -> None:
    written(tmp_path / "journal", records)

    assert reopened(tmp_path / "journal")[0] == records


def test_appending_goes_on_after_each_replay(tmp_path: Path) -> None:
    for number in range(5):
        journal, records, _ = Journal.open(tmp_path / "journal")
        assert records == [b"%d" % n for n in range(number)]
        journal.append(b"%d" % number)
        journal.close()


def test_it_grows_beyond_what_was_reserved(tmp_path: Path) -> None:
    records = [bytes([number]) * 300_000 for number in range(1, 9)]
    written(tmp_path / "journal", records)

    assert reopened(tmp_path / "journal")[0] == records


@pytest.mark.parametrize("fill", ["zeros", "older bytes"])
def test_a_crash_at_each_byte_of_the_last_record_loses_only_that(tmp_path: Path, fill: str) -> None:
    path = tmp_path / "journal"
    before = written(path, RECORDS[:-1])
    after = written(path, RECORDS)
    changed = [at for at in range(len(after)) if before[at] != after[at]]
    start, end = changed[0], changed[-1] + 1
    assert end - start >= len(RECORDS[-1])

    for cut in range(start + 1, end):
        rest = before[cut:] if fill == "zeros" else before[cut:end] + b"\x55" * 40 + before[end:]
        path.write_bytes(after[:cut] + rest)
        records, state = reopened(path)
        assert records == RECORDS[:-1], f"cut at byte {cut}"
        assert state.kind == "torn"
        assert reopened(path)[1].kind == "clean"


def test_after_a_torn_tail_records_follow_cleanly(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    data = written(path, RECORDS)
    path.write_bytes(data.rstrip(b"\0")[:-3])

    journal, records, state = Journal.open(path)
    journal.append(b"next")
    journal.close()

    assert (records, state.kind) == (RECORDS[:-1], "torn")
    assert "torn" in state.text
    assert reopened(path) == (
        [*RECORDS[:-1], b"next"],
        JournalState("clean", reopened(path)[1].offset, 4, "4 records"),
    )


@quick
@given(data=st.data())
def test_a_flipped_bit_is_never_taken_for_a_record(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "journal"
    whole = written(path, RECORDS)
    used = len(whole.rstrip(b"\0"))
    at = data.draw(st.integers(16, used - 1))
    bit = data.draw(st.integers(0, 7))
    path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << bit)]) + whole[at + 1 :])

    records, state = reopened(path)

    assert records == RECORDS[: len(records)], "no record is invented or changed"
    assert len(records) < len(RECORDS)
    last = len(records) == len(RECORDS) - 1
    assert state.kind == ("torn" if last else "damaged")


def test_damage_is_told_with_its_place_and_stops_writing(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    whole = bytearray(written(path, RECORDS))
    first = whole.index(RECORDS[0])
    whole[first] ^= 1
    path.write_bytes(bytes(whole))

    journal, records, state = Journal.open(path)

    assert (records, state.kind, state.offset) == ([], "damaged", 16)
    with pytest.raises(StoreError, match="damaged at byte 16"):
        journal.append(b"more")
    aside = journal.set_aside()
    journal.append(b"fresh start")
    journal.close()
    assert aside.read_bytes() == bytes(whole)
    assert reopened(path)[0] == [b"fresh start"]


@quick
@given(noise=st.binary(min_size=1, max_size=400))
def test_a_foreign_file_is_refused_with_the_remedy(tmp_path: Path, noise: bytes) -> None:
    path = tmp_path / "journal"
    path.write_bytes(noise)

    with pytest.raises(StoreError, match="move it away"):
        Journal.open(path)
    assert path.read_bytes() == noise


def test_another_version_is_refused_by_its_number(tmp_path: Path) -> None:
    head = struct.pack("<8sI", module.MAGIC, 7)
    (tmp_path / "journal").write_bytes(head + struct.pack("<I", zlib.crc32(head)) + bytes(100))

    with pytest.raises(StoreError, match="version 7, this program knows 1"):
        Journal.open(tmp_path / "journal")


def test_a_record_copied_from_elsewhere_is_none(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    data = written(path, [b"one record", b"another one"])
    first = data[16 : 16 + 12 + 10]
    used = len(data.rstrip(b"\0"))
    path.write_bytes(data[:used] + first + data[used + len(first) :])

    records, state = reopened(path)

    assert records == [b"one record", b"another one"]
    assert state.kind == "torn"


def test_rewriting_keeps_exactly_what_is_given(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path, [bytes([n]) * 1000 for n in range(1, 100)])
    journal, _, _ = Journal.open(path)
    journal.rewrite([b"kept"])
    journal.append(b"new")
    journal.close()

    assert reopened(path)[0] == [b"kept", b"new"]
    assert [file.name for file in tmp_path.iterdir()] == ["journal"]


def test_a_journal_of_any_length_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FOREIGN_BYTES_MAX", 1 << 20)
    records = [bytes([n]) * 300_000 for n in range(1, 9)]
    written(tmp_path / "journal", records)

    assert reopened(tmp_path / "journal")[0] == records
    (tmp_path / "journal").write_bytes(b"something else" * 100_000)
    with pytest.raises(StoreError, match="larger than"):
        Journal.open(tmp_path / "journal")


def test_it_is_time_to_write_it_anew_when_it_doubled(tmp_path: Path) -> None:
    journal, _, _ = Journal.open(tmp_path / "journal")
    spare, grew = module.SPARE_BYTES, []

    for length in (spare // 2, spare // 2):
        journal.append(bytes(length))
        grew.append(journal.grew)
    journal.rewrite([bytes(2 * spare)])  # so much it has to keep by now
    for length in (spare, spare + 100):
        journal.append(bytes(length))
        grew.append(journal.grew)
    journal.close()

    assert grew == [False, True, False, True]


def test_what_cannot_be_written_anew_goes_on_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    journal, _, _ = Journal.open(path)
    journal.append(b"promise")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="free space"):
            journal.rewrite([b"kept"])
    journal.append(b"later")
    journal.close()

    assert reopened(path)[0] == [b"promise", b"later"]
    assert [file.name for file in tmp_path.iterdir()] == ["journal"]


def test_a_journal_that_was_replaced_and_not_opened_takes_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    journal, _, _ = Journal.open(path)
    journal.append(b"promise")

    def fails(_folder: Path) -> None:
        raise StoreError(path, "Input/output error")

    monkeypatch.setattr("nodeagent.store.disk.sync_folder", fails)
    with pytest.raises(StoreError, match="Input/output error"):
        journal.rewrite([b"kept"])
    with pytest.raises(StoreError, match="start it anew"):
        journal.append(b"would be lost")
    journal.close()

    assert reopened(path)[0] == [b"kept"]


def test_a_failed_sync_ends_all_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, _, _ = Journal.open(tmp_path / "journal")
    journal.append(b"good")

    def fails(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", fails)
        with pytest.raises(StoreError, match="Input/output error"):
            journal.append(b"lost")
    with pytest.raises(StoreError, match="start it anew"):
        journal.append(b"later")
    journal.close()
    assert reopened(tmp_path / "journal")[0][0] == b"good"


def test_a_full_disk_leaves_the_journal_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, _, _ = Journal.open(tmp_path / "journal")
    journal.append(b"good")

    def full(_descriptor: int, _data: bytes, _offset: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "pwrite", full)
        with pytest.raises(StoreError, match="free space"):
            journal.append(bytes(module.CHUNK_BYTES))
    journal.append(b"after making room")
    journal.close()
    assert reopened(tmp_path / "journal")[0] == [b"good", b"after making room"]


def test_a_disk_that_broke_its_promise_of_room_is_found_out_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    before = written(path, RECORDS)
    journal, _, _ = Journal.open(path)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(StoreError, match=r"journal: No space left on device"):
            journal.make_room()
    journal.close()

    assert path.read_bytes() == before


@pytest.mark.parametrize("last", [1, 500_000, (1 << 20) - 200, (1 << 20) - 36])
def test_room_is_made_behind_the_records_and_changes_none(tmp_path: Path, last: int) -> None:
    path = tmp_path / "journal"
    records = [b"promise", bytes([7]) * last]
    written(path, records)
    journal, _, _ = Journal.open(path)
    journal.make_room()

    assert path.stat().st_size - journal.size >= module.ROOM_BYTES
    journal.append(b"more")
    journal.close()
    assert reopened(path)[0] == [*records, b"more"]


@pytest.mark.parametrize("size", [0, module.RECORD_BYTES_MAX + 1])
def test_records_have_a_size(tmp_path: Path, size: int) -> None:
    journal, _, _ = Journal.open(tmp_path / "journal")

    with pytest.raises(StoreError, match=f"{size} bytes"):
        journal.append(bytes(size))
    journal.close()
