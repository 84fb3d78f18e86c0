"""What an agent saw, in files of lines: bounded, in the order of time, each file whole in itself.

`record/MILLISECONDS.jsonl` begins with a Snapshot, so that it can be replayed without the files
before it; the oldest files go when there are too many. It is a memory, not a vow: it is not synced
to the disk, and a line that cannot be read is left out. Who looks at it asks for pages.
"""

import os
import re
from pathlib import Path

import msgspec

from nodeagent.store.disk import make_folder, naming
from nodeagent.wire.live import Snapshot, StreamMessage
from nodeagent.wire.recording import Recorded, Recording

FOLDER = "record"
SEGMENT_BYTES = 1 << 20
"""A file that has become this long is followed by a new one."""
SEGMENTS_KEPT = 24
PAGE_BYTES = 128 << 10
LINE_BYTES_MAX = 700 << 10
"""A longer line, which one message of the wire could not carry either, is not recorded."""

_NAME = re.compile(r"(\d{1,16})\.jsonl\Z")
_DECODER = msgspec.json.Decoder(Recorded)


class RecordingFolder:
    """The recording in one state directory. Every failure is a StoreError that names the file."""

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER
        self._file: Path | None = None
        self._size = 0

    @property
    def wants_snapshot(self) -> bool:
        """Return whether the next thing to be recorded must be a Snapshot, in a new file."""
        return self._file is None or self._size >= SEGMENT_BYTES

    def begin(self, time: float, snapshot: Snapshot) -> None:
        """Begin a new file with everything; the oldest goes if there are too many."""
        make_folder(self._folder)
        last = max(self._numbers(), default=0)
        self._file = self._folder / f"{max(int(time * 1000), last + 1)}.jsonl"
        self._size = 0
        self._append(Recorded(time, snapshot))
        for number in self._numbers()[:-SEGMENTS_KEPT]:
            path = self._folder / f"{number}.jsonl"
            with naming(path):
                path.unlink(missing_ok=True)

    def add(self, time: float, message: StreamMessage) -> None:
        """Add one change to the file that was begun."""
        assert self._file is not None, "a file begins with a snapshot"
        self._append(Recorded(time, message))

    def leave(self) -> None:
        """Write no more to this file: what follows begins a new one."""
        self._file = None

    def page(self, since: float, cursor: str) -> Recording:
        """Return what was recorded from `since` (Unix seconds), or from `cursor` on, one page."""
        numbers = self._numbers()
        wanted, start = _place(cursor) if cursor else (_first(numbers, since), 0)
        number = next((n for n in numbers if n >= wanted), -1)
        if number < 0:
            return Recording()
        lines, end, whole = _read(
            self._folder / f"{number}.jsonl", start if number == wanted else 0
        )
        items = tuple(item for item in map(_decoded, lines) if item is not None)
        following = next((n for n in numbers if n > number), -1)
        after = f"{number}:{end}" if not whole else f"{following}:0" if following > 0 else ""
        return Recording(items, after, len(lines) - len(items))

    def _append(self, item: Recorded) -> None:
        line = msgspec.json.encode(item) + b"\n"
        if len(line) > LINE_BYTES_MAX:
            return
        assert self._file is not None
        with naming(self._file):
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self._file, flags, 0o600)
            try:
                self._size += os.write(descriptor, line)
            finally:
                os.close(descriptor)

    def _numbers(self) -> list[int]:
        with naming(self._folder):
            names = [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []
        return sorted(int(match[1]) for name in names if (match := _NAME.match(name)))


def _decoded(line: bytes) -> Recorded | None:
    try:
        return _DECODER.decode(line)
    except msgspec.DecodeError:
        return None


def _place(cursor: str) -> tuple[int, int]:
    number, _, start = cursor.partition(":")
    return int(number), int(start)


def _first(numbers: list[int], since: float) -> int:
    """Return the file in which `since` lies: the last one that began before it."""
    before = [number for number in numbers if number <= since * 1000]
    return before[-1] if before else 0


def _read(path: Path, start: int) -> tuple[list[bytes], int, bool]:
    """Return whole lines from `start` on, where they end, and whether that is the file's end."""
    with naming(path), path.open("rb") as file:
        file.seek(start)
        # The last line of a file may be torn: whoever wrote it died then.
        lines = [line for line in file.readlines(PAGE_BYTES) if line.endswith(b"\n")]
        end = start + sum(map(len, lines))
        return lines, end, not file.read(1)
