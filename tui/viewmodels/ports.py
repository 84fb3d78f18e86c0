"""What the console takes in from a demonstration, if one is running: a client and drills."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tui.viewmodels.store import View


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """What a client of one service saw: requests so far, failed ones, the longest gap.

    `last_node` answered last; `ok` tells whether the last request was answered.
    """

    service: str
    requests: int
    failed: int
    longest_gap_ms: int
    last_node: str
    ok: bool


class Probe(Protocol):
    """A client that asks the services all the time."""

    def rows(self) -> list[ProbeRow]:
        """Return one row for each service, without waiting."""
        ...


@dataclass(frozen=True, slots=True)
class DrillItem:
    """A fault that can be practised, as the menu offers it. `choices`: which of these, first."""

    key: str
    label: str
    help: str
    choices: tuple["DrillItem", ...] = ()


class Drills(Protocol):
    """The faults that a demonstration can cause."""

    def drills(self, view: View) -> Sequence[DrillItem]:
        """Return what can be practised now, on the cluster as the console knows it."""
        ...

    async def run(self, key: str) -> str:
        """Cause the fault named by `key`; return a sentence on what was done."""
        ...
