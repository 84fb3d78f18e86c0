"""The groups section: resource groups, one in full, and what operators do to one."""

from collections.abc import Callable
from functools import partial

from nodeagent.config.instances import written_name
from tui.screens.listing import ListingScreen
from tui.screens.menu import MenuScreen
from tui.screens.operating import ground_of, operate
from tui.screens.why import show_why
from tui.viewmodels import group_page, operations
from tui.viewmodels.operations import Operation
from tui.viewmodels.panes import Pane
from tui.viewmodels.spans import Line, Row, line, put

OFFLINE = "offline"
LENGTHS = ("10m", "30m", "1h", "2h", "4h", "8h", "1d")


class GroupsScreen(ListingScreen):
    """Section 4."""

    scope = "groups"
    kind = "group"
    orders = ("file", "name", "state", "owner")

    def list_pane(self, width: int, order: str) -> Pane:
        """Return all groups."""
        return group_page.group_list(self.look, width, order)

    def page_lines(self, name: str, width: int) -> list[Line]:
        """Return one group in full."""
        return group_page.group_detail(self.look, name, width)

    @property
    def unfit(self) -> frozenset[str]:
        """Return what would do nothing with the group under the cursor."""
        group = self.look.group(self.name_under_cursor)
        if group is None:
            return frozenset({"move", "offline", "online", "hold", "unhold"})
        idle = {"online"} if group.owner else {"offline"}
        idle |= {"move"} if group.is_instance else set()
        noun = group.noun
        return frozenset({*idle, "unhold" if noun is None or noun.hold_until is None else "hold"})

    @property
    def name_in_file(self) -> str:
        """Return the group that the file has: one for all instances on its nodes."""
        return written_name(self.name_under_cursor)

    def action_move(self) -> None:
        """Ask where to, show what it does, ask again, then do it."""
        group = self.look.group(self.name_under_cursor)
        if group is None or ground_of(self) is None:
            return
        choices = group_page.targets(self.look, group)
        rows = [
            Row(f"to:{node}", line("  ", put(node or OFFLINE, 20, "strong"), put(remark)))
            for node, remark in choices
        ]
        hint = "Nothing moves yet: the consequences come next. Esc leaves."
        self.app.push_screen(
            MenuScreen(f"Move {group.name}, now on {group.owner or 'nobody'}, to", rows, hint),
            partial(self._move_to, group.name),
        )

    def _move_to(self, group: str, key: str | None) -> None:
        if key is None:
            return
        target = key.removeprefix("to:")
        if target:
            operate(self, partial(operations.move, group=group, node=target), "Move")
        else:
            operate(self, partial(operations.offline, group=group), "Take offline")

    def action_why(self) -> None:
        """Tell why the group under the cursor is where it is."""
        name = self.name_under_cursor
        if self.look.group(name) is not None:
            show_why(self, name)

    def action_offline(self) -> None:
        """Take the group offline until somebody acts."""
        self._operate(operations.offline, "Take offline")

    def action_online(self) -> None:
        """Bring the group online where its policies start it."""
        self._operate(operations.online, "Bring online")

    def action_unhold(self) -> None:
        """End the hold of the group."""
        self._operate(operations.unhold, "End the hold")

    def _operate(self, of_group: Callable[..., Operation], yes: str) -> None:
        name = self.name_under_cursor
        if self.look.group(name) is not None:
            operate(self, partial(of_group, group=name), yes)

    def action_hold(self) -> None:
        """Ask for how long, show what it means, ask again, then hold the group."""
        name = self.name_under_cursor
        if self.look.group(name) is None or ground_of(self) is None:
            return
        rows = [Row(length, line("  ", put(length, 8, "strong"))) for length in LENGTHS]
        hint = "Nothing is held yet: what it means comes next. Esc leaves."
        self.app.push_screen(MenuScreen(f"Hold {name} for", rows, hint), partial(self._hold, name))

    def _hold(self, group: str, key: str | None) -> None:
        length = operations.length_of(key) if key else None
        if length is not None:
            operate(self, partial(operations.hold, group=group, length=length), "Hold")
