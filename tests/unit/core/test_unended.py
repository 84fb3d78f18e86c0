"""An earlier agent of this node started something that nobody can end: it is held until it ends."""

from msgspec.structs import replace

from nodeagent.core import effects as fx
from nodeagent.core.events import DriverFinished, MessageHeard, Now, Tick
from nodeagent.core.groups import STOP_RETRY_MS
from nodeagent.core.log import genesis
from nodeagent.core.node import Node, Setup
from nodeagent.core.records import DecidedValue, Holding, Record, Started
from nodeagent.wire.peer import Probe, ProbeReply
from tests.simulation.clusters import cluster
from tests.simulation.invariants import Invariants
from tests.simulation.rest import restless
from tests.simulation.world import World
from tests.unit.core.story import Story

UNENDED = (("web", "server"),)


class Restarted:
    """The agent of alpha, started anew; `asked` is what it asks of its drivers."""

    def __init__(self, unended: tuple[tuple[str, str], ...], *, held: bool = True) -> None:
        genesis_ = genesis(cluster().encode())
        records = (DecidedValue(genesis_), Started(1 << 20, "alpha"), Holding("web", held=held))
        self.now_ms = 0
        self.node = Node(Setup("alpha", records, unended=unended), Now(0, 0.0))
        self.asked: list[fx.RunDriver] = []
        self.written: list[Record] = []
        self.take(self.node.start(Now(0, 0.0)))

    def take(self, effects: list[fx.Effect]) -> list[fx.Effect]:
        self.asked += [e for e in effects if isinstance(e, fx.RunDriver)]
        self.written += [e.record for e in effects if isinstance(e, fx.Persist)]
        return effects

    def wait(self, ms: int) -> None:
        for _ in range(ms // 100):
            self.now_ms += 100
            self.take(self.node.step(Tick(), Now(self.now_ms, 0.0)))

    def finish(self, *, ok: bool) -> None:
        event = DriverFinished(self.asked[-1].op, ok, text="" if ok else "processes 4711 stay")
        self.take(self.node.step(event, Now(self.now_ms, 0.0)))

    def word(self) -> tuple[str, ...]:
        """Return what it says to bravo that it holds."""
        envelope = self.node.envelope(Probe(0, 1, ("web", "orders")))
        effects = self.node.step(MessageHeard("bravo", envelope), Now(self.now_ms, 0.0))
        sent = [e.message for e in self.take(effects) if isinstance(e, fx.Send)]
        return next(m.held for m in sent if isinstance(m, ProbeReply))


def test_what_could_be_ended_is_held_no_more() -> None:
    agent = Restarted(())

    assert agent.word() == ()
    assert Holding("web", held=False) in agent.written


def test_what_could_not_be_ended_is_held_and_stopped_until_it_ends() -> None:
    agent = Restarted(UNENDED)
    assert agent.word() == ("web",)
    assert Holding("web", held=False) not in agent.written

    for tries in range(1, 4):
        stops = [(e.group, e.name, e.action) for e in agent.asked]
        assert stops == [("web", "server", "stop")] * tries
        agent.finish(ok=False)
        assert agent.word() == ("web",)
        assert "processes 4711 stay" in agent.node.shared.runner("web").text
        agent.wait(STOP_RETRY_MS)

    agent.finish(ok=True)
    assert agent.word() == ()
    assert agent.written[-1] == Holding("web", held=False)
    assert agent.node.shared.runner("web").state == "offline"


def test_what_the_journal_calls_released_and_runs_is_held_again() -> None:
    agent = Restarted(UNENDED, held=False)

    assert Holding("web", held=True) in agent.written
    assert agent.word() == ("web",)


def test_a_group_that_no_configuration_knows_is_stopped_too() -> None:
    agent = Restarted((("gone", "server"),))

    assert agent.node.held == {"gone"}
    assert [(e.group, e.name, e.action) for e in agent.asked] == [("gone", "server", "stop")]
    agent.finish(ok=True)
    assert agent.node.held == frozenset()


def test_nobody_takes_over_what_a_restarted_agent_cannot_end() -> None:
    world = World(cluster().replace("watchdog-ms = 1000", "watchdog-ms = 5000"), lingers=True)
    invariants = Invariants(world)
    world.start()
    world.until(lambda: not restless(world, invariants))
    world.refuse_driver.add(("alpha", "web", "stop"))
    world.crash("alpha")
    world.until(lambda: invariants.owners["web"] == "bravo")
    world.start("alpha")

    world.advance(15_000)

    assert world.owner("web") == ["alpha"]
    assert world.nodes()["bravo"].shared.group_state("web", "alpha") == "releasing"
    world.refuse_driver.clear()
    world.until(lambda: not restless(world, invariants))
    assert world.owner("web") == ["bravo"]


def test_its_word_that_it_holds_a_group_outlives_the_next_decree() -> None:
    """It is out and heard, and the time after which it would be excused is long over."""
    story = Story()
    bravo = story.node("bravo")
    shared, proofs = bravo.shared, bravo.proofs
    del shared.log.standing.view["alpha"]
    shared.out_since_ms["alpha"] = shared.now.ms - 60_000
    proofs.missing(shared, "web")
    reply = ProbeReply(shared.log.standing.slot, proofs._sequence, ("web",))
    proofs.answered("alpha", reply, shared.now.ms)
    assert proofs.missing(shared, "web") == ("alpha",)

    shared.log.standing = replace(shared.log.standing, slot=shared.log.standing.slot + 1)

    assert proofs.missing(shared, "web") == ("alpha",)
