"""Rules between groups, late returns, settling, and failures that expire, on a running cluster."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from nodeagent.core.effects import RunDriver
from nodeagent.core.events import DriverFinished, Now
from nodeagent.core.groups import GroupRunner
from nodeagent.model.configuration import Application, Group
from nodeagent.model.ownership import Token
from nodeagent.wire.console import Refused
from tests.simulation.clusters import NAMES
from tests.simulation.invariants import Invariants
from tests.simulation.shapes import GroupShape, Shape
from tests.simulation.world import World
from tests.unit.core.story import Story


def began(shape: Shape, *machines: str) -> Story:
    """Return a story whose cluster begins with this shape; only these machines are started."""
    story = Story.__new__(Story)
    story.shape = shape
    story.world = World(shape.text)
    story.invariants = Invariants(story.world)
    story.world.start(*machines)
    return story


def web(*nodes: str, **fields: object) -> Shape:
    group = replace(GroupShape(nodes or NAMES[:3]), **fields)  # type: ignore[arg-type]
    return Shape(NAMES[:3], (("web", group),))


# -- settling --------------------------------------------------------------------------------------


def test_a_cluster_that_starts_waits_for_the_better_node_and_no_longer() -> None:
    story = began(replace(web(), settling=20.0), "bravo", "charlie")
    began_ms = story.world.now_ms

    story.until(lambda: story.owner("web") == ["bravo"])

    assert story.world.now_ms - began_ms >= 20_000


def test_the_better_node_ends_the_waiting() -> None:
    story = began(replace(web(), settling=600.0), "bravo", "charlie")
    story.world.advance(8_000)
    assert story.owner("web") == []

    story.world.start("alpha")

    story.until(lambda: story.owner("web") == ["alpha"])


def test_an_owner_that_is_late_after_a_cold_start_is_waited_for() -> None:
    story = began(replace(web(), settling=30.0)).rest()
    assert story.owner("web") == ["alpha"]
    for name in NAMES[:3]:
        story.crash(name)
    story.world.advance(2_000)

    story.world.start("bravo", "charlie")
    story.world.advance(12_000)
    assert story.node("bravo").shared.log.standing.owners["web"] == ""
    story.world.start("alpha")

    assert story.rest().owner("web") == ["alpha"]


def test_settling_delays_no_takeover_of_a_cluster_that_runs() -> None:
    story = began(replace(web(), settling=600.0)).rest()
    story.world.stop("bravo")
    story.until(lambda: "bravo" not in story.world.nodes())
    story.world.start("bravo")
    story.rest()

    story.crash("alpha")

    story.until(lambda: story.owner("web") == ["bravo"])


# -- late fallback ---------------------------------------------------------------------------------

DELAYED = 'fallback = "higher-priority"\nfallback-delay-seconds = 30.0\n'


def test_a_group_returns_once_after_its_delay() -> None:
    story = began(web(extras=DELAYED)).rest()
    story.crash("alpha").until(lambda: story.owner("web") == ["bravo"])
    story.world.start("alpha")
    story.rest()
    story.until(lambda: "alpha" in story.node("charlie").shared.log.standing.view)
    back_ms = story.world.now_ms

    story.until(lambda: story.owner("web") == ["alpha"])

    assert story.world.now_ms - back_ms >= 29_000
    slot = story.rest().node("bravo").shared.log.standing.slot
    story.world.advance(60_000)
    assert story.node("bravo").shared.log.standing.slot == slot, "nobody undoes it"


def test_a_group_returns_at_its_time_of_the_day() -> None:
    """The clock of the simulation stands at 00:16:40."""
    at = 'fallback = "higher-priority"\nfallback-at = "00:20"\n'
    story = began(web(extras=at)).rest()
    story.world.tick_ms = 200  # it is three minutes until then
    story.crash("alpha").until(lambda: story.owner("web") == ["bravo"])
    story.world.start("alpha")
    story.rest()
    assert story.owner("web") == ["bravo"]

    story.until(lambda: story.owner("web") == ["alpha"], limit_ms=400_000)

    assert story.world.now_ms >= 20 * 60_000


def test_a_change_does_not_bring_a_late_return_forward() -> None:
    story = began(web(extras=DELAYED.replace("30", "3000"))).rest()
    story.crash("alpha").until(lambda: story.owner("web") == ["bravo"])
    story.world.start("alpha")
    story.rest()

    assert story.dare(story.with_group("mail", "charlie")).state == "done"

    assert story.rest().owner("web") == ["bravo"]


# -- rules -----------------------------------------------------------------------------------------


def two(kind: str, **fields: object) -> Shape:
    """`web` on alpha, and `orders` at home on bravo that must be with it, or apart from it."""
    orders = GroupShape(("bravo", "alpha", "charlie"), number=101, rules=((kind, "web"),))
    orders = replace(orders, **fields)  # type: ignore[arg-type]
    return Shape(NAMES[:3], (("web", GroupShape(NAMES[:3])), ("orders", orders)))


def test_groups_that_must_be_together_are_taken_over_by_one_node() -> None:
    story = began(two("with")).rest()
    assert (story.owner("web"), story.owner("orders")) == (["alpha"], ["alpha"])

    story.crash("alpha").until(lambda: story.owner("orders") == ["bravo"])

    story.until(lambda: story.owner("web") == ["bravo"])


def test_a_failure_beyond_its_restarts_takes_along_only_who_must_be_with_it() -> None:
    shape = two("with")
    shape = replace(shape, groups=(*shape.groups, ("mail", GroupShape(("alpha",), number=102))))
    story = began(shape).rest()

    for _ in range(2):
        story.drill("alpha", "fail-application", "orders")
        story.world.advance(1_500)
    story.world.machines["alpha"].running["orders"].discard("server")

    story.until(lambda: story.owner("orders") == story.owner("web") == ["bravo"])
    assert story.owner("mail") == ["alpha"]


def test_a_group_waits_until_the_one_that_it_drives_out_is_gone() -> None:
    shape = two("apart-from", nodes=("bravo", "charlie"))
    web = replace(shape.groups[0][1], nodes=("alpha", "bravo"))
    story = began(replace(shape, groups=(("web", web), shape.groups[1]))).rest()
    story.world.refuse_driver.add(("bravo", "orders", "stop"))

    story.crash("alpha").until(lambda: story.told("cannot stop"))
    story.world.advance(20_000)
    assert story.owner("web") == [], "its only node is not free yet"
    story.world.refuse_driver.clear()

    story.until(lambda: story.owner("web") == ["bravo"])
    story.until(lambda: story.owner("orders") == ["charlie"])


def test_a_move_that_a_rule_forbids_is_refused_with_the_rule() -> None:
    story = began(two("apart-from", nodes=("bravo", "charlie"))).rest()
    assert (story.owner("web"), story.owner("orders")) == (["alpha"], ["bravo"])
    assert story.dare(story.shape, web="charlie").state == "done"

    answer = story.ask(story.shape, orders="charlie")

    assert isinstance(answer, Refused)
    assert answer.text == "orders cannot go to charlie: it must be apart from web, on charlie"


# -- children --------------------------------------------------------------------------------------


def test_a_child_starts_again_after_its_parent_was_taken_over() -> None:
    parent = GroupShape(NAMES[:3])
    child = GroupShape(("charlie",), number=101, after=("web",))
    story = began(Shape(NAMES[:3], (("web", parent), ("orders", child)))).rest()

    story.crash("alpha").until(lambda: story.owner("orders") == [])
    story.until(lambda: story.owner("web") == ["bravo"])
    story.until(lambda: story.owner("orders") == ["charlie"])

    assert story.told("because it runs after web, which moved")


def test_a_child_runs_on_when_somebody_else_moves() -> None:
    parent = GroupShape(NAMES[:3])
    child = GroupShape(("charlie",), number=101, after=("web",))
    other = GroupShape(("bravo", "charlie"), number=102)
    shape = Shape(NAMES[:3], (("web", parent), ("orders", child), ("mail", other)))
    story = began(shape).rest()
    starts = story.invariants.acquisitions

    story.crash("bravo").until(lambda: story.owner("mail") == ["charlie"])

    story.world.advance(2_000)
    assert story.invariants.acquisitions == starts + 2, "two resources of mail, and no other"


# -- failures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pause_ms", "owner"), [(1_500, "bravo"), (15_000, "alpha")])
def test_restarts_are_forgotten_once_it_was_well_for_long_enough(pause_ms: int, owner: str) -> None:
    story = began(web(extras="failure-expires-seconds = 10.0\n")).rest()

    for _ in range(2):
        story.drill("alpha", "fail-application", "web")
        story.world.advance(pause_ms)

    story.until(lambda: story.owner("web") == [owner])
    story.world.advance(5_000)
    assert story.owner("web") == [owner]


def test_a_failure_expires_after_its_time() -> None:
    extras = 'failure-expires-seconds = 10.0\nfallback = "higher-priority"\n'
    story = began(web(extras=extras)).rest()
    story.world.refuse_driver.add(("alpha", "web", "start"))
    story.drill("alpha", "fail-application", "web")
    story.until(lambda: story.owner("web") == ["bravo"])
    failed_ms = story.world.now_ms

    story.world.refuse_driver.clear()
    story.until(lambda: story.owner("web") == ["alpha"])

    assert 5_000 <= story.world.now_ms - failed_ms <= 20_000


def runs(tolerates: int) -> tuple[GroupRunner, Callable[..., None]]:
    """Return a group that is online, and a way to hand it the next result of its monitor."""
    server = Application(start=("/bin/x",), interval_seconds=1.0, failures_tolerated=tolerates)
    runner = GroupRunner("web", iter(range(1, 1000)).__next__)
    now = Now(0, 0.0)
    group = Group(nodes=("alpha",), resource={"server": server})
    started = runner.acquire(group, Token(), now)
    assert [type(effect).__name__ for effect in started] == ["Persist", "RunDriver"]
    runner.finished(DriverFinished(1, ok=True), now)

    def monitored(code: str = "ok") -> None:
        nonlocal now
        now = Now(now.ms + 1_000, 0.0)
        (effect,) = runner.tick(now, may_restart=True, may_leave=True)
        assert isinstance(effect, RunDriver)
        runner.finished(DriverFinished(effect.op, code == "ok", code), now)

    return runner, monitored


def test_bad_monitor_runs_are_let_pass_up_to_a_number_in_a_row() -> None:
    runner, monitored = runs(tolerates=2)

    for code in ("unwell", "timeout", "ok", "unwell", "unwell"):
        monitored(code)
        assert not runner.waits_for_recovery
    monitored("unwell")

    assert "monitor" in runner.waits_for_recovery


@pytest.mark.parametrize("code", ["stopped", "failed"])
def test_what_does_not_run_at_all_is_never_let_pass(code: str) -> None:
    runner, monitored = runs(tolerates=2)

    monitored(code)

    assert runner.waits_for_recovery


def test_by_default_the_first_bad_run_counts() -> None:
    runner, monitored = runs(tolerates=0)

    monitored("unwell")

    assert runner.waits_for_recovery
