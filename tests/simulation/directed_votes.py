"""Directed schedules against the decision: lost between promise, acceptance and news of it."""

from dataclasses import replace

from nodeagent.model.ownership import Ballot
from nodeagent.wire.console import Abort
from nodeagent.wire.peer import (
    Accept,
    Accepted,
    Commit,
    Decided,
    Decrees,
    Message,
    Prepare,
    StepReply,
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
    scene = Scene(seed, cluster(THREE))
    alpha, late = scene.world.machines["alpha"], scene.chance.randint(600, 1_200)

    def hook(sender: str, to: str, message: Message) -> int | None:
        if sender != "alpha":
            return LOST if isinstance(message, Prepare) else None
        if not isinstance(message, Accept):
            return None
        if alpha.life == 1:
            alpha.crash_at = CrashPoint(0, written=False, reboot_ms=50)
        if to != "charlie":
            return LOST
        return late if alpha.life == 1 else 3_000

    scene.hook(hook)
    scene.world.start()
    return scene.wait(8_000)


def acceptance_of_an_earlier_slot(seed: int) -> Scene:
    """A copy of an acceptance arrives when its proposer asks for the next decree."""
    scene = Scene(seed, cluster(FIVE, THREE)).settle()
    told: list[tuple[str, str, Accepted]] = []

    def hook(sender: str, to: str, message: Message) -> int | None:
        if isinstance(message, Accepted) and not told:
            told.append((sender, to, message))
        if isinstance(message, Accept) and told and message.slot > told[0][2].slot:
            scene.replay(*told[0], 20)
            return LOST
        return None

    scene.hook(hook)
    scene.crash("echo", scene.chance.randint(1_200, 2_500))
    return scene.wait(6_000)


def two_administrators(seed: int) -> Scene:
    """A DARE is asked for in the middle of another one: it is refused, the first one is done."""
    shape = cluster(FIVE[: 3 + seed % 3])
    scene = Scene(seed, shape).settle()
    scene.hook(lambda _, __, m: 80 if isinstance(m, StepReply) else None)
    first = scene.ask(with_groups(shape, mail=("alpha", "bravo")))
    scene.wait(120, 400)
    target = with_groups(shape, web=("bravo", "alpha"), mail=("bravo", "alpha"))
    scene.ask(target, at="bravo")
    scene.wait(3_000)
    assert first in scene.invariants.committed, "10 one open transaction: the first one was undone"
    return scene


def late_withdrawal(seed: int) -> Scene:
    """One that was refused gives its lock back, and that arrives in the middle of the DARE."""
    shape = cluster(FIVE)
    scene = Scene(seed, shape).settle()
    late = scene.chance.randint(5, 200)

    def hook(sender: str, to: str, message: Message) -> int | None:
        if isinstance(message, Withdraw) and sender != to:
            return late
        return 60 if isinstance(message, StepReply) else None

    scene.hook(hook)
    first = scene.ask(with_groups(shape, mail=("alpha", "bravo")))
    scene.ask(with_groups(shape, post=("bravo", "alpha")), at="bravo")
    scene.wait(4_000)
    assert scene.invariants.ended.get(first) != "aborted", "10 one open transaction: it was undone"
    return scene


def abort_at_the_last_moment(seed: int) -> Scene:
    """An administrator aborts when acceptance was asked for: that is too late."""
    shape = cluster(THREE)
    scene = Scene(seed, shape).settle()
    asked: list[int] = []

    def hook(_sender: str, _to: str, message: Message) -> int | None:
        if isinstance(message, Accept) and isinstance(message.value, Commit):
            if not asked:
                asked.append(1)
                scene.world.later(scene.chance.randint(1, 250), abort)
            return 300
        return None

    def abort() -> None:
        scene.world.ask("alpha", Abort(tx))

    scene.hook(hook)
    tx = scene.ask(with_groups(shape, mail=("charlie", "alpha")))
    scene.wait(3_000)
    assert tx in scene.invariants.committed, "told: aborted past the point of no return"
    return scene


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
    """A voter promised a high ballot to one that is gone, and another one must come above it."""
    scene = Scene(seed, cluster(FIVE, THREE)).settle()
    high = Ballot(scene.chance.randint(1 << 24, 1 << 30), "charlie")

    def hook(sender: str, _to: str, message: Message) -> int | None:
        return LOST if sender == "bravo" and isinstance(message, Prepare) else None

    scene.hook(hook)
    slot = scene.node("bravo").shared.log.next_slot
    scene.replay("charlie", "bravo", Prepare(slot, high, "view"), 0)
    scene.wait(20)
    scene.isolate("charlie", 20_000)
    scene.wait(9_000)
    view = scene.node("alpha").shared.log.standing.view
    assert "charlie" not in view, "14 convergence: a refused proposer never comes above"
    return scene
