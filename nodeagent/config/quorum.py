"""How many voters decide: the one rule that agents go by and previews count with."""

from collections.abc import Collection


def majority(voters: Collection[str], of: Collection[str], tie_breaker: str = "") -> bool:
    """Return whether `of` holds more than half of `voters`, or half with the tie-breaker.

    Any two that hold it share a voter: two halves cannot both have the tie-breaker.
    """
    votes = len(set(voters) & set(of)) * 2
    return votes > len(voters) or (votes == len(voters) and tie_breaker in set(voters) & set(of))


def outlives(
    voters: Collection[str], of: Collection[str], tie_breaker: str, fenced: Collection[str]
) -> bool:
    """Return whether `of` holds one of two voters and the other one is fenced.

    That one cannot have decided anything without the first, and cannot do so when it comes back: a
    life that nobody counted in fences nobody. With a tie-breaker that one decides alone anyway, and
    the other must not.
    """
    if len(set(voters)) != 2 or tie_breaker in voters:
        return False
    lost = set(voters) & set(fenced)
    return len(lost) == 1 and bool((set(voters) - lost) & set(of))
