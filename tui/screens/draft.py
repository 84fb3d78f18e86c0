"""The draft section: what would change, what that does to each group, and the way to the DARE.

Everything here is about the draft on the bench; only `g`, through its dialog, asks the cluster
for anything.
"""

from collections.abc import Callable, Sequence
from typing import Any

from textual import on

from nodeagent.config.edit import EditError
from nodeagent.model.plan import Change
from tui.screens import draft_dare
from tui.screens.confirm import ConfirmScreen
from tui.screens.draft_page import VIEWS, DraftPage
from tui.screens.forms import open_form, remove_object
from tui.screens.forms.as_text import RawScreen
from tui.screens.forms.merge import MergeScreen
from tui.screens.forms.pick import PickScreen
from tui.screens.show import ShowScreen, program_of
from tui.viewmodels import draft_data as raw
from tui.viewmodels import draft_page as page
from tui.viewmodels.commands import draft_commands
from tui.viewmodels.draft_revert import reverted
from tui.viewmodels.form_offer import Offer
from tui.viewmodels.form_page import count_text
from tui.viewmodels.spans import line, put
from tui.widgets.live_table import LiveTable

Path = tuple[str, ...]


class DraftScreen(DraftPage):
    """Section 5."""

    scope = "draft"

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
        """Show the difference as text, then the active text, then the changes again."""
        self._seen = VIEWS[(VIEWS.index(self._seen) + 1) % len(VIEWS)]
        listed = self._seen == VIEWS[0]
        self.set_class(not listed, "-diff")
        self.query_one("#changes" if listed else "#diff").focus()
        self._shown = ()
        self.call_after_refresh(self.repaint)

    def action_merge(self) -> None:
        """Merge the draft with the configuration that overtook it."""
        if self._locked():
            return
        if not self.bench.stale:
            self.desk.tell("the draft is of the active configuration: nothing to merge")
            return
        self.app.push_screen(MergeScreen())

    def action_run_dare(self) -> None:
        """Show what the DARE would do and ask for it."""
        draft_dare.ask(self)

    def action_rehearse(self) -> None:
        """Ask all nodes whether they would take the draft."""
        draft_dare.rehearse(self)

    def action_run_on_probation(self) -> None:
        """Ask for how long, then as for any DARE."""
        draft_dare.ask_for_length(self)

    def action_command(self) -> None:
        """Show the commands that do what this page would, to copy."""
        bench = self.bench
        commands = draft_commands(program_of(self.app), bench.draft, bench.review)
        lines = [
            line("The same without a screen:"),
            line(""),
            *(line(put(command, 0, "accent")) for command in commands),
        ]
        self.app.push_screen(ShowScreen("The commands", lines, "\n".join(commands)))

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
        if not path:  # no object of a configuration has a form for it
            self.app.push_screen(RawScreen())
            return
        open_form(self.app, path, focus=raw.dotted((*path, change.key)))

    def _locked(self) -> bool:
        if self.bench.read_only:
            self.desk.tell(self.bench.locked, severity="warning")
        return self.bench.read_only

    def select(self, key: str) -> None:
        """Put the cursor on the change of an object, such as "group.web"."""
        rows: Any = self.query_one("#changes", LiveTable)
        for one in rows.keys:
            if one.split("|")[0] == key:
                rows.select(one)
                return
