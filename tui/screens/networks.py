"""The networks section: networks, the matrix of nodes and networks, one network in full."""

from tui.screens.listing import ListingScreen
from tui.viewmodels.network_page import network_detail, network_list
from tui.viewmodels.nodes_pane import topology_pane
from tui.viewmodels.panes import Pane
from tui.viewmodels.spans import Line


class NetworksScreen(ListingScreen):
    """Section 3."""

    scope = "networks"
    kind = "network"

    def list_pane(self, width: int, order: str) -> Pane:
        """Return all networks."""
        return network_list(self.look, width, order)

    def below_pane(self, width: int) -> Pane:
        """Return nodes down, networks across."""
        return topology_pane(self.look, width)

    def page_lines(self, name: str, width: int) -> list[Line]:
        """Return one network in full."""
        return network_detail(self.look, name, width)
