"""Why a group is where it is: what was looked at when that was decided, kept with the decree."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from nodeagent.model.names import GROUP_LENGTH_MAX

Verdict = Literal["chosen", "possible", "out"]
Reason = Annotated[str, Meta(max_length=200)]

CANDIDATES_MAX = 200
"""Of all choices of one decree together: a decree must fit into one message."""


class Candidate(Struct, frozen=True, forbid_unknown_fields=True):
    """One node of a group's list: taken, not needed, or not fit, and why."""

    node: Annotated[str, Meta(max_length=63)]
    verdict: Verdict
    reason: Reason = ""


class Choice(Struct, frozen=True, forbid_unknown_fields=True):
    """A group went from `source` to `target` ("": nowhere) by `rule`, out of these candidates."""

    group: Annotated[str, Meta(max_length=GROUP_LENGTH_MAX)]
    source: Annotated[str, Meta(max_length=63)]
    target: Annotated[str, Meta(max_length=63)]
    rule: Reason
    candidates: Annotated[tuple[Candidate, ...], Meta(max_length=CANDIDATES_MAX)] = ()
