"""Every screen of the console in every look: `python -m tests.support.looks FOLDER`.

Light, dark and without colour, each at 80x24 and 120x40, as SVG: to be looked at, not to be kept.
"""

import asyncio
import os
import sys
from pathlib import Path

from tests.support.annex import beside
from tests.support.gallery import replayed, walked
from tui.app import ClusterApp

LOOKS = {"light": "daylight", "dark": "machine-room", "plain": ""}
"""Looks and their themes; the one without colour comes last, for it cannot be taken back."""


def draw(folder: Path) -> None:
    """Write every stop in every look into `folder`."""
    for look, theme in LOOKS.items():
        if not theme:
            os.environ["NO_COLOR"] = "1"
        there = folder / look
        there.mkdir(parents=True, exist_ok=True)

        def see(name: str, app: ClusterApp, there: Path = there) -> None:
            drawn = app.export_screenshot(title="clustertui")
            (there / f"{name}.svg").write_text(drawn, "utf-8")

        for walk in (walked, replayed, beside):
            asyncio.run(walk(theme, see))
        sys.stdout.write(f"{there}\n")


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
