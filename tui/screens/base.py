"""What every section's screen has: headline, banner, footer, and a way to be painted.

A subclass names its `scope` (its section), yields its `body`, and paints itself from the view;
the app calls `paint` four times a second for the screens that can be seen.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Protocol, cast

from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget

from tui import actions
from tui.session import Session
from tui.viewmodels.ages import Moment
from tui.viewmodels.facts import Look
from tui.viewmodels.headline import banner_lines, headline_lines
from tui.viewmodels.ports import Drills, Probe
from tui.viewmodels.probation import open_probation
from tui.viewmodels.problems import Problem, problems_of
from tui.viewmodels.store import View
from tui.widgets.footer import ActionFooter
from tui.widgets.lines import Lines
from tui.widgets.message import MessageLine


class Desk(Protocol):
    """The app as screens see it."""

    session: Session
    author: str
    probe: Probe | None
    drills: Drills | None
    other_keys: Mapping[str, str]
    """What is shown as the keys of actions that have others than those built in, by id."""

    def sections(self) -> tuple[tuple[str, str], ...]:
        """Return (mode, word) of the sections there are."""
        ...

    def open_section(self, mode: str, key: str = "") -> None:
        """Go to a section, and there to the object `key`."""
        ...

    def edit_object(self, path: tuple[str, ...]) -> None:
        """Open the form of one object of the draft, such as ("group", "web")."""
        ...

    def add_object(self, kind: str) -> None:
        """Open the form of a new "node", "network" or "group"."""
        ...

    def remove_object(self, path: tuple[str, ...]) -> None:
        """Ask, then remove one object from the draft."""
        ...

    def type_command(self, words: str) -> None:
        """Open the command line with the beginning of a subcommand, to be gone on with."""
        ...

    def tell(self, text: str, *, title: str = "", severity: str = "information") -> None:
        """Show a short notification; nothing in it is markup."""
        ...

    def guarded(self, work: Callable[[], Any], name: str) -> None:
        """Run a coroutine function in a worker; what it raises is shown, never fatal."""
        ...


class SectionScreen(Screen[Any]):
    """One section of the console."""

    scope: ClassVar[str] = ""
    DEFAULT_CSS = """
    SectionScreen { layout: vertical; }
    SectionScreen > #headline { height: 2; }
    SectionScreen > #banner { height: 1; display: none; background: $warning 25%; }
    SectionScreen > #banner.-shown { display: block; }
    SectionScreen > #body { height: 1fr; }
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Take the key bindings of the section from the list of actions."""
        if cls.scope and "BINDINGS" not in cls.__dict__:
            cls.BINDINGS = list(actions.bindings(cls.scope))
        super().__init_subclass__(**kwargs)

    look: Look
    """What is seen at this paint; made anew before each call of `paint`."""
    problems: tuple[Problem, ...] = ()
    _built = False

    def __init__(self) -> None:
        super().__init__()
        # Made with the style sheet of now: else Textual reads all of it anew, twice for a section.
        self._css_update_count = self.app._css_update_count  # noqa: SLF001

    @property
    def desk(self) -> Desk:
        """Return the app."""
        return cast("Desk", self.app)

    @property
    def session(self) -> Session:
        """Return the holder of the view and of the client."""
        return self.desk.session

    def compose(self) -> ComposeResult:
        """Lay out what all sections share around the body."""
        yield Lines(id="headline")
        yield Lines(id="banner")
        with Container(id="body"):
            yield from self.body()
        yield MessageLine(id="message")
        yield ActionFooter(self.scope, id="footer")

    def body(self) -> Iterable[Widget]:
        """Yield the section's own widgets."""
        return ()

    def paint(self, view: View, now: Moment) -> None:
        """Show `view` in the section's own widgets."""

    @property
    def shown_tx(self) -> str:
        """Return the DARE that this page is about, "" for one of something else."""
        return ""

    @property
    def unfit(self) -> frozenset[str]:
        """Return the names of actions that would do nothing now; the footer leaves them out."""
        return frozenset()

    @property
    def labels(self) -> Mapping[str, str]:
        """Return what the footer calls actions that do something else now, by their names."""
        return {}

    def repaint(self) -> None:
        """Paint everything now, unless the screen is still being built or already taken apart."""
        if not self._built or self.query_one_optional("#headline") is None:
            return
        self.look = Look(self.session.view, self.session.now)
        self.problems = problems_of(self.look)
        self.repaint_frame()
        self.paint(self.look.view, self.look.now)

    def repaint_frame(self) -> None:
        """Paint headline and banner."""
        view, now = self.look.view, self.look.now
        width = self.size.width or 80
        self.query_one("#headline", Lines).show_lines(
            headline_lines(
                view,
                now,
                width,
                section=self.scope,
                sections=self.desk.sections(),
                read_only=self.session.read_only,
                role=self.session.role,
                problems=len(self.problems),
                keys=self.desk.other_keys,
            )
        )
        lines = banner_lines(view, now, width, shown=self.shown_tx, keys=self.desk.other_keys)
        banner = self.query_one("#banner", Lines)
        banner.set_class(bool(lines), "-shown")
        banner.show_lines(lines)
        idle = actions.OF_PROBATION if open_probation(view) is None else frozenset[str]()
        barred = actions.ACTING if self.session.read_only else frozenset[str]()
        self.query_one("#footer", ActionFooter).suit(self.unfit | idle | barred, self.labels)

    def on_mount(self) -> None:
        """Paint at once, not at the next tick."""
        self._built = True
        self.call_after_refresh(self.repaint)

    def on_screen_resume(self) -> None:
        """Paint what changed while another section was seen."""
        self.call_after_refresh(self.repaint)

    def on_resize(self) -> None:
        """Paint for the new size."""
        self.call_after_refresh(self.repaint)

    def action_back(self) -> None:
        """Go back to the dashboard."""
        self.desk.open_section("dashboard")

    def select(self, key: str) -> None:
        """Put the cursor on the object `key`."""
