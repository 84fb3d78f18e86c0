"""The recorded past: in order, in pages, bounded, and readable after a crash."""

from pathlib import Path

import pytest

from nodeagent.store import recording
from nodeagent.store.errors import StoreError
from nodeagent.store.recording import RecordingFolder
from nodeagent.wire.live import ClusterLive, EventLine, Snapshot
from nodeagent.wire.recording import Recorded

CLUSTER = ClusterLive("orders", "alpha", "stable", 1, 1, "d1", quorum=True)
EVERYTHING = Snapshot(CLUSTER)


def event(number: int, text: str = "") -> EventLine:
    return EventLine(number, float(number), "alpha", "note", "web", text or f"event {number}")


def whole(folder: RecordingFolder, since: float = 0.0) -> list[Recorded]:
    page = folder.page(since, "")
    items = list(page.items)
    while page.cursor:
        page = folder.page(0.0, page.cursor)
        items += page.items
    return items


@pytest.fixture
def folder(tmp_path: Path) -> RecordingFolder:
    return RecordingFolder(tmp_path)


def test_what_was_added_comes_back_in_order(folder: RecordingFolder) -> None:
    folder.begin(100.0, EVERYTHING)
    for number in range(101, 104):
        folder.add(float(number), event(number))

    assert [item.time for item in whole(folder)] == [100.0, 101.0, 102.0, 103.0]
    assert whole(folder)[0].message == EVERYTHING
    assert whole(folder)[-1].message == event(103)


def test_a_page_begins_with_the_last_snapshot_before_the_time_asked_for(
    folder: RecordingFolder,
) -> None:
    for start in (100.0, 200.0, 300.0):
        folder.begin(start, EVERYTHING)
        folder.add(start + 1, event(int(start)))

    assert [item.time for item in whole(folder, since=250.0)] == [200.0, 201.0, 300.0, 301.0]
    assert whole(folder, since=5.0)[0].time == 100.0


def test_long_files_come_in_pages(folder: RecordingFolder) -> None:
    folder.begin(1.0, EVERYTHING)
    for number in range(2, 1_002):
        folder.add(float(number), event(number, "x" * 300))

    first = folder.page(0.0, "")

    assert 0 < len(first.items) < 1_001
    assert len(whole(folder)) == 1_001


def test_a_torn_or_altered_line_is_left_out_and_counted(
    folder: RecordingFolder, tmp_path: Path
) -> None:
    folder.begin(1.0, EVERYTHING)
    folder.add(2.0, event(2))
    (file,) = (tmp_path / "record").iterdir()
    file.write_bytes(file.read_bytes() + b'{"time": 3, "mess\n{"time": 4')
    folder.begin(5.0, EVERYTHING)

    page = folder.page(0.0, "")

    assert ([item.time for item in page.items], page.missed) == ([1.0, 2.0], 1)
    assert [item.time for item in whole(folder)] == [1.0, 2.0, 5.0]


def test_the_oldest_files_go(folder: RecordingFolder, tmp_path: Path) -> None:
    for start in range(recording.SEGMENTS_KEPT + 5):
        folder.begin(float(start), EVERYTHING)

    assert len(list((tmp_path / "record").iterdir())) == recording.SEGMENTS_KEPT
    assert whole(folder)[0].time == 5.0


def test_a_clock_that_was_set_back_does_not_mix_the_order(folder: RecordingFolder) -> None:
    folder.begin(500.0, EVERYTHING)
    folder.begin(100.0, EVERYTHING)

    assert [item.time for item in whole(folder)] == [500.0, 100.0]


def test_a_line_that_no_message_could_carry_is_not_recorded(folder: RecordingFolder) -> None:
    folder.begin(1.0, Snapshot(CLUSTER, active="x" * recording.LINE_BYTES_MAX))
    folder.add(2.0, event(2))

    assert [item.time for item in whole(folder)] == [2.0]


def test_a_refusing_disk_is_named(folder: RecordingFolder, tmp_path: Path) -> None:
    (tmp_path / "record").write_text("in the way")

    with pytest.raises(StoreError, match="record"):
        folder.begin(1.0, EVERYTHING)


def test_a_cursor_of_a_file_that_is_gone_goes_on_with_the_next(folder: RecordingFolder) -> None:
    folder.begin(9.0, EVERYTHING)

    assert [item.time for item in folder.page(0.0, "8000:0").items] == [9.0]
    assert folder.page(0.0, "999999:0").items == ()
