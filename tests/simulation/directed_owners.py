"""Directed schedules against ownership: who holds what while leases, proofs and news get lost."""

from nodeagent.wire.peer import (
    Accept,
    Accepted,
    Decided,
    Decrees,
    LeaseAck,
    Message,
    Prepare,
    Probe,
    Promise,
)
from tests.simulation.directed_scene import LOST, Scene, cluster

THREE = ("alpha", "bravo", "charlie")
FIVE = (*THREE, "delta", "echo")


def frozen_owner(seed: int) -> Scene:
    """The owner of groups is frozen, its applications run on, and later it wakes."""
    scene = Scene(seed, cluster(THREE), lingers=True).settle()
    scene.pause(scene.chance.choice(("alpha", "bravo")), scene.chance.randint(3_500, 12_000))
    return scene.wait(13_000)


def lone_owner(seed: int) -> Scene:
    """The owner of groups loses everybody, stays alive, and may be unable to stop them."""
    scene = Scene(seed, cluster(FIVE[: 3 + 2 * (seed % 2)]), lingers=seed % 3 == 0).settle()
    lonely = scene.chance.choice(("alpha", "bravo"))
    if seed % 3:
        scene.world.refuse_driver.update({(lonely, "web", "stop"), (lonely, "orders", "stop")})
    scene.isolate(lonely, scene.chance.randint(4_000, 12_000))
    return scene.wait(13_000)


def late_acknowledgements(seed: int) -> Scene:
    """What voters granted arrives seconds later, when the holder is cut off and out by decree."""
    scene = Scene(
        seed, cluster(THREE, web=("alpha", "bravo"), orders=("bravo", "charlie"))
    ).settle()
    holder, late = scene.chance.choice(("alpha", "bravo")), scene.chance.randint(4_500, 7_000)

    def hook(sender: str, to: str, message: Message) -> int | None:
        return late if isinstance(message, LeaseAck) and to == holder != sender else None

    scene.hook(hook)
    scene.wait(100, 900)
    scene.isolate(holder, 9_000)
    return scene.wait(10_000)


def acknowledged_by_one_that_accepted(seed: int) -> Scene:
    """A voter accepted a view without the holder, learns no more, and hears the holder again."""
    shape = cluster(THREE, web=("charlie", "alpha"), orders=("charlie", "bravo"))
    scene = Scene(seed, shape).settle()
    scene.isolate("charlie", 60_000)
    done: list[int] = []

    def hook(sender: str, to: str, message: Message) -> int | None:
        if done and isinstance(message, Prepare | Promise | Accept | Decided | Decrees):
            return LOST  # they find no way to finish what was accepted
        if not isinstance(message, Accepted) or done:
            return None
        done.append(1)

        def divide() -> None:
            scene.world.cut.clear()
            scene.cut([to], ["charlie"], 9_000)

        scene.world.later(0, divide)
        return None

    scene.hook(hook)
    return scene.wait(10_000, 11_000)


def back_without_the_news(seed: int) -> Scene:
    """A node was out by decree and is in again under the same life, but knows neither decree."""
    shape = cluster(THREE, web=("charlie", "alpha"), orders=("charlie", "bravo"))
    scene = Scene(seed, shape).settle()
    away = scene.chance.randint(5_500, 7_000)
    scene.isolate("charlie", away)

    def hook(_sender: str, to: str, message: Message) -> int | None:
        return LOST if isinstance(message, Decided | Decrees) and to == "charlie" else None

    scene.hook(hook)
    return scene.wait(away + 6_000)


def removed_and_untold(seed: int) -> Scene:
    """An owner is removed by a DARE while it is alive, and hears of it, or not for long."""
    old = cluster(FIVE[:4], THREE, web=("delta", "alpha"), orders=("bravo", "delta"))
    new = cluster(THREE, web=("alpha", "bravo"), orders=("bravo", "alpha"))
    scene = Scene(seed, old).settle()
    if seed % 2:
        scene.hook(
            lambda _, to, m: LOST if isinstance(m, Decided | Decrees) and to == "delta" else None
        )
    scene.ask(new)
    scene.wait(9_000)
    assert not scene.world.machines["delta"].runs(), "13 removed: it goes on running groups"
    scene.away = "delta"  # nobody talks to it any more
    return scene


def silent_holder(seed: int) -> Scene:
    """A holder's heartbeats get lost, its lease is renewed to the last, and it cannot stop."""
    shape = cluster(THREE, web=("charlie", "alpha"), orders=("charlie", "bravo"))
    scene = Scene(seed, shape, lingers=True).settle()
    stops = {("charlie", group, "stop") for group in ("web", "orders")}
    scene.world.refuse_driver.update(stops)

    def hook(_sender: str, to: str, message: Message) -> int | None:
        return LOST if isinstance(message, Decided | Decrees | Probe) and to == "charlie" else None

    scene.hook(hook)
    scene.wait(0, 500)
    scene.network.mute.add("charlie")
    return scene.wait(9_000)


def word_given_too_early(seed: int) -> Scene:
    """An owner says that it holds nothing and starts; the asker knows a later decree."""
    shape = cluster(FIVE, web=("alpha", "bravo", "charlie"), orders=("delta", "echo"))
    scene = Scene(seed, shape).settle()
    scene.world.crash("alpha")
    scene.until(lambda: scene.invariants.owners["web"] == "bravo")
    decreed = scene.world.now_ms

    def hook(_sender: str, to: str, message: Message) -> int | None:
        return LOST if isinstance(message, Decided | Decrees) and to == "bravo" else None

    scene.hook(hook)
    scene.wait(1_100, 1_500)
    scene.network.mute.add("bravo")
    scene.until(lambda: scene.invariants.owners["web"] == "charlie")
    scene.network.mute.clear()
    assert scene.world.now_ms - decreed < 3_500, "bravo has not started it yet"
    return scene.wait(6_000)


def restarted_owner(seed: int) -> Scene:
    """An owner's agent dies and is back at once, and what it started may still run."""
    shape = cluster(THREE, web=("alpha", "bravo"), orders=("bravo", "charlie"))
    scene = Scene(seed, shape, lingers=True).settle()
    scene.crash(scene.chance.choice(("alpha", "bravo")), scene.chance.choice((50, 900, 3_000)))
    return scene.wait(8_000)
