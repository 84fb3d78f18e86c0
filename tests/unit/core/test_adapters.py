"""Adapters that die: the address alone moves, or the group leaves, or nothing does."""

import pytest

from nodeagent.config.parse import parse
from nodeagent.config.placement import cut_off
from nodeagent.core.adapters import Sight, attachment, judge
from nodeagent.core.effects import Effect, RunDriver
from nodeagent.core.records import Record
from nodeagent.model.configuration import Configuration
from tests.simulation.clusters import NAMES
from tests.simulation.machine import Machine
from tests.simulation.shapes import Shape
from tests.unit.core.story import Story

SILENCE_MS = 2_400


def configuration() -> Configuration:
    read = parse(Shape(NAMES[:3], (), networks=2, spare=True).text.encode())
    assert read.configuration is not None, read.reports
    return read.configuration


@pytest.mark.parametrize(
    ("sight", "verdict"),
    [
        (Sight(True, 0, expected=True, elsewhere=True), "good"),
        (Sight(True, 2_399, expected=True, elsewhere=True), "good"),
        (Sight(False, 0, expected=True, elsewhere=True), "link-down"),
        (Sight(True, 2_400, expected=True, elsewhere=True), "silent"),
        (Sight(True, 2_400, expected=True, elsewhere=False), "network-failed"),
        (Sight(True, 2_400, expected=False, elsewhere=True), "good"),
        (Sight(True, 2_400, expected=False, elsewhere=False), "good"),
    ],
    ids=["heard", "not yet", "no link", "alone", "nobody hears", "all are bad", "alone left"],
)
def test_one_adapter_is_judged_by_what_is_seen_of_it(sight: Sight, verdict: str) -> None:
    assert judge(sight, SILENCE_MS) == verdict


@pytest.mark.parametrize(
    ("bad", "current", "chosen"),
    [
        ((), "", "eth0"),
        (("eth0",), "", "eth2"),
        (("eth0",), "eth0", "eth2"),
        ((), "eth2", "eth2"),
        (("eth2",), "eth2", "eth0"),
        (("eth0", "eth2"), "eth2", "eth2"),
        (("eth0", "eth2"), "", "eth0"),
        ((), "gone", "eth0"),
    ],
    ids=[
        "service first", "standby else", "it moves", "it stays", "it returns when it must",
        "nothing is good", "nothing is good at a start", "an adapter that was removed",
    ],
)  # fmt: skip
def test_where_an_address_belongs(bad: tuple[str, ...], current: str, chosen: str) -> None:
    at = attachment(configuration(), "alpha", "public", bad, current)

    assert (at.adapter, at.subnet) == (chosen, "10.1.0.0/24")
    assert {at.adapter, *at.others} == {"eth0", "eth2"}
    assert attachment(configuration(), "alpha", "nowhere").adapter == ""


def test_a_network_is_lost_with_its_last_adapter() -> None:
    cfg = configuration()

    assert cut_off(cfg, "alpha", ("eth0",)) == frozenset()
    assert cut_off(cfg, "alpha", ("eth0", "eth2")) == {"public"}
    assert cut_off(cfg, "alpha", ("eth1", "eth9")) == {"private"}


# --- stories


class Ran:
    """Notes what drivers are asked for, monitors aside."""

    def __init__(self) -> None:
        self.actions: list[tuple[str, str]] = []
        self.handed: list[tuple[str, bool]] = []

    def acts(self, machine: Machine, effect: Effect) -> None:
        if isinstance(effect, RunDriver) and effect.action != "monitor":
            self.actions.append((effect.action, effect.name))
            if (effect.action, effect.name) == ("start", "address"):
                self.handed.append((machine.name, effect.attachment.handed))

    def wrote(self, machine: Machine, record: Record) -> None:
        """Nothing is looked at."""

    def stepped(self, machine: Machine) -> None:
        """Nothing is looked at."""


def shown(story: Story) -> str:
    """Return what charlie can tell of the address of web."""
    groups = story.node("charlie").shared.hearts.peers["alpha"].groups
    return next(g.resources[0].text for g in groups if g.group == "web")


def test_an_address_moves_alone_to_the_standby_adapter() -> None:
    story = Story(spare=True)
    assert story.at("web") == {"alpha": "eth0"}
    ran = Ran()
    story.world.watchers.append(ran)
    unplugged = story.world.now_ms

    story.unplug("alpha").until(lambda: story.at("web") == {"alpha": "eth2"})

    assert story.world.now_ms - unplugged < 500
    assert ran.actions == [("stop", "address"), ("start", "address")], "nothing else is touched"
    story.rest()
    assert story.told("adapter eth0 on public failed")
    assert story.told("address moved from eth0 to eth2 here")
    story.until(lambda: shown(story) == "on eth2, because eth0 failed")
    assert story.owner("orders") == ["bravo"]


def test_an_address_whose_adapter_comes_back_meanwhile_has_not_moved() -> None:
    story = Story(spare=True)
    ran = Ran()
    story.world.watchers.append(ran)
    story.world.refuse_driver.add(("alpha", "web", "long stop"))

    story.unplug("alpha").until(lambda: ran.actions == [("stop", "address")])
    story.plug("alpha").until(lambda: ("start", "address") in ran.actions)
    story.until(lambda: story.at("web") == {"alpha": "eth0"})
    story.rest()

    assert not story.told("address moved")


def test_an_address_is_used_at_once_unless_it_failed_where_it_was() -> None:
    story = Story()
    ran = Ran()
    story.world.watchers.append(ran)

    story.world.refuse_driver.add(("alpha", "web", "start"))
    story.drill("alpha", "fail-application", "web")
    story.until(lambda: story.owner("web") == ["bravo"])
    story.world.refuse_driver.clear()

    story.rest().dare(story.shape, web="alpha")
    story.rest()
    story.crash("alpha").until(lambda: story.owner("web") == ["bravo"])

    assert ran.handed == [("bravo", False), ("alpha", True), ("bravo", True)]


def test_an_address_stays_when_its_service_adapter_returns() -> None:
    story = Story(spare=True)
    story.unplug("alpha").until(lambda: story.at("web") == {"alpha": "eth2"})

    story.plug("alpha").until(lambda: story.told("adapter eth0 on public works again"))
    story.world.advance(5_000)
    assert story.at("web") == {"alpha": "eth2"}
    story.unplug("alpha", adapter="eth1").world.advance(1_000)
    assert story.at("web") == {"alpha": "eth2"}, "another network is none of its business"

    story.unplug("alpha", adapter="eth2").until(lambda: story.at("web") == {"alpha": "eth0"})


def test_the_group_leaves_a_node_without_a_good_adapter() -> None:
    story = Story()

    story.unplug("alpha").until(lambda: story.owner("web") == ["bravo"])

    assert story.told("alpha has no good adapter on public")
    assert "alpha" in story.node("bravo").shared.log.standing.view
    story.rest()
    story.plug("alpha").world.advance(10_000)
    assert story.owner("web") == ["bravo"], "it does not come back by itself"


def test_a_silent_adapter_is_found_without_its_link() -> None:
    story = Story(spare=True)

    began = story.world.now_ms
    story.world.network.dead_adapters.add(("alpha", "eth0"))

    story.until(lambda: story.at("web") == {"alpha": "eth2"})
    assert story.world.now_ms - began < 1_200, "the other adapter shows that its network works"
    assert story.told("adapter eth0 on public failed")
    assert not story.told("network public failed")
    assert story.node("bravo").shared.adapters.bad == (), "it still hears charlie"


def test_a_group_leaves_a_node_whose_only_adapter_is_silent() -> None:
    story = Story()

    story.world.network.dead_adapters.add(("alpha", "eth0"))

    story.until(lambda: story.owner("web") == ["bravo"]).rest()


@pytest.mark.parametrize("noticed", [False, True], ids=["silent", "link down"])
@pytest.mark.parametrize("nodes", [2, 3])
def test_a_network_that_fails_moves_nothing(nodes: int, *, noticed: bool) -> None:
    story = Story(nodes)
    slot = story.node("alpha").shared.log.standing.slot

    if noticed:
        story.unplug(*story.shape.nodes)
    else:
        story.world.network.dead_adapters.update((name, "eth0") for name in story.shape.nodes)
    story.until(lambda: story.told("network public failed"))
    story.world.advance(10_000)

    assert story.owner("web") == ["alpha"]
    assert story.owner("orders") == ["bravo"]
    assert story.node("alpha").shared.log.standing.slot == slot
    assert story.told("adapter eth0 on public failed") == noticed, "silence is nobody's fault"
    story.plug(*story.shape.nodes).until(lambda: story.told("network public works again"))
    assert story.owner("web") == ["alpha"]


@pytest.mark.parametrize("noticed", [False, True], ids=["silent", "link down"])
@pytest.mark.parametrize("first", ["alpha", "bravo", "charlie"])
def test_a_network_that_returns_on_one_node_after_the_other_moves_nothing(
    first: str, *, noticed: bool
) -> None:
    story = Story()
    slot = story.node("alpha").shared.log.standing.slot
    dead, names = story.world.network.dead_adapters, story.shape.nodes
    if noticed:
        story.unplug(*names)
    dead.update((name, "eth0") for name in names)
    story.until(lambda: story.told("network public failed")).world.advance(5_000)

    for name in sorted(names, key=lambda name: name != first):
        dead.discard((name, "eth0"))
        story.plug(name).world.advance(700)
    story.until(lambda: story.told("network public works again")).world.advance(10_000)

    assert (story.owner("web"), story.owner("orders")) == (["alpha"], ["bravo"])
    assert story.node("alpha").shared.log.standing.slot == slot
    assert all(story.node(name).shared.adapters.bad == () for name in names)


def test_who_does_not_reach_a_network_that_returned_is_judged_after_all() -> None:
    story = Story()
    story.unplug(*story.shape.nodes).until(lambda: story.told("network public failed"))

    story.plug("bravo", "charlie")

    story.until(lambda: story.owner("web") == ["bravo"]).rest()


def test_links_that_a_switch_takes_down_one_by_one_move_nothing() -> None:
    story = Story()
    slot = story.node("alpha").shared.log.standing.slot

    for name in story.shape.nodes:
        story.unplug(name).world.advance(120)
    story.until(lambda: story.told("network public failed"))
    story.world.advance(10_000)

    assert (story.owner("web"), story.owner("orders")) == (["alpha"], ["bravo"])
    assert story.node("alpha").shared.log.standing.slot == slot


def test_a_switch_of_all_service_adapters_fails() -> None:
    """No link goes down, but nobody hears anybody on eth0, and everybody on eth2."""
    story = Story(spare=True)

    story.world.network.dead_adapters.update((name, "eth0") for name in story.shape.nodes)

    story.until(lambda: story.at("web") == {"alpha": "eth2"})
    story.until(lambda: story.at("orders") == {"bravo": "eth2"})
    story.world.advance(10_000)
    assert (story.at("web"), story.at("orders")) == ({"alpha": "eth2"}, {"bravo": "eth2"})


def test_a_network_whose_adapters_fall_silent_together_blames_none() -> None:
    story = Story(spare=True)
    both = [(name, adapter) for name in story.shape.nodes for adapter in ("eth0", "eth2")]

    story.world.network.dead_adapters.update(both)

    story.until(lambda: story.told("network public failed"))
    assert story.at("web") == {"alpha": "eth0"}
    assert not story.told("adapter eth0 on public failed")
    assert not story.told("adapter eth2 on public failed")


def test_two_nodes_do_not_blame_the_one_that_works() -> None:
    story = Story(2)

    story.unplug("alpha").until(lambda: story.owner("web") == ["bravo"])
    story.world.advance(10_000)

    assert story.node("bravo").shared.adapters.bad == ()
    assert not story.told("network public failed")


def test_an_address_that_cannot_move_makes_the_group_fall_over() -> None:
    story = Story(spare=True)
    story.world.drivers.refuse.add(("alpha", "web", "start"))

    story.unplug("alpha")

    story.until(lambda: story.owner("web") == ["bravo"]).rest()


def test_an_application_fails_while_the_address_moves() -> None:
    """Both are started again; neither is forgotten over the other."""
    story = Story(spare=True)
    story.unplug("alpha").until(lambda: story.told("adapter eth0 on public failed"))

    story.drill("alpha", "fail-application", "web")

    story.until(lambda: story.at("web") == {"alpha": "eth2"}).rest()
    assert story.owner("web") == ["alpha"]


def test_a_loose_contact_does_not_move_the_address_to_and_fro() -> None:
    story = Story(spare=True)
    for _ in range(5):
        story.unplug("alpha").world.advance(300)
        story.plug("alpha").world.advance(300)
        assert story.node("alpha").shared.adapters.bad == ("eth0",), "not to be trusted yet"

    moves = [line for line in story.world.events if "address moved" in line.text]
    assert len(moves) == 1


def test_an_agent_that_starts_with_a_dead_link_begins_on_the_standby_adapter() -> None:
    story = Story(2, spare=True)
    assert story.at("orders") == {"bravo": "eth0"}
    story.unplug("bravo").crash("bravo")

    story.world.start("bravo")

    story.rest()
    assert story.at("orders") == {"bravo": "eth2"}


def test_while_a_dare_is_open_addresses_of_other_groups_still_move() -> None:
    story = Story(spare=True)
    story.drill("bravo", "slow-step", "compare")
    story.ask(story.with_group("mail", "charlie"), at="bravo")
    story.at_step("compare")

    story.unplug("alpha").until(lambda: story.at("web") == {"alpha": "eth2"}, 600)

    assert story.end().state == "done"


def test_a_held_group_is_left_alone_until_its_hold_ends() -> None:
    story = Story(spare=True)
    until = float(int(story.world.now_ms / 1000) + 20)
    assert story.dare(story.changed("web", hold=until)).state == "done"
    story.rest()

    story.unplug("alpha").world.advance(5_000)
    assert story.at("web") == {"alpha": "eth0"}, "a person works on it"

    story.until(lambda: story.at("web") == {"alpha": "eth2"})
    assert story.world.now_ms / 1000 >= until


def test_who_starts_cut_off_calls_no_adapter_of_others_down() -> None:
    story = Story()
    story.cut_off("alpha").crash("alpha")

    story.world.start("alpha")
    story.world.advance(20_000)

    seen = {
        link.state
        for node in story.node("alpha").reporter.snapshot().nodes
        for link in node.links
        if node.node != "alpha"
    }
    assert seen == {"unknown"}


def test_an_adapter_that_never_was_heard_is_down_where_others_are_heard() -> None:
    story = Story()
    story.crash("alpha").unplug("charlie")
    story.world.network.dead_adapters.add(("charlie", "eth0"))

    story.world.start("alpha")
    story.world.advance(20_000)

    nodes = {node.node: node.links for node in story.node("alpha").reporter.snapshot().nodes}
    assert {link.adapter: link.state for link in nodes["charlie"]} == {"eth0": "down", "eth1": "up"}


def test_a_network_that_returns_while_a_dare_is_open_moves_nothing() -> None:
    """Nobody asks for views meanwhile, and yet it must be known when the network was out."""
    story = Story()
    story.unplug(*story.shape.nodes).until(lambda: story.told("network public failed"))
    story.drill("alpha", "slow-step", "stage")
    story.ask(story.with_group("mail"))
    story.at_step("stage").world.advance(3_300)

    story.plug("bravo").world.advance(1_000)
    story.plug("alpha", "charlie").end()
    story.world.advance(8_000)

    assert (story.owner("web"), story.owner("orders")) == (["alpha"], ["bravo"])


def test_a_witness_that_reaches_a_network_does_not_make_groups_move_when_it_returns() -> None:
    story = Story(witness="charlie")
    story.unplug("alpha", "bravo").world.advance(5_000)

    story.plug("bravo").world.advance(700)
    story.plug("alpha").world.advance(8_000)

    assert (story.owner("web"), story.owner("orders")) == (["alpha"], ["bravo"])


def test_a_link_that_blinked_elsewhere_spares_a_dead_one_until_it_is_well() -> None:
    """It is well again after dead-after, and others may follow it for as long; no longer."""
    story = Story(witness="charlie")
    story.unplug("alpha").world.advance(300)

    story.unplug("bravo").world.advance(50)
    story.plug("bravo")

    limit_ms = 3 * story.node("alpha").shared.timing.dead_after_ms
    story.until(lambda: story.owner("web") == ["bravo"], limit_ms)
