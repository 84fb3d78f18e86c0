"""The commands that do what the screen would: shown by F6, to copy and to keep."""

import shlex

from tui.viewmodels.draft import Draft
from tui.viewmodels.draft_review import Review
from tui.viewmodels.operations import Operation
from tui.viewmodels.survives import waivers

DRAFT_FILE = "draft.toml"


def draft_commands(
    program: str,
    draft: Draft,
    review: Review,
    reason: str = "",
    *,
    probation: str = "",
    rehearsed: str = "",
) -> list[str]:
    """Return what takes the draft into a file, previews it, and applies it.

    `program`: how the console itself was called, with its options. `probation`: its length, as
    "10m"; `rehearsed`: the digest of the rehearsal that the run has to be like.
    """
    parts = [
        program,
        f"apply {DRAFT_FILE}",
        f"--base {draft.base_digest}" if draft.base_digest else "",
        waivers(review.endurance),
        f"--rehearsed {rehearsed}" if rehearsed else "",
        f"--probation {shlex.quote(probation)}" if probation else "",
        f"--reason {shlex.quote(reason)}" if reason else "",
    ]
    return [
        f"{program} export configuration --draft {DRAFT_FILE}",
        f"{program} plan {DRAFT_FILE}",
        " ".join(filter(None, parts)),
    ]


def operation_command(program: str, operation: Operation, reason: str = "") -> str:
    """Return the command for an operation, with the reason that was written for it."""
    command = operation.command.replace("clustertui", program, 1)
    return f"{command} --reason {shlex.quote(reason)}" if reason else command
