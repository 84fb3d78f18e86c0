"""The groups section: resource groups, one in full, and the dialog that moves one."""

from nodeagent.config.digest import file_digest
from nodeagent.wire.console import Apply, Done
from tui.screens.confirm import ConfirmScreen
from tui.screens.listing import ListingScreen
from tui.screens.menu import MenuScreen
from tui.viewmodels import group_page
from tui.viewmodels.facts import GroupFact
from tui.viewmodels.panes import Pane
from tui.viewmodels.spans import Line, Row, line, put

OFFLINE = "offline"


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

    def action_move(self) -> None:
        """Ask where to, show what it does, ask again, then do it."""
        group = self.look.group(self.name_under_cursor)
        if group is None:
            return
        if self.session.read_only:
            self.desk.tell("this console was started read-only", severity="warning")
            return
        choices = group_page.targets(self.look, group)
        rows = [
            Row(f"to:{node}", line("  ", put(node or OFFLINE, 20, "strong"), put(remark)))
            for node, remark in choices
        ]
        hint = "Nothing moves yet: the consequences come next. Esc leaves."
        self.app.push_screen(
            MenuScreen(f"Move {group.name}, now on {group.owner or 'nobody'}, to", rows, hint),
            lambda key: self._chosen(group, key),
        )

    def _chosen(self, group: GroupFact, key: str | None) -> None:
        if key is None:
            return
        target = key.removeprefix("to:")
        found = group_page.move_plan(self.session.view, group.name, target)
        if found is None:
            self.desk.tell("the active configuration is not known", severity="error")
            return
        if found.owners.get(group.name, "") != target:
            where = found.owners.get(group.name, "") or "nobody"
            self.desk.tell(f"{group.name} cannot go there now; it would be on {where}",
                           severity="error")  # fmt: skip
            return
        lines = group_page.plain_lines(group_page.consequences(found))
        wish = f"Asks for a DARE: the text stays, {group.name} goes to {target or OFFLINE}."
        lines += ["", wish]
        command = f"clustertui move {group.name} {target}"
        if not target:
            command = f"clustertui group offline {group.name}"
        lines.append(f"The same from a shell: {command}")
        self.app.push_screen(
            ConfirmScreen(f"Move {group.name}", lines, group.name, yes="Move"),
            lambda yes: self._confirmed(group.name, target, yes=bool(yes)),
        )

    def _confirmed(self, group: str, target: str, *, yes: bool) -> None:
        if yes:
            self.desk.guarded(lambda: self._move(group, target), "move")

    async def _move(self, group: str, target: str) -> None:
        text = self.session.view.active.text
        answer = await self.session.ask(
            Apply(
                text=text,
                base=file_digest(text.encode("utf-8")),
                reason=f"move {group} to {target or OFFLINE}",
                author=self.desk.author,
                owners={group: target},
            )
        )
        if isinstance(answer, Done):
            self.desk.tell(f"DARE {answer.tx} moves {group}" if answer.tx else answer.text)
