"""Directed schedules against fencing: proofs that are too old, devices that fail, races."""

from dataclasses import replace

from nodeagent.wire.peer import FenceNote, Message
from tests.simulation.directed_scene import Scene, cluster

THREE = ("alpha", "bravo", "charlie")


def _scene(seed: int, *, must: bool = False) -> Scene:
    shape = replace(
        cluster(THREE, web=("alpha", "bravo"), orders=("bravo", "charlie")),
        fences=True,
        must_fence=must,
    )
    (name, web), *rest = shape.groups
    groups = ((name, replace(web, fallback="higher-priority")), *rest)  # a view gives it back
    return Scene(seed, replace(shape, groups=groups), lingers=seed % 2 == 0).settle()


def _cut_off_and_stuck(scene: Scene, lasts_ms: int) -> None:
    """Cut alpha off; it cannot stop what it runs, so only its watchdog or a fence ends that."""
    scene.world.refuse_driver.update({("alpha", "web", "stop"), ("alpha", "orders", "stop")})
    scene.isolate("alpha", lasts_ms)


def _fenced_and_back(scene: Scene) -> list[FenceNote]:
    """Let alpha be fenced, come back, and own its group again; returns what was told of it."""
    told: list[FenceNote] = []

    def hook(_sender: str, _to: str, message: Message) -> int | None:
        if isinstance(message, FenceNote) and message.state == "done":
            told.append(message)
        return None

    scene.hook(hook)
    scene.isolate("alpha", 2_500)
    scene.until(lambda: scene.world.machines["alpha"].fenced > 0)
    scene.until(lambda: not scene.problem())
    scene.until(lambda: scene.world.owner("web") == ["alpha"] and not scene.problem())
    assert told, "the fence was told"
    return told


def fence_that_fails(seed: int) -> Scene:
    """An owner is cut off and stuck, and its fence devices say that they could not do it."""
    scene = _scene(seed, must=seed % 3 == 0)
    scene.world.machines["alpha"].fence = scene.chance.choice(("fails", "late"))
    _cut_off_and_stuck(scene, 8_000)
    return scene.wait(9_000)


def fenced_once_before(seed: int) -> Scene:
    """An owner that was fenced and came back is lost again, and this time fencing fails."""
    scene = _scene(seed)
    _fenced_and_back(scene)
    scene.world.machines["alpha"].fence = "fails"
    _cut_off_and_stuck(scene, 8_000)
    return scene.wait(9_000)


def old_news_of_a_fence(seed: int) -> Scene:
    """News of a fence arrive once more, when their node has been in and is lost again."""
    scene = _scene(seed)
    note = _fenced_and_back(scene)[-1]
    scene.world.machines["alpha"].fence = "fails"
    _cut_off_and_stuck(scene, 8_000)
    scene.until(lambda: "alpha" not in scene.node("bravo").shared.log.standing.view)
    for delay_ms in (1, 300):
        scene.replay("charlie", "bravo", note, delay_ms)
    return scene.wait(9_000)


def _pair(seed: int, *, must: bool = False) -> Scene:
    two = THREE[:2]
    orders = {"web": two, "orders": (two[1], two[0])}
    shape = replace(cluster(two, **orders), fences=True, must_fence=must)
    return Scene(seed, shape, lingers=seed % 2 == 0).settle()


def pair_apart_again(seed: int) -> Scene:
    """One of two voters was fenced and is in again; now it is its turn to fence the other."""
    scene = _pair(seed)
    scene.cut(["alpha"], ["bravo"], 4_000)
    scene.until(lambda: scene.world.machines["bravo"].fenced > 0)
    scene.until(lambda: not scene.problem())
    scene.world.machines["bravo"].fence = "fails"
    scene.cut(["alpha"], ["bravo"], 12_000)
    return scene.wait(13_000)


def pair_apart(seed: int) -> Scene:
    """Two voters and no third are cut apart, both shoot, and who was shot comes back still cut off.

    Its devices then strike for the one that is not in any more, too, if it asked for that.
    """
    scene, two = _pair(seed, must=seed % 3 == 0), THREE[:2]
    for name in two:
        scene.world.machines[name].fence = scene.chance.choice(("", "", "slow", "late", "fails"))
    scene.cut(["alpha"], ["bravo"], 20_000)
    scene.wait(1_000, 6_000)
    if seed % 2:
        scene.crash(scene.chance.choice(two), scene.chance.choice((50, 1_500, 4_000)))
    return scene.wait(16_000)


def fence_race(seed: int) -> Scene:
    """A node is cut off one way or for short, fenced while it returns, and its fencer dies."""
    scene = _scene(seed, must=seed % 2 == 0)
    scene.world.machines["alpha"].fence = scene.chance.choice(("slow", "late", ""))
    others = [name for name in THREE if name != "alpha"]
    lasts = scene.chance.randint(1_500, 4_000)
    scene.cut(["alpha"], others, lasts, both=scene.chance.random() < 0.5)
    scene.wait(1_000, 3_500)
    scene.crash("bravo", scene.chance.choice((50, 1_500, 4_000)))
    return scene.wait(9_000)
