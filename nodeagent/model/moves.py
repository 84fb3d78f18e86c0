"""Which state may follow which, and why: groups, DAREs, and nodes as their neighbours see them.

The code asserts or filters by these rows, tests walk them, and the state diagrams in
ARCHITECTURE.md are printed from them, so none of the three can tell another story. To stay in a
state is always allowed and has no row.
"""

from typing import Generic, NamedTuple, TypeVar

from nodeagent.model.health import GroupState, NodeState, RunState

State = TypeVar("State", bound=str)


class Move(NamedTuple, Generic[State]):
    """`after` may follow `before`; `why` is told on the arrow."""

    before: State
    after: State
    why: str


def may_follow(moves: tuple[Move[State], ...], before: State, after: State) -> bool:
    """Return whether `after` may come after `before`."""
    return before == after or any(m.before == before and m.after == after for m in moves)


GROUP_MOVES: tuple[Move[GroupState], ...] = (
    Move("offline", "acquiring", "this node owns it by decree or in a DARE, with proof of release"),
    Move("acquiring", "online", "all its resources are started"),
    Move("acquiring", "releasing", "a start failed, or it is no longer this node's"),
    Move("online", "acquiring", "a resource failed and may be restarted here"),
    Move("online", "releasing", "no longer this node's, lease lost, or no restart left"),
    Move("offline", "releasing", "an agent starts, and an earlier one left something running"),
    Move("offline", "online", "an agent starts, and took over what its predecessor left online"),
    Move("online", "offline", "it has no resources, so there is nothing to stop"),
    Move("releasing", "offline", "all its resources are stopped"),
    Move("releasing", "online", "in a DARE that is undone before anything was stopped"),
    Move("releasing", "error", "stopped after a failure"),
    Move("error", "offline", "its failure expired, or its configuration changed"),
    Move("error", "acquiring", "a DARE gives it to this node again"),
)
"""One group on one node. A failed stop is tried again and the state stays `releasing`."""

RUN_MOVES: tuple[Move[RunState], ...] = (
    Move("running", "refused", "verify or lock failed: nothing was changed"),
    Move("running", "aborting", "a step failed, a node was lost, or an administrator aborts"),
    Move("running", "done", "COMMIT is decided and active"),
    Move("running", "aborted", "the coordinator was lost and another voter decided ABORT"),
    Move("running", "in-doubt", "COMMIT was asked for and no majority answers"),
    Move("aborting", "aborted", "ABORT is decided and the undo rows are through"),
    Move("in-doubt", "done", "a voter finished it: COMMIT"),
    Move("in-doubt", "aborted", "a voter finished it: ABORT"),
)
"""One DARE. What is not listed is late news of a state that is over, and is ignored."""

NODE_MOVES: tuple[Move[NodeState], ...] = (
    Move("joining", "up", "a VIEW counts this start of its agent in"),
    Move("joining", "reconfiguring", "promised to the DARE that adds it"),
    Move("joining", "leaving", "told to stop, or removed while it was away"),
    Move(
        "joining", "amnesiac", "learns that it forgot a newer life: its disk was lost or set back"
    ),
    Move("amnesiac", "leaving", "told to stop, or a DARE removed it, which is its way back"),
    Move("up", "joining", "a VIEW left it out"),
    Move("up", "reconfiguring", "promised to a DARE"),
    Move("up", "leaving", "told to stop, or learns that a DARE removed it"),
    Move("reconfiguring", "up", "the DARE is decided, or gave its lock back"),
    Move("reconfiguring", "joining", "undone, and no VIEW counts it in"),
    Move("reconfiguring", "leaving", "told to stop, or the DARE removed it"),
    Move("leaving", "up", "a later DARE added it again"),
    Move("leaving", "joining", "a later DARE added it, before it was started anew"),
)
"""A node by its own word. Who does not hear it on any network for `dead-after-ms` shows it as
`down` instead, and as `unknown` before it was ever heard."""
