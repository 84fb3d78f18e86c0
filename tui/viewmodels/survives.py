"""What a change does to what the cluster survives, in lines for a page, a dialog and a terminal."""

from collections.abc import Iterable, Iterator

from nodeagent.config.survival import Endurance, Loss, Survival

PAIRS_SHOWN = 5


def survival_lines(found: Endurance) -> list[str]:
    """Return what is survived before and after, then what is not survived any more."""
    if not found.after.played_singles:
        return []
    lines = [f"survived now: {_count(found.before)}", f"and then: {_count(found.after)}"]
    return [*lines, *loss_lines(found)]


def loss_lines(found: Endurance) -> list[str]:
    """Return the failures that are not survived any more: single ones, then pairs."""
    pairs = [f"pair {loss.failure}: {loss.text}" for loss in found.lost_pairs]
    more = len(pairs) - PAIRS_SHOWN
    rest = [f"and {more} more pairs"] if more > 0 else []
    return [*(f"{loss.failure}: {loss.text}" for loss in found.lost), *pairs[:PAIRS_SHOWN], *rest]


def waivers(found: Endurance) -> str:
    """Return the options by which a command waives all that is lost, "" where nothing is."""
    return " ".join(f"--waive {loss.failure}" for loss in found.lost)


def with_waivers(reason: str, waived: Iterable[str], found: Endurance, most: int = 500) -> str:
    """Return the reason as it is recorded: with the failures that were waived for the change."""
    named = [loss.failure for loss in found.lost if loss.failure in set(waived)]
    if not named:
        return reason[:most]
    tail = f"(not survived any more, waived: {', '.join(named)})"[:most]
    return f"{reason[: max(0, most - len(tail) - 1)]} {tail}".strip()


def refusal(losses: Iterable[Loss]) -> str:
    """Return why a change is refused, and the way on."""
    words = "; ".join(f"{loss.failure}: {loss.text}" for loss in losses)
    return f"not survived any more: {words}"


def _count(found: Survival) -> str:
    return ", ".join(_counts(found))


def _counts(found: Survival) -> Iterator[str]:
    played = found.played_singles
    yield f"{played - len(found.singles)} of {played} single failures"
    if found.too_many:
        yield "too many parts to play their pairs"
    elif found.played_pairs:
        yield f"{len(found.pairs)} of {found.played_pairs} pairs cost more than their parts"
