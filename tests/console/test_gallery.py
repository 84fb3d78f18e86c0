"""Every screen, light and without colour, at both sizes; a change of look has to be looked at.

`pytest tests/console/test_gallery.py --snapshot-update` takes the pictures anew, as rows of text
and the looks of their pieces; `python -m tests.support.looks FOLDER` draws them all.
"""

import asyncio
import difflib
import re

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.support.annex import beside
from tests.support.gallery import picture, replayed, walked
from tui.app import ClusterApp

pytestmark = pytest.mark.timeout(400)  # one long walk, on a machine that may do other things, too
DIFF_MOST = 60
"""So many lines of what differs are told of each picture."""
COLOUR = re.compile(r"#[0-9a-f]{6}|color\(|red|green|yellow|blue|magenta|cyan|black|white")
TOLD = {
    "up": ("dashboard", "U up"),
    "down": ("nodes-trouble", "X down"),
    "network down": ("networks-trouble", "D 0.2s"),
    "error": ("groups-trouble", "ERROR"),
    "running": ("dare-running", "RUN 0.0s"),
    "done": ("dare-running", "OK"),
    "failed": ("dare-aborted", "FAIL"),
    "draft changed": ("dashboard", "DRAFT 1"),
    "field changed": ("group-form", "~"),
    "field wrong": ("form-error", "! E102"),
    "problem": ("dashboard-trouble", "3 problems"),
    "client fails": ("dashboard", "FAILS"),
    "may write": ("dashboard", " RW "),
    "read-only": ("replay", " RO "),
    "agent lost": ("agent-lost", "lost"),
    "probation": ("dashboard-probation", "PROBATION"),
}

"""What each state is told by, in rows that have neither colour nor style."""
ONE_LOOK = {
    "dashboard": (
        "ALL RIGHT  any 1 node may fail (quorum 2 of 3 voters, 3 up)",
        "DRAFT 1",
        "web       online     bravo",
    ),
    "dashboard-running": (
        "CHANGING",
        "DARE 42 running",
        "R goes there",
        "database  online     alpha",
    ),
    "dashboard-trouble": (
        "TROUBLE  3 to mend; no node may fail",
        "charlie  X down    4m12s",
        "web       ERROR      bravo",
        "nginx: exit code 1",
        "down on public2",
    ),
}
"""Health, owners, what runs and what can still be lost: on the small dashboard alone."""


class Text(SingleFileSnapshotExtension):
    """A text file for each picture."""

    _file_extension = "txt"
    _write_mode = WriteMode.TEXT


class Album:
    """Compares pictures, and tells at the end which ones differ."""

    def __init__(self, snapshot: SnapshotAssertion) -> None:
        self.kept = snapshot.use_extension(Text)
        self.differing: list[str] = []
        self.seen: dict[str, str] = {}

    def see(self, name: str, app: ClusterApp) -> None:
        """Compare the screen of `app` with the picture called `name`."""
        text = picture(app)
        self.seen[name] = text
        if self.kept(name=name) == text:
            return
        last = self.kept.executions[self.kept.num_executions - 1]
        kept = str(last.recalled_data or "").splitlines()
        lines = list(difflib.unified_diff(kept, text.splitlines(), "kept", "seen", n=1))
        self.differing.append("\n".join([name, *lines[:DIFF_MOST]]))


def rows_of(text: str) -> str:
    return text.partition("\n---\n")[0]


def test_every_screen_in_light(snapshot: SnapshotAssertion) -> None:
    album = Album(snapshot)

    asyncio.run(walked("daylight", album.see))
    asyncio.run(replayed("daylight", album.see))
    asyncio.run(beside("daylight", album.see))

    assert not album.differing, "\n".join(album.differing)
    for state, (stop, word) in TOLD.items():
        shown = [rows_of(text) for name, text in album.seen.items() if name.startswith(f"{stop}-")]
        assert shown
        assert all(word in text for text in shown), state
    for stop, words in ONE_LOOK.items():
        dashboard = rows_of(album.seen[f"{stop}-80x24"])
        assert [word for word in words if word not in dashboard] == [], stop


def test_every_screen_without_colour(
    snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    album = Album(snapshot)

    asyncio.run(walked("", album.see))
    asyncio.run(replayed("", album.see))
    asyncio.run(beside("", album.see))

    assert not album.differing, "\n".join(album.differing)
    for name, text in album.seen.items():
        looks = text.rpartition("\n---\n")[2]
        assert not COLOUR.search(looks), name
