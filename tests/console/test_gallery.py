"""Every screen, light and without colour, at both sizes; a change of look has to be looked at.

`pytest tests/console/test_gallery.py --snapshot-update` takes the pictures anew, as rows of text
and the looks of their pieces; `python -m tests.support.gallery FOLDER` draws them all. What a
terminal without colour shows are the same rows, so there only those screens are walked again
whose pieces need another look when they have no colour.
"""

import asyncio
import difflib
import re

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests.support import gallery
from tests.support.gallery import picture, replayed, walked
from tui.app import ClusterApp

DIFF_MOST = 60
"""So many lines of what differs are told of each picture."""
COLOUR = re.compile(r"#[0-9a-f]{6}|color\(|red|green|yellow|blue|magenta|cyan|black|white")
DASHBOARD = "dashboard-80x24"
TOLD = {
    "up": (DASHBOARD, "U up"),
    "down": ("nodes-trouble-80x24", "X down"),
    "network down": ("networks-trouble-80x24", "D 0.2s"),
    "error": ("groups-trouble-80x24", "ERROR"),
    "running": ("dare-running-80x24", "RUN 0.0s"),
    "done": ("dare-running-80x24", "OK"),
    "failed": ("dare-aborted-80x24", "FAIL"),
    "draft changed": (DASHBOARD, "DRAFT 1"),
    "field changed": ("group-form-80x24", "~"),
    "field wrong": ("form-error-80x24", "! E102"),
    "problem": ("dashboard-trouble-80x24", "3 problems"),
    "client fails": (DASHBOARD, "FAILS"),
    "may write": (DASHBOARD, " RW "),
    "read-only": ("replay-80x24", " RO "),
    "agent lost": ("agent-lost-80x24", "lost"),
    "probation": ("dashboard-probation-80x24", "PROBATION"),
}


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

    assert not album.differing, "\n".join(album.differing)
    for state, (name, word) in TOLD.items():
        assert word in rows_of(album.seen[name]), state


def test_screens_without_colour(
    snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    album = Album(snapshot)
    parts = (gallery.plainly, gallery.dare, gallery.trouble)

    asyncio.run(walked("", album.see, parts, resizes=False))

    assert not album.differing, "\n".join(album.differing)
    for name, text in album.seen.items():
        looks = text.rpartition("\n---\n")[2]
        assert not COLOUR.search(looks), name


def test_dashboard_alone_tells_what_a_person_wants_to_know(snapshot: SnapshotAssertion) -> None:
    del snapshot
