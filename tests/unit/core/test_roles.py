"""Who may ask what of an agent."""

from datetime import UTC, datetime

import pytest

from nodeagent.config.operations import with_hold, with_standby
from nodeagent.core import desk
from nodeagent.core.effects import ReadRecording, TakeInventory
from nodeagent.wire.console import Apply, Done, Drill, DrillKind, GetSnapshot, Refused, SaveDraft
from nodeagent.wire.inventory import GetAgent, GetInventory
from nodeagent.wire.live import Snapshot
from nodeagent.wire.recording import GetRecording
from tests.simulation.world import CONSOLE_KEY, World
from tests.unit.core.story import Story

OPERATOR, OBSERVER, STRANGER = "o" * 40, "w" * 40, "s" * 40
ADMINS = f"""
[admin.op]
key = "{OPERATOR}"
role = "operator"
[admin.eye]
key = "{OBSERVER}"
role = "observer"
"""


def cluster() -> tuple[World, str]:
    story = Story()
    text = story.shape.text + ADMINS
    story.world.apply("alpha", text)
    story.end()
    story.rest()
    return story.world, text


def ask(world: World, request: object, key: str) -> object:
    return world.ask("alpha", request, key)  # type: ignore[arg-type]


def digest(world: World) -> str:
    return world.nodes()["alpha"].shared.log.standing.digest


def test_an_observer_looks_and_changes_nothing() -> None:
    world, text = cluster()

    assert isinstance(ask(world, GetSnapshot(), OBSERVER), Snapshot)
    for request in (Apply(text, digest(world)), SaveDraft(text), Drill("fail-application", "web")):
        answer = ask(world, request, OBSERVER)
        assert isinstance(answer, Refused)
        assert answer.code == "role"


def test_an_observer_is_told_by_the_machine_what_is_on_it() -> None:
    effects = [
        desk.looked_up(b"console", 7, request)
        for request in (GetInventory(), GetAgent("heartbeat:IPaddr2"), GetRecording())
    ]
    world, _ = cluster()

    assert [type(effect) for effect in effects] == [TakeInventory, TakeInventory, ReadRecording]
    refused = ask(world, GetInventory(), STRANGER)
    assert isinstance(refused, Refused)
    assert refused.code == "stranger"


def test_an_operator_moves_groups_but_edits_nothing() -> None:
    world, text = cluster()

    edit = ask(world, Apply(text + "\n# more", digest(world)), OPERATOR)
    move = ask(world, Apply(text, digest(world), owners={"web": "bravo"}), OPERATOR)

    assert isinstance(edit, Refused)
    assert getattr(move, "tx", "")
    world.until(lambda: world.owner("web") == ["bravo"])


def test_an_operator_sends_to_standby_and_holds_and_edits_nothing_beside() -> None:
    world, text = cluster()
    hold = with_hold(text, "web", datetime(1970, 1, 2, tzinfo=UTC))
    both = with_standby(hold, "charlie", standby=True)

    beside = ask(world, Apply(f"{both}\n# more", digest(world)), OPERATOR)
    answer = ask(world, Apply(both, digest(world)), OPERATOR)

    assert isinstance(beside, Refused)
    assert beside.code == "role"
    assert getattr(answer, "tx", ""), answer


def test_a_stranger_sees_nothing() -> None:
    world, text = cluster()

    for request in (GetSnapshot(), Apply(text, digest(world))):
        answer = ask(world, request, STRANGER)
        assert isinstance(answer, Refused)
        assert answer.code == "stranger"


def test_a_removed_administrator_is_a_stranger_at_once() -> None:
    world, text = cluster()

    world.apply("alpha", text.replace(ADMINS, ""))
    world.until(lambda: world.run is not None and world.run.base_epoch == 2 and world.stable())

    assert isinstance(ask(world, GetSnapshot(), OPERATOR), Refused)
    assert isinstance(ask(world, GetSnapshot(), CONSOLE_KEY), Snapshot)


def test_drills_are_refused_where_they_are_not_allowed() -> None:
    world = World(Story().shape.text, drills=False)
    world.start()
    world.until(world.stable)

    answer = world.ask("alpha", Drill("stop-at-step", "verify"))

    assert isinstance(answer, Refused)
    assert answer.code == "drills"


@pytest.mark.parametrize(
    ("kind", "target", "named"),
    [
        ("cut-adapter", "eth9", "eth0"),
        ("mend-adapter", "", "eth0"),
        ("fail-application", "lunch", "web"),
        ("slow-step", "dinner", "compare"),
        ("stop-at-step", "undo-stage", "resume"),
    ],
)
def test_drill_on_what_is_not_there_is_refused_with_names(
    kind: DrillKind, target: str, named: str
) -> None:
    world, _ = cluster()

    answer = world.ask("alpha", Drill(kind, target))

    assert isinstance(answer, Refused)
    assert repr(target) in answer.text
    assert named in answer.text.partition("known: ")[2]
    assert not world.nodes()["alpha"].shared.drills.stop_at_step


def test_step_drill_is_taken_back_by_naming_no_step() -> None:
    world, _ = cluster()
    world.ask("alpha", Drill("stop-at-step", "lock"))

    assert isinstance(world.ask("alpha", Drill("stop-at-step", "")), Done)
    assert not world.nodes()["alpha"].shared.drills.stop_at_step


def test_a_draft_is_kept_by_all_and_read_by_none() -> None:
    world, _ = cluster()
    before = digest(world)

    world.ask("alpha", SaveDraft("# a draft", author="me"))
    world.advance(500)

    drafts = {m.disk.files["default"] for m in world.machines.values()}
    assert drafts == {b"# a draft"}
    assert {n.shared.log.standing.digest for n in world.nodes().values()} == {before}
