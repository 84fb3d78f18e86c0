"""Remembers whether fence devices answer from this node: the newest check of each.

A check is a test that an operator asked for, or the verification of a change. Kept in memory: after
a restart of the agent nothing is known, and a new test costs little.
"""

from nodeagent.core.events import FenceFinished
from nodeagent.model.text import clean
from nodeagent.wire.fencing import CHECKS_MAX, FenceCheck

TEXT_MAX = 300


class Checks:
    """The checks that run, by the number of their order, and the newest of each device."""

    def __init__(self) -> None:
        self._running: dict[int, tuple[FenceCheck, bool]] = {}
        self._newest: dict[tuple[str, str], FenceCheck] = {}

    def begun(self, op: int, node: str, device: str, unix: float, *, by_hand: bool = False) -> None:
        """Note that a device is asked; `by_hand`: because an operator wanted it."""
        check = FenceCheck(node, device, "running", "", unix)
        self._running[op] = (check, by_hand)
        self._note(check)

    def finished(self, event: FenceFinished, unix: float) -> FenceCheck | None:
        """Take what a check found; return it where an operator waits for it."""
        check, by_hand = self._running.pop(event.op, (None, False))
        if check is None:
            return None
        last = f" | {event.evidence[-1]}" if event.evidence and not event.ok else ""
        text = clean(f"{event.text or event.code}{last}", TEXT_MAX)
        state = "ok" if event.ok else "failed"
        found = FenceCheck(check.node, check.device, state, text, unix)  # type: ignore[arg-type]
        self._note(found)
        return found if by_hand else None

    def is_running(self, node: str, device: str) -> bool:
        """Return whether a device is being asked."""
        running = (check for check, _ in self._running.values())
        return any((check.node, check.device) == (node, device) for check in running)

    def known(self) -> tuple[FenceCheck, ...]:
        """Return the newest check of each device."""
        return tuple(self._newest.values())

    def _note(self, check: FenceCheck) -> None:
        self._newest.pop((check.node, check.device), None)
        if len(self._newest) >= CHECKS_MAX:
            del self._newest[next(iter(self._newest))]  # the one that was noted longest ago
        self._newest[check.node, check.device] = check
