"""What a client saw of a service: each request with its times, and the sum of them.

All times are seconds of the machine's monotonic clock, which is one for all processes, so that they
compare with the times at which a fault was caused.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

FAILURES_KEPT = 5


class Sample(Struct, frozen=True):
    """One request: its number from 0, when it was asked and ended, who answered or why nobody."""

    number: int
    asked: float
    ended: float
    node: str = ""
    failure: str = ""


class Seen(Struct, frozen=True):
    """A service over a while.

    `longest_gap_s`: the longest time from one good answer to the next. `nodes`: who answered, in
    order, a node again when another one was between. `failures`: the first few.
    """

    requests: int = 0
    failed: int = 0
    longest_gap_s: float = 0.0
    nodes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def complete(samples: Iterable[Sample], until: float) -> bool:
    """Return whether every request asked up to `until` has ended and is in `samples`."""
    numbers = {sample.number: sample.asked for sample in samples}
    later = [number for number, asked in numbers.items() if asked > until]
    return bool(later) and all(number in numbers for number in range(min(later)))


def seen(samples: Iterable[Sample], begin: float, end: float) -> Seen:
    """Return the sum of what was asked from `begin` to `end`.

    A gap counts if it was open at some time between the two, wherever its first answer lies. One
    that was still open at the end counts up to the end, one before the first answer of all from the
    first request.
    """
    inside = sorted((s for s in samples if s.asked <= end), key=lambda sample: sample.ended)
    good = [sample for sample in inside if not sample.failure]
    asked = sorted((s for s in inside if s.asked >= begin), key=lambda sample: sample.number)
    bad = [sample for sample in asked if sample.failure]
    return Seen(
        requests=len(asked),
        failed=len(bad),
        longest_gap_s=_longest_gap(good, begin, end, asked[0].asked) if asked else 0.0,
        nodes=_in_order([sample.node for sample in good if sample.asked >= begin]),
        failures=tuple(f"request {s.number}: {s.failure}" for s in bad[:FAILURES_KEPT]),
    )


def _longest_gap(good: Sequence[Sample], begin: float, end: float, first: float) -> float:
    before = max((sample.ended for sample in good if sample.ended <= begin), default=first)
    times = [before, *(sample.ended for sample in good if sample.ended > begin)]
    times.append(max(end, times[-1]))
    return max(later - earlier for earlier, later in pairwise(times))


def _in_order(nodes: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        node for number, node in enumerate(nodes) if number == 0 or nodes[number - 1] != node
    )
