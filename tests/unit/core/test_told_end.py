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
