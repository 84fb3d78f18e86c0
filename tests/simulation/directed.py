"""Directed schedules: the rare faults that are known to break clusters, put on on purpose.

Each scenario is a function of a seed. `play_directed(name, seed)` raises Failure when a rule of
`invariants`, a lease, or the scenario's own promise is broken, or rest does not come.
"""

from collections.abc import Callable

from tests.simulation import directed_adoptions as adoptions
from tests.simulation import directed_dares as dares
from tests.simulation import directed_fences as fences
from tests.simulation import directed_owners as owners
from tests.simulation import directed_probations as probations
from tests.simulation import directed_votes as votes
from tests.simulation.directed_scene import Scene
from tests.simulation.schedules import Failure, rule_of

_FUNCTIONS: tuple[Callable[[int], Scene], ...] = (
    votes.decision_in_pieces,
    votes.accepted_by_one,
    votes.decided_and_untold,
    votes.voters_replaced_behind_a_cut,
    votes.even_split,
    votes.one_bad_link,
    votes.two_bad_links,
    votes.ballot_of_an_earlier_life,
    votes.acceptance_of_an_earlier_slot,
    votes.two_administrators,
    votes.late_withdrawal,
    votes.abort_at_the_last_moment,
    votes.behind_and_asked,
    votes.stale_draft,
    votes.refused_proposer,
    owners.frozen_owner,
    owners.lone_owner,
    owners.late_acknowledgements,
    owners.acknowledged_by_one_that_accepted,
    owners.back_without_the_news,
    owners.removed_and_untold,
    owners.silent_holder,
    owners.word_given_too_early,
    owners.restarted_owner,
    adoptions.agent_dies_alone,
    adoptions.agent_dies_again,
    adoptions.back_after_its_groups_went,
    adoptions.back_and_cut_off,
    adoptions.nobody_comes_back,
    adoptions.dies_while_it_stops,
    fences.fence_that_fails,
    fences.fenced_once_before,
    fences.old_news_of_a_fence,
    fences.fence_race,
    fences.pair_apart,
    fences.pair_apart_again,
    dares.death_during_a_dare,
    dares.undone_acquire,
    dares.abort_before_anything_stopped,
    dares.damaged_file,
    dares.draft_at_start,
    dares.asked_again_and_again,
    dares.crash_while_staged,
    probations.probation_of_a_dead_coordinator,
    probations.probation_over_restarts,
    probations.confirmed_at_one,
    probations.second_change_during_a_probation,
    dares.undone_renaming,
)
SCENARIOS = {function.__name__.replace("_", " "): function for function in _FUNCTIONS}


def play_directed(name: str, seed: int) -> None:
    """Play one scenario; raises Failure."""
    try:
        SCENARIOS[name](seed).calm()
    except Exception as error:
        text = f"directed {name!r}, seed {seed}: {type(error).__name__}: {error}"
        raise Failure(text, rule_of(f"{type(error).__name__}: {error}")) from error
