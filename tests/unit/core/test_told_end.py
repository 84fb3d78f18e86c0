"""How a DARE ended is told to a node that cannot hear who knows it."""

from tests.unit.core.story import Story


def record_on(story: Story, name: str, tx: str) -> str:
    shared = story.node(name).shared
    runs = (*shared.runs, *((shared.run,) if shared.run else ()))
    return next((run.state for run in reversed(runs) if run.tx == tx), "not known")


def test_refusal_reaches_a_node_that_does_not_hear_the_coordinator() -> None:
    story = Story()
    story.drill("alpha", "slow-step", "verify")
    story.ask(story.with_group("mail", "charlie", "bravo"))
    story.at_step("verify")
    assert story.world.run is not None
    tx = story.world.run.tx

    story.world.cut |= {("alpha", "bravo"), ("bravo", "alpha")}
    story.until(lambda: record_on(story, "alpha", tx) == "refused")
    story.until(lambda: record_on(story, "bravo", tx) == "refused")

    assert story.world.cut, "the link was still cut"
    assert record_on(story, "charlie", tx) == "refused"


def test_run_that_goes_on_unheard_is_not_called_ended() -> None:
    story = Story()
    story.drill("alpha", "slow-step", "resume")
    story.ask(story.with_group("mail", "charlie", "bravo"))
    story.at_step("verify")
    assert story.world.run is not None
    tx = story.world.run.tx

    story.at_step("resume")
    story.world.cut |= {("alpha", "bravo"), ("bravo", "alpha")}
    story.until(lambda: record_on(story, "bravo", tx) != "running")

    assert record_on(story, "bravo", tx) == "done"


def test_run_that_a_lost_coordinator_left_decided_is_told_with_what_is_seen_of_it() -> None:
    story = Story()
    story.drill("alpha", "stop-at-step", "activate")
    story.ask(story.with_group("mail", "charlie", "bravo"))
    story.at_step("decide")
    assert story.world.run is not None
    tx = story.world.run.tx
    story.until(lambda: record_on(story, "bravo", tx) == "done")

    shared = story.node("bravo").shared
    run = next(run for run in (*shared.runs, shared.run) if run is not None and run.tx == tx)
    rows = {row.name: row for row in run.steps}
    assert run.seconds > 0
    for name in ("activate", "resume"):
        assert rows[name].state == "done"
        cells = {node: cell.state for node, cell in rows[name].cells.items()}
        assert (cells["bravo"], cells["charlie"]) == ("done", "done")
        assert cells.get("alpha", "lost") == "lost"
