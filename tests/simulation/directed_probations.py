"""Directed schedules against a probation: restarts, a lost coordinator, a confirmation cut off."""

from nodeagent.wire.console import Apply, EndProbation
from nodeagent.wire.peer import Accept, Confirmed, Message
from tests.simulation.directed_scene import LOST, Scene, cluster, with_groups

THREE = ("alpha", "bravo", "charlie")
SECONDS = 6


def _on_probation(scene: Scene) -> str:
    """Carry out a change on probation; returns its transaction."""
    target = with_groups(scene.shape, mail=("charlie", "alpha"))
    request = Apply(target.text, scene.shape.digest, probation_seconds=SECONDS)
    tx = str(getattr(scene.world.ask("alpha", request), "tx", ""))
    scene.until(lambda: tx in scene.invariants.committed)
    return tx


def _returned(scene: Scene) -> bool:
    return scene.invariants.probation is None


def probation_of_a_dead_coordinator(seed: int) -> Scene:
    """Whoever asked is gone: the others bring back what was before."""
    scene = Scene(seed, cluster(THREE)).settle()
    _on_probation(scene)
    scene.wait(0, 3_000)
    scene.crash("alpha", 20_000)
    scene.until(lambda: _returned(scene), 30_000)
    assert scene.invariants.active.group.keys() == {"web", "orders"}, "20 probation: not returned"
    return scene


def probation_over_restarts(seed: int) -> Scene:
    """All agents are started anew while it is open, and nobody comes back to confirm it."""
    scene = Scene(seed, cluster(THREE)).settle()
    _on_probation(scene)
    scene.wait(500, 4_000)
    for name in THREE:
        scene.crash(name, scene.chance.randint(100, 1_500))
    return scene.wait(2_000)


def second_change_during_a_probation(seed: int) -> Scene:
    """Another administrator wants something else while a probation is open."""
    scene = Scene(seed, cluster(THREE)).settle()
    _on_probation(scene)
    scene.wait(100, 2_000)
    at = scene.chance.choice(THREE)
    refused = not scene.ask(with_groups(scene.shape, web=("charlie", "bravo")), at)
    assert refused, "20 probation: another change was taken"
    return scene.until(lambda: _returned(scene), 30_000)


def confirmed_at_one(seed: int) -> Scene:
    """The confirmation reaches one voter's disk alone, and that one is cut off then."""
    scene = Scene(seed, cluster(THREE)).settle()
    tx = _on_probation(scene)
    victim = "charlie"

    def hook(sender: str, to: str, message: Message) -> int | None:
        confirms = isinstance(message, Accept) and isinstance(message.value, Confirmed)
        return LOST if confirms and to != sender else None

    scene.hook(hook)
    scene.wait(300, 1_000)
    scene.isolate(victim, 12_000)
    scene.invariants.asked_to_end.add((tx, "confirm"))
    scene.world.ask(victim, EndProbation(tx, "confirm"))
    scene.world.ask("alpha", EndProbation(tx, "confirm"))
    return scene.wait(14_000)
