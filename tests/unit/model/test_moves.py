from typing import get_args

import pytest

from nodeagent.core.events import Now
from nodeagent.core.groups import GroupRunner
from nodeagent.model.health import GroupState, NodeState, RunState
from nodeagent.model.moves import GROUP_MOVES, NODE_MOVES, RUN_MOVES, Move, may_follow
from nodeagent.model.run import DareRun, RunChanged, advance
from tests.simulation.clusters import cluster
from tests.simulation.world import World

ENDS: tuple[RunState, ...] = ("done", "refused", "aborted")


@pytest.mark.parametrize("moves", [GROUP_MOVES, RUN_MOVES, NODE_MOVES])
def test_no_move_is_listed_twice_or_leads_nowhere(moves: tuple[Move[str], ...]) -> None:
    pairs = [(move.before, move.after) for move in moves]

    assert len(set(pairs)) == len(pairs)
    assert all(before != after for before, after in pairs)


def test_every_state_can_be_reached() -> None:
    assert {m.after for m in GROUP_MOVES} | {"unknown"} == set(get_args(GroupState))
    assert {m.after for m in RUN_MOVES} | {"running"} == set(get_args(RunState))
    assert {m.after for m in NODE_MOVES} | {"down", "unknown"} == set(get_args(NodeState))


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("late", ["running", "aborting", "in-doubt", "done", "refused", "aborted"])
def test_late_news_change_no_result(end: RunState, late: RunState) -> None:
    run = DareRun(tx="1", coordinator="alpha", state=end)

    after = advance(run, RunChanged(tx="1", state=late, text="late"))

    assert after is not None
    assert after.state == end


def test_a_doubt_ends_when_a_voter_finishes_it() -> None:
    run = DareRun(tx="1", coordinator="alpha", state="in-doubt")

    after = advance(run, RunChanged(tx="1", state="done"))

    assert after is not None
    assert after.state == "done"


def test_a_group_that_jumps_is_stopped_at_the_jump() -> None:
    runner = GroupRunner("web", lambda: 1)

    with pytest.raises(AssertionError, match="web: offline > error"):
        runner._become("error", "", Now(0, 0.0))


class Follower:
    """Notes each change of a node's state by its own word."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.last: dict[tuple[str, int], NodeState] = {}
        self.moves: set[tuple[NodeState, NodeState]] = set()

    def look(self) -> None:
        for name, node in self.world.nodes().items():
            life = name, self.world.machines[name].life
            state = node.reporter.node_state()
            self.moves.add((self.last.get(life, state), state))
            self.last[life] = state


def test_nodes_move_as_listed_when_one_comes_dies_returns_and_leaves() -> None:
    world = World(cluster(3))
    follower = Follower(world)

    def passes(ms: int) -> None:
        for _ in range(ms // 50):
            world.advance(50)
            follower.look()

    world.start()
    passes(4_000)
    world.add_machine("delta", cluster(4))
    world.start("delta")
    world.apply("alpha", cluster(4))
    passes(4_000)
    world.crash("bravo")
    passes(4_000)
    world.start("bravo")
    passes(4_000)
    world.apply("alpha", cluster(3))
    passes(4_000)

    assert {("joining", "up"), ("reconfiguring", "leaving")} <= follower.moves
    assert all(may_follow(NODE_MOVES, *move) for move in follower.moves)


def test_a_doubt_is_resolved_on_all_nodes_once_a_majority_answers() -> None:
    world = World(cluster(3))
    world.start()
    world.until(world.stable)
    world.apply("alpha", cluster(3, ("web", "orders", "mail")))
    coordinator = world.nodes()["alpha"].coordinator
    assert coordinator is not None
    world.until(lambda: coordinator.step_name == "decide")
    world.cut.update({("alpha", other) for other in ("bravo", "charlie")})
    world.cut.update({(other, "alpha") for other in ("bravo", "charlie")})
    world.until(lambda: coordinator.finished)
    assert world.run is not None
    assert {n.shared.run.state for n in world.nodes().values() if n.shared.run} >= {"in-doubt"}

    world.cut.clear()
    world.until(lambda: world.nodes()["alpha"].shared.log.standing.slot > coordinator.request.slot)

    def states() -> set[str]:
        return {node.shared.run.state for node in world.nodes().values() if node.shared.run}

    world.until(lambda: len(states()) == 1 and states() <= {"done", "aborted"})
