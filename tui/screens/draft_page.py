"""How the draft section looks: what would change, whom it hits, and the text beside it."""

from collections.abc import Iterable

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from tui.screens.base import SectionScreen
from tui.screens.forms import Bench, bench_of
from tui.viewmodels import draft_page as page
from tui.viewmodels.ages import Moment
from tui.viewmodels.draft_review import text_diff
from tui.viewmodels.draft_title import standing_of, title_lines
from tui.viewmodels.spans import Row, put, rule
from tui.viewmodels.store import View
from tui.widgets.lines import Lines
from tui.widgets.live_table import LiveTable

WIDE = 120
VIEWS = ("changes", "difference", "active")
"""What `t` shows one after the other; where there is room the text is beside the changes."""


class ChangeTable(LiveTable):
    """A table of this section, in which `g` is the section's own key."""

    BINDINGS = [("g", "screen.run_dare", "run the DARE")]


class DraftPage(SectionScreen):
    """The section as it is seen; what its keys do stands in `draft`."""

    scope = ""
    DEFAULT_CSS = """
    DraftPage #draft-title { height: auto; }
    DraftPage #sides { height: 1fr; }
    DraftPage #changes { height: 1fr; }
    DraftPage #effects { height: auto; max-height: 45%; }
    DraftPage #diff { height: 1fr; display: none; }
    DraftPage.-wide #diff { display: block; width: 45%; border-left: solid $panel; }
    DraftPage.-diff.-narrow #lists { display: none; }
    DraftPage.-diff.-narrow #diff { display: block; width: 100%; border-left: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[object, ...] = ()
        self._seen = VIEWS[0]

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

    @property
    def unfit(self) -> frozenset[str]:
        """Return what would do nothing with this draft."""
        bench = self.bench
        names = [] if bench.stale else ["merge"]
        names += ["open"] if bench.read_only else []
        names += [] if bench.draft.differs else ["drop"]
        may_run = bench.draft.differs and not bench.stale and not bench.review.errors
        names += [] if may_run else ["run_dare", "rehearse", "run_on_probation"]
        names += [] if bench.draft.differs or bench.stale else ["start_again"]
        names += [] if bench.draft.past else ["undo"]
        names += [] if bench.draft.future else ["redo"]
        return frozenset(names)

    def _changed(self, _bench: Bench) -> None:
        if self.is_current:
            self.repaint()

    def paint(self, view: View, now: Moment) -> None:
        """Show the draft; what has not changed since the last paint is left alone."""
        del view, now
        bench = self.bench
        shown = (
            bench.draft, bench.review, standing_of(bench), bench.active.text, self._seen,
            self.size, bench.read_only,
        )  # fmt: skip
        if shown == self._shown:
            return
        self._shown = shown
        self._paint_title(bench)
        self._paint_lists(bench)
        self._paint_text(bench)

    def _paint_title(self, bench: Bench) -> None:
        self.query_one("#draft-title", Lines).show_lines(
            title_lines(bench.draft, bench.review, self.size.width, standing_of(bench))
        )

    def _paint_lists(self, bench: Bench) -> None:
        review = bench.review
        changes = self.query_one("#changes", LiveTable)
        width = self._width_of(changes)
        rows = page.change_rows(review.changes, width)
        if not rows:
            texts = text_diff(bench.draft.base, bench.draft.text)
            rows = [
                Row("", one) for one in page.nothing_lines(review, texts, read_only=bench.read_only)
            ]
        changes.show_rows(rows, [rule((put("Changes", 0, "head"),), width)])
        effects = self.query_one("#effects", LiveTable)
        lines = page.consequence_lines(review, width)
        effects.show_rows(
            [Row(str(number), one) for number, one in enumerate(lines)],
            [page.effects_heading(review, width)],
        )

    def _paint_text(self, bench: Bench) -> None:
        table = self.query_one("#diff", LiveTable)
        width = self._width_of(table)
        if self._seen == "active":
            lines = page.text_lines(bench.active.text)
        else:
            texts = text_diff(bench.draft.base, bench.draft.text) or ("the texts are the same",)
            lines = page.diff_lines(texts)
        head = page.text_heading(self._seen, bench.active.epoch, bench.draft.base_epoch, width)
        table.show_rows([Row(str(number), one) for number, one in enumerate(lines)], [head])

    def _width_of(self, widget: Widget) -> int:
        return widget.size.width or self.size.width
