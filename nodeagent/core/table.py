"""The DARE as a table: every step, whom it asks, how it is undone, and its blocks in the patent.

The coordinator walks these rows; the console's matrix, the CLI's lines, the log and the diagram in
ARCHITECTURE.md are made from them. Rows before DECIDE may fail and are undone; from DECIDE on the
change only rolls forward.
"""

from dataclasses import dataclass
from typing import Literal

from nodeagent.wire.peer import StepName

Audience = Literal["everybody", "releasing", "acquiring", "voters"]
OnFailure = Literal["refuse", "abort", "finish", "forward", "report"]
Part = Literal["any", "topology", "resources"]


@dataclass(frozen=True, slots=True)
class Step:
    """One row: `audience` is asked, `part` says which kind of change needs it.

    `undo` names the undo row that takes it back; `blocks` are the figure blocks of US 5,822,531.
    `rehearsed`: a rehearsal goes through it, too, for it can be asked without any effect.
    """

    name: StepName
    audience: Audience
    part: Part
    on_failure: OnFailure
    undo: StepName | None
    blocks: str
    asks: str
    rehearsed: bool = False


STEPS: tuple[Step, ...] = (
    Step(
        "verify",
        "everybody",
        "any",
        "refuse",
        None,
        "96",
        "check the file, drivers, addresses",
        rehearsed=True,
    ),
    Step("lock", "everybody", "any", "refuse", None, "90-94", "promise: one DARE at a time"),
    Step("stage", "everybody", "any", "abort", "undo-stage", "120/170, 204-206", "suspend, stage"),
    Step(
        "compare",
        "everybody",
        "any",
        "abort",
        None,
        "124/174",
        "digest of the temporary file",
        rehearsed=True,
    ),
    Step("release", "releasing", "resources", "abort", "undo-release", "178", "release groups"),
    Step("keep", "everybody", "topology", "abort", None, "128", "what is in both keeps its state"),
    Step("offline", "everybody", "topology", "abort", None, "140", "what changes is offline"),
    Step("greet", "everybody", "topology", "abort", None, "144", "new parts answer heartbeats"),
    Step("acquire", "acquiring", "resources", "abort", "undo-acquire", "182", "acquire groups"),
    Step("decide", "voters", "any", "finish", None, "-", "accept: the point of no return"),
    Step("activate", "everybody", "any", "forward", None, "148/186", "temporary becomes active"),
    Step("resume", "everybody", "any", "forward", None, "152/190", "resume operations"),
)

UNDO_STEPS: tuple[Step, ...] = (
    Step("undo-acquire", "acquiring", "resources", "report", None, "156/194", "release again"),
    Step("undo-release", "releasing", "resources", "report", None, "156/194", "acquire again"),
    Step("undo-stage", "everybody", "any", "report", None, "156/194", "drop the temporary file"),
    Step(
        "prove", "everybody", "any", "report", None, "156/194", "show digest and groups as before"
    ),
)

REHEARSAL_STEPS = tuple(step for step in STEPS if step.rehearsed)
DECIDE_INDEX = next(i for i, step in enumerate(STEPS) if step.name == "decide")


def rows_for(*, topology: bool, resources: bool) -> tuple[Step, ...]:
    """Return the forward rows that a change of these kinds needs, in order."""
    wanted = (
        {"any"} | ({"topology"} if topology else set()) | ({"resources"} if resources else set())
    )
    return tuple(step for step in STEPS if step.part in wanted)


def undo_rows(done: tuple[StepName, ...]) -> tuple[Step, ...]:
    """Return the undo rows for the forward rows that began, then the proof."""
    wanted = {step.undo for step in STEPS if step.name in done and step.undo} | {"prove"}
    return tuple(step for step in UNDO_STEPS if step.name in wanted)
