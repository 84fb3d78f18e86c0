"""Which sections there are, and the screen of each, in the order of the keys 1 to 9.

After them come the pages that have no tab. Each is loaded when it is first gone to, or soon after
the start: a console that starts waits for its dashboard only.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from textual.screen import Screen

from tui.screens.base import SectionScreen
from tui.screens.dashboard import DashboardScreen

ScreenType = type[SectionScreen]


def _dashboard() -> ScreenType:
    return DashboardScreen


def _nodes() -> ScreenType:
    from tui.screens.nodes import NodesScreen

    return NodesScreen


def _networks() -> ScreenType:
    from tui.screens.networks import NetworksScreen

    return NetworksScreen


def _groups() -> ScreenType:
    from tui.screens.groups import GroupsScreen

    return GroupsScreen


def _draft() -> ScreenType:
    from tui.screens.draft import DraftScreen

    return DraftScreen


def _verify() -> ScreenType:
    from tui.screens.verify import VerifyScreen

    return VerifyScreen


def _dare() -> ScreenType:
    from tui.screens.dare import DareScreen

    return DareScreen


def _events() -> ScreenType:
    from tui.screens.events import EventsScreen

    return EventsScreen


def _past() -> ScreenType:
    from tui.screens.past import PastScreen

    return PastScreen


def _joining() -> ScreenType:
    from tui.screens.joining import JoiningScreen

    return JoiningScreen


def _fencing() -> ScreenType:
    from tui.screens.fencing import FencingScreen

    return FencingScreen


SCREENS: dict[str, Callable[[], ScreenType]] = {
    "dashboard": _dashboard,
    "nodes": _nodes,
    "networks": _networks,
    "groups": _groups,
    "draft": _draft,
    "verify": _verify,
    "dare": _dare,
    "events": _events,
    "past": _past,
    "joining": _joining,
    "fencing": _fencing,
}


def makers() -> dict[str, str | Callable[[], Screen[Any]]]:
    """Return what makes the screen of each section, in the form of Textual's modes."""
    return {mode: partial(_made, load) for mode, load in SCREENS.items()}


def _made(load: Callable[[], ScreenType]) -> Screen[Any]:
    return load()()
