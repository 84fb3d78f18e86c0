"""Every step of a DARE in plain words: what it does, what it does when it fails, its blocks.

The rows themselves come from the coordinator (`DareRun.steps`); here is only how people read them.
A step has one name everywhere: here, on the command line, and in the table of the core. Blocks are
the figures' numbers in US 5,822,531.
"""

from dataclasses import dataclass

DECIDE = "decide"
UNDONE_BY = {"stage": "undo-stage", "release": "undo-release", "acquire": "undo-acquire"}


@dataclass(frozen=True, slots=True)
class StepText:
    """One step's title, explanation, what follows a failure, and blocks."""

    title: str
    explanation: str
    failure: str
    blocks: str


STEPS: dict[str, StepText] = {
    "verify": StepText(
        "verify",
        "Every node examines the new configuration and what changed groups need: drivers, "
        "programs, folders, addresses. Nothing is changed.",
        "the DARE is refused; there is nothing to undo.",
        "96",
    ),
    "lock": StepText(
        "lock",
        "A majority of the voters and all participants promise that this is the only DARE. "
        "Nobody can forget to release it: it is a lease.",
        "the DARE is refused, with the name of the one that holds the lock.",
        "90-94",
    ),
    "stage": StepText(
        "stage",
        "Every node pauses its takeover decisions and stores the new configuration beside the "
        "active one. Heartbeats go on; services are untouched.",
        "it aborts; the stored copies are dropped.",
        "120/170, 204-206",
    ),
    "compare": StepText(
        "compare",
        "All stored copies must be byte for byte the same.",
        "it aborts; the stored copies are dropped.",
        "124/174",
    ),
    "release": StepText(
        "release",
        "Groups that move or end are stopped by their owners, resource by resource in reverse "
        "order. For these groups the interruption begins here.",
        "it aborts; what was released is acquired again where it was.",
        "178",
    ),
    "keep": StepText(
        "keep",
        "What is in both configurations keeps the state it has; what is new counts as offline.",
        "it aborts.",
        "128",
    ),
    "offline": StepText(
        "offline",
        "What is in only one of the two configurations must be offline.",
        "it aborts.",
        "140",
    ),
    "greet": StepText(
        "greet",
        "Every added node and adapter answers a heartbeat on each of its networks, before "
        "anything relies on it.",
        "it aborts; what was released is acquired again where it was.",
        "144",
    ),
    "acquire": StepText(
        "acquire",
        "The new owners start their groups, resource by resource in order. For these groups the "
        "interruption ends here.",
        "it aborts; what was started is stopped, and returns to where it was.",
        "182",
    ),
    "decide": StepText(
        "decide",
        "A majority of the old and of the new voters accept the new configuration. From here on "
        "there is no way back, only forward.",
        "in doubt; any voter finishes it, in one direction only.",
        "-",
    ),
    "activate": StepText(
        "activate",
        "Every node makes the stored configuration its active one.",
        "it goes on; a node that missed it catches up.",
        "148/186",
    ),
    "resume": StepText(
        "resume",
        "Every node takes up its takeover decisions again. If it hears nothing, its own deadline "
        "does it.",
        "each node's own deadline resumes it.",
        "152/190",
    ),
    "undo-acquire": StepText(
        "undo-acquire",
        "What was started on the new owners is stopped again.",
        "told as an exception in the result, with the names.",
        "156/194",
    ),
    "undo-release": StepText(
        "undo-release",
        "What was released is acquired again by the node that had it.",
        "told as an exception in the result, with the names.",
        "156/194",
    ),
    "undo-stage": StepText(
        "undo-stage",
        "The stored copies of the new configuration are dropped; nodes resume.",
        "told as an exception in the result, with the names.",
        "156/194",
    ),
    "prove": StepText(
        "prove",
        "Every node shows that it is on the old configuration and every group is where it was.",
        "the result says what differs, or that it is unknown.",
        "156/194",
    ),
}


def step_text(name: str) -> StepText:
    """Return the words for a step; one we do not know keeps its own name."""
    return STEPS.get(name) or StepText(name, "", "", "-")
