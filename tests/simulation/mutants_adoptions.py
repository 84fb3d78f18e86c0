"""Mutants of adoption: what outlives its agent, for how long, and whose it is."""

from typing import Any

from nodeagent.core import adoption, unended
from nodeagent.core.adoption import Marks
from nodeagent.core.effects import Pet
from nodeagent.core.keeper import Keeper
from nodeagent.core.shared import Shared
from tests.simulation.mutants_kit import Mutant, original

_PET = original(Keeper, "_pet")
_RECORDS = original(Marks, "records")


def _whatever_it_owned(_: Shared, __: str) -> bool:
    return True


def _for_ever(shared: Shared, group: str) -> bool:
    return group in shared.inherited and adoption._is_still_ours(shared, group)


def _tells_too_long_a_lease(self: Keeper) -> None:
    _PET(self)
    out = self.shared.out
    pet = out[-1] if out else None
    if isinstance(pet, Pet):
        out.pop()
        out.append(Pet(pet.within_ms, pet.lease_until_ms + 20_000, 20_000))


def _keeps_old_marks(self: Marks, runners: Any) -> Any:
    _, after = _RECORDS(self, runners)
    return [], after


def _nothing_is_held(shared: Shared, unended_: Any, held: Any, _: object = ()) -> None:
    _HOLD(shared, unended_, held)


_HOLD = original(unended, "hold")

MUTANTS = (
    Mutant(
        "a group that was given away is adopted",
        "what outlived its agent is let go of where the decrees gave it to another node",
        ((adoption, "_is_still_ours", _whatever_it_owned),),
    ),
    Mutant(
        "held on after the deadman's time",
        "without a lease of its own a new life lets go when the time of the one before is over",
        ((adoption, "keeps", _for_ever),),
    ),
    Mutant(
        "the deadman is told too long a lease",
        "services outlive their agent no longer than its lease and the watchdog's time",
        ((Keeper, "_pet", _tells_too_long_a_lease),),
    ),
    Mutant(
        "a group that is being stopped is called whole",
        "a group is no longer written down as online before anything of it is stopped",
        ((Marks, "records", _keeps_old_marks),),
    ),
    Mutant(
        "what is adopted is written off",
        "what outlived its agent stays held in the journal",
        ((unended, "hold", _nothing_is_held),),
    ),
)
