"""A running agent is told that its journal grew, and writes it anew where the disk allows."""

import errno
import io
import os
from pathlib import Path
from typing import Any, cast

import pytest

from nodeagent.core import effects as fx
from nodeagent.core import events as ev
from nodeagent.core.records import Drafted, Record, decode
from nodeagent.daemon.hands import Hands, Rooms
from nodeagent.daemon.logs import AgentLog
from nodeagent.store.errors import StoreError
from nodeagent.store.files import StateDirectory
from nodeagent.store.journal import SPARE_BYTES, Journal

LONG = "x" * (SPARE_BYTES // 4)
KEPT: tuple[Record, ...] = (Drafted("kept"),)


class Made:
    """Hands that hold a journal and nothing else; `told` are the events that they posted."""

    def __init__(self, path: Path) -> None:
        journal, _, _ = Journal.open(path / "journal")
        nobody, self.path, self.lines = cast("Any", None), path, io.StringIO()
        rooms = Rooms(
            directory=StateDirectory(path),
            journal=journal,
            peers=nobody,
            admin=nobody,
            roles={},
            drivers=nobody,
            fences=nobody,
            inventory=nobody,
            new_watchdog=lambda _, __: nobody,
            watchdog_ms=1_000,
            log=AgentLog("alpha", self.lines),
        )
        self.told: list[ev.Event] = []
        self.hands = Hands(rooms)
        self.hands.post = self.told.append

    def grow(self, records: int = 4) -> None:
        for _ in range(records):
            self.hands.carry_out(fx.Persist(Drafted(LONG)))

    def found(self) -> list[Record]:
        """Return what the next start finds."""
        self.hands.journal.close()
        journal, records, _ = Journal.open(self.path / "journal")
        journal.close()
        return [decode(data) for data in records]


def test_growth_is_told_once_and_what_comes_after_the_exchange_is_kept(tmp_path: Path) -> None:
    made = Made(tmp_path)

    made.grow(5)
    assert made.told == [ev.JournalGrew()]
    made.hands.carry_out(fx.RewriteJournal(KEPT))
    made.hands.carry_out(fx.Persist(Drafted("later")))

    assert made.found() == [*KEPT, Drafted("later")]


def test_it_is_told_again_when_it_grew_again(tmp_path: Path) -> None:
    made = Made(tmp_path)

    for _ in range(3):
        made.grow(5)
        made.hands.carry_out(fx.RewriteJournal(KEPT))

    assert made.told == [ev.JournalGrew()] * 3
    assert made.found() == list(KEPT)


def test_a_disk_without_room_for_a_second_journal_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(tmp_path)
    made.grow(5)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        made.hands.carry_out(fx.RewriteJournal(KEPT))
    made.hands.carry_out(fx.Persist(Drafted("later")))

    assert "the journal stays long" in made.lines.getvalue()
    assert made.found() == [*[Drafted(LONG)] * 5, Drafted("later")]


def test_nothing_is_written_where_the_next_start_does_not_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(tmp_path)
    made.grow(5)

    def fails(_folder: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("nodeagent.store.disk.sync_folder", fails)
    made.hands.carry_out(fx.RewriteJournal(KEPT))  # in place, but not surely for good

    with pytest.raises(StoreError, match="start it anew"):
        made.hands.carry_out(fx.Persist(Drafted("would be lost")))
    assert made.found() == list(KEPT)
