"""Which sections there are, and the screen of each, in the order of the keys 1 to 9.

After them come the pages that have no tab. Each is loaded when it is first gone to, or soon after
the start: a console that starts waits for its dashboard only.
"""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any, cast

from textual.screen import Screen

from tui.screens.base import SectionScreen

CLASSES: dict[str, str] = {
    "dashboard": "DashboardScreen",
    "nodes": "NodesScreen",
    "networks": "NetworksScreen",
    "groups": "GroupsScreen",
    "draft": "DraftScreen",
    "verify": "VerifyScreen",
    "dare": "DareScreen",
    "events": "EventsScreen",
    "past": "PastScreen",
    "joining": "JoiningScreen",
    "fencing": "FencingScreen",
}
"""The class of each; its module has the section's name."""


Loaders = Mapping[str, Callable[[], type[SectionScreen]]]
"""What loads the class of each section's screen."""


def _load(mode: str, name: str) -> type[SectionScreen]:
    return cast("type[SectionScreen]", getattr(import_module(f"tui.screens.{mode}"), name))


def loaders(classes: Mapping[str, str]) -> Loaders:
    """Return what loads each of `classes`; loading raises what importing does."""
    return {mode: partial(_load, mode, name) for mode, name in classes.items()}


SCREENS = loaders(CLASSES)


def makers() -> dict[str, str | Callable[[], Screen[Any]]]:
    """Return what makes the screen of each section, in the form of Textual's modes."""
    return {mode: partial(_made, mode) for mode in SCREENS}


def _made(mode: str) -> Screen[Any]:
    return SCREENS[mode]()()
