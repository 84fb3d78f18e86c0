"""A compacted journal says what the long one said, at any moment of a node's life."""

from nodeagent.core.records import compact, decode, replay
from tests.simulation.clusters import cluster, group_text
from tests.simulation.world import World


def test_every_prefix_of_a_journal_compacts_to_the_same_knowledge() -> None:
    world = World(cluster())
    world.start()
    world.until(world.stable)
    world.refuse_driver.add(("charlie", "fax", "start"))
    world.apply("alpha", world.text + group_text("fax", ("charlie", "alpha"), 121))
    world.until(lambda: world.run is not None and world.run.state == "aborted")
    world.apply("bravo", world.text + group_text("mail", ("bravo", "alpha"), 120))
    world.until(lambda: world.run is not None and world.run.state == "done")
    for machine in world.machines.values():
        records = [decode(data) for data in machine.disk.records]
        for end in range(len(records) + 1):
            known = replay(records[:end])
            assert replay(compact(known)) == known
