"""A majority of the voters is lost for good: an operator decides what nobody can decide any more.

A forced COMMIT opens a new generation: it has no certificate, names the survivors as the only
voters, and is written into their journals by hand while their agents are stopped (`nodeagent
force-generation`). Agents of different generations do not answer each other, so what a node of the
old one still believes can never come back. No agent takes a forced decree from a peer, unless it
is being added and takes the whole history as it is told: each survivor adopts it by hand.

Told: a decree log. Returns decrees; writes nothing.
"""

from collections.abc import Sequence

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.core.log import DecreeError, DecreeLog, read_configuration
from nodeagent.model.ownership import Ballot
from nodeagent.wire.codec import pack
from nodeagent.wire.peer import Commit, Decree, Value


class GenerationError(Exception):
    """A new generation cannot be opened or adopted; says why, and what would be right."""


def force(
    log: DecreeLog,
    survivors: Sequence[str],
    author: str,
    reason: str,
    accepted: Value | None = None,
) -> Decree:
    """Return the decree that opens the next generation, in which only `survivors` vote.

    The configuration stays as it is but for `cluster.voters`: lost nodes are removed by DAREs
    later. Every group keeps its owner: the next view finds that the lost ones are not in, and their
    groups fall over as after any death, once time has proven their release. GenerationError where
    it is not needed or makes no sense. `accepted` is what this node accepted and nobody decided: a
    COMMIT whose new voters are lost can only be ended so, for it needs them, too.
    """
    configuration, standing = log.configuration, log.standing
    if configuration is None:
        raise GenerationError("nothing was ever decided here; choose a survivor with a history")
    unknown = sorted(set(survivors) - set(configuration.node))
    if unknown or not survivors:
        known = ", ".join(configuration.node)
        raise GenerationError(f"no such node: {', '.join(unknown) or 'none named'}; it has {known}")
    if log.decides(survivors) and not _is_stuck(log, survivors, accepted):
        raise GenerationError(
            f"{', '.join(survivors)} are a majority of the voters ({', '.join(log.voters)}): they "
            "decide without force; start their agents and remove the lost nodes by a DARE"
        )
    wanted = list(dict.fromkeys(survivors))
    text = edit.set_value(log.active.decode(), ("cluster", "voters"), wanted)
    if log.tie_breaker and log.tie_breaker not in wanted:
        text = edit.set_value(text, ("cluster", "tie-breaker"), None)
    data = text.encode()
    read_configuration(data, "the configuration of the survivors")
    generation = standing.generation + 1
    value = Commit(
        tx=f"generation.{generation}",
        epoch=standing.epoch + 1,
        digest=file_digest(data),
        file=pack(data),
        view={},
        owners=dict(standing.owners),
        author=author,
        reason=reason,
        generation=generation,
    )
    return Decree(log.next_slot, value, Ballot(), log.last_digest, ())


def _is_stuck(log: DecreeLog, survivors: Sequence[str], accepted: Value | None) -> bool:
    """Return whether a COMMIT was accepted here that the survivors cannot decide."""
    return isinstance(accepted, Commit) and not log.certified(accepted, survivors)


def adopt(log: DecreeLog, decrees: Sequence[Decree], name: str) -> tuple[Decree, ...]:
    """Return those of a survivor's `decrees` that this node's log misses, the forced one last.

    `name` is this node. GenerationError where they do not continue its history, or where it is not
    among the survivors.
    """
    if not decrees or not is_forced(decrees[-1]):
        raise GenerationError("the file does not end with a forced decree; make it anew")
    forced = decrees[-1].value
    assert isinstance(forced, Commit), "only a COMMIT is forced"
    if log.standing.generation >= forced.generation:
        raise GenerationError(f"generation {log.standing.generation} is in force here already")
    missing = tuple(decree for decree in decrees if decree.slot >= log.next_slot)
    if not missing:
        raise GenerationError(
            f"this node knows {log.next_slot} decrees, more than the one that was forced "
            "continues; force the generation here and adopt it there, or set this node up anew"
        )
    try:
        for decree in missing:
            log.extend(decree)
    except DecreeError as error:
        raise GenerationError(f"they do not continue this node's history: {error}") from error
    if name not in log.voters:
        raise GenerationError(
            f"{name} is not among the survivors ({', '.join(log.voters)}); remove it by a DARE, "
            "set it up anew, and add it again"
        )
    return missing


def is_forced(decree: Decree) -> bool:
    """Return whether an operator decided it, and not a majority."""
    return isinstance(decree.value, Commit) and decree.value.generation > 0
