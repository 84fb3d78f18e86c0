"""Two calm themes of our own, and the one for terminals without colour.

Every text of both stands out from what is behind it by 4.5 to 1 (WCAG 2.2, 1.4.3).
"""

import os
from collections.abc import Mapping
from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

DARK = Theme(
    name="machine-room",
    primary="#5f9ed1",
    secondary="#9cacb8",
    accent="#7cc4c9",
    success="#7fb685",
    warning="#e0b050",
    error="#e8746a",
    foreground="#d3dae0",
    background="#11161b",
    surface="#161c22",
    panel="#1d252d",
    dark=True,
    variables={"boost": "#222b34"},  # as a field of the theme it is lost beside a panel
)
LIGHT = Theme(
    name="daylight",
    primary="#1f5f99",
    secondary="#47535d",
    accent="#0d6e78",
    success="#22702d",
    warning="#8a5a00",
    error="#b3261e",
    foreground="#1c2329",
    background="#f7f8f9",
    surface="#eef0f2",
    panel="#e2e6e9",
    dark=False,
    variables={"boost": "#dfe3e7"},
)
THEMES = (DARK, LIGHT)
LIGHT_GROUNDS = ("7", "15")
"""White, and bright white."""
_ANSI = BUILTIN_THEMES["ansi-dark"]
PLAIN = replace(
    _ANSI,
    name="plain",
    variables={
        **_ANSI.variables,
        "block-cursor-text-style": "bold reverse",
        "input-cursor-text-style": "reverse",
    },
)
"""For terminals without colour: a cursor is reversed, since no background can show it."""


def no_colour(environment: Mapping[str, str]) -> bool:
    """Return whether the person asked for no colour at all (https://no-color.org)."""
    return "NO_COLOR" in environment


def other_theme(name: str) -> Theme:
    """Return the theme that the key for it changes to; without colour there is no other."""
    return {DARK.name: LIGHT, LIGHT.name: DARK}.get(name, PLAIN)


def first_theme(environment: Mapping[str, str] | None = None) -> Theme:
    """Return the theme to begin with: plain, or for the background that the terminal tells.

    Some terminals tell it in COLORFGBG as ``foreground;background``, numbers of the 16 colours.
    """
    told = os.environ if environment is None else environment
    if no_colour(told):
        return PLAIN
    return LIGHT if told.get("COLORFGBG", "").rpartition(";")[2] in LIGHT_GROUNDS else DARK
