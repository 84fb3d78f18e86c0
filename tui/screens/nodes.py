"""The nodes section: every node, and one in full."""

from tui.screens.listing import ListingScreen
from tui.viewmodels.node_page import ORDERS, node_detail, node_list
from tui.viewmodels.panes import Pane
from tui.viewmodels.spans import Line


class NodesScreen(ListingScreen):
    """Section 2."""

    scope = "nodes"
    kind = "node"
    orders = ORDERS

    def list_pane(self, width: int, order: str) -> Pane:
        """Return all nodes."""
        return node_list(self.look, width, order)

    def page_lines(self, name: str, width: int) -> list[Line]:
        """Return one node in full."""
        return node_detail(self.look, name, width)
