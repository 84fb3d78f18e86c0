"""The draft: clean, it follows what is decided; edited, it is never lost."""

from nodeagent.wire.console import ConfigurationFile, GetConfiguration, Refused, SaveDraft
from tests.simulation.clusters import cluster, group_text
from tests.simulation.world import World


def _changed(world: World, text: str) -> None:
    world.apply("alpha", text)
    world.until(lambda: world.run is not None and world.run.state == "done")
    world.until(world.stable)


def test_clean_draft_follows_the_active_configuration() -> None:
    world = World(cluster())
    world.start()
    world.until(world.stable)
    new = world.text + group_text("mail", ("bravo", "alpha"), 120)
    _changed(world, new)
    assert {node.shared.draft for node in world.nodes().values()} == {new.encode()}


def test_edited_draft_survives_another_administrators_change_on_every_node() -> None:
    world = World(cluster())
    world.start()
    world.until(world.stable)
    draft = world.text + "# half a thought\n"
    world.ask("bravo", SaveDraft(draft, "ann"))
    world.advance(500)
    _changed(world, world.text + group_text("mail", ("bravo", "alpha"), 120))
    assert {node.shared.draft for node in world.nodes().values()} == {draft.encode()}
    assert {m.disk.files["default"] for m in world.machines.values()} == {draft.encode()}


def test_base_of_a_draft_is_known_to_all_and_after_a_restart() -> None:
    world = World(cluster())
    world.start()
    world.until(world.stable)
    base = world.nodes()["alpha"].shared.log.standing.digest
    world.ask("bravo", SaveDraft(world.text + "# half a thought\n", "ann", base))
    world.advance(500)
    _changed(world, world.text + group_text("mail", ("bravo", "alpha"), 120))
    world.crash("charlie")
    world.start("charlie")
    assert {node.shared.draft_base for node in world.nodes().values()} == {base}
    old = world.ask("charlie", GetConfiguration(base))
    assert isinstance(old, ConfigurationFile)
    assert (old.epoch, old.text) == (1, world.text)
    assert isinstance(world.ask("alpha", GetConfiguration("0" * 64)), Refused)
