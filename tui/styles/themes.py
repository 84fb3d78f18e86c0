"""Two calm themes of our own, two for terminals of 16 colours, and one for those without colour.

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
FEW_DARK = Theme(
    name="sixteen-dark",
    primary="#55ffff",
    secondary="#aaaaaa",
    accent="#55ffff",
    success="#55ff55",
    warning="#ffff55",
    error="#ff5555",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    dark=True,
    variables={"boost": "#555555"},
)
FEW_LIGHT = Theme(
    name="sixteen-light",
    primary="#0000aa",
    secondary="#555555",
    accent="#0000aa",
    success="#00aa00",
    warning="#aa5500",
    error="#aa0000",
    foreground="#000000",
    background="#ffffff",
    surface="#ffffff",
    panel="#ffffff",
    dark=False,
    variables={"boost": "#aaaaaa"},
)
FEW = (FEW_DARK, FEW_LIGHT)
"""For terminals of 16 colours: those alone, for what lies between them all becomes grey there."""
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
    pairs = ((DARK, LIGHT), FEW)
    others = {one.name: other for pair in pairs for one, other in (pair, pair[::-1])}
    return others.get(name, PLAIN)


def few_colours(environment: Mapping[str, str]) -> bool:
    """Return whether the terminal has 16 colours, as the library that writes them sees it."""
    if environment.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}:
        return False
    return environment.get("TERM", "").lower().rpartition("-")[2] not in {"256color", "kitty"}


def terminal_theme(theme: str, environment: Mapping[str, str]) -> str:
    """Return the name of the theme like `theme` that this terminal can show."""
    few = {DARK.name: FEW_DARK.name, LIGHT.name: FEW_LIGHT.name}
    return few.get(theme, theme) if few_colours(environment) else theme


def first_theme(environment: Mapping[str, str] | None = None) -> Theme:
    """Return the theme to begin with: plain, or for the background that the terminal tells.

    Some terminals tell it in COLORFGBG as ``foreground;background``, numbers of the 16 colours.
    """
    told = os.environ if environment is None else environment
    if no_colour(told):
        return PLAIN
    return LIGHT if told.get("COLORFGBG", "").rpartition(";")[2] in LIGHT_GROUNDS else DARK
