"""Which sections there are, and the screen of each, in the order of the keys 1 to 9.

After them come the pages that have no tab.
"""

from collections.abc import Callable
from typing import Any

from textual.screen import Screen

from tui.screens.dare import DareScreen
from tui.screens.dashboard import DashboardScreen
from tui.screens.draft import DraftScreen
from tui.screens.events import EventsScreen
from tui.screens.fencing import FencingScreen
from tui.screens.groups import GroupsScreen
from tui.screens.joining import JoiningScreen
from tui.screens.networks import NetworksScreen
from tui.screens.nodes import NodesScreen
from tui.screens.past import PastScreen
from tui.screens.verify import VerifyScreen

SCREENS: dict[str, Callable[[], Screen[Any]]] = {
    "dashboard": DashboardScreen,
    "nodes": NodesScreen,
    "networks": NetworksScreen,
    "groups": GroupsScreen,
    "draft": DraftScreen,
    "verify": VerifyScreen,
    "dare": DareScreen,
    "events": EventsScreen,
    "past": PastScreen,
    "joining": JoiningScreen,
    "fencing": FencingScreen,
}
