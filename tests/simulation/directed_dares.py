"""Directed schedules against the steps of a DARE: suspension, undo, files and what is told."""

from dataclasses import replace

from nodeagent.wire.console import Abort, SaveDraft
from nodeagent.wire.peer import Message, Prepare, StepOrder
from tests.simulation.directed_scene import LOST, Scene, cluster, with_groups
from tests.simulation.shapes import ANEW, rename_group

THREE = ("alpha", "bravo", "charlie")
FIVE = (*THREE, "delta", "echo")
CHECK_FIRST = """
[event.check]
on = ["group-offline"]
pre = ["/opt/check"]
seconds = 20
"""


def _ended(scene: Scene) -> bool:
    return scene.world.run is not None and scene.world.run.state not in ("running", "aborting")


def death_during_a_dare(seed: int) -> Scene:
    """A node dies while all are suspended: its death is told and recovered from afterwards."""
    shape = cluster(FIVE, web=("bravo", "charlie"), orders=("echo", "alpha"))
    scene = Scene(seed, shape).settle()
    victim, fallen = scene.chance.choice(("bravo", "echo")), list[int]()

    def hook(_sender: str, _to: str, message: Message) -> int | None:
        if isinstance(message, StepOrder) and message.step == "acquire" and not fallen:
            fallen.append(1)
            scene.world.later(0, lambda: scene.crash(victim, 12_000))
        return LOST if fallen and isinstance(message, StepOrder) else None

    scene.hook(hook)
    scene.ask(with_groups(shape, mail=("delta", "alpha")))
    scene.wait(11_000)
    for name, node in scene.world.nodes().items():
        told = [e for e in node.shared.events if e.subject == victim and "no heartbeat" in e.text]
        assert told, f"event queue: {name} never told that {victim} went down"
    owner = scene.invariants.owners["web" if victim == "bravo" else "orders"]
    assert owner != victim, f"event queue: the group of {victim} was not taken over"
    return scene


def undone_acquire(seed: int) -> Scene:
    """An acquire fails: everything is as before, and nothing of the attempt is left."""
    shape = cluster(THREE)
    scene = Scene(seed, shape).settle()
    before = {group: scene.world.owner(group) for group in ("web", "orders")}
    scene.world.refuse_driver.add(("charlie", "mail", "start"))
    target = with_groups(shape, web=("bravo", "alpha"), mail=("charlie",))
    scene.ask(target)
    scene.until(lambda: _ended(scene))
    run = scene.world.run
    assert run is not None, "there was a run"
    assert (run.state, run.restored) == ("aborted", "restored"), f"undo: {run.state} {run.text}"
    after = {group: scene.world.owner(group) for group in before}
    assert after == before, f"undo: {before} became {after}"
    return scene


def undone_renaming(seed: int) -> Scene:
    """A renamed group is undone while its new name takes long to stop, on either node."""
    shape = cluster(THREE)
    scene = Scene(seed, shape, lingers=True).settle()
    home, new = THREE[seed % 2], "web" + ANEW
    scene.world.refuse_driver |= {("charlie", "mail", "start"), (home, new, "long stop")}
    renamed = rename_group(with_groups(shape, web=(home, THREE[1 - seed % 2])), "web")
    scene.ask(with_groups(renamed, mail=("charlie",)))
    scene.until(lambda: _ended(scene))
    assert scene.world.run is not None, "there was a run"
    assert scene.world.run.restored == "restored", f"undo: {scene.world.run.text}"
    return scene


def damaged_file(seed: int) -> Scene:
    """A disk changes the temporary file between *stage* and *compare*: the DARE must not go on."""
    shape = cluster(THREE)
    scene = Scene(seed, shape).settle()
    victim = scene.chance.choice(THREE[1:])

    def hook(_sender: str, to: str, message: Message) -> int | None:
        if isinstance(message, StepOrder) and message.step == "compare" and to == victim:
            scene.world.machines[victim].disk.files["temporary"] = b"damaged"
        return None

    scene.hook(hook)
    scene.ask(with_groups(shape, mail=("charlie", "alpha")))
    scene.wait(4_000)
    assert not scene.invariants.committed, "compare: a file that differs went through"
    return scene


def draft_at_start(seed: int) -> Scene:
    """A draft was edited, and then every agent is restarted: the decided one stays active."""
    shape = cluster(THREE)
    scene = Scene(seed, shape).settle()
    draft = with_groups(shape, mail=("charlie", "alpha"))
    scene.world.ask("alpha", SaveDraft(draft.text, base=shape.digest))
    scene.wait(500)
    for name in THREE:
        scene.crash(name, scene.chance.randint(100, 1_500))
    return scene.wait(6_000)


def asked_again_and_again(seed: int) -> Scene:
    """Copies of one prepare arrive all the time after the coordinator is gone."""
    shape = cluster(THREE)
    scene = Scene(seed, shape).settle()

    def hook(_sender: str, _to: str, message: Message) -> int | None:
        return LOST if isinstance(message, StepOrder) and message.step == "compare" else None

    scene.hook(hook)
    scene.ask(with_groups(shape, mail=("charlie", "alpha")))
    scene.wait(400, 600)
    coordinator = scene.node("alpha").coordinator
    assert coordinator is not None, "it was asked"
    mine, target = coordinator.proposer, scene.chance.choice(("bravo", "charlie"))
    prepare = Prepare(mine.slot, mine.ballot, "dare", mine.tx, mine.base)
    for number in range(1, 60):
        scene.replay("alpha", target, prepare, 250 * number)
    others = [name for name in THREE if name != target]
    scene.cut([target], others, 30_000)
    began = scene.world.now_ms
    limit = scene.node(target).shared.timing.suspend_ms + 1_000
    scene.until(lambda: not scene.node(target).participant.suspended, 30_000)
    lasted = scene.world.now_ms - began
    assert lasted <= limit, f"11 suspended: {lasted} ms, for it was asked again and again"
    return scene


def crash_while_staged(seed: int) -> Scene:
    """A node dies with a DARE staged and comes back while it is open."""
    shape = cluster(THREE)
    scene = Scene(seed, shape).settle()
    victim, fallen = scene.chance.choice(THREE[1:]), list[int]()

    def hook(_sender: str, _to: str, message: Message) -> int | None:
        if isinstance(message, StepOrder) and message.step not in ("verify", "stage", "compare"):
            if not fallen:
                fallen.append(1)
                scene.isolate("alpha", 6_000)
                scene.world.later(0, lambda: scene.crash(victim, 200))
            return LOST
        return None

    scene.hook(hook)
    scene.ask(with_groups(shape, web=("charlie", "bravo"), orders=("charlie", "bravo")))
    return scene.wait(10_000)


def abort_before_anything_stopped(seed: int) -> Scene:
    """A DARE ends while the command before a release still runs: the group is never away."""
    shape = replace(cluster(), commands=CHECK_FIRST)
    scene = Scene(seed, shape).settle()
    web = scene.node("alpha").shared.runner("web")
    started_by = web.token
    scene.world.refuse_driver.add(("alpha", "web", "slow pre"))
    scene.ask(shape, at="charlie", web="bravo")
    scene.until(lambda: web.state == "releasing")
    scene.wait(200, 2_000)
    if scene.chance.random() < 0.5:
        assert scene.world.run is not None, "it was asked"
        scene.world.ask("charlie", Abort(scene.world.run.tx))
    else:
        scene.crash("charlie", 30_000)
    scene.wait(22_000)
    assert web.state == "online", f"undo: web is {web.state} on alpha"
    assert web.token == started_by, "undo: web was interrupted after the DARE had ended"
    return scene
