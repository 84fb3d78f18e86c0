"""`clustertui demo`: with a screen where there is one, else as a tour that proves itself."""

import sys
from pathlib import Path

from tui.demo.run import demo


def run(nodes: int, *, headless: bool, as_json: bool, keep: str | None) -> int:
    """Run the demonstration. Return the exit code."""
    screen = sys.stdin.isatty() and sys.stdout.isatty() and not (headless or as_json)
    folder = Path(keep) if keep is not None else None
    return demo(nodes, headless=not screen, as_json=as_json, keep=folder)
