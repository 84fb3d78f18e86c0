"""The ledger: what was decided, the same on every node, in pages, with choices and times."""

import pytest

from nodeagent.wire.ledger import GetLedger, Ledger
from tests.simulation.clusters import cluster, group_text
from tests.simulation.world import World


@pytest.fixture
def world() -> World:
    made = World(cluster())
    made.start()
    made.until(made.stable)
    return made


def ledger(world: World, node: str = "alpha", **wanted: object) -> Ledger:
    answer = world.ask(node, GetLedger(**wanted))  # type: ignore[arg-type]
    assert isinstance(answer, Ledger)
    return answer


def change(world: World, text: str) -> None:
    world.apply("alpha", text)
    world.until(lambda: world.run is not None and world.run.state == "done")
    world.until(world.stable)


def test_every_node_tells_the_same_unbroken_chain(world: World) -> None:
    change(world, world.text + group_text("mail", ("bravo", "alpha"), 120))

    pages = {node: ledger(world, node) for node in ("alpha", "bravo", "charlie")}

    entries = pages["alpha"].entries
    assert pages["bravo"] == pages["charlie"] == pages["alpha"]
    assert [entry.slot for entry in entries] == list(range(len(entries)))[::-1]
    assert [e.previous for e in entries[:-1]] == [e.digest for e in entries[1:]]


def test_a_change_has_time_author_reason_and_what_it_moved(world: World) -> None:
    change(world, world.text + group_text("mail", ("bravo", "alpha"), 120))

    entry = ledger(world, changes=True).entries[0]

    assert (entry.kind, entry.epoch, entry.moved) == ("change", 2, (("mail", "", "bravo"),))
    assert entry.author
    assert entry.at > 0
    assert entry.seconds > 0
    (choice,) = entry.choices
    assert (choice.group, choice.target) == ("mail", "bravo")
    assert {one.node: one.verdict for one in choice.candidates} == {
        "bravo": "chosen",
        "alpha": "possible",
    }


def test_a_takeover_tells_who_was_out_and_why(world: World) -> None:
    owners = world.nodes()["bravo"].shared.log.standing.owners
    group = next(name for name, node in owners.items() if node == "alpha")
    world.crash("alpha")
    world.until(lambda: world.nodes()["bravo"].shared.log.standing.owners[group] != "alpha")

    entry = ledger(world, "bravo", group=group, limit=1).entries[0]

    (choice,) = (one for one in entry.choices if one.group == group)
    assert entry.kind == "view"
    assert choice.rule.startswith("alpha is not in")
    out = next(one for one in choice.candidates if one.node == "alpha")
    assert (out.verdict, out.reason) == ("out", "is not in")


def test_pages_follow_each_other_and_end(world: World) -> None:
    change(world, world.text + group_text("mail", ("bravo", "alpha"), 120))
    whole = ledger(world).entries

    first = ledger(world, limit=1)
    second = ledger(world, limit=100, before=first.entries[-1].slot)

    assert first.more
    assert not second.more
    assert (*first.entries, *second.entries) == whole


def test_an_aborted_change_is_told_with_who_wanted_it(world: World) -> None:
    node = world.nodes()["alpha"]
    world.apply("alpha", world.text + group_text("mail", ("bravo", "alpha"), 120))
    world.until(lambda: node.coordinator is not None and node.coordinator.step_name == "stage")
    assert node.coordinator is not None
    assert node.coordinator.abort("ann")
    world.until(lambda: world.run is not None and world.run.state == "aborted")

    entry = ledger(world, changes=True).entries[0]

    assert (entry.kind, entry.text) == ("abort", "aborted by ann")
    assert entry.author
    assert entry.epoch == 1
