"""Each text of the themes can be read on everything that it stands on."""

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color
from textual.theme import Theme

from tui.styles.themes import (
    DARK,
    FEW,
    LIGHT,
    PLAIN,
    THEMES,
    first_theme,
    other_theme,
    terminal_theme,
)

LEAST = 4.5
"""WCAG 2.2, success criterion 1.4.3, for text of usual size."""
TEXTS = (
    "foreground", "secondary", "text-primary", "text-accent", "text-success", "text-warning",
    "text-error",
)  # fmt: skip
GROUNDS = ("background", "surface", "panel", "boost", "primary-muted")
BLENDED = (("warning", 0.25), ("primary", 0.15))
"""The banner, and the label of the field with the cursor."""


def luminance(color: Color) -> float:
    parts = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in color.normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: Color, other: Color) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_text_stands_out(theme: Theme) -> None:
    colours = {**theme.to_color_system().generate(), **theme.variables}
    ground = Color.parse(colours["background"])
    grounds = {name: Color.parse(colours[name]) for name in GROUNDS}
    for name, share in BLENDED:
        grounds[f"{name} {share}"] = ground.blend(Color.parse(colours[name]), share)

    faint = {
        (text, name): round(contrast(Color.parse(colours[text]), there), 2)
        for text in TEXTS
        for name, there in grounds.items()
        if contrast(Color.parse(colours[text]), there) < LEAST
    }

    assert not faint


@pytest.mark.parametrize(
    ("told", "theme"),
    [
        ({}, DARK),
        ({"COLORFGBG": "15;0"}, DARK),
        ({"COLORFGBG": "0;15"}, LIGHT),
        ({"COLORFGBG": "0;default;7"}, LIGHT),
        ({"COLORFGBG": "nonsense"}, DARK),
        ({"COLORFGBG": "0;15", "NO_COLOR": "1"}, PLAIN),
    ],
)
def test_first_theme_is_that_of_the_terminal(told: dict[str, str], theme: Theme) -> None:
    assert first_theme(told) is theme


def test_key_changes_between_light_and_dark_and_makes_no_colour_where_none_is_wanted() -> None:
    assert [other_theme(theme.name) for theme in (DARK, LIGHT, PLAIN)] == [LIGHT, DARK, PLAIN]
    assert tuple(other_theme(theme.name) for theme in FEW) == FEW[::-1]


@pytest.mark.parametrize("theme", FEW, ids=lambda theme: theme.name)
def test_tones_are_told_apart_in_16_colours(theme: Theme) -> None:
    colours = {**theme.to_color_system().generate(), **theme.variables}
    tones = ("foreground", "secondary", "accent", "success", "warning", "error", "background")

    shown = {
        tone: RichColor.parse(Color.parse(colours[tone]).hex6).downgrade(ColorSystem.STANDARD)
        for tone in tones
    }

    assert len({color.number for color in shown.values()}) == len(tones)


@pytest.mark.parametrize(
    ("told", "theme"),
    [
        ({"TERM": "linux"}, "sixteen-dark"),
        ({"TERM": "xterm"}, "sixteen-dark"),
        ({"TERM": "xterm-256color"}, "machine-room"),
        ({"TERM": "alacritty", "COLORTERM": "truecolor"}, "machine-room"),
    ],
)
def test_terminal_gets_the_colours_that_it_has(told: dict[str, str], theme: str) -> None:
    assert terminal_theme(DARK.name, told) == theme
    assert terminal_theme(PLAIN.name, told) == PLAIN.name
