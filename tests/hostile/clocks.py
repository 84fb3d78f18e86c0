"""Class 17: clocks that go backwards, stand still, or say what no clock says.

A case is what happens to a node's clock, in milliseconds for its monotonic one and in seconds for
the one that people read, at a moment of a cluster's life.
"""

import math
from dataclasses import dataclass

MOMENTS = ("at-rest", "stage", "acquire", "lost-peer", "cut-off")


@dataclass(frozen=True)
class Step:
    """The monotonic clock goes on `ms` further back, the wall clock says `unix` from then on."""

    ms: int
    unix: float | None = None


BACK = {f"back-{ms}-ms": Step(ms) for ms in (1, 40, 100, 400, 1_000, 1_500, 5_000, 60_000)}
BACK |= {"back-before-boot": Step(1_000_000), "back-below-zero": Step(10_000_000_000)}
WALL = {
    "wall-hour-back": -3_600.0,
    "wall-zero": 0.0,
    "wall-negative": -1e12,
    "wall-far": 1e15,
    "wall-infinite": math.inf,
    "wall-not-a-number": math.nan,
}
STEPS = BACK | {name: Step(0, unix) for name, unix in WALL.items()}

CASES = {f"{name}-{moment}": (step, moment) for name, step in STEPS.items() for moment in MOMENTS}
