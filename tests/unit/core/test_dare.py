"""A DARE that succeeds: which rows it walks, what it leaves alone, what it ends with."""

from dataclasses import replace

from nodeagent.core.events import MessageHeard
from nodeagent.model.run import RunChanged
from nodeagent.wire.console import Done, SaveDraft
from nodeagent.wire.peer import Commit, ProgressNote, RunWanted
from tests.simulation.clusters import node_key
from tests.simulation.machine import Machine
from tests.simulation.network import Single, Trap
from tests.unit.core.story import Story, rows, written

TOPOLOGY = ["keep", "offline", "greet"]


def test_a_new_group_walks_the_resource_rows_only() -> None:
    story = Story()

    run = story.dare(story.with_group())

    assert (run.state, run.text) == ("done", "epoch 2 is active")
    assert rows(run) == [
        "verify", "lock", "stage", "compare", "acquire", "decide", "activate", "resume",
    ]  # fmt: skip
    assert story.rest().owner("mail") == ["alpha"]


def test_groups_that_a_change_does_not_speak_of_run_on() -> None:
    story = Story()

    story.dare(story.with_group())
    story.rest()

    assert story.invariants.acquisitions == story.starts + 2, "only the two resources of mail"


def test_a_new_node_walks_the_topology_rows_only() -> None:
    story = Story()
    shape = story.with_node()
    story.join("delta", shape)

    run = story.dare(shape)

    assert run.state == "done"
    assert [name for name in rows(run) if name in TOPOLOGY] == TOPOLOGY
    assert not {"release", "acquire"} & set(rows(run))
    assert "delta" in story.rest().node("delta").shared.log.standing.view


def test_an_adapter_may_get_another_name_at_its_address() -> None:
    story = Story()
    shape = replace(story.shape, adapters=("eth0", "lan0", "eth2"))

    run = story.dare(shape)

    assert run.state == "done", run.text
    story.until(lambda: "up" in link(story, "alpha", "bravo", "lan0"))
    assert story.invariants.acquisitions == story.starts, "no address is on it"


def test_adapters_may_change_their_roles_at_their_addresses() -> None:
    story = Story(spare=True)
    shape = replace(story.shape, adapters=("eth2", "eth1", "eth0"))

    run = story.dare(shape)

    assert run.state == "done", run.text
    assert story.rest().at("web") == {"alpha": "eth2"}


def test_all_networks_may_get_other_names_while_a_node_is_away() -> None:
    story = Story(spare=True).crash("charlie")
    story.until(lambda: "charlie" not in story.node("alpha").shared.log.standing.view)
    text = replace(story.shape, adapters=("lan0", "lan1", "lan2")).text
    for kind in ("public", "private"):
        text = text.replace(f"network.{kind}]", f"network.{kind}X]")
        text = text.replace(f'network = "{kind}"', f'network = "{kind}X"')

    story.world.apply("alpha", text)
    run = story.end()

    assert run.state == "done", run.text
    story.world.start("charlie")
    assert "charlie" in story.rest().node("alpha").shared.log.standing.view


def link(story: Story, node: str, peer: str, adapter: str) -> set[str]:
    shared = story.node(node).shared
    links = shared.hearts.peers[peer].links.values()
    return {one.state(shared.now.ms, shared.timing) for one in links if one.adapter == adapter}


def test_both_kinds_go_in_one_dare() -> None:
    story = Story()
    shape = replace(
        story.with_node(), groups=story.changed("web", nodes=("delta", "alpha"), version=2).groups
    )
    story.join("delta", shape)

    run = story.dare(shape)

    assert run.state == "done"
    assert {"release", "acquire", *TOPOLOGY} <= set(rows(run))
    assert len(story.rest().digests()) == 1


def test_a_changed_program_restarts_where_it_runs() -> None:
    story = Story()

    run = story.dare(story.changed("web", version=2))

    assert run.state == "done"
    assert story.owner("web") == ["alpha"]
    assert story.rest().node("alpha").shared.log.standing.epoch == 2


def test_a_removed_group_is_stopped() -> None:
    story = Story()

    run = story.dare(replace(story.shape, groups=story.shape.groups[1:]))

    assert run.state == "done"
    assert story.rest().owner("web") == []


def test_a_removed_node_gives_its_groups_away_and_owns_nothing() -> None:
    story = Story()
    groups = story.changed("web", nodes=("bravo",)).groups

    run = story.dare(replace(story.shape, nodes=("bravo", "charlie"), groups=groups), at="bravo")

    assert run.state == "done"
    assert story.rest().owner("web") == ["bravo"]
    assert story.world.machines["alpha"].runs() == []


def test_a_move_changes_the_owner_and_nothing_else() -> None:
    story = Story()

    run = story.dare(story.shape, web="bravo")

    assert run.state == "done"
    assert story.rest().owner("web") == ["bravo"]
    assert story.digests() == {story.shape.digest}


def test_the_active_configuration_once_more_is_nothing_to_do() -> None:
    story = Story()

    answer = story.ask(story.shape)

    assert isinstance(answer, Done)
    assert answer.tx == ""


def test_other_voters_interrupt_nobody() -> None:
    story = Story(5)
    story.dare(replace(story.shape, voters=("alpha",)))
    story.rest()

    story.dare(replace(story.shape, voters=("charlie", "delta", "echo")))
    story.rest()

    assert not story.told("lease lost")
    assert story.invariants.acquisitions == story.starts


def test_every_node_shows_the_same_record_of_it() -> None:
    story = Story()

    run = story.dare(story.with_group())
    story.world.advance(200)

    shown = [node.shared.run for node in story.world.nodes().values()]
    assert {(r.tx, r.state, r.text) for r in shown if r} == {(run.tx, "done", run.text)}
    assert all(
        cell.state in ("done", "skipped") for row in run.steps for cell in row.cells.values()
    )


def test_who_missed_that_a_dare_began_shows_it_all_the_same() -> None:
    """As where the news of it goes into a cable that is cut at that moment."""
    story = Story()
    missed: list[str] = []

    def lost(_sender: Machine, target: str) -> Single:
        missed.append(target)
        return "lost"

    story.world.network.traps.append(Trap(ProgressNote, 1, lost))
    story.drill("alpha", "slow-step", "stage")
    story.ask(story.with_group())
    story.at_step("stage")
    story.until(lambda: story.node(missed[0]).shared.run is not None)
    during = story.node(missed[0]).shared.run
    run = story.end()
    story.world.advance(200)

    assert during is not None
    assert (during.tx, during.state, during.coordinator) == (run.tx, "running", "alpha")
    after = story.node(missed[0]).shared.run
    assert after is not None
    assert (after.state, after.text) == ("done", run.text)


def test_who_heard_of_a_dare_by_its_end_alone_shows_all_of_it() -> None:
    story = Story()
    story.world.network.lost_kinds.add(ProgressNote)
    story.drill("alpha", "slow-step", "activate")
    story.ask(story.with_group())
    story.at_step("activate")
    story.world.advance(100)
    story.world.network.lost_kinds.clear()
    run = story.end()
    story.world.advance(500)

    shown = [node.shared.run for node in story.world.nodes().values()]
    assert {(r.tx, r.state, len(r.steps)) for r in shown if r} == {(run.tx, "done", len(run.steps))}
    assert None not in shown


def test_who_cannot_be_told_of_a_dare_asks_for_it_once() -> None:
    """The one that tells of its end may know no more than that, as where it was started anew."""
    story = Story()
    asked: list[str] = []

    def counted(_sender: Machine, target: str) -> None:
        asked.append(target)
        story.world.network.traps.append(Trap(RunWanted, 1, counted))

    counted(story.world.machines["alpha"], "")
    end = ProgressNote(RunChanged("1.7.bravo.9", "aborted"))
    alpha, bravo = story.world.machines["alpha"], story.node("bravo")
    story.world.take(alpha, MessageHeard("bravo", bravo.envelope(end)))
    story.world.advance(10_000)

    assert asked == ["", "bravo"]


def test_a_draft_that_is_edited_meanwhile_has_no_effect() -> None:
    story = Story()
    shape = story.with_group()

    story.ask(shape)
    story.world.ask("bravo", SaveDraft("nonsense ["))
    story.end()
    for name in story.shape.nodes:
        story.crash(name)
    story.world.start()

    assert story.rest().digests() == {shape.digest}


def test_groups_leave_a_node_that_gets_another_key() -> None:
    """Its agent is a stranger once that is decided, so nothing of its may wait for that."""
    story = Story()
    key = node_key("alpha")
    words = story.shape.text.replace(f'"{key}"', f'"{node_key("delta")}"')

    run = story.dare(written(story.shape, words))

    assert run.state == "done", run.text
    assert story.owner("web") == ["bravo"]
    decree = story.node("bravo").shared.log.decrees[-1]
    assert isinstance(decree.value, Commit)
    assert "alpha" not in decree.value.view
