"""How a form looks: the fields of an object, its findings, what is inside it, and its TOML.

Built anew from the draft after every change, and compared with what is shown: only what differs is
painted, and a field in which the person is typing is left alone. What keys do stands in `form`.
"""

from collections.abc import Iterable
from dataclasses import replace

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.geometry import Region
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from nodeagent.model.reports import Report
from tui.screens.forms.bench import Bench, bench_of
from tui.screens.forms.inventories import Inventories, inventories_of
from tui.viewmodels import draft_data as raw
from tui.viewmodels.form import Field, Form, build
from tui.viewmodels.form_edit import Editing
from tui.viewmodels.form_inventory import nodes_for
from tui.viewmodels.form_offer import names_offered
from tui.viewmodels.form_page import (
    CHILD_TITLES,
    child_keys,
    child_line,
    form_keys,
    help_lines,
    legend_line,
    object_lines,
    title_line,
    toml_lines,
)
from tui.viewmodels.form_parameters import agent_of
from tui.viewmodels.form_shape import FieldPlace, by_place, places
from tui.viewmodels.form_text import UnreadableError, read, shown
from tui.viewmodels.spans import Row, put, rule
from tui.viewmodels.store import View
from tui.widgets.form_field import FieldRow
from tui.widgets.lines import Lines
from tui.widgets.live_table import LiveTable
from tui.widgets.message import MessageLine

Path = tuple[str, ...]
WIDE = 110
WRITE_S = 0.05


class ChildList(LiveTable):
    """The objects inside the one edited, in their order."""

    BINDINGS = [Binding("enter", "open", "edit", show=False)]
    DEFAULT_CSS = "ChildList { height: auto; }"

    def action_move(self, by: int) -> None:
        """Move the cursor; upwards from the first row leads back to the fields."""
        if by < 0 and (not self.keys or self.cursor == self.keys[0]):
            self.screen.focus_previous()
            return
        super().action_move(by)

    def on_focus(self) -> None:
        """Come into sight with the cursor, also where there is no row yet."""
        self.call_after_refresh(self._reveal)

    def reveal(self) -> None:
        """Keep the cursor in sight, after rows came or went while the form was not seen."""
        self._reveal()

    def _reveal(self) -> None:
        """Keep the cursor in sight: the list is as long as its rows, so the form scrolls."""
        if self.has_focus and isinstance(self.parent, Widget):
            left, top, width, _ = self.virtual_region
            row = Region(left, top + max(0, self._index), width, 1)
            self.parent.scroll_to_region(row, animate=False)


class Fields(VerticalScroll, inherit_bindings=False):
    """The fields, which scroll with the cursor: its keys lead from one to the next."""


class FormPage(Screen[None]):
    """The page of the object at `path`; `extra` objects are filled on the same page.

    `fresh` is the draft's text just after the object was added: left like that, it is taken out
    again. `focus` is the dotted key of the field to begin with.
    """

    DEFAULT_CSS = """
    FormPage { layout: vertical; }
    FormPage #title, FormPage #legend { height: 1; }
    FormPage #title { background: $panel; }
    FormPage #page { height: 1fr; }
    FormPage #side { width: 1fr; height: 1fr; }
    FormPage #fields { height: 1fr; scrollbar-size-vertical: 1; }
    FormPage .section { height: 1; }
    FormPage #help { height: 2; }
    FormPage #toml { height: 6; }
    FormPage #keys { height: 2; background: $panel; }
    FormPage.-wide #side { width: 64%; }
    FormPage.-wide #toml { width: 36%; height: 1fr; border-left: solid $panel; }
    FormPage.-flat #toml { display: none; }
    FormPage.-turned #toml { display: block; height: 60%; }
    FormPage.-wide.-turned #toml { display: none; }
    FormPage.-wide.-turned #side { width: 100%; }
    """

    def __init__(
        self, path: Path, *, extra: Iterable[Path] = (), fresh: str = "", focus: str = ""
    ) -> None:
        super().__init__()
        self._editing = Editing(path, tuple(extra))
        self._fresh = fresh
        self._focus_key = focus
        self._form: Form | None = None
        self._rows: list[FieldRow] = []
        self._heads: list[Lines] = []
        self._local: dict[FieldRow, Report] = {}
        self._typed: dict[FieldRow, str] = {}
        self._soon = Timer(self, WRITE_S, repeat=0)
        self._leaving = False
        self._missed = False
        self._cursor_was: FieldRow | None = None
        """Where the cursor was when nothing could be typed any more."""

    @property
    def bench(self) -> Bench:
        """Return the bench with the draft."""
        return bench_of(self.app)

    @property
    def place_item(self) -> str:
        """Return what is edited here, as other consoles are told it."""
        return " ".join(self._editing.path[:2])

    @property
    def inventories(self) -> Inventories:
        """Return what the nodes reported."""
        return inventories_of(self.app)

    # --- layout ---------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Lay out the fields of the object as it stands in the draft."""
        form = self._form = self._built()
        yield Lines(id="title")
        yield Lines(id="legend")
        with Horizontal(id="page"):
            with Vertical(id="side"):
                with Fields(id="fields", can_focus=False):
                    if form is not None:
                        yield Lines(id="object")
                        yield from self._wanted(form)
                        if form.child_kind:
                            yield Lines(id="children-head")
                            yield ChildList(id="children")
                yield Lines(id="help")
            yield Lines(id="toml")
        yield MessageLine(id="message")
        yield Lines(id="keys")

    def _wanted(self, form: Form) -> list[Widget]:
        """Return headings and fields in their order; those that are there already stay the same."""
        there = {row.place: row for row in self._rows}
        heads, self._heads, self._rows = self._heads, [], []
        data = raw.data_of(self.bench.draft.text)
        found: list[Widget] = []
        wanted = iter(places(form))
        for section in form.sections:
            if len(form.sections) > 1:
                self._heads.append(heads.pop(0) if heads else Lines(classes="section"))
                found.append(self._heads[-1])
            for field in section.fields:
                place = next(wanted)
                self._rows.append(there.get(place) or self._new_row(field, place, data))
                found.append(self._rows[-1])
        return found

    def _new_row(self, field: Field, place: FieldPlace, data: raw.Data | None) -> FieldRow:
        words = names_offered(data, field.spec) if field.spec.refers_to else ()
        return FieldRow(field, place, words, disabled=self.bench.read_only)

    def on_mount(self) -> None:
        """Follow the draft, and begin at the field asked for."""
        self.bench.changed.subscribe(self, self._refresh)
        self.inventories.changed.subscribe(self, self._heard)
        self.call_after_refresh(self._begin)

    def on_resize(self) -> None:
        """Put the TOML beside the fields where there is room, below them otherwise."""
        wide = self.size.width >= WIDE
        self.set_class(wide, "-wide")
        self.set_class(not wide and self.size.height < 20, "-flat")
        page = self.query_one("#page")
        page.styles.layout = "horizontal" if wide else "vertical"
        self.call_after_refresh(self._paint)

    def _begin(self) -> None:
        if self._form is None:
            self._gone()
            return
        self._refresh()
        fields = self._form.fields
        wanted = [row for row in self._rows if self._field_of(row).key == self._focus_key]
        if wanted:
            wanted[0].enter()
        elif self.focused is None and fields:
            self._rows[0].enter()

    # --- the draft moved ------------------------------------------------------------------------

    def _built(self) -> Form | None:
        bench = self.bench
        data = raw.data_of(bench.draft.text)
        path = self._editing.found(data)
        if path is None:
            return None
        reports = bench.review.reports if bench.judged else self._last_reports()
        active = bench.active.text
        known = self.inventories.known
        return build(
            bench.draft.text, active, path, reports, extra=self._editing.extra, known=known
        )

    def _ask_nodes(self) -> None:
        """Have the nodes asked on which the object will be, where they know what could be here.

        What is inside of the object is likely to be opened next, so its answers are on the way.
        """
        form = self._form
        if form is None:
            return
        data = raw.data_of(self.bench.draft.text)
        agents = {agent for path in form.paths if (agent := agent_of(data, path))}
        if agents or form.listed:
            nodes = nodes_for(data, form.path)
            self.inventories.want(nodes)
            for agent in sorted(agents):
                self.inventories.want_agent(agent, nodes)

    def _heard(self, _inventories: Inventories) -> None:
        self._refresh()

    def _last_reports(self) -> tuple[Report, ...]:
        """Return the verdict on the text before this one: better than a flicker to no verdict."""
        return self.bench.review.reports

    def _refresh(self, _bench: Bench | None = None, *, force: bool = False) -> None:
        form, before = self._built(), self._form
        if form is None or before is None:
            self._gone()
            return
        self._form = form
        self._bar()
        self._ask_nodes()
        self._lay_out(form)
        fields, old = by_place(form), by_place(before)
        for row in self._rows:
            field = fields.get(row.place)
            if field is None:  # it is left for as long as the cursor is in it
                row.show(replace(row.field, text="", reports=()), self._local.get(row))
                continue
            # While the person types, the field may be ahead of the draft: it is left alone
            # unless the draft was changed by something else.
            was = old.get(row.place, field)
            moved = force or not row.has_cursor or field.text != was.text
            own = row in self._local or row in self._typed
            if moved and not own and not self._means_the_same(row, field):
                row.put_text(field.text)
            row.show(field, self._local.get(row))
        self._paint()

    def _bar(self) -> None:
        """Let nothing be typed where nothing may be, and give the cursor back once it may again."""
        locked = self.bench.read_only
        if locked:
            self._cursor_was = self._focused_row() or self._cursor_was
        for row in self._rows:
            row.bar(locked=locked)
        if not locked and self._cursor_was is not None:
            row, self._cursor_was = self._cursor_was, None
            if self.focused is None and row.is_attached:
                row.enter()

    def _lay_out(self, form: Form) -> None:
        """Put fields in and take fields out where the form has others now.

        All others stay as they are, with their cursor and what is being typed. The field with the
        cursor stays even if the form has it no more, until it is left: keys typed into it must not
        go elsewhere.
        """
        wanted = places(form)
        here = self._focused_row()
        if wanted == tuple(row.place for row in self._rows) or (here and here.place not in wanted):
            return
        before: set[Widget] = {*self._rows, *self._heads}
        fields = self.query_one("#fields")
        last: Widget = self.query_one("#object")
        with self.app.batch_update():
            for widget in self._wanted(form):
                if widget in before:
                    fields.move_child(widget, after=last)
                else:
                    fields.mount(widget, after=last)
                last = widget
            for widget in before.difference(self._rows, self._heads):
                widget.remove()
        self._local = {row: one for row, one in self._local.items() if row in self._rows}
        self._typed = {row: text for row, text in self._typed.items() if row in self._rows}

    def _means_the_same(self, row: FieldRow, field: Field) -> bool:
        """Return whether what stands in the field is what the draft has, written differently.

        A field that was emptied to type something else stays empty until it is left.
        """
        text = row.text
        if text == field.text or (field.inherited and not text and row.has_cursor):
            return True
        try:
            return shown(field.spec.kind, read(field.spec.kind, text)) == field.text
        except UnreadableError:
            return False

    def _gone(self) -> None:
        """Leave, for there is nothing to edit; under a dialog or another section, once seen again.

        Only the screen on top can be taken away.
        """
        if not self.is_active:
            self._missed = True
        elif not self._leaving:
            self._leaving = True
            self.notify("the object is not in the draft any more", markup=False)
            self.dismiss()

    def on_screen_resume(self) -> None:
        """Show the draft as it is now: it, or the screen's size, may have changed meanwhile."""
        self.call_after_refresh(self._refresh if self._missed else self._paint)
        self._missed = False
        for children in self.query(ChildList).results():
            children.call_after_refresh(children.reveal)

    # --- painting -------------------------------------------------------------------------------

    def _paint(self) -> None:
        form, bench = self._form, self.bench
        if form is None or not self.is_attached:
            return
        width = self.size.width
        view = self.session_view
        self.query_one("#title", Lines).show_lines([
            title_line(
                form, bench.review, width, cluster=view.cluster_name, epoch=view.epoch,
                saved=bench.saved, locked=bench.read_only, beside=bench.beside(self.place_item),
                base=bench.draft.base_epoch if bench.stale else 0,
            )
        ])  # fmt: skip
        self.query_one("#legend", Lines).show_lines([legend_line(form, width)])
        toml = self.query_one("#toml", Lines)
        toml.show_lines(toml_lines(form, toml.size.width or width))
        self.query_one("#object", Lines).show_lines(object_lines(form, width))
        self.query_one("#keys", Lines).show_lines(form_keys(form, width, locked=bench.read_only))
        self._paint_sections(form)
        self._paint_children(form)
        self._paint_help()

    @property
    def session_view(self) -> View:
        """Return what the session knows."""
        return self.bench.session.view

    @property
    def _side(self) -> int:
        """Return how wide the fields are beside their scroll bar, which may yet come."""
        return (self.query_one("#side").size.width or self.size.width) - 1

    def _paint_sections(self, form: Form) -> None:
        side = self._side
        for head, section in zip(self._heads, form.sections, strict=False):
            head.show_lines([rule((put(section.title, 0, "head"),), side)])

    def _paint_children(self, form: Form) -> None:
        if not form.child_kind:
            return
        side = self._side
        head = rule((put(CHILD_TITLES[form.path[0]], 0, "head"),), side)
        foot = child_keys(form, locked=self.bench.read_only)
        self.query_one("#children-head", Lines).show_lines([head, foot])
        self.query_one("#children", ChildList).show_rows(
            [Row(child.name, child_line(child, side)) for child in form.children]
        )

    def _paint_help(self) -> None:
        side = self.query_one("#side").size.width or self.size.width
        row = self._focused_row()
        report = None
        if row is not None:
            report = self._local.get(row) or row.field.worst
        lines = help_lines(row.field if row else None, report, side, form=self._form)
        self.query_one("#help", Lines).show_lines(lines)

    # --- small helps ----------------------------------------------------------------------------

    def _field_of(self, row: FieldRow) -> Field:
        """Return what the row shows as it is in the form now."""
        return by_place(self._form).get(row.place, row.field) if self._form else row.field

    def _focused_row(self) -> FieldRow | None:
        widget = self.focused
        while widget is not None and not isinstance(widget, FieldRow):
            widget = widget.parent  # type: ignore[assignment]
        return widget
