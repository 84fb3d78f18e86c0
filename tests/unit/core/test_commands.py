"""The administrator's commands: before a group comes or goes, after it, and on every member."""

from nodeagent.config.forecast import interruptions
from nodeagent.core.audience import Audiences
from nodeagent.core.commands import POST_AT_END_MS, RUNNING_MAX, WAITING_MAX, Commands
from nodeagent.core.effects import RunCommand
from nodeagent.core.events import CommandTalked, Now
from nodeagent.core.groups import GroupRunner
from nodeagent.core.table import UNDO_STEPS
from nodeagent.model.configuration import Application, Group
from nodeagent.model.happenings import Happening
from nodeagent.model.ownership import Token
from tests.unit.core.story import Story, rows

PRE = """
[event.audit]
on = ["group-online", "group-offline"]
pre = ["/opt/audit", "--begin"]
recovery = ["/opt/mend"]
groups = ["web"]
seconds = 20
"""
MEND = """
[event.mend]
on = ["group-online"]
recovery = ["/opt/mend"]
groups = ["web"]
seconds = 20
"""
AFTER = """
[event.page]
on = ["group-online", "node-down"]
post = ["/opt/log"]
notify = ["/opt/page"]
seconds = 5
"""
AT_END = """
[event.log]
on = ["group-offline"]
post = ["/opt/log"]
notify = ["/opt/page"]
seconds = 60
"""


def ran(story: Story, event: str, group: str = "") -> list[tuple[str, str]]:
    """Return (machine, stage) of the commands that were run for an event."""
    return [
        (machine, command.stage)
        for machine, command in story.world.drivers.commands
        if (command.happening.event, command.happening.group) == (event, group)
    ]


def test_a_pre_command_comes_first_and_knows_what_it_is_for() -> None:
    story = Story(commands=PRE)

    (machine, command) = story.world.drivers.commands[0]
    assert (machine, command.happening.group, command.arguments[0]) == (
        "alpha",
        "web",
        "/opt/audit",
    )
    assert command.happening.cause.startswith("view ")
    assert ran(story, "group-online", "orders") == []


def test_a_pre_command_that_fails_is_recovered_from_and_tried_once_more() -> None:
    story = Story(commands=PRE)
    story.world.drivers.commands.clear()
    story.world.refuse_driver.add(("bravo", "web", "pre"))

    story.crash("alpha")
    story.until(lambda: story.told("pre command audit (/opt/audit) failed"))
    story.until(lambda: story.node("bravo").shared.runner("web").state == "error")

    assert ran(story, "group-online", "web") == [
        ("bravo", "pre"),
        ("bravo", "recovery"),
        ("bravo", "pre"),
    ]
    story.world.refuse_driver.clear()
    story.world.start("alpha")
    story.rest()


def test_a_start_that_failed_is_recovered_from_and_tried_once_more() -> None:
    story = Story(commands=MEND)
    stuck = ("bravo", "web", "start")
    story.world.refuse_driver.add(stuck)

    story.crash("alpha")
    story.until(lambda: ("bravo", "recovery") in ran(story, "group-online", "web"))
    assert story.node("bravo").shared.runner("web").held
    story.world.refuse_driver.discard(stuck)
    story.until(lambda: story.owner("web") == ["bravo"])
    story.until(lambda: story.node("bravo").shared.runner("web").state == "online")

    assert story.told("recovery follows")
    assert story.node("bravo").shared.runner("web").failures == 0
    assert ran(story, "group-online", "web") == [("bravo", "recovery")]
    story.world.start("alpha")
    story.rest()


def test_a_start_that_fails_after_its_recovery_too_is_given_up() -> None:
    story = Story(commands=MEND)
    story.world.refuse_driver.add(("bravo", "web", "start"))

    run = story.dare(story.shape, web="bravo")

    assert (run.state, run.restored) == ("aborted", "restored")
    assert ran(story, "group-online", "web") == [("bravo", "recovery")]
    assert story.owner("web") == ["alpha"]


def test_a_recovery_command_that_hangs_ends_the_acquire_at_its_deadline() -> None:
    story = Story(commands=MEND)
    story.world.refuse_driver |= {("bravo", "web", "start"), ("bravo", "web", "hang recovery")}

    run = story.dare(story.shape, web="bravo")

    assert (run.state, run.restored) == ("aborted", "restored")
    assert "recovery command mend (/opt/mend) failed" in run.text
    assert "start refused" in run.text  # what the command was to recover, too


def test_a_dare_whose_pre_command_fails_is_undone_and_nothing_was_stopped() -> None:
    story = Story(commands=PRE)
    starts = story.invariants.acquisitions
    story.world.refuse_driver.add(("alpha", "web", "pre"))

    run = story.dare(story.shape, web="bravo")

    assert (run.state, run.restored) == ("aborted", "restored")
    assert "web: pre command audit (/opt/audit) failed" in run.text
    assert "last words" in run.text
    assert "release" in rows(run)
    assert (story.owner("web"), story.invariants.acquisitions) == (["alpha"], starts)


def test_a_pre_command_that_hangs_is_named_with_its_last_output() -> None:
    story = Story(commands=PRE)
    story.world.refuse_driver.add(("alpha", "web", "hang pre"))
    story.ask(story.shape, web="bravo")
    story.until(lambda: story.told("pre command audit (/opt/audit) has run for 5 s of 20"))

    def shown() -> bool:
        cells = [row.cells.get("alpha") for row in story.world.run.steps if row.name == "release"]  # type: ignore[union-attr]
        return any("audit" in c.reason and "still busy" in c.reason for c in cells if c)

    story.until(shown)
    assert story.end().state == "aborted"


def test_a_slow_start_is_named_with_its_last_output_too() -> None:
    server = Application(start=("/bin/server",), start_seconds=60.0)
    runner = GroupRunner("web", lambda: 1)
    runner.acquire(Group(nodes=("alpha",), resource={"server": server}), Token(), Now(1_000, 0.0))
    runner.talked(CommandTalked(1, "waits for its disk"))

    for ms in (5_900, 6_000, 7_000):
        runner.tick(Now(ms, 0.0), may_restart=True, may_leave=True)

    slow = "start of server has run for 5 s of 60 | waits for its disk"
    assert [news.text for news in runner.news] == [slow]
    assert runner.live().text == slow


def test_what_must_stop_at_once_waits_for_no_command() -> None:
    story = Story(commands=PRE)
    story.world.refuse_driver.add(("alpha", "web", "hang pre"))
    story.ask(story.shape, web="bravo")
    story.at_step("release")
    story.world.advance(500)

    story.cut_off("alpha")
    limit_ms = story.node("alpha").shared.timing.lease_ms + 1_000

    story.until(lambda: story.owner("web") != ["alpha"], limit_ms)
    assert story.told("a pre command was ended")
    story.mend().rest()


def test_who_did_it_runs_post_and_every_member_runs_notify() -> None:
    story = Story(commands=AFTER)
    story.world.drivers.commands.clear()
    story.world.refuse_driver.add(("bravo", "mail", "post"))

    story.dare(story.with_group("mail", "bravo"))
    story.rest()
    story.until(lambda: len(ran(story, "group-online", "mail")) == 4)

    assert sorted(ran(story, "group-online", "mail")) == [
        ("alpha", "notify"),
        ("bravo", "notify"),
        ("bravo", "post"),
        ("charlie", "notify"),
    ]
    assert "post command page" in story.node("bravo").shared.runner("mail").text
    assert story.node("bravo").shared.runner("mail").state == "online"
    story.until(lambda: not story.node("bravo").shared.runner("mail").text, 90_000)

    story.crash("charlie")
    story.until(lambda: len(ran(story, "node-down")) == 2)
    assert sorted(ran(story, "node-down")) == [("alpha", "notify"), ("bravo", "notify")]


def test_a_storm_of_events_is_no_storm_of_processes() -> None:
    shared = Story(commands=AFTER).node("alpha").shared
    commands = Commands(shared)
    shared.out.clear()
    shared.happened += [Happening("node-down", f"n{n}") for n in range(WAITING_MAX + 50)]

    commands.take()

    assert len([e for e in shared.out if isinstance(e, RunCommand)]) == RUNNING_MAX
    dropped = [e for e in shared.events if "is not run" in e.text]
    assert len(dropped) == 1


def test_an_abort_ends_the_pre_command_and_the_group_was_never_away() -> None:
    story = Story(commands=PRE)
    starts = story.invariants.acquisitions
    story.world.refuse_driver.add(("alpha", "web", "slow pre"))
    story.ask(story.shape, web="bravo")
    story.at_step("release")
    story.world.advance(1_000)

    story.abort()
    story.until(lambda: story.world.run is not None and story.world.run.state == "aborted", 3_000)

    assert story.told("taken back before anything was stopped; the pre command was ended")
    assert interruptions(story.end()) == {}
    story.rest().world.advance(25_000)
    assert (story.owner("web"), story.invariants.acquisitions) == (["alpha"], starts)


def test_undoing_a_release_is_waited_for_while_its_pre_command_may_run() -> None:
    story = Story(commands=PRE)
    shared = story.node("alpha").shared
    story.ask(story.shape, web="bravo")
    coordinator = story.node("alpha").coordinator
    assert coordinator is not None
    asked = Audiences(shared, coordinator.request, shared.log.configuration)

    undo = next(row for row in UNDO_STEPS if row.name == "undo-release")

    assert asked.limit_ms(undo) > 2 * 3 * 20_000  # before the release and before the acquire


def stopped(story: Story, *, slow: bool = False) -> None:
    """Tell alpha to stop; its groups take so long that it is out of the view before that."""
    story.world.advance(1_000)
    if slow:
        story.world.refuse_driver.add(("alpha", "web", "hang post"))
    story.world.refuse_driver.add(("alpha", "web", "stop"))
    story.world.drivers.commands.clear()
    story.world.stop("alpha")
    story.until(lambda: "alpha" not in story.node("bravo").shared.log.standing.view)
    story.world.advance(500)
    assert not story.node("alpha").shared.is_member
    assert story.owner("web") == ["alpha"]
    story.world.refuse_driver.discard(("alpha", "web", "stop"))


def test_who_leaves_runs_post_for_what_it_lets_go_of_after_it_is_out_of_the_view() -> None:
    story = Story(commands=AT_END)
    stopped(story)

    story.until(lambda: "alpha" not in story.world.nodes())
    story.until(lambda: len(ran(story, "group-offline", "web")) == 3)

    assert sorted(ran(story, "group-offline", "web")) == [
        ("alpha", "post"),
        ("bravo", "notify"),
        ("charlie", "notify"),
    ]


def test_who_leaves_can_be_asked_for_a_while_so_that_nobody_waits_for_its_lease() -> None:
    story = Story()
    stopped(story)
    story.until(lambda: not story.node("alpha").held)

    story.until(lambda: story.owner("web") == ["bravo"], story.node("bravo").shared.timing.lease_ms)


def test_who_leaves_waits_for_a_post_command_a_while_and_says_what_is_left_out() -> None:
    story = Story(commands=AT_END)
    stopped(story, slow=True)
    story.until(lambda: not story.node("alpha").held)

    story.world.advance(POST_AT_END_MS - 500)
    assert "alpha" in story.world.nodes()
    story.until(lambda: "alpha" not in story.world.nodes(), 2_000)

    assert story.told("ends, and with it what it waited for long enough: post command log")
