"""Directed schedules against the decision: lost between promise, acceptance and news of it."""

from dataclasses import replace

from nodeagent.wire.peer import (
    Accept,
    Accepted,
    Decided,
    Decrees,
    Message,
    Prepare,
    Withdraw,
)
from tests.simulation.directed_scene import LOST, Scene, at_nth, cluster, with_groups
from tests.simulation.machine import CrashPoint

THREE = ("alpha", "bravo", "charlie")
FIVE = (*THREE, "delta", "echo")


def decision_in_pieces(seed: int) -> Scene:
    """The coordinator is lost while some have accepted and others have not been asked."""
    shape = cluster(FIVE[: 3 + seed % 3])
    scene = Scene(seed, shape).settle()
    kind = scene.chance.choice((Accept, Accepted, Decided))
    crashes, lasts = scene.chance.random() < 0.5, scene.chance.choice((3_000, 9_000, 14_000))

    def deed(_sender: str, _to: str) -> int:
        if crashes:
            scene.world.later(0, lambda: scene.crash("alpha", lasts))
        else:
            scene.isolate("alpha", lasts)
        return LOST

    scene.hook(at_nth(scene.chance.randint(1, 2 * len(shape.nodes)), kind, deed))
    scene.ask(with_groups(shape, web=("bravo", "alpha"), mail=("charlie", "alpha")))
    return scene.wait(lasts + 2_000, lasts + 9_000)


def accepted_by_one(seed: int) -> Scene:
    """One voter alone has accepted the COMMIT when its coordinator is lost."""
    shape = cluster(THREE)
    scene = Scene(seed, shape).settle()
    kept, lasts = scene.chance.choice(("bravo", "charlie")), scene.chance.choice((2_000, 12_000))

    def hook(sender: str, to: str, message: Message) -> int | None:
        if not isinstance(message, Accept) or sender != "alpha":
            return None
        if to != kept:
            return LOST
        if scene.world.machines["alpha"].life == 1:
            scene.world.later(20, lambda: scene.crash("alpha", lasts))
        return None

    scene.hook(hook)
    scene.ask(with_groups(shape, mail=("charlie", "alpha")))
    return scene.wait(10_000, 16_000)


def decided_and_untold(seed: int) -> Scene:
    """The coordinator has decided with one voter, tells nobody, and is cut off for long."""
    shape = cluster(THREE)
    scene = Scene(seed, shape).settle()
    accepts = scene.chance.choice(("bravo", "charlie"))

    def hook(sender: str, to: str, message: Message) -> int | None:
        if sender == "alpha" and isinstance(message, Accept) and to != accepts:
            return LOST
        if sender == "alpha" and isinstance(message, Decided | Decrees):
            scene.isolate("alpha", 12_000)
            return LOST
        return None

    scene.hook(hook)
    scene.ask(with_groups(shape, mail=("charlie", "alpha")))
    return scene.wait(9_000, 14_000)


def voters_replaced_behind_a_cut(seed: int) -> Scene:
    """A DARE replaces most voters, and as it is decided old and new ones lose each other."""
    old = cluster(FIVE, ("alpha", "bravo", "charlie"), web=("alpha", "bravo"))
    new = replace(old, voters=("alpha", "delta", "echo"))
    scene = Scene(seed, old).settle()
    lasts = scene.chance.randint(4_000, 12_000)

    def deed(_sender: str, _to: str) -> None:
        scene.cut(["alpha", "delta", "echo"], ["bravo", "charlie"], lasts)

    scene.hook(at_nth(1, Accept, deed))
    scene.ask(with_groups(new, mail=("echo", "bravo")))
    return scene.wait(lasts, lasts + 3_000)


def even_split(seed: int) -> Scene:
    """Four voters fall into two halves, each with an administrator."""
    shape = cluster(FIVE[:4], FIVE[:4])
    scene = Scene(seed, shape).settle()
    lasts = scene.chance.randint(4_000, 9_000)
    scene.cut(["alpha", "bravo"], ["charlie", "delta"], lasts)
    if seed % 2:
        scene.ask(with_groups(shape, mail=("alpha", "delta")))
        scene.ask(with_groups(shape, post=("delta", "alpha")), at="delta")
    return scene.wait(lasts)


def one_bad_link(seed: int) -> Scene:
    """Two nodes do not hear each other (or one of them does not); all others hear both."""
    scene = Scene(seed, cluster(FIVE)).settle()
    scene.cut(["alpha"], ["bravo"], 15_000, both=seed % 2 == 0)
    return scene.wait(15_000)


def two_bad_links(seed: int) -> Scene:
    """A voter hears neither one that has no vote nor another voter, who could tell it more."""
    shape = cluster(FIVE, THREE, web=("delta", "echo"), orders=("echo", "alpha"))
    scene = Scene(seed, shape).settle()
    deaf = scene.chance.choice(THREE)
    other = scene.chance.choice([name for name in THREE if name != deaf])
    scene.cut([deaf], [other, "delta"], 12_000, both=seed % 2 == 0)
    return scene.wait(13_000)


def ballot_of_an_earlier_life(seed: int) -> Scene:
    """A proposer dies with its acceptances under way, and proposes again in its next life."""
    shape = cluster(FIVE, THREE, web=("bravo", "charlie"), orders=("charlie", "bravo"))
    scene = Scene(seed, shape).settle()
    alpha, late = scene.world.machines["alpha"], scene.chance.randint(250, 1_200)

    def hook(sender: str, to: str, message: Message) -> int | None:
        if sender != "alpha" or alpha.life > 1 or not isinstance(message, Accept):
            return None
        alpha.crash_at = CrashPoint(0, written=False, reboot_ms=50)
        return late if to == "charlie" else LOST

    scene.hook(hook)
    scene.crash("echo", 1_500)  # so that a view is proposed
    return scene.wait(8_000)


def two_administrators(seed: int) -> Scene:
    """Two DAREs are asked for at two nodes at the same moment: at most one takes place."""
    shape = cluster(FIVE[: 3 + seed % 3])
    scene = Scene(seed, shape).settle()
    scene.ask(with_groups(shape, mail=("alpha", "bravo")))
    scene.wait(0, 40)
    scene.ask(with_groups(shape, web=("bravo", "alpha"), mail=("bravo", "alpha")), at="bravo")
    return scene.wait(3_000)


def late_withdrawal(seed: int) -> Scene:
    """A lock is given back by messages that arrive when others have gone on."""
    shape = cluster(FIVE)
    scene = Scene(seed, shape).settle()
    late = scene.chance.randint(200, 3_000)

    def hook(sender: str, to: str, message: Message) -> int | None:
        return late if isinstance(message, Withdraw) and sender != to else None

    scene.hook(hook)
    scene.ask(with_groups(shape, mail=("alpha", "bravo")))
    scene.ask(with_groups(shape, post=("bravo", "alpha")), at="bravo")
    scene.wait(2_000)
    scene.ask(with_groups(shape, post=("charlie", "alpha")), at="charlie")
    return scene.wait(6_000)


def behind_and_asked(seed: int) -> Scene:
    """A voter that missed some decrees hears of them late, while others go on."""
    shape = cluster(FIVE)
    scene = Scene(seed, shape).settle()
    away = scene.chance.choice(FIVE)
    other = next(name for name in FIVE if name != away)
    scene.isolate(away, 5_000)
    scene.wait(2_500)
    scene.ask(with_groups(shape, mail=(other,)), at=other)
    return scene.wait(3_500)


def stale_draft(seed: int) -> Scene:
    """A draft made from an older configuration is refused, whoever is asked."""
    shape = cluster(THREE)
    scene = Scene(seed, shape).settle()
    scene.ask(with_groups(shape, mail=("charlie", "alpha")))
    scene.wait(3_000)
    scene.ask_from(shape.digest, with_groups(shape, post=("alpha",)), scene.chance.choice(THREE))
    scene.wait(3_000)
    assert "mail" in scene.invariants.active.group, "base: an older draft undid a newer DARE"
    return scene


def refused_proposer(seed: int) -> Scene:
    """A majority promised a high ballot to one that is gone; the others must come above it."""
    scene = Scene(seed, cluster(FIVE, THREE)).settle()
    scene.node("charlie").governor.round_seen = scene.chance.randint(1 << 24, 1 << 30)

    def deed(_sender: str, _to: str) -> int:
        scene.isolate("charlie", 20_000)
        return LOST

    def hook(sender: str, _to: str, message: Message) -> int | None:
        alone = isinstance(message, Prepare) and sender == "alpha" and first.life == 1
        return LOST if alone and not scene.world.cut else None

    first = scene.world.machines["alpha"]
    scene.hook(hook)
    scene.hook(at_nth(1, Accept, deed))
    scene.crash("echo", 1_400)
    return scene.wait(12_000)
