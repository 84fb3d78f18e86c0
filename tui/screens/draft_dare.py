"""From the draft to its DARE: what forbids one, the dialog, the request, and a refusal."""

from dataclasses import dataclass, replace
from functools import partial

from nodeagent.config.survival import Loss
from nodeagent.wire.console import Apply, Done, Refused, Rehearse
from tui.screens.confirm import ConfirmScreen
from tui.screens.draft_page import DraftPage
from tui.screens.forms import Bench
from tui.screens.menu import MenuScreen
from tui.screens.show import ShowScreen, program_of
from tui.viewmodels import draft_page as page
from tui.viewmodels.commands import draft_commands
from tui.viewmodels.draft import Draft
from tui.viewmodels.draft_review import Review, text_diff
from tui.viewmodels.findings import report_rows
from tui.viewmodels.form_page import count_text
from tui.viewmodels.operations import length_of
from tui.viewmodels.probation import LENGTHS, forbids
from tui.viewmodels.rehearsal import rehearsal_of, rehearsed_text
from tui.viewmodels.spans import Line, Row, line, put, wrap
from tui.viewmodels.survives import with_waivers

PROBATION_TEXT = "It returns after {} by itself, unless you keep it and all groups stay online."
STALE = 6
"""The exit code by which agents refuse a draft of an older epoch."""


def rehearse(screen: DraftPage) -> None:
    """Ask all nodes whether they would take the draft; its matrix is shown as that of a DARE."""
    bench = screen.bench
    reason = why_not(bench)
    if reason:
        screen.desk.tell(reason, title="No rehearsal", severity="warning")
        return
    request = Rehearse(bench.draft.text, bench.draft.base_digest, bench.author)

    async def send() -> None:
        answer = await screen.session.ask(request, show=False)
        if isinstance(answer, Refused):
            _show_refusal(screen, answer)
        elif isinstance(answer, Done):
            screen.desk.open_section("dare", f"run:{answer.tx}")

    screen.desk.guarded(send, "rehearse")


def ask_for_length(screen: DraftPage) -> None:
    """Ask how long the DARE shall be on probation, then as for any other."""
    reason = why_not(screen.bench)
    if reason:
        screen.desk.tell(reason, title="No DARE", severity="warning")
        return
    rows = [Row(length, line("  ", put(length, 8, "strong"))) for length in LENGTHS]
    hint = "Nothing runs yet: what it does comes next. Esc leaves."

    def chosen(key: str | None) -> None:
        if key is not None:
            ask(screen, length=key)

    screen.app.push_screen(MenuScreen("Return unless it is confirmed within", rows, hint), chosen)


def ask(screen: DraftPage, *, length: str = "") -> None:
    """Have what is not survived any more waived, show what the DARE would do, and ask for it.

    `length` is that of its probation.
    """
    bench = screen.bench
    reason = why_not(bench)
    if reason:
        screen.desk.tell(reason, title="No DARE", severity="warning")
        return
    wish = _Wish(bench.draft, bench.review, length)
    _waive(screen, wish, bench.review.endurance.lost)


@dataclass(frozen=True, slots=True)
class _Wish:
    """The draft that a person wants to run, as it was when that was asked for."""

    draft: Draft
    review: Review
    length: str


def _waive(screen: DraftPage, wish: _Wish, left: tuple[Loss, ...]) -> None:
    """Ask for the name of each failure that would not be survived any more, one after the other."""
    if not left:
        _confirm(screen, wish)
        return
    loss = left[0]
    lines = [
        "After this change the cluster does not survive a failure that it survives now:",
        "",
        f"{loss.failure}: {loss.text}",
        "",
        "The waiver is kept with the reason of the DARE. Nothing is done yet.",
    ]

    def answered(yes: bool | None) -> None:  # noqa: FBT001 - as Textual calls it
        if yes:
            _waive(screen, wish, left[1:])

    dialog = ConfirmScreen(f"Waive {loss.failure}?", lines, loss.failure, yes="Waive it")
    screen.app.push_screen(dialog, answered)


def _confirm(screen: DraftPage, wish: _Wish) -> None:
    bench, draft, review, length = screen.bench, wish.draft, wish.review, wish.length
    rehearsal = rehearsal_of(bench.session.view, draft)
    told = review if rehearsal is None else replace(review, unheard=())  # all have answered then
    lines = page.confirm_lines(told, text_diff(draft.base, draft.text))
    if rehearsal is not None:
        lines = [line(put(rehearsed_text(rehearsal), 0, "ok")), line(""), *lines]
    found = length_of(length)
    seconds = int(found.total_seconds()) if found else 0
    if seconds:
        lines = [line(put(PROBATION_TEXT.format(length), 0, "warn")), line(""), *lines]
    name = bench.session.view.cluster_name
    digest = rehearsal.rehearsed if rehearsal is not None else ""

    def command(noted: str) -> str:
        program, probation = program_of(screen.app), length if seconds else ""
        return draft_commands(program, draft, review, noted, probation=probation, rehearsed=digest)[
            -1
        ]

    dialog = ConfirmScreen(
        f"Run the DARE on {name}?",
        lines,
        name if review.interrupted else "",
        yes="Run the DARE",
        note="Reason, kept in the history:",
        command=command,
    )

    def answered(yes: bool | None) -> None:  # noqa: FBT001 - as Textual calls it
        if yes:
            named = [loss.failure for loss in review.endurance.lost]
            request = Apply(
                draft.text,
                draft.base_digest,
                with_waivers(dialog.noted, named, review.endurance),
                bench.author,
                probation_seconds=seconds,
                rehearsed=digest,
            )
            screen.desk.guarded(lambda: _apply(screen, request), "apply")

    screen.app.push_screen(dialog, answered)


def why_not(bench: Bench) -> str:
    """Return what forbids a DARE now, "" when nothing does."""
    if bench.read_only:
        return bench.locked
    if bench.base_wanted:
        return "the configuration that the draft was made from is being fetched; try again"
    if bench.stale:
        return f"epoch {bench.active.epoch} is active; the draft is of an older one (m merges)"
    if not bench.draft.differs:
        return "the draft is the active configuration: nothing to do"
    if not bench.judged:
        return "the draft is being verified; try again in a moment"
    if bench.review.errors or bench.review.configuration is None:
        errors = count_text(len(bench.review.errors), "error")
        return f"verify found {errors}: the Verify section shows them"
    return _why_not_now(bench)


def _why_not_now(bench: Bench) -> str:
    """Return what forbids a good draft for the time being."""
    if bench.review.forbidden:
        return bench.review.forbidden
    if bench.session.view.running:
        return "another DARE is going on: the DARE section shows it"
    return forbids(bench.session.view)


async def _apply(screen: DraftPage, request: Apply) -> None:
    answer = await screen.session.ask(request, show=False)
    if isinstance(answer, Refused):
        _show_refusal(screen, answer)
    elif isinstance(answer, Done):
        screen.desk.open_section("dare")


def _show_refusal(screen: DraftPage, refused: Refused) -> None:
    lines = partial(_refusal_lines, refused)
    screen.app.push_screen(ShowScreen(f"Refused: {refused.code}", lines))


def _refusal_lines(refused: Refused, width: int) -> list[Line]:
    lines = [line(put(text, 0, "bad")) for text in wrap(refused.text, width)]
    lines.append(line(""))
    lines += [row.line for row in report_rows(refused.reports, width, hints=True)]
    lines += [line(""), line("Nothing was changed.")]
    if refused.exit_code == STALE:
        lines.append(line("Key m on the draft's page merges it with what is active now."))
    return lines
