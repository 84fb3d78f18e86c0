"""What there is to try: the steps, the faults, and what is told of each cell."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from tui.demo.deaths import STEPS

FAULTS: dict[str, str] = {
    "kill-coordinator": "kill -9 of the coordinator's agent",
    "kill-participant": "kill -9 of the agent that owns the group that moves",
    "kill-added": "kill -9 of the agent that is being added",
    "kill-owner": "kill -9 of an agent whose resource runs and is not part of the change",
    "freeze": "SIGSTOP of the coordinator until its suspension is over for the others, SIGCONT",
    "all-links": "nothing comes from or to the coordinator on any network",
    "one-network": "nothing goes through one of the three networks",
    "one-way": "what the owner of the group that moves says does not reach the coordinator",
    "loss": "one packet in ten is lost, on all networks, until the DARE has ended",
    "full-disk": "the owner's disk is full, also under what its journal has reserved",
    "clock": "wall clocks jump: coordinator an hour on, owner an hour back, added node a day on",
    "driver-hangs": "the old owner's stop and the new owner's start and monitor never return",
}
BOUND_S = 30.0
"""From the strike until those that live are whole, and from its end until all are."""


class Cell(Struct, frozen=True):
    """One fault at one step."""

    step: str
    fault: str


class Result(Struct, frozen=True):
    """What came of a cell. Seconds from the strike, and from the end of the fault.

    `outcome` is "old" or "new": the configuration that all ended on. `refused` tells why nothing
    was tried. `failed` are requests of the unaffected group's client that were not answered.
    """

    step: str
    fault: str
    ok: bool
    reason: str = ""
    outcome: str = ""
    recovery_s: float = 0.0
    back_s: float = 0.0
    failed: int = 0
    requests: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


def cells(steps: Sequence[str], faults: Sequence[str], repeat: int = 1) -> Iterator[Cell]:
    """Return all combinations, one fault after the other; nothing named means all."""
    for _ in range(repeat):
        for fault in faults or tuple(FAULTS):
            for step in steps or STEPS:
                yield Cell(step, fault)
