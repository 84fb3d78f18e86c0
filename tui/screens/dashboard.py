"""One look answers: is everything all right, who owns what, what may still be lost."""

from collections.abc import Iterable

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from nodeagent.wire.live import EventLine
from tui.screens.base import SectionScreen
from tui.screens.why import show_why
from tui.viewmodels import dashboard as panes
from tui.viewmodels import side_panes as side
from tui.viewmodels.ages import Moment
from tui.viewmodels.events import waiting_text
from tui.viewmodels.facts import CROWD
from tui.viewmodels.groups_pane import groups_pane
from tui.viewmodels.nodes_pane import nodes_pane, topology_pane
from tui.viewmodels.panes import Pane, fitted, share
from tui.viewmodels.problems import Problem
from tui.viewmodels.spans import line, put
from tui.viewmodels.store import View
from tui.widgets.lines import Lines
from tui.widgets.live_table import LiveTable

WIDE = 120
RIGHT = 44
EVENTS_LEAST = 2
"""The heading and the newest event; the latter must not be the one that is cut off."""


class DashboardScreen(SectionScreen):
    """The first section."""

    scope = "dashboard"
    DEFAULT_CSS = """
    DashboardScreen #verdict { height: 1; }
    DashboardScreen #panes { height: 1fr; }
    DashboardScreen #left { width: 1fr; }
    DashboardScreen #right { width: 44; display: none; margin-left: 1; }
    DashboardScreen.-wide #right { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._frozen: tuple[EventLine, ...] | None = None
        """The events that were known when it was."""

    def body(self) -> Iterable[Widget]:
        """Yield the panes; those that have nothing to show take no room."""
        yield Lines(id="verdict")
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield LiveTable(id="topology")
                yield LiveTable(id="nodes")
                yield LiveTable(id="groups")
                yield LiveTable(id="problems")
                yield Lines(id="clients")
                yield LiveTable(id="events")
            with Vertical(id="right"):
                yield LiveTable(id="problems-right")
                yield Lines(id="selected")
                yield Lines(id="pending")
                yield LiveTable(id="changes")

    def on_mount(self) -> None:
        """Start on the nodes."""
        for table in self.query(LiveTable):
            table.quiet = True
        self.query_one("#nodes").focus()

    def paint(self, view: View, now: Moment) -> None:
        """Show everything that fits; frozen, only how much waits."""
        del view, now
        if self._frozen is not None:
            self._say_frozen(self._frozen)
            return
        wide = self.size.width >= WIDE
        self.set_class(wide, "-wide")
        problems = self.problems
        verdict = panes.verdict_line(self.look, problems, self.size.width)
        self.query_one("#verdict", Lines).show_lines([verdict])
        if wide:
            self._paint_right(problems)
        self._paint_left(problems, wide=wide)

    def _paint_left(self, problems: tuple[Problem, ...], *, wide: bool) -> None:
        width = self.size.width - (RIGHT + 1 if wide else 0)
        room = self.query_one("#panes").size.height
        # A crowd's matrix would push everything else away; the networks section has it.
        matrix = wide and len(self.look.nodes) <= CROWD
        probe = self.desk.probe
        rows = probe.rows() if probe is not None else []
        shown: dict[str, Pane] = {
            "topology": topology_pane(self.look, width) if matrix else Pane(),
            "nodes": nodes_pane(self.look, width),
            "groups": groups_pane(self.look, width),
            "problems": Pane() if wide else panes.problems_pane(problems, width),
            "clients": panes.clients_pane(rows, width) if rows else Pane(),
        }
        wanted = [(min(pane.height, len(pane.head) + 3), pane.height) for pane in shown.values()]
        *heights, _ = share(room, [*wanted, (EVENTS_LEAST, 4)])
        left = room - sum(heights)
        shown["events"] = panes.events_pane(self.look, width, left - 1)
        heights.append(left if left >= EVENTS_LEAST else 0)
        for (name, pane), height in zip(shown.items(), heights, strict=True):
            self._show(name, pane, height)

    def _paint_right(self, problems: tuple[Problem, ...]) -> None:
        room = self.query_one("#panes").size.height
        shown = {
            "problems-right": panes.problems_pane(problems, RIGHT),
            "selected": side.selected_pane(self.look, self._cursor(), RIGHT),
            "pending": side.pending_pane(self.look, RIGHT),
            "changes": side.changes_pane(self.look, RIGHT),
        }
        wanted = [(min(pane.height, 3), pane.height + 1) for pane in shown.values()]
        heights = share(room, wanted)
        for (name, pane), height in zip(shown.items(), heights, strict=True):
            self._show(name, pane, height)

    def _show(self, name: str, pane: Pane, height: int) -> None:
        widget = self.query_one(f"#{name}", Lines)
        height = max(0, height) if pane.height else 0
        if widget.styles.height is None or widget.styles.height.value != height:
            widget.styles.height = height
            widget.display = height > 0
        if isinstance(widget, LiveTable):
            above = widget.scroll_offset.y
            pane = fitted(pane, height, widget.size.width, above) if height else pane
            widget.show_rows(pane.rows, pane.head)
        else:
            widget.show_lines([row.line for row in pane.rows], pane.head)

    def _cursor(self) -> str:
        table = self.focused
        return table.cursor if isinstance(table, LiveTable) else ""

    def select(self, key: str) -> None:
        """Put the cursor on the object `key`."""
        table = self.query_one("#groups" if key.startswith("group") else "#nodes", LiveTable)
        table.focus()
        table.select(key)

    def action_back(self) -> None:
        """There is nothing behind the dashboard."""

    def action_freeze(self) -> None:
        """Hold the screen still, or let it go on."""
        self._frozen = self.session.view.events if self._frozen is None else None
        self.repaint()

    def _say_frozen(self, held: tuple[EventLine, ...]) -> None:
        waiting = waiting_text(held, self.session.view.events)
        word = "event" if waiting == "1" else "events"
        text = f" FROZEN  what you see is old; {waiting} {word} waiting; f lets it go on"
        self.query_one("#verdict", Lines).show_lines([line(put(text, 0, "warn"))])

    def action_why(self) -> None:
        """Tell why the group under the cursor is where it is."""
        kind, _, name = self._cursor().partition(":")
        if kind == "group":
            show_why(self, name)
        else:
            self.desk.tell("put the cursor on a group first")

    def action_open(self) -> None:
        """Open what the cursor is on."""
        if isinstance(self.focused, LiveTable):
            self.focused.action_open()

    @on(LiveTable.Moved)
    def _moved(self, event: LiveTable.Moved) -> None:
        # Tables beside the one with the keys move by themselves, as with each new event.
        if event.table is self.focused:
            self.repaint()

    @on(LiveTable.Scrolled)
    def _scrolled(self) -> None:
        self.repaint()

    @on(LiveTable.Opened)
    def _opened(self, event: LiveTable.Opened) -> None:
        key = event.key.partition("#")[0]
        kind = key.partition(":")[0]
        section = {"node": "nodes", "group": "groups", "run": "dare", "event": "events"}.get(kind)
        if section:
            self.desk.open_section(section, key)
