"""The nodes section: every node, one in full, and standby."""

from functools import partial

from tui.screens.listing import ListingScreen
from tui.screens.operating import operate
from tui.viewmodels import operations
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

    @property
    def unfit(self) -> frozenset[str]:
        """Return what would do nothing with the node under the cursor."""
        node = self.look.node(self.name_under_cursor)
        if node is None or not self._is_configured(node.name):
            return frozenset({"standby", "resume"})
        return frozenset({"standby" if node.standby else "resume"})

    def _is_configured(self, name: str) -> bool:
        configuration = self.look.view.active.configuration
        return configuration is not None and name in configuration.node

    def action_standby(self) -> None:
        """Let the node own nothing, after its consequences were shown."""
        name = self.name_under_cursor
        if self._is_configured(name):
            operate(self, partial(operations.standby, node=name), "Send to standby")

    def action_resume(self) -> None:
        """Let the node own groups again."""
        name = self.name_under_cursor
        if self._is_configured(name):
            operate(self, partial(operations.resume, node=name), "Let it serve")
