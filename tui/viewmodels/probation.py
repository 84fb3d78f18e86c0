"""A configuration on probation, in words: what is left of it, and what its ends mean."""

from nodeagent.wire.live import ProbationLive
from tui.viewmodels.ages import Moment
from tui.viewmodels.spans import brief
from tui.viewmodels.store import View

LENGTHS = ("2m", "5m", "10m", "30m", "1h", "4h")
"""What the console offers; the command line takes any up to a day."""
KEEPS = "clustertui confirm"
GOES_BACK = "clustertui return"


def open_probation(view: View) -> ProbationLive | None:
    """Return the probation of the active configuration, None where it stands for good."""
    return view.cluster.value.probation if view.cluster is not None else None


def forbids(view: View) -> str:
    """Return why no other DARE can run meanwhile, "" where nothing is on probation."""
    if open_probation(view) is None:
        return ""
    return "a change is on probation: keep it or go back, then this one can run"


def left_s(view: View, now: Moment) -> int:
    """Return the seconds that are left, counted on from what the agent told; 0 where none is."""
    probation = open_probation(view)
    if probation is None or view.cluster is None:
        return 0
    return max(0, round(probation.left_ms / 1000 - view.cluster.since(now)))


def count_text(seconds: int) -> str:
    """Return what is left as it counts down: 9:43, or 1:02:07."""
    minutes, rest = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def short_text(view: View, now: Moment) -> str:
    """Return the probation for the headline, "" where there is none."""
    probation = open_probation(view)
    if probation is None:
        return ""
    if probation.returning:
        return f"BACK TO {probation.previous}"
    return f"PROBATION {count_text(left_s(view, now))}"


def long_text(view: View, now: Moment) -> str:
    """Return what happens next, for the banner and for `status`; "" where there is none."""
    probation = open_probation(view)
    if probation is None:
        return ""
    if probation.returning:
        failed = f"; the last attempt: {brief(probation.problem, 120)}" if probation.problem else ""
        return f"epoch {probation.previous} is being brought back: {probation.returning}{failed}"
    left = count_text(left_s(view, now))
    return f"epoch {view.epoch} is on probation: epoch {probation.previous} returns in {left}"


def confirm_lines(view: View) -> list[str]:
    """Return what confirming means, for the dialog."""
    probation = open_probation(view)
    previous = probation.previous if probation else 0
    author = f" of {brief(probation.author, 40)}" if probation and probation.author else ""
    return [
        f"The configuration{author} stays; epoch {previous} does not return by itself any more.",
        "No group is interrupted.",
        "",
        f"The same from a shell: {KEEPS}",
    ]


def return_lines(view: View) -> list[str]:
    """Return what going back at once means, for the dialog."""
    probation = open_probation(view)
    previous = probation.previous if probation else 0
    return [
        f"A DARE to the configuration of epoch {previous} begins at once.",
        "What the change moved, started or stopped is interrupted once more.",
        "",
        f"The same from a shell: {GOES_BACK}",
    ]
