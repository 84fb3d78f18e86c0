"""The draft and a newer active configuration in one: what came from whom, and what is to decide.

Everything by keys. Until ^S the draft is as it was; afterwards it stands on the new configuration,
and one undo away from the old text.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen

from nodeagent.config.merge import Conflict, Side
from tui.screens.forms.bench import Bench, bench_of
from tui.viewmodels import merge_page as page
from tui.viewmodels.draft import carried_over
from tui.viewmodels.form_page import keys_line
from tui.viewmodels.spans import put, rule
from tui.widgets.lines import Lines
from tui.widgets.live_table import LiveTable
from tui.widgets.message import MessageLine

KEYS = (
    ("m", "take mine"),
    ("t", "take theirs"),
    ("Enter", "the other"),
    ("^S", "take result"),
    ("F3", "leave it"),
)
HELP = (
    ("m", "take mine", "Decide the conflict under the cursor for what the draft says"),
    ("t", "take theirs", "Decide it for what the active configuration says"),
    ("Enter", "the other", "Decide it for the other side"),
    ("^S", "take result", "Make the result the draft, once every conflict is decided"),
    ("Esc F3", "leave it", "Back to the draft as it is"),
)


class MergeScreen(Screen[None]):
    """Decide the conflicts, then take the result as the draft."""

    BINDINGS = [
        Binding("escape,f3", "leave", "leave it"),
        Binding("m", "choose('mine')", "take mine"),
        Binding("t", "choose('theirs')", "take theirs"),
        Binding("enter", "other", "the other one"),
        Binding("ctrl+s", "take", "take the result"),
    ]
    DEFAULT_CSS = """
    MergeScreen { layout: vertical; }
    MergeScreen #title { height: 2; background: $panel; }
    MergeScreen #rows { height: 1fr; }
    MergeScreen #keys { height: 1; background: $panel; }
    """

    help_keys = HELP
    place_item = "a merge"
    """What is edited here, as other consoles are told it."""

    def __init__(self) -> None:
        super().__init__()
        self._outcome: page.Outcome | None = None
        self._choices: dict[str, Side] = {}
        self._left = False

    @property
    def bench(self) -> Bench:
        """Return the bench with the draft."""
        return bench_of(self.app)

    def compose(self) -> ComposeResult:
        """Lay out the title over what is merged."""
        yield Lines(id="title")
        yield LiveTable(id="rows")
        yield MessageLine(id="message")
        yield Lines(id="keys")

    def on_mount(self) -> None:
        """Work the merge out, and again when anything moves on."""
        self.bench.changed.subscribe(self, self._again)
        self.query_one("#keys", Lines).show_lines([keys_line(KEYS)])
        self.query_one("#rows").focus()
        self._again()

    def on_resize(self) -> None:
        """Cut the lines anew."""
        self._paint()

    def _again(self, _bench: Bench | None = None) -> None:
        case = self._case()
        if self._outcome is None or self._outcome.case != case:
            work: Callable[[], Any] = partial(self._work_out, case)
            self.run_worker(work, group="merge", exclusive=True, exit_on_error=False)

    def _case(self) -> page.Case:
        bench = self.bench
        active = bench.active
        choices = tuple(self._choices.items())
        since = page.authors_since(bench.session.view.all_runs, bench.draft.base_epoch)
        return page.Case(bench.draft, active.text, active.epoch, since, choices)

    async def _work_out(self, case: page.Case) -> None:
        self._outcome = await asyncio.to_thread(page.worked_out, case)
        self._paint()

    def _paint(self) -> None:
        width = self.size.width
        title, table = self.query_one("#title", Lines), self.query_one("#rows", LiveTable)
        if self._outcome is None:
            title.show_lines([rule((put("working it out", 0, "dim"),), width)])
            return
        title.show_lines(page.title_lines(self._outcome, width))
        table.show_rows(page.rows(self._outcome, width))

    # --- keys -----------------------------------------------------------------------------------

    @on(LiveTable.Opened)
    def action_other(self) -> None:
        """Take the other side of the conflict under the cursor."""
        conflict = self._conflict()
        if conflict is not None:
            self.action_choose("theirs" if conflict.choice == "mine" else "mine")

    def action_choose(self, side: Side) -> None:
        """Decide the conflict under the cursor."""
        conflict = self._conflict()
        if conflict is None:
            return
        self._choices[conflict.id] = side
        self._again()

    def _conflict(self) -> Conflict | None:
        if self._outcome is None:
            return None
        cursor = self.query_one("#rows", LiveTable).cursor
        return next((one for one in self._outcome.merged.conflicts if one.id == cursor), None)

    def action_take(self) -> None:
        """Make the result the draft, once everything is decided."""
        outcome = self._outcome
        if outcome is None or outcome.case != self._case():
            self.notify("one moment: it is being worked out", markup=False)
        elif outcome.trouble:
            self.notify("mend the text first (F7), or start again (r)", markup=False)
        elif outcome.undecided:
            self._to_next()
        else:
            case = outcome.case
            text = page.result(outcome)
            self.bench.edit(carried_over(case.draft, text, case.theirs, case.epoch))
            self.action_leave()

    def _to_next(self) -> None:
        assert self._outcome is not None
        first = self._outcome.merged.undecided[0]
        self.query_one("#rows", LiveTable).select(first.id)
        self.notify("this one is still to be decided: m or t", markup=False)

    def action_leave(self) -> None:
        """Leave; without ^S nothing was changed."""
        if not self._left:
            self._left = True
            self.dismiss()
