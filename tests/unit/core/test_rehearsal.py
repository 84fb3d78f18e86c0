"""A rehearsal asks the real nodes and changes nothing; what drifted since refuses the DARE."""

from nodeagent.core import effects as fx
from nodeagent.core.participant import BUSY
from nodeagent.core.records import Record
from nodeagent.core.rehearsal import RUNNING_MAX
from nodeagent.model.run import DareRun, RunChanged, RunStarted, advance, is_rehearsal
from nodeagent.wire.console import Apply, Done, Refused, Rehearse
from nodeagent.wire.live import ProgressMade
from nodeagent.wire.peer import Prepare, StepOrder, StepReply
from tests.simulation.machine import Machine
from tests.simulation.shapes import Shape
from tests.unit.core.story import Story


class Witness:
    """Sees what a story's nodes write and send, and folds what one of them tells of rehearsals."""

    def __init__(self, story: Story) -> None:
        self.written: list[Record] = []
        self.sent: list[object] = []
        self.ended: list[RunChanged] = []
        self.run: DareRun | None = None
        story.world.watchers.append(self)

    def wrote(self, machine: Machine, record: Record) -> None:
        self.written.append(record)

    def acts(self, machine: Machine, effect: fx.Effect) -> None:
        if isinstance(effect, fx.Send):
            self.sent.append(effect.message)
        if isinstance(effect, fx.WriteTemporary | fx.DropTemporary):
            self.sent.append(effect)
        if isinstance(effect, fx.Publish) and isinstance(effect.message, ProgressMade):
            progress = effect.message.progress
            tx = progress.run.tx if isinstance(progress, RunStarted) else progress.tx
            if isinstance(progress, RunChanged) and is_rehearsal(tx):
                self.ended.append(progress)
            if is_rehearsal(tx):
                self.run = advance(self.run, progress)

    def stepped(self, machine: Machine) -> None:
        pass


def rehearsed(story: Story, shape: Shape, at: str = "alpha") -> DareRun:
    """Rehearse a change; returns its record."""
    seen = Witness(story)
    base = story.node(at).shared.log.standing.digest
    answer = story.world.ask(at, Rehearse(shape.text, base))
    assert getattr(answer, "tx", "").startswith("rehearsal."), answer
    story.until(lambda: seen.run is not None and seen.run.state != "running")
    assert seen.run is not None
    return seen.run


def applied(story: Story, shape: Shape, digest: str, at: str = "alpha") -> DareRun:
    """Carry out what was rehearsed; returns the DARE's record."""
    base = story.node(at).shared.log.standing.digest
    answer = story.world.ask(at, Apply(shape.text, base, rehearsed=digest))
    assert getattr(answer, "tx", ""), answer
    return story.end()


def test_it_verifies_and_compares_on_every_node_and_leaves_no_trace() -> None:
    story = Story()
    before = {name: story.files(name) for name in story.shape.nodes}
    seen = Witness(story)

    run = rehearsed(story, story.with_group())

    assert (run.state, [row.name for row in run.steps]) == ("done", ["verify", "compare"])
    assert all(set(row.cells) == set(story.shape.nodes) for row in run.steps)
    assert all(cell.state == "done" for row in run.steps for cell in row.cells.values())
    assert len(run.rehearsed) == 64
    assert not seen.written
    orders = [m for m in seen.sent if isinstance(m, StepOrder | Prepare | fx.WriteTemporary)]
    assert {m.step for m in orders if isinstance(m, StepOrder)} == {"verify"}
    assert len([m for m in orders if isinstance(m, StepOrder)]) == len(orders)
    assert {name: story.files(name) for name in story.shape.nodes} == before
    assert not any(node.busy() for node in story.world.nodes().values())
    assert story.node("alpha").shared.run is None


def test_the_run_takes_its_digest_and_again_gives_the_same_one() -> None:
    story = Story()
    first = rehearsed(story, story.with_group())
    second = rehearsed(story, story.with_group(), at="charlie")

    run = applied(story, story.with_group(), first.rehearsed)

    assert first.rehearsed == second.rehearsed
    assert run.state == "done"


def test_a_group_that_moved_since_refuses() -> None:
    story = Story()
    digest = rehearsed(story, story.with_group()).rehearsed
    story.dare(story.shape, web="bravo")
    story.rest()

    run = applied(story, story.with_group(), digest)

    assert run.state == "refused"
    assert "drifted since the rehearsal: epoch 2 was decided; group web moved to bravo" in run.text
    assert story.owner("web") == ["bravo"]


def test_a_node_that_was_lost_since_refuses() -> None:
    story = Story()
    digest = rehearsed(story, story.with_group("mail", "alpha", "bravo")).rehearsed
    story.crash("charlie")
    story.until(lambda: "charlie" not in story.node("alpha").shared.log.standing.view)

    run = applied(story, story.with_group("mail", "alpha", "bravo"), digest)

    assert run.state == "refused"
    assert "node charlie is not in any more" in run.text


def test_another_program_on_a_node_refuses_and_names_it() -> None:
    story = Story()
    digest = rehearsed(story, story.with_group()).rehearsed
    story.world.machines["charlie"].programs = "2"

    run = applied(story, story.with_group(), digest)

    assert run.state == "refused"
    assert "mail/server on charlie changed: /programs 2, was /programs 1" in run.text


def test_another_file_refuses() -> None:
    story = Story()
    digest = rehearsed(story, story.with_group()).rehearsed

    run = applied(story, story.changed("web", number=120), digest)

    assert run.state == "refused"
    assert "the file is another one" in run.text


def test_of_another_agents_rehearsal_only_that_something_drifted_is_known() -> None:
    story = Story()
    digest = rehearsed(story, story.with_group(), at="bravo").rehearsed
    story.dare(story.shape, web="bravo")

    run = applied(story, story.with_group(), digest, at="alpha")

    assert run.text.startswith("drifted since the rehearsal, or it was of another agent")


def test_a_node_that_would_refuse_is_named_and_nothing_is_promised() -> None:
    story = Story()
    story.world.refuse_driver.add(("charlie", "mail", "validate"))

    run = rehearsed(story, story.with_group())

    assert (run.state, run.rehearsed) == ("refused", "")
    assert run.steps[0].cells["charlie"].state == "failed"
    assert run.text.startswith("charlie: ")


def test_a_new_node_is_asked_too() -> None:
    story = Story()
    grown = story.with_node()
    story.join("delta", grown)

    run = rehearsed(story, grown)

    assert run.state == "done"
    assert run.steps[0].cells["delta"].state == "done"


def test_many_at_once_beside_a_dare_do_no_harm() -> None:
    story = Story()
    base = story.node("alpha").shared.log.standing.digest
    text = story.with_group().text
    story.ask(story.changed("web", number=120), at="bravo")

    answers = [story.world.ask(at, Rehearse(text, base)) for at in ("alpha", "bravo") * 5]

    assert sum(isinstance(answer, Refused) for answer in answers) == 2
    assert story.end().state == "done"
    story.rest()


def test_a_draft_of_an_older_epoch_is_not_rehearsed() -> None:
    story = Story()

    answer = story.world.ask("alpha", Rehearse(story.with_group().text, "0" * 64))

    assert isinstance(answer, Refused)
    assert answer.exit_code == 6


def test_more_than_can_be_verified_at_once_wait_and_no_dare_waits_for_them() -> None:
    story = Story()
    story.world.refuse_driver.add(("charlie", "mail", "slow validate"))
    seen = Witness(story)
    base = story.node("alpha").shared.log.standing.digest
    many = Rehearse(story.with_group().text, base)

    answers = [story.world.ask(at, many) for at in story.shape.nodes * RUNNING_MAX]
    story.world.advance(1_000)
    run = story.dare(story.with_group("mail", "charlie"))

    assert all(isinstance(answer, Done) for answer in answers)
    assert run.state == "done"
    assert any(isinstance(m, StepReply) and m.reason == BUSY for m in seen.sent)
    story.until(lambda: len(seen.ended) == len(answers))
    assert {ended.state for ended in seen.ended} == {"done"}
