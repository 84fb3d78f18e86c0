"""Who leaves the cluster in good order, and who of them is still letting go of what it held.

Decides nothing. A node that was told to stop says `leaving` in its heartbeats and stops its groups.
While it does, it stays in: its groups go to others at once, but only a member is granted leases,
and without one its watchdog would end an application in the middle of an orderly stop that takes
longer than the lease. Once it holds nothing, or failed to stop something, the view is without it.
"""

from collections.abc import Iterable

from nodeagent.core.shared import Shared
from nodeagent.model.health import GroupState

_AT_IT: frozenset[GroupState] = frozenset({"online", "acquiring", "releasing"})


def leaving_nodes(shared: Shared) -> tuple[str, ...]:
    """Return the nodes that were told to stop, as far as they are heard here."""
    peers = shared.hearts.peers.items()
    heard = [n for n, p in peers if shared.alive(n) and p.beat.state == "leaving"]
    return (*heard, *((shared.name,) if shared.stopping else ()))


def lets_go(shared: Shared, node: str) -> bool:
    """Return whether a member that leaves is stopping its groups, and no stop failed so far."""
    lives = shared.incarnation if node == shared.name else _life(shared, node)
    if shared.log.standing.view.get(node) != lives:
        return False
    told = list(_groups(shared, node))
    return not any(stuck for _, stuck in told) and any(state in _AT_IT for state, _ in told)


def _life(shared: Shared, node: str) -> int | None:
    peer = shared.hearts.peers.get(node)
    return peer.beat.incarnation if peer is not None else None


def _groups(shared: Shared, node: str) -> Iterable[tuple[GroupState, bool]]:
    """Return the state of each group on a node, as last heard, and whether a stop failed there.

    What failed its monitor is another matter: it is stopped like the rest.
    """
    if node == shared.name:
        return [(runner.state, runner.stuck) for runner in shared.runners.values()]
    peer = shared.hearts.peers.get(node)
    return [(group.state, group.stuck is True) for group in peer.groups] if peer is not None else ()
