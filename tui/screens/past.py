"""The past section: what was decided, who wanted it, what it changed, and the way back.

The ledger is asked for when the section is opened and when something new was decided; texts of old
epochs are fetched when the cursor comes to them. What got no answer is asked for again, but not at
each paint: the ledger after a while, a text when the cursor comes back. What is taken back goes
into the draft: nothing here asks the cluster for a change.
"""

from collections.abc import Iterable
from functools import partial

from textual import on
from textual.widget import Widget

from nodeagent.config.edit import EditError
from nodeagent.config.revert import revert
from nodeagent.model.plan import Change
from nodeagent.wire.console import ConfigurationFile, GetConfiguration, Refused
from nodeagent.wire.ledger import GetLedger, Ledger, LedgerEntry
from tui.screens.base import SectionScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.forms.bench import bench_of
from tui.screens.menu import MenuScreen
from tui.viewmodels import draft_data as raw
from tui.viewmodels import past_page as page
from tui.viewmodels.ages import Moment
from tui.viewmodels.changes import change_line
from tui.viewmodels.form_page import count_text
from tui.viewmodels.spans import Row, line, put
from tui.viewmodels.store import View
from tui.widgets.live_table import LiveTable

LIMIT = 100
ALL = "all"
AGAIN_S = 5.0
"""So long after a failure the ledger is asked for again."""


class PastScreen(SectionScreen):
    """Section 9."""

    scope = "past"
    DEFAULT_CSS = """
    PastScreen #list { height: 1fr; }
    PastScreen #page { height: 1fr; border-top: solid $primary-muted; }
    PastScreen.-page #list { height: 4; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[LedgerEntry, ...] = ()
        self._more = False
        self._everything = False
        self._asked: tuple[object, ...] = ()
        self._failed: tuple[object, ...] = ()
        self._again_at = 0.0
        self._texts: page.Texts = {}
        self._wanted: set[str] = set()
        self._refused: dict[str, str] = {}
        self._refused_at: tuple[str, str] = ("", "")

    def body(self) -> Iterable[Widget]:
        """Yield the list and the entry under the cursor."""
        yield LiveTable(id="list")
        yield LiveTable(id="page")

    def on_mount(self) -> None:
        """Start on the list."""
        self.table.focus()

    @property
    def table(self) -> LiveTable:
        """Return the list."""
        return self.query_one("#list", LiveTable)

    @property
    def entry(self) -> LedgerEntry | None:
        """Return the entry under the cursor."""
        cursor = self.table.cursor
        return next((one for one in self._entries if page.key_of(one) == cursor), None)

    def paint(self, view: View, now: Moment) -> None:
        """Show the list and the entry; ask for what is new."""
        slot = view.cluster.value.slot if view.cluster else -1
        asked = (slot, view.connection.agent, self._everything)
        rests = asked == self._failed and now.mono < self._again_at
        if asked != self._asked and slot >= 0 and not rests:
            self._asked = asked
            self.desk.guarded(partial(self._load, asked), "ledger")
        pane = page.past_pane(
            self._entries, now, self.size.width, everything=self._everything, more=self._more
        )
        self.table.show_rows(pane.rows, pane.head)
        self._show_entry()

    def _show_entry(self) -> None:
        entry = self.entry
        if entry is None:
            return
        self._forget_refusals()
        before = page.before_of(self._entries, entry)
        changes = self._changes(entry)
        files = (one.file for one in (entry, before) if one is not None)
        why = next((self._refused[file] for file in files if file in self._refused), "")
        lines = page.entry_page(entry, before, changes, self.size.width, why)
        self.query_one("#page", LiveTable).show_rows([Row("", one) for one in lines])

    def _forget_refusals(self) -> None:
        """Ask anew for what was refused once another agent answers, or the cursor has moved."""
        place = (self.session.view.connection.agent, self.table.cursor)
        if place != self._refused_at:
            self._refused_at = place
            self._refused.clear()

    def _changes(self, entry: LedgerEntry | None) -> tuple[Change, ...] | None:
        """Return what an entry changed, None while its texts are on their way."""
        before = page.before_of(self._entries, entry) if entry is not None else None
        if entry is None or before is None or entry.file == before.file:
            return ()
        missing = [one.file for one in (entry, before) if one.file not in self._texts]
        for file in missing:
            if file not in self._wanted and file not in self._refused:
                self._wanted.add(file)
                self.desk.guarded(partial(self._fetch, file, show=False), "epoch")
        if missing:
            return None
        return page.changes_between(self._texts[before.file], self._texts[entry.file])

    async def _load(self, asked: tuple[object, ...]) -> None:
        request = GetLedger(limit=LIMIT, changes=not self._everything)
        answer = await self.session.ask(request, show=asked != self._failed)
        if isinstance(answer, Ledger):
            self._failed = ()
            self._entries, self._more = answer.entries, answer.more
            self.repaint()
        elif asked == self._asked:
            self._asked, self._failed = (), asked
            self._again_at = self.session.now.mono + AGAIN_S

    async def _fetch(self, file: str, *, show: bool) -> None:
        """Fetch a text; `show` tells a refusal, which somebody asked for, where all see it."""
        answer = await self.session.ask(GetConfiguration(file), show=show)
        self._wanted.discard(file)
        if isinstance(answer, ConfigurationFile):
            self._texts[file] = answer.text
        else:
            self._refused[file] = answer.text if isinstance(answer, Refused) else "no answer"
        self.repaint()

    @property
    def unfit(self) -> frozenset[str]:
        """Return what would do nothing with the entry under the cursor."""
        entry = self.entry
        alone = frozenset[str]() if page.compared(self._entries, entry) else {"compare"}
        if entry is None or entry.kind != "change":
            return frozenset({"take_back", "roll_back", *alone})
        return frozenset(alone if self._changes(entry) else {"take_back", *alone})

    def action_open(self) -> None:
        """Give the entry more room, and the keys."""
        self.add_class("-page")
        self.query_one("#page", LiveTable).focus()

    def action_back(self) -> None:
        """From the entry to the list, from the list to the dashboard."""
        if self.has_class("-page"):
            self.remove_class("-page")
            self.table.focus()
        else:
            super().action_back()

    def action_everything(self) -> None:
        """Show views, too, or only changes again."""
        self._everything = not self._everything
        self.repaint()

    def action_take_back(self) -> None:
        """Ask which change of the epoch is taken back, and put that into the draft."""
        entry = self.entry
        changes = self._changes(entry)
        if entry is None or not changes or self._locked():
            return
        rows = [Row(ALL, line("  ", put(f"all that epoch {entry.epoch} changed", 0, "strong")))]
        rows += [
            Row(str(index), line("  ", put(change_line(one)))) for index, one in enumerate(changes)
        ]
        hint = "It goes into the draft; what came later stays. Esc leaves."
        self.app.push_screen(
            MenuScreen(f"Take back of epoch {entry.epoch}", rows, hint),
            partial(self._take_back, entry, changes),
        )

    def _take_back(self, entry: LedgerEntry, changes: tuple[Change, ...], key: str | None) -> None:
        before = page.before_of(self._entries, entry)
        if key is None or before is None:
            return
        bench = bench_of(self.app)
        old, new = self._texts[before.file], self._texts[entry.file]
        try:
            path = () if key == ALL else _path_of(changes[int(key)], old, new)
            merged = revert(old.encode(), new.encode(), bench.draft.text.encode(), path)
        except EditError as error:
            self.desk.tell(str(error), title="Not taken back", severity="error")
            return
        if merged.undecided:
            names = ", ".join(f"{one.object} {one.key}".rstrip() for one in merged.undecided)
            text = f"changed again since: {names}; edit it in the draft"
            self.desk.tell(text, title="Not taken back", severity="error")
            return
        bench.edit(bench.draft.typed(merged.text.decode()))
        self.desk.open_section("draft")

    def action_roll_back(self) -> None:
        """Put the whole configuration of the epoch into the draft."""
        entry = self.entry
        if entry is None or entry.kind != "change" or self._locked():
            return
        self.desk.guarded(partial(self._go_back, entry), "epoch")

    async def _go_back(self, entry: LedgerEntry) -> None:
        if entry.file not in self._texts:
            await self._fetch(entry.file, show=True)
        text = self._texts.get(entry.file)
        if (
            text is None or self.app.screen is not self
        ):  # refused, which was told; or left meanwhile
            return
        bench = bench_of(self.app)
        if text == bench.draft.text:
            what = "what the draft has" if bench.draft.differs else "what is in force"
            self.desk.tell(f"epoch {entry.epoch} is {what}: nothing to go back to")
            return
        if not bench.draft.differs:
            self._put_into_draft(text)
            return
        lines = [
            f"The draft becomes the configuration of epoch {entry.epoch}.",
            f"{count_text(bench.review.count, 'change')} of this draft will be lost.",
            "Ctrl+Z in the section Draft brings them back.",
        ]
        dialog = ConfirmScreen("Give up the draft?", lines, yes="Go back")
        self.app.push_screen(dialog, lambda yes: self._put_into_draft(text) if yes else None)

    def _put_into_draft(self, text: str) -> None:
        bench = bench_of(self.app)
        bench.edit(bench.draft.typed(text))
        self.desk.open_section("draft")

    def _locked(self) -> bool:
        locked = self.session.locked
        if locked:
            self.desk.tell(locked, severity="warning")
        return bool(locked)

    def select(self, key: str) -> None:
        """Put the cursor on one entry."""
        self.table.select(key)

    @on(LiveTable.Moved, "#list")
    def _moved(self) -> None:
        self._show_entry()

    @on(LiveTable.Opened, "#list")
    def _opened(self) -> None:
        self.action_open()

    def action_compare(self) -> None:
        """Begin the command that compares two epochs; which ones can be changed there."""
        pair = page.compared(self._entries, self.entry)
        if pair is not None:
            self.desk.type_command("diff --from {} --to {}".format(*pair))

    def action_blame(self) -> None:
        """Begin the command that shows which epoch gave a field its value."""
        self.desk.type_command("blame ")

    def action_snapshot(self) -> None:
        """Begin the command that keeps what is in force in a file."""
        self.desk.type_command("export snapshot ")


def _path_of(change: Change, old: str, new: str) -> tuple[str, ...]:
    """Return the path of a change's object or key in the text that has it."""
    for text in (new, old):
        path, rest = raw.split(raw.data_of(text), change.object)
        if path and not rest:
            return (*path, change.key) if change.key else path
    raise EditError(f"there is no {change.object}")
