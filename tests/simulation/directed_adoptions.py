"""Directed schedules of agents that die alone: their services go on, or end in time."""

from nodeagent.wire.peer import Decided, Decrees, LeaseAck, Message
from tests.simulation.directed_scene import LOST, Scene, cluster

THREE = ("alpha", "bravo", "charlie")


def _scene(seed: int) -> Scene:
    shape = cluster(THREE, web=("alpha", "bravo"), orders=("bravo", "charlie"))
    return Scene(seed, shape, adopts=True).settle().wait(1_000, 2_000)


def _owner(scene: Scene) -> tuple[str, str]:
    return scene.chance.choice((("alpha", "web"), ("bravo", "orders")))


def agent_dies_alone(seed: int) -> Scene:
    """The agent of an owner dies and is back soon: nothing of what it runs starts again."""
    scene = _scene(seed)
    starts, (owner, group) = scene.invariants.acquisitions, _owner(scene)
    scene.die_alone(owner, scene.chance.randint(50, 800))
    scene.wait(8_000)
    assert scene.world.owner(group) == [owner], f"21 adoption: {group} left {owner}"
    text = "21 adoption: something was started again, though only an agent died"
    assert scene.invariants.acquisitions == starts, text
    return scene


def agent_dies_again(seed: int) -> Scene:
    """The next agent dies before it has a lease: the time of the first one is not drawn out."""
    scene = _scene(seed)
    owner, _ = _owner(scene)
    scene.die_alone(owner, scene.chance.randint(50, 300))
    for _ in range(8):
        scene.wait(350, 450)
        if scene.world.machines[owner].node is not None:
            scene.die_alone(owner, scene.chance.randint(50, 300))
    return scene.wait(8_000)


def back_after_its_groups_went(seed: int) -> Scene:
    """The agent is back when its groups were given away, and learns of it before its time ends."""
    scene = _scene(seed)
    owner, group = _owner(scene)
    scene.world.orphan(owner)
    scene.until(lambda: scene.invariants.owners[group] != owner)
    scene.world.restart_in(scene.world.machines[owner], scene.chance.randint(0, 300))
    return scene.wait(8_000)


def back_and_cut_off(seed: int) -> Scene:
    """The agent is back in time, and no lease and no news reach it while its time runs out."""
    scene = _scene(seed)
    owner, group = _owner(scene)

    def hook(_sender: str, to: str, message: Message) -> int | None:
        deaf = to == owner != _sender and isinstance(message, LeaseAck | Decided | Decrees)
        return LOST if deaf else None

    scene.hook(hook)
    scene.network.mute.add(owner)
    scene.die_alone(owner, scene.chance.randint(50, 500))
    scene.wait(4_000)
    assert not scene.world.machines[owner].running.get(group), "21 adoption: held without a lease"
    return scene.wait(6_000)


def nobody_comes_back(seed: int) -> Scene:
    """The agent stays dead: what it ran has ended before another node may start it."""
    scene = _scene(seed)
    scene.world.orphan(_owner(scene)[0])
    return scene.wait(12_000)


def dies_while_it_stops(seed: int) -> Scene:
    """The agent dies in the middle of a stop: what is left is ended, not taken over."""
    scene = _scene(seed)
    owner, group = _owner(scene)
    unwell = (owner, group, "monitor")
    scene.world.faults.driver_slow = 1.0
    scene.world.refuse_driver.add(unwell)
    runner = scene.node(owner).shared.runner(group)
    scene.until(lambda: runner.state != "online").wait(0, 250)
    scene.die_alone(owner, scene.chance.randint(50, 500))
    scene.world.faults.driver_slow = 0.0
    scene.world.refuse_driver.discard(unwell)
    return scene.wait(8_000)
