"""What the keys of a form do.

What is typed goes into the draft's text at once. Nothing here knows what a group or a node is: the
fields come from the schema, the findings from verification, the offers from the draft itself.
"""

from textual import on
from textual.binding import Binding
from textual.events import DescendantFocus
from textual.widgets import Input

from tui.screens.forms.inventories import Inventories
from tui.screens.forms.page import WRITE_S, ChildList, FormPage
from tui.screens.forms.pick import OrderScreen, PickScreen
from tui.screens.show import ShowScreen
from tui.viewmodels import draft_data as raw
from tui.viewmodels.finding_page import finding_page
from tui.viewmodels.form_edit import reset, why_not_reset
from tui.viewmodels.form_inventory import nodes_for, silence
from tui.viewmodels.form_list import offers_with
from tui.viewmodels.form_offer import Offer, names_offered
from tui.viewmodels.form_page import field_page, toml_line
from tui.viewmodels.form_text import read, shown
from tui.viewmodels.spans import Line, line, put
from tui.widgets.form_choice import Choice
from tui.widgets.form_field import FieldRow
from tui.widgets.live_table import LiveTable

Path = tuple[str, ...]
WRITE_LARGE_S = 0.4
LARGE_TEXT = 40_000
"""Characters of a draft; writing into a larger one takes longer than a key may."""


class FormScreen(FormPage):
    """The form of one object, edited by keys."""

    BINDINGS = [
        Binding("escape,f3", "back", "back"),
        Binding("f1", "field_help", "help"),
        Binding("f4", "list", "list"),
        Binding("f5", "reset", "reset field"),
        Binding("f6", "command", "command"),
        Binding("f7", "as_text", "edit as text"),
        Binding("f8", "turn", "TOML"),
        Binding("ctrl+r", "fix", "fix"),
        Binding("ctrl+z", "undo", "undo"),
        Binding("ctrl+y", "redo", "redo"),
        Binding("ctrl+n", "add_child", "add"),
        Binding("ctrl+s", "leave", "done"),
        Binding("u", "undo", "undo", show=False),
        Binding("U", "redo", "redo", show=False),
        Binding("up", "app.focus_previous", "field before", show=False),
        Binding("down", "app.focus_next", "next field", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("a", "add_child", "add", show=False),
        Binding("x", "remove_child", "remove", show=False),
        Binding("K", "shift_child(-1)", "move up", show=False),
        Binding("J", "shift_child(1)", "move down", show=False),
    ]
    _pick: PickScreen | None = None
    _picking: FieldRow | None = None

    # --- typing ---------------------------------------------------------------------------------

    @on(FieldRow.Edited)
    def _edited(self, event: FieldRow.Edited) -> None:
        event.stop()
        if self._form is None or self._leaving:
            return
        self._typed[event.row] = event.text
        self._soon.stop()
        large = len(self.bench.draft.text) > LARGE_TEXT
        self._soon = self.set_timer(WRITE_LARGE_S if large else WRITE_S, self._write)

    def _write(self) -> None:
        """Take what was typed since the last pause; whoever needs the draft calls this first."""
        self._soon.stop()
        typed, self._typed = self._typed, {}
        for row, text in typed.items():
            if self._form is not None and row.is_attached:
                self._take(row, text)

    def take_typed(self) -> None:
        """Take what was typed so far: the console is about to be left."""
        self._write()

    def _take(self, row: FieldRow, text: str) -> None:
        """Write what was typed into the draft, or say at its field why it cannot be."""
        field = self._field_of(row)
        if row not in self._local and text == field.text:
            return
        draft, report = self._editing.typed(self.bench.draft, field, text)
        if report is not None:
            self._local[row] = report
        else:
            self._local.pop(row, None)
        if self.bench.read_only and draft.text != self.bench.draft.text:
            self.bench.keep_in_file(draft.text)
        if draft is not self.bench.draft:
            self.bench.edit(draft)
            self._form = self._built() or self._form
        else:
            self._refresh()

    @on(FieldRow.Entered)
    def _entered(self, event: FieldRow.Entered) -> None:
        event.stop()
        self._write()
        self.bench.edit(self.bench.draft.settled())
        self._refresh()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Tell of the list as soon as the cursor is in it."""
        if isinstance(event.widget, ChildList):
            self._paint_help()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus_next()

    def _is_locked(self) -> bool:
        """Say why nothing may be edited, where nothing may."""
        locked = self.bench.locked
        if locked:
            self.notify(locked, severity="warning", markup=False)
        return bool(locked)

    # --- keys -----------------------------------------------------------------------------------

    def action_page(self, direction: int) -> None:
        """Scroll the fields by a page."""
        fields = self.query_one("#fields")
        fields.scroll_relative(y=direction * max(1, fields.size.height - 1), animate=False)

    @on(Choice.ListWanted)
    def action_list(self) -> None:
        """Offer what the field can hold."""
        self._write()
        row = self._focused_row()
        if self._is_locked() or row is None:
            return
        data = raw.data_of(self.bench.draft.text)
        field = row.field
        title = field.label
        if field.spec.kind == "names":
            chosen = read("names", row.text)
            assert isinstance(chosen, list)
            screen = OrderScreen(title, names_offered(data, field.spec), chosen)
            self.app.push_screen(screen, lambda names: self._ordered(row, names))
            return
        found, notes = self._offered(row)
        if not found and not notes:
            self.notify(f"nothing to offer for {title.lower()}", markup=False, timeout=3)
            return
        find = True if field.listed else None
        pick = self._pick = PickScreen(title, found, row.text, notes=notes, find=find)
        self._picking = row

        def picked(text: str | None) -> None:
            self._pick = None
            self._picked(row, text)

        self.app.push_screen(pick, picked)

    def _offered(self, row: FieldRow) -> tuple[list[Offer], tuple[str, ...]]:
        """Return what the field could hold, as far as it is known, and who has not answered."""
        data = raw.data_of(self.bench.draft.text)
        field, known = row.field, self.inventories.known
        worst = self._local.get(row) or field.worst
        found = offers_with(data, field, known, worst.fix if worst else "")
        if not field.listed:
            return found, ()
        return found, silence(nodes_for(data, field.path), known)

    def _heard(self, inventories: Inventories) -> None:
        self._write()
        super()._heard(inventories)
        if self._pick is not None and self._picking is not None and self._picking.is_attached:
            self._pick.offer(*self._offered(self._picking))

    def _ordered(self, row: FieldRow, names: list[str] | None) -> None:
        if names is not None:
            self._picked(row, shown("names", names))

    def _picked(self, row: FieldRow, text: str | None) -> None:
        if text is None:
            return
        row.put_text(text)
        self._typed[row] = text
        self._write()

    def action_fix(self) -> None:
        """Take what the field's finding names as right."""
        self._write()
        if self._is_locked():
            return
        row = self._focused_row()
        worst = (self._local.get(row) or row.field.worst) if row else None
        if row is None or worst is None or not worst.fix:
            hint = f"by hand only: {worst.hint}" if worst and worst.hint else ""
            self.notify(hint or "no fix is known for this field", markup=False, timeout=3)
            return
        self._picked(row, worst.fix)

    def action_reset(self) -> None:
        """Give the field the value of the active configuration again."""
        self._write()
        if self._is_locked():
            return
        row = self._focused_row()
        if row is None:
            return
        self._local.pop(row, None)
        before = (self.bench.draft.text, row.text)
        draft = reset(self.bench.draft, row.field, self.bench.active.text)
        self.bench.edit(draft)
        self._refresh()
        row.put_text(self._field_of(row).text)
        if before == (self.bench.draft.text, row.text):
            why = why_not_reset(row.field, self.bench.active.text)
            self.notify(why, markup=False, timeout=3)

    def action_undo(self) -> None:
        """Take the last step of the draft back."""
        self._write()
        if self._is_locked():
            return
        self._local.clear()
        self.bench.edit(self.bench.draft.undone())
        self._refresh(force=True)

    def action_redo(self) -> None:
        """Do what was undone again."""
        if self._is_locked():
            return
        self._local.clear()
        self.bench.edit(self.bench.draft.redone())
        self._refresh(force=True)

    def action_field_help(self) -> None:
        """Show the help on the field, and the keys."""
        row = self._focused_row()
        report = (self._local.get(row) or row.field.worst) if row else None
        field = row.field if row else None

        def lines(width: int) -> list[Line]:
            below = finding_page(report.code, width) if report else []
            return [*field_page(field, report, width), *below]

        self.app.push_screen(ShowScreen("Help", lines, is_help=True))

    def action_command(self) -> None:
        """Show the command that does what this form would, and the object as TOML."""
        self._write()
        if self._form is None:
            return
        command = str(getattr(self.app, "command", "clustertui"))
        lines = [
            line("With the draft in a file, the same without a screen:"),
            line(""),
            line(put(f"  {command} export configuration --draft draft.toml", 0, "accent")),
            line(put(f"  {command} plan draft.toml", 0, "accent")),
            line(put(f'  {command} apply draft.toml --reason "why"', 0, "accent")),
            line(""),
            *(toml_line(text) for text in self._form.toml.splitlines()),
        ]
        self.app.push_screen(ShowScreen(f"{self._form.title}: the command", lines))

    def action_as_text(self) -> None:
        """Edit the whole file, from this object on."""
        from tui.screens.forms.as_text import RawScreen

        self._write()
        if self._form is not None:
            self.app.push_screen(RawScreen(self._form.path))

    def action_turn(self) -> None:
        """Show more of the object as TOML, or as much as before; beside the fields: hide it."""
        self.toggle_class("-turned")
        self.call_after_refresh(self._paint)

    def action_back(self) -> None:
        """Leave; the draft stays, but an object that was added and not touched goes again."""
        self._write()
        bench = self.bench
        if not self._leaving and self._fresh and bench.draft.text == self._fresh:
            bench.edit(bench.draft.undone())
            self.notify("not added: nothing was filled in (^S keeps a proposal)", markup=False)
        self.action_leave()

    def action_leave(self) -> None:
        """Leave; the draft stays."""
        self._write()
        if not self._leaving:
            self._leaving = True
            self.bench.keep()
            self.dismiss()

    # --- objects inside -------------------------------------------------------------------------

    def action_add_child(self) -> None:
        """Add an object inside this one."""
        form = self._form
        if form is None or not form.child_kind:
            return
        from tui.screens.forms import add_child

        self._write()
        children = self.query_one("#children", ChildList)
        children.focus()
        add_child(self.app, form.path, children.select)

    def action_remove_child(self) -> None:
        """Ask, then remove the object under the cursor."""
        path = self._child_path()
        if path is not None:
            from tui.screens.forms import remove_object

            remove_object(self.app, path)

    def action_shift_child(self, by: int) -> None:
        """Move the resource under the cursor up or down in the order of acquiring."""
        form, path = self._form, self._child_path()
        if self._is_locked() or form is None or path is None or path[0] != "group":
            return
        names = [child.name for child in form.children]
        index = names.index(path[-1])
        place = index + by
        if not 0 <= place < len(names):
            return
        names.insert(place, names.pop(index))
        self.bench.edit(self.bench.draft.reorder(path[:-1], names))

    @on(LiveTable.Opened)
    def _open_child(self, event: LiveTable.Opened) -> None:
        event.stop()
        path = self._child_path()
        if path is not None:
            self.app.push_screen(FormScreen(path))

    def _child_path(self) -> Path | None:
        form = self._form
        if form is None or not form.child_kind or not form.children:
            return None
        name = self.query_one("#children", ChildList).cursor
        return next((child.path for child in form.children if child.name == name), None)
