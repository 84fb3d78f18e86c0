"""Two calm themes of our own, and the rule for terminals without colour."""

import os

from textual.theme import Theme

DARK = Theme(
    name="machine-room",
    primary="#5f9ed1",
    secondary="#8a9ba8",
    accent="#7cc4c9",
    success="#7fb685",
    warning="#e0b050",
    error="#e8746a",
    foreground="#d3dae0",
    background="#11161b",
    surface="#161c22",
    panel="#1d252d",
    boost="#222b34",
    dark=True,
)
LIGHT = Theme(
    name="daylight",
    primary="#1f5f99",
    secondary="#56636e",
    accent="#0d6e78",
    success="#22702d",
    warning="#8a5a00",
    error="#b3261e",
    foreground="#1c2329",
    background="#f7f8f9",
    surface="#eef0f2",
    panel="#e2e6e9",
    boost="#d8dde1",
    dark=False,
)
THEMES = (DARK, LIGHT)


def no_colour() -> bool:
    """Return whether the person asked for no colour at all (https://no-color.org)."""
    return "NO_COLOR" in os.environ
