"""The draft section: what would change, what that does to each group, and the way to the DARE.

Everything here is about the draft on the bench; only `g`, through its dialog, asks the cluster
for anything.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from nodeagent.config.edit import EditError
from nodeagent.model.plan import Change
from nodeagent.wire.console import Apply, Done, Refused
from tui.screens.base import SectionScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.forms import Bench, bench_of, open_form, remove_object
from tui.screens.forms.as_text import RawScreen
from tui.screens.forms.pick import PickScreen
from tui.screens.forms.show import ShowScreen
from tui.viewmodels import draft_data as raw
from tui.viewmodels import draft_page as page
from tui.viewmodels.ages import Moment
from tui.viewmodels.draft import Draft
from tui.viewmodels.draft_revert import reverted
from tui.viewmodels.draft_review import Review, text_diff
from tui.viewmodels.form_offer import Offer
from tui.viewmodels.form_page import count_text
from tui.viewmodels.spans import Row, line, put, rule
from tui.viewmodels.store import View
from tui.widgets.lines import Lines
from tui.widgets.live_table import LiveTable

WIDE = 120
Path = tuple[str, ...]


class ChangeTable(LiveTable):
    """A table of this section, in which `g` is the section's own key."""

    BINDINGS = [("g", "screen.run_dare", "run the DARE")]


class DraftScreen(SectionScreen):
    """Section 5."""

    scope = "draft"
    DEFAULT_CSS = """
    DraftScreen #draft-title { height: auto; }
    DraftScreen #sides { height: 1fr; }
    DraftScreen #changes { height: 1fr; }
    DraftScreen #effects { height: auto; max-height: 45%; }
    DraftScreen #diff { height: 1fr; display: none; }
    DraftScreen.-wide #diff { display: block; width: 45%; border-left: solid $panel; }
    DraftScreen.-diff.-narrow #lists { display: none; }
    DraftScreen.-diff.-narrow #diff { display: block; width: 100%; border-left: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[object, ...] = ()

    @property
    def bench(self) -> Bench:
        """Return the bench with the draft."""
        return bench_of(self.app)

    def body(self) -> Iterable[Widget]:
        """Yield the title over the changes and groups, and the text beside or instead of them."""
        yield Lines(id="draft-title")
        with Horizontal(id="sides"):
            with Vertical(id="lists"):
                yield ChangeTable(id="changes")
                yield ChangeTable(id="effects")
            yield ChangeTable(id="diff")

    def on_mount(self) -> None:
        """Follow the draft."""
        self.bench.changed.subscribe(self, self._changed)
        self.query_one("#changes").focus()

    def on_resize(self) -> None:
        """Show the text beside the changes where there is room."""
        wide = self.size.width >= WIDE
        self.set_class(wide, "-wide")
        self.set_class(not wide, "-narrow")
        self._shown = ()

    # --- painting -------------------------------------------------------------------------------

    def _changed(self, _bench: Bench) -> None:
        if self.is_current:
            self.repaint()

    def paint(self, view: View, now: Moment) -> None:
        """Show the draft; what has not changed since the last paint is left alone."""
        del view, now
        bench = self.bench
        shown = (bench.draft, bench.review, bench.saved, bench.other_author, bench.stale, self.size)
        if shown == self._shown:
            return
        self._shown = shown
        self._paint_title(bench)
        self._paint_lists(bench.review)
        self._paint_diff(bench.draft)

    def _paint_title(self, bench: Bench) -> None:
        self.query_one("#draft-title", Lines).show_lines(
            page.title_lines(
                bench.draft,
                bench.review,
                self.size.width,
                saved=bench.saved,
                other=bench.other_author,
                stale=bench.active.epoch if bench.stale else 0,
            )
        )

    def _paint_lists(self, review: Review) -> None:
        changes = self.query_one("#changes", LiveTable)
        width = self._width_of(changes)
        rows = page.change_rows(review.changes, width)
        if not rows:
            rows = [Row("", one) for one in page.nothing_lines(review)]
        changes.show_rows(rows, [rule((put("Changes", 0, "head"),), width)])
        effects = self.query_one("#effects", LiveTable)
        lines = page.effect_lines(review.plan.effects, width)
        effects.show_rows(
            [Row(str(number), one) for number, one in enumerate(lines)],
            [page.effects_heading(review, width)],
        )

    def _paint_diff(self, draft: Draft) -> None:
        diff = self.query_one("#diff", LiveTable)
        head = rule((put("The draft as text, against the active one", 0, "head"),), self.size.width)
        texts = text_diff(draft.base, draft.text) or ("the texts are the same",)
        rows = [Row(str(number), one) for number, one in enumerate(page.diff_lines(texts))]
        diff.show_rows(rows, [head])

    def _width_of(self, widget: Widget) -> int:
        return widget.size.width or self.size.width

    # --- keys -----------------------------------------------------------------------------------

    def action_open(self) -> None:
        """Open the form at the change under the cursor."""
        change = self._change()
        if change is not None:
            self._open(change)

    @on(LiveTable.Opened, "#changes")
    def _opened(self, event: LiveTable.Opened) -> None:
        event.stop()
        self.action_open()

    def action_edit(self) -> None:
        """Choose any object of the draft and open its form."""
        self._choose("Edit", page.objects(self.bench.draft), self._edit)

    def action_add(self) -> None:
        """Choose what kind of object is added."""
        offers = [Offer(kind, text) for kind, text in page.ADDABLE.items()]
        if not self._locked():
            self.app.push_screen(PickScreen("Add", offers), self._add)

    def action_remove(self) -> None:
        """Choose any named object of the draft and remove it."""
        paths = [path for path in page.objects(self.bench.draft) if len(path) > 1]
        self._choose("Remove", paths, lambda path: remove_object(self.app, path))

    def _choose(self, title: str, paths: Sequence[Path], then: Callable[[Path], None]) -> None:
        by_key = {raw.dotted(path): path for path in paths}

        def chosen(key: str | None) -> None:
            if key is not None:
                then(by_key[key])

        offers = [Offer(key) for key in by_key]
        if offers and not self._locked():
            self.app.push_screen(PickScreen(title, offers), chosen)

    def _edit(self, path: Path) -> None:
        open_form(self.app, path)

    def _add(self, kind: str | None) -> None:
        if kind is not None:
            open_form(self.app, None, kind)

    def action_drop(self) -> None:
        """Take the change under the cursor back."""
        change = self._change()
        if change is None or self._locked():
            return
        try:
            self.bench.edit(reverted(self.bench.draft, change))
        except EditError as error:
            self.desk.tell(str(error), title="Not taken back", severity="error")

    def action_undo(self) -> None:
        """Take the last edit back."""
        self.bench.edit(self.bench.draft.undone())

    def action_redo(self) -> None:
        """Do what was undone again."""
        self.bench.edit(self.bench.draft.redone())

    def action_text(self) -> None:
        """Show the difference as text, or the changes again."""
        self.toggle_class("-diff")
        shown = "#diff" if self.has_class("-diff") else "#changes"
        self.query_one(shown).focus()
        self._shown = ()
        self.call_after_refresh(self.repaint)

    def action_as_text(self) -> None:
        """Edit the whole file as text."""
        self.app.push_screen(RawScreen())

    def action_start_again(self) -> None:
        """Ask, then give up the edits and begin from the configuration in operation."""
        bench = self.bench
        if self._locked() or not (bench.draft.differs or bench.stale):
            return
        lines = [
            f"The draft becomes the active configuration, epoch {bench.active.epoch}.",
            f"{count_text(bench.review.count, 'change')} of this draft will be lost.",
        ]
        screen = ConfirmScreen("Start the draft again?", lines, yes="Start again")
        self.app.push_screen(screen, lambda yes: bench.start_again() if yes else None)

    # --- the DARE -------------------------------------------------------------------------------

    def action_run_dare(self) -> None:
        """Show what the DARE would do and ask for it."""
        bench = self.bench
        reason = self._why_not(bench)
        if reason:
            self.desk.tell(reason, title="No DARE", severity="warning")
            return
        draft, review = bench.draft, bench.review
        lines = page.confirm_lines(review, text_diff(draft.base, draft.text))
        name = self.session.view.cluster_name
        screen = ConfirmScreen(
            f"Run the DARE on {name}?",
            lines,
            name if review.interrupted else "",
            yes="Run the DARE",
            note="Reason, kept in the history:",
        )

        def answered(yes: bool | None) -> None:  # noqa: FBT001 - as Textual calls it
            if yes:
                self.desk.guarded(lambda: self._apply(draft, screen.noted), "apply")

        self.app.push_screen(screen, answered)

    def _why_not(self, bench: Bench) -> str:
        """Return what forbids a DARE now, "" when nothing does."""
        if bench.read_only:
            return "this console was started read-only"
        if not bench.draft.differs:
            return "the draft is the active configuration: nothing to do"
        if bench.stale:
            return f"epoch {bench.active.epoch} is active; the draft is based on an older one (r)"
        if not bench.judged:
            return "the draft is being verified; try again in a moment"
        if bench.review.errors or bench.review.configuration is None:
            errors = count_text(len(bench.review.errors), "error")
            return f"verify has {errors} (6 Verify)"
        if self.session.view.running:
            return "another DARE is going on (7 DARE)"
        return ""

    async def _apply(self, draft: Draft, reason: str) -> None:
        request = Apply(draft.text, draft.base_digest, reason, self.bench.author)
        answer = await self.session.ask(request, show=False)
        if isinstance(answer, Refused):
            self._show_refusal(answer)
        elif isinstance(answer, Done):
            self.desk.open_section("dare")

    def _show_refusal(self, refused: Refused) -> None:
        width = min(100, self.size.width - 12)
        lines = [line(put(refused.text, 0, "bad")), line("")]
        lines += [row.line for row in page.report_rows(refused.reports, width, hints=True)]
        lines += [line(""), line("Nothing was changed.")]
        self.app.push_screen(ShowScreen(f"Refused: {refused.code}", lines))

    # --- small helps ----------------------------------------------------------------------------

    def _change(self) -> Change | None:
        cursor = self.query_one("#changes", LiveTable).cursor
        changes = self.bench.review.changes
        return next((one for one in changes if page.change_key(one) == cursor), None)

    def _open(self, change: Change) -> None:
        data = raw.data_of(self.bench.draft.text)
        path, _ = raw.split(data, change.object)
        if change.kind == "remove":
            self.desk.tell("it is not in the draft any more; u brings it back")
            return
        open_form(self.app, path, focus=raw.dotted((*path, change.key)))

    def _locked(self) -> bool:
        if self.bench.read_only:
            self.desk.tell("this console was started read-only", severity="warning")
        return self.bench.read_only

    def select(self, key: str) -> None:
        """Put the cursor on the change of an object, such as "group.web"."""
        rows: Any = self.query_one("#changes", LiveTable)
        for one in rows.keys:
            if one.split("|")[0] == key:
                rows.select(one)
                return
