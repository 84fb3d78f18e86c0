"""A draft is inert: what is edited while a DARE runs changes nothing of that DARE."""

from dataclasses import replace

import pytest

from nodeagent.config.digest import file_digest
from nodeagent.wire.console import Done, SaveDraft
from tests.hostile.drafts import CASES
from tests.unit.core.story import Story

NODES = ("alpha", "bravo", "charlie", "delta")


@pytest.mark.parametrize("case", list(CASES))
def test_a_draft_that_is_edited_meanwhile_is_kept_and_not_read(case: str) -> None:
    edit, story = CASES[case], Story()
    wanted = replace(story.with_group("mail", "charlie", "alpha"), nodes=NODES)
    moved = {"web": "bravo", "orders": "charlie"}
    draft = edit.text(wanted, story.shape)
    story.join("delta", wanted).ask(wanted, **moved)
    story.at_step(edit.step)

    answer = story.world.ask(edit.at, SaveDraft(draft, "ann"))
    run = story.end()
    story.rest()

    assert isinstance(answer, Done)
    assert run.state == "done"
    assert story.digests() == {file_digest(wanted.text.encode())}
    assert (story.owner("web"), story.owner("orders")) == (["bravo"], ["charlie"])
    drafts = {story.node(name).shared.draft for name in NODES[:3]}
    assert drafts == {draft.encode()}
