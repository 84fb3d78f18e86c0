"""What can go wrong between a console and the cluster; each error names its remedy."""

from collections.abc import Sequence
from dataclasses import dataclass


class ClientError(Exception):
    """The cluster could not be asked. `remedy` says what to do about it ("" where unknown)."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(f"{text}; {remedy}" if remedy else text)
        self.text = text
        self.remedy = remedy


class AccessError(ClientError):
    """The access file or an endpoint cannot be used."""


class NoAgent(ClientError):  # noqa: N818 - the contract's word, and it reads as a sentence
    """No agent of the access file could be reached."""


class Denied(ClientError):  # noqa: N818
    """Agents were reached, but none of them knows this console's key."""


class TimedOut(ClientError):  # noqa: N818
    """An agent took the request and did not answer; whether it acted on it is not known."""


class LinkLost(ClientError):  # noqa: N818
    """The line to one agent is gone. `denied`: the agent refused the key."""

    def __init__(self, text: str, remedy: str = "", *, denied: bool = False) -> None:
        super().__init__(text, remedy)
        self.denied = denied


class NotSent(LinkLost):
    """The line was gone before the request left, so the agent cannot have acted on it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One agent that was tried in vain."""

    agent: str
    endpoint: str
    error: LinkLost

    def __str__(self) -> str:
        return f"{self.agent} at {self.endpoint}: {self.error.text}"


def nobody(attempts: Sequence[Attempt]) -> ClientError:
    """Return the error for a whole round of agents tried in vain, with each one's reason."""
    tried = "; ".join(str(attempt) for attempt in attempts)
    if any(attempt.error.denied for attempt in attempts):
        return Denied(
            f"no agent admits this key ({tried})",
            "have an administrator add this console's public key under [admin.NAME]",
        )
    remedies = dict.fromkeys(a.error.remedy for a in attempts if a.error.remedy)
    return NoAgent(f"no agent answers ({tried})", "; ".join(remedies))
