"""What a change does to what the cluster survives, in lines for a page, a dialog and a terminal."""

from collections.abc import Iterable

from nodeagent.config.survival import Endurance, Loss, Survival

PAIRS_SHOWN = 5


def survival_lines(found: Endurance) -> list[str]:
    """Return how many failures are survived, before too, then what is not survived any more."""
    if not found.after.played_singles:
        return []
    return [f"survives {_count(found)}", *loss_lines(found)]


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


def _count(found: Endurance) -> str:
    before, after = _survived(found.before), _survived(found.after)
    single = f"{after[0]} of {after[2]} single failures"
    pairs = f" and {after[1]} of {after[3]} pairs" if after[3] else ""
    untried = "; too many parts for pairs" if found.after.too_many else ""
    was = "as now" if before == after else f"now {before[0]} of {before[2]}"
    if before != after and before[3]:
        was += f" and {before[1]} of {before[3]}"
    return f"{single}{pairs}{untried}, {was}"


def _survived(found: Survival) -> tuple[int, int, int, int]:
    """Return single failures and pairs that are survived, then how many were played."""
    single = found.played_singles - len(found.singles)
    return single, found.survived_pairs, found.played_singles, found.played_pairs
