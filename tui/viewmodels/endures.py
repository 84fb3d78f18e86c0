"""How many nodes the cluster can lose now, and what limits it: the dashboard's one line.

Played by the rules that agents decide by (`nodeagent.config.survival`), once for each standing:
the line is painted every second.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from nodeagent.config.survival import Loss, Standpoint, spare_nodes
from nodeagent.model.configuration import Configuration
from tui.viewmodels.facts import Look

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """Everything that the answer depends on; the configuration is compared by its text."""

    text: str
    view: frozenset[str]
    owners: Pairs
    asked: Pairs
    held: frozenset[str]
    failed: tuple[tuple[str, frozenset[str]], ...]
    cfg: Configuration = field(compare=False)


def endurance(look: Look) -> str:
    """Return which loss of nodes the cluster would survive, and what limits it."""
    known = _known(look)
    if known is None:
        return "what may fail is not known"
    spare, loss = _spare(known)
    if spare < 0:
        return "quorum is lost"
    limit = _limit(known, loss)
    if spare == 0:
        return f"no node may fail: {limit}"
    return f"any {spare} node{'s' * (spare > 1)} may fail ({limit})"


def _known(look: Look) -> _Known | None:
    cfg, cluster = look.view.active.running, look.view.cluster
    if cfg is None or cluster is None:
        return None
    return _Known(
        look.view.active.text,
        frozenset(node.name for node in look.nodes if node.usable),
        tuple(cluster.value.owners.items()),
        tuple(cluster.value.asked.items()),
        frozenset(group.name for group in look.groups if group.held),
        tuple(_failed(look).items()),
        cfg,
    )


def _failed(look: Look) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for node in look.nodes:
        for group in node.live.groups if node.live and node.usable else ():
            if group.state == "error":
                found[group.group] = found.get(group.group, frozenset()) | {node.name}
    return found


@lru_cache(maxsize=8)
def _spare(known: _Known) -> tuple[int, Loss | None]:
    return spare_nodes(
        Standpoint(
            known.cfg,
            known.view,
            dict(known.owners),
            dict(known.asked),
            known.held,
            dict(known.failed),
        )
    )


def _limit(known: _Known, loss: Loss | None) -> str:
    """Return what the next failure would cost; with the voters where it is the quorum."""
    if loss is None:
        return "more were not tried"
    if loss.quorum:
        held = [group for group in loss.groups if group in known.held]
        if held:
            return f"{held[0]} is held, so nobody takes it over"
        nodes = " and ".join(part.partition(":")[2] for part in loss.failure.split("+"))
        verb = "fails" if "+" not in loss.failure else "fail"
        return f"if {nodes} {verb}, {loss.text}"
    voters = known.cfg.voters()
    voting = sum(voter in known.view for voter in voters)
    return f"quorum {len(voters) // 2 + 1} of {len(voters)} voters, {voting} up"
