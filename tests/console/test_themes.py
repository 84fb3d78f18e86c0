"""Each text of the themes can be read on everything that it stands on."""

import pytest
from textual.color import Color
from textual.theme import Theme

from tui.styles.themes import THEMES

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
