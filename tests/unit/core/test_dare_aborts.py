"""A DARE that is aborted: undone row by row, and proven to be as before."""

from dataclasses import replace

import pytest

from nodeagent.core.effects import Effect, RunDriver
from nodeagent.core.records import Record
from nodeagent.model.ownership import Token
from nodeagent.wire.console import Done, Refused
from tests.simulation.machine import Machine
from tests.unit.core.story import Story, rows

BEFORE_DECIDE = (
    "verify", "lock", "stage", "compare", "release", "keep", "offline", "greet", "acquire",
)  # fmt: skip


def as_before(story: Story) -> None:
    """Everything is as it was before the DARE."""
    story.rest()
    assert story.digests() == {story.shape.digest}
    assert story.owner("web") == ["alpha"]
    assert story.owner("orders") == ["bravo"]
    assert story.owner("mail") == []
    assert not any("temporary" in story.files(name) for name in story.shape.nodes)


def both_kinds(story: Story) -> object:
    shape = replace(
        story.with_node(), groups=story.changed("web", nodes=("bravo", "alpha"), version=2).groups
    )
    story.join("delta", shape)
    return shape


def test_a_failed_acquire_is_undone_newest_row_first_and_proven() -> None:
    story = Story()
    story.world.refuse_driver.add(("bravo", "web", "start"))

    run = story.dare(story.changed("web", nodes=("bravo", "charlie")))

    assert (run.state, run.restored) == ("aborted", "restored")
    assert rows(run)[-4:] == ["undo-acquire", "undo-release", "undo-stage", "prove"]
    assert "start refused" in run.text
    as_before(story)


def test_a_file_that_differs_on_one_disk_is_noticed() -> None:
    story = Story()
    story.ask(story.with_group())
    story.until(lambda: "temporary" in story.files("bravo"))
    story.world.machines["bravo"].disk.files["temporary"] = b"format = 1"

    run = story.end()

    assert run.state == "aborted"
    assert "bravo: compare" in run.text
    as_before(story)


def test_a_new_node_that_is_silent_on_one_network_is_not_taken_in() -> None:
    story = Story()
    shape = story.with_node()
    story.join("delta", shape)
    story.world.network.dead_adapters.add(("delta", "eth1"))

    run = story.dare(shape)

    assert run.state == "aborted"
    assert "greet" in run.text
    as_before(story)


def test_a_new_node_that_does_not_run_holds_nobody_up() -> None:
    story = Story()

    run = story.dare(story.with_node())

    assert run.state == "refused"
    assert "delta" in run.text
    as_before(story)


def test_the_administrator_aborts_while_it_is_slow() -> None:
    story = Story()
    story.drill("alpha", "slow-step", "acquire")
    story.ask(story.with_group())
    story.at_step("acquire")

    answer = story.abort(at="charlie")

    assert isinstance(answer, Done)
    run = story.end()
    assert (run.state, run.restored) == ("aborted", "restored")
    as_before(story)


def test_an_abort_past_the_point_of_no_return_is_refused() -> None:
    story = Story()
    story.drill("alpha", "slow-step", "activate")
    story.ask(story.with_group())
    story.at_step("activate")

    answer = story.abort()

    assert isinstance(answer, Refused)
    assert story.end().state == "done"


def test_an_abort_of_what_has_ended_is_refused() -> None:
    story = Story()
    story.dare(story.with_group())

    assert isinstance(story.abort(), Refused)


@pytest.mark.parametrize("step", BEFORE_DECIDE)
def test_a_participant_that_dies_in_a_row_ends_the_dare(step: str) -> None:
    story = Story()
    shape = both_kinds(story)
    story.drill("alpha", "slow-step", step)
    story.ask(shape)  # type: ignore[arg-type]
    story.at_step(step)

    story.crash("charlie")
    run = story.end()

    assert run.state in ("refused", "aborted")
    assert "charlie" in run.text
    story.world.start("charlie")
    as_before(story)


def test_a_new_owner_that_dies_while_it_acquires_ends_the_dare() -> None:
    story = Story()
    story.drill("alpha", "slow-step", "acquire")
    story.ask(story.changed("web", nodes=("bravo", "alpha"), fallback="higher-priority"))
    story.at_step("acquire")

    story.crash("bravo")
    run = story.end()

    assert run.state == "aborted"
    story.until(lambda: story.owner("web") == ["alpha"] and story.owner("orders") == ["charlie"])


def test_a_participant_that_restarts_in_the_middle_ends_the_dare() -> None:
    story = Story()
    story.drill("alpha", "slow-step", "acquire")
    story.ask(story.with_group())
    story.at_step("acquire")

    story.crash("charlie").world.start("charlie")
    run = story.end()

    assert run.state == "aborted"
    assert "charlie: acquire: restarted in the middle" in run.text
    as_before(story)


def test_a_new_owner_that_was_started_anew_is_not_waited_for_in_vain() -> None:
    """It gets no lease before a view counts it in, and no view is decided while a DARE is open."""
    story = Story()
    story.crash("bravo").world.start("bravo")
    story.ask(story.shape, web="bravo")

    story.until(lambda: story.told("is not counted in yet"), limit_ms=3_000)
    assert story.end().state == "aborted"
    assert story.rest().owner("web") == ["alpha"]


def test_a_group_does_not_wait_for_a_parent_that_the_dare_itself_holds_up() -> None:
    """web is bravo's after alpha's death, and is not acquired while recovery is suspended."""
    story = Story()
    story.dare(story.changed("orders", after=("web",)))
    shape = story.changed("orders", after=("web",))
    story.crash("alpha")
    story.until(lambda: "alpha" not in story.node("bravo").shared.log.standing.view)

    story.ask(shape, at="bravo", orders="charlie")
    story.until(lambda: story.world.run is not None and story.world.run.state == "aborted", 9_000)

    assert story.world.run is not None
    assert "charlie: acquire: orders: needs web" in story.world.run.text
    story.world.start("alpha")
    story.rest()


@pytest.mark.parametrize("step", ["activate", "resume"])
def test_a_participant_that_dies_after_the_decision_catches_up(step: str) -> None:
    story = Story()
    shape = story.with_group()
    story.drill("alpha", "slow-step", step)
    story.ask(shape)
    story.at_step(step)

    story.crash("charlie")
    run = story.end()

    assert run.state == "done"
    story.world.start("charlie")
    assert story.rest().digests() == {shape.digest}


@pytest.mark.parametrize("seed", range(6))
def test_what_cannot_be_restored_is_named(seed: int) -> None:
    """Also where a VIEW has given it up before that is proven."""
    story = Story()
    story.world.random.seed(seed)
    story.world.refuse_driver.add(("bravo", "web", "start"))
    story.ask(story.changed("web", nodes=("bravo", "charlie")))
    story.until(lambda: story.owner("web") == [])
    story.world.refuse_driver.add(("alpha", "web", "start"))

    run = story.end()

    assert (run.state, run.restored) == ("aborted", "restored-except")
    assert "web" in run.text


def test_what_an_abort_gives_back_outranks_what_it_undoes() -> None:
    """A data folder that the new owner had claimed must let the old one in again."""
    story = Story()
    tokens: dict[str, list[Token]] = {"alpha": [], "bravo": []}

    class Watcher:
        def wrote(self, machine: Machine, record: Record) -> None:
            pass

        def stepped(self, machine: Machine) -> None:
            pass

        def acts(self, machine: Machine, effect: Effect) -> None:
            if isinstance(effect, RunDriver) and (effect.group, effect.action) == ("web", "start"):
                tokens[machine.name].append(effect.token)

    story.world.watchers.append(Watcher())
    story.world.refuse_driver.add(("bravo", "web", "start"))
    run = story.dare(story.changed("web", nodes=("bravo", "charlie")))

    assert run.state == "aborted"
    assert max(tokens["bravo"]) < min(tokens["alpha"])
    as_before(story)


def test_a_group_that_leaves_must_be_offline_everywhere() -> None:
    story = Story()
    story.world.watchers.clear()  # the machine runs what is not its any more, on purpose
    runner = story.node("charlie").shared.runner("web")
    runner.resources["server"], runner.state = "failed", "releasing"

    run = story.dare(replace(story.shape, networks=1, groups=story.shape.groups[1:]))

    assert run.state == "aborted"
    assert "charlie: offline: web is not offline" in run.text
