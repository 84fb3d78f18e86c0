"""Whether a fence device answers: what a console asks an agent to test, and what that found."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from nodeagent.model.names import Name

CHECKS_MAX = 256
CheckText = Annotated[str, Meta(max_length=500)]


class TestFence(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask the fence devices of `node` whether they answer, from here; nothing is switched.

    `device` is one of them, "" for all. Answered by Done at once; FenceChecks has what it found.
    """

    __test__ = False  # pytest takes it for a test by its name

    node: Name
    device: Annotated[str, Meta(max_length=63)] = ""


class GetFenceChecks(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask how the newest check of each fence device from here went; answered by FenceChecks."""


class FenceCheck(Struct, frozen=True, forbid_unknown_fields=True):
    """The newest check of `device` of `node`; `time` is Unix seconds, of its beginning or end."""

    node: Name
    device: Name
    state: Literal["running", "ok", "failed"]
    text: CheckText = ""
    time: float = 0.0


class FenceChecks(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """What the agent on `agent` found since it was started: by tests, and by verifying a change."""

    agent: Name
    checks: Annotated[tuple[FenceCheck, ...], Meta(max_length=CHECKS_MAX)] = ()
