"""The journal: promises that survive a power cut.

A record is on the disk when `append` returns; only then may a message vouch for it. The file is
filled with zeros in advance, so that an append changes data only and one fdatasync is enough.

    header   8 bytes magic, 4 bytes version, 4 bytes CRC of both
    record   4 bytes mark, 4 bytes length, 4 bytes CRC, the bytes

A record's CRC also covers its place in the file, so that bytes of an older or foreign record never
pass for one. Since each record is on the disk before the next one is begun, a crash can tear only
the last. So what does not check is a torn tail if no record follows it, and damage if one does: a
disk lost what was once promised, and only the caller may decide what that means. (A last record
that was damaged after it was written cannot be told from a torn one.)
"""

import contextlib
import os
import struct
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nodeagent.store.disk import naming, read, replace, sync_folder
from nodeagent.store.errors import StoreError

MAGIC = b"CTUIJRNL"
VERSION = 1
CHUNK_BYTES = 1 << 20
ROOM_BYTES = 64 << 10
"""With less than this an agent does not start: some ten changes of a small configuration."""
FOREIGN_BYTES_MAX = 16 << 20
"""Of a file that is no journal no more is read; a journal is read however long it became."""
SPARE_BYTES = 1 << 20
"""So much must be gained at least before a journal is written anew."""
REWRITE_BYTES_MAX = 64 << 20
"""A longer one is written anew only at a start: a running agent would stand still for too long."""
RECORD_BYTES_MAX = 8 << 20

_MARK = b"\xc7REC"
_HEADER = struct.Struct("<8sII")
_RECORD = struct.Struct("<4sII")
_MARKS_MAX = 1_000
"""So many marks are looked at behind what does not check; each may cost a checksum."""

Kind = Literal["new", "clean", "torn", "damaged"]


@dataclass(frozen=True, slots=True)
class JournalState:
    """How the journal was found.

    `offset` is where the next record goes, or where the damage begins; `records` were read before
    it; `text` tells people. A damaged journal takes no records until it is set aside.
    """

    kind: Kind
    offset: int
    records: int
    text: str


class Journal:
    """An open journal; make one with `Journal.open`."""

    def __init__(self, path: Path, descriptor: int, offset: int, size: int, broken: str) -> None:
        self._path = path
        self._descriptor = descriptor
        self._offset = offset
        self._size = size
        self._broken = broken
        self._kept = offset

    @classmethod
    def open(cls, path: Path | str) -> "tuple[Journal, list[bytes], JournalState]":
        """Open or make the journal at `path`; return it, its records, and how it was found.

        StoreError where the file is not a journal of this version or cannot be read.
        """
        file = Path(path)
        data = read(file, FOREIGN_BYTES_MAX, MAGIC)
        if not data:
            head = pack_journal(())
            replace(file, head + bytes(CHUNK_BYTES - len(head)))
            data = b""
        elif (problem := foreign(data)) is not None:
            raise StoreError(file, problem, "move it away, or use the program that wrote it")
        records, state = replay_bytes(data)
        with naming(file):
            descriptor = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            size = os.fstat(descriptor).st_size
        broken = state.text if state.kind == "damaged" else ""
        journal = cls(file, descriptor, state.offset, size, broken)
        if state.kind == "torn":
            journal._wipe_tail()
        return journal, records, state

    def append(self, record: bytes) -> None:
        """Write one record; it is on the disk when this returns.

        After a failed write or sync nobody knows what is on the disk, so the journal takes no more
        records: the agent must end and replay it at its next start.
        """
        if not 0 < len(record) <= RECORD_BYTES_MAX:
            raise StoreError(self._path, f"a record of {len(record)} bytes", "this is a defect")
        if self._broken:
            raise StoreError(self._path, self._broken, "end the agent and start it anew")
        self._reserve(_RECORD.size + len(record))
        data = pack_record(self._offset, record)
        try:
            _write(self._descriptor, data, self._offset)
            os.fdatasync(self._descriptor)
        except OSError as error:
            self._broken = f"an earlier write failed: {error.strerror}"
            with naming(self._path):
                raise
        self._offset += len(data)

    def make_room(self) -> None:
        """Make sure that the disk really takes what comes next; StoreError where it is full.

        A thin volume, or a file system that copies on write, may have no room for the zeros that it
        once took. Better to find out before the others count on this node than in the middle of a
        change: an agent that starts, is counted in and ends again keeps its groups from everybody.
        """
        if self._size - self._offset < ROOM_BYTES:
            self._reserve(self._size - self._offset + ROOM_BYTES)
        with naming(self._path):
            _write(self._descriptor, bytes(self._size - self._offset), self._offset)
            os.fdatasync(self._descriptor)

    def rewrite(self, records: list[bytes]) -> None:
        """Replace the whole journal by `records`, to keep it short: all of it or nothing.

        After a StoreError it goes on as it was, unless it is no longer what the next start finds.
        """
        packed = pack_journal(records)
        offset = len(packed)
        data = packed + bytes(-offset % CHUNK_BYTES or CHUNK_BYTES)
        self._kept = self._offset  # it is not tried again at once
        try:
            replace(self._path, data)
        except StoreError as error:
            if not self._in_place():
                self._broken = self._broken or f"it was replaced, and then: {error.what}"
            raise
        self._reopen(offset, len(data))

    def _in_place(self) -> bool:
        """Return whether the file that is open here is the one that the next start will find."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.lstat())
        except OSError:
            return False

    def set_aside(self) -> Path:
        """Keep the file under another name and begin an empty journal; return that name."""
        aside = self._path.with_name(f"{self._path.name}.damaged-{time.time_ns()}")
        with naming(aside):
            os.link(self._path, aside)
            sync_folder(self._path.parent)
        self.rewrite([])
        return aside

    @property
    def size(self) -> int:
        """Bytes used so far."""
        return self._offset

    @property
    def grew(self) -> bool:
        """Whether it is time to write it anew: it doubled, and at least by SPARE_BYTES."""
        small = self._kept <= REWRITE_BYTES_MAX
        return small and self._offset >= self._kept + max(self._kept, SPARE_BYTES)

    def close(self) -> None:
        """Close the file; all records are on the disk already."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _reopen(self, offset: int, size: int) -> None:
        self.close()
        with naming(self._path):
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._offset, self._size, self._broken = offset, size, ""
        self._kept = offset

    def _reserve(self, count: int) -> None:
        """Have zeros on the disk for `count` more bytes; a full disk leaves all as it was."""
        missing = self._offset + count - self._size
        if missing <= 0:
            return
        chunk = bytes(-(-missing // CHUNK_BYTES) * CHUNK_BYTES)
        with naming(self._path):
            try:
                _write(self._descriptor, chunk, self._size)
                os.fsync(self._descriptor)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._descriptor, self._size)
                raise
        self._size += len(chunk)

    def _wipe_tail(self) -> None:
        """Cut a torn tail off, so that its pieces never stand behind a later record."""
        with naming(self._path):
            os.ftruncate(self._descriptor, self._offset)
            os.fsync(self._descriptor)
        self._size = self._offset


# -- the format, as pure functions: bytes in memory go through the same code as a file


def pack_journal(records: Iterable[bytes]) -> bytes:
    """Return a journal that holds these records, without the zeros that a file has behind them."""
    data = bytearray(_header())
    for record in records:
        data += pack_record(len(data), record)
    return bytes(data)


def pack_record(offset: int, record: bytes) -> bytes:
    """Return the bytes of a record that begins `offset` bytes behind the journal's beginning."""
    return _RECORD.pack(_MARK, len(record), _checksum(offset, record)) + record


def replay_bytes(data: bytes) -> tuple[list[bytes], JournalState]:
    """Return the whole records of a journal in memory, oldest first, and how it was found.

    The header is not looked at. Empty `data` is a new journal; what follows `JournalState.offset`
    in a torn one must be cut off before a record is written there.
    """
    if not data:
        return [], JournalState("new", _HEADER.size, 0, "the journal is new")
    records: list[bytes] = []
    offset = _HEADER.size
    while (record := _record_at(data, offset)) is not None:
        records.append(record)
        offset += _RECORD.size + len(record)
    return records, _judge(data, offset, len(records))


def _header() -> bytes:
    head = struct.pack("<8sI", MAGIC, VERSION)
    return head + struct.pack("<I", zlib.crc32(head))


def foreign(data: bytes) -> str | None:
    """Return why `data` is not a journal of ours, None if it is."""
    if data[: len(MAGIC)] != MAGIC:
        return "is not a journal"
    if data[: _HEADER.size] == _header():
        return None
    version = int.from_bytes(data[8:12], "little")
    if zlib.crc32(data[:12]) == int.from_bytes(data[12:16], "little"):
        return f"is a journal of version {version}, this program knows {VERSION}"
    return "has a damaged header"


def _write(descriptor: int, data: bytes, offset: int) -> None:
    """Write all of `data` at `offset`; the kernel may take it in pieces."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def _checksum(offset: int, record: bytes) -> int:
    return zlib.crc32(record, zlib.crc32(struct.pack("<QI", offset, len(record))))


def _record_at(data: bytes, offset: int) -> bytes | None:
    """Return the whole record that begins at `offset`, None if there is none."""
    if offset + _RECORD.size > len(data):
        return None
    mark, length, checksum = _RECORD.unpack_from(data, offset)
    start = offset + _RECORD.size
    if mark != _MARK or not 0 < length <= RECORD_BYTES_MAX or start + length > len(data):
        return None
    record = data[start : start + length]
    return record if _checksum(offset, record) == checksum else None


def _judge(data: bytes, offset: int, count: int) -> JournalState:
    """Tell an orderly end from a torn tail and from damage."""
    rest = data[offset:].rstrip(b"\0")
    if not rest:
        return JournalState("clean", offset, count, f"{count} records")
    follower = _follower(data, offset, offset + len(rest))
    if follower >= 0:
        text = f"damaged at byte {offset}: whole records follow from byte {follower} on"
        return JournalState("damaged", offset, count, text)
    text = f"the last write was torn: {len(rest)} bytes after {count} records were cut off"
    return JournalState("torn", offset, count, text)


def _follower(data: bytes, offset: int, end: int) -> int:
    """Return where a record stands behind the one that was lost at `offset`, -1 if none does.

    A crash tears one record, so a second one there was on the disk before. It is known by its
    checksum, or, where bytes before it were lost and it stands at another place than it was
    written to, by leading to the next record or to the end of all that was written.
    """
    place = data.find(_MARK, offset)
    for _ in range(_MARKS_MAX):
        if place < 0:
            return -1
        following = _end_of_record(data, place)
        if place > offset and (_record_at(data, place) is not None or following == end):
            return place
        if 0 < following <= end - len(_MARK) and data.startswith(_MARK, following):
            return following
        place = data.find(_MARK, place + 1)
    return place  # no record looks like this inside


def _end_of_record(data: bytes, place: int) -> int:
    """Return where the record at `place` ends by its own length, 0 if it has none that can be."""
    if place + _RECORD.size > len(data):
        return 0
    _, length, _ = _RECORD.unpack_from(data, place)
    return place + _RECORD.size + length if 0 < length <= RECORD_BYTES_MAX else 0
