"""What the draft holds is seen where its objects are listed, and is never taken for live."""

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.wire.live import ConfigurationChanged
from tests.console.test_store import view_of
from tests.support import story
from tui.viewmodels.draft_rows import draft_detail, draft_rows, drafted
from tui.viewmodels.spans import joined, width_of

TEXT = story.configuration_text()
MAIL = {"nodes": ["alpha"], "resource": {}}


def told(text: str) -> ConfigurationChanged:
    return ConfigurationChanged(
        draft=True, epoch=17, digest=file_digest(text.encode()), text=text
    )  # fmt: skip


def test_object_that_is_only_in_the_draft_has_a_row_that_says_so() -> None:
    view = view_of(told(edit.add(TEXT, ("group", "mail"), MAIL)))

    (row,) = draft_rows(view, "group", 80)

    assert row.key == "group:mail"
    assert "+ mail" in joined(row.line)
    assert "DRAFT, new: not in the cluster" in joined(row.line)
    assert width_of(row.line) <= 80
    assert drafted(view, "group") == ("mail",)
    assert "nothing of it is in the cluster" in joined(draft_detail("group", "mail", 60)[1])
    assert draft_rows(view, "node", 80) == ()


def test_changed_and_removed_objects_are_named_with_the_way_to_the_draft() -> None:
    text = edit.set_value(TEXT, ("group", "database", "fallback"), "higher-priority")
    view = view_of(told(edit.remove(text, ("group", "web"))))

    (row,) = draft_rows(view, "group", 80)

    assert row.key == ""
    assert "the DRAFT changes database and removes web: key 5" in joined(row.line)


def test_draft_that_says_the_same_or_nothing_adds_no_row() -> None:
    assert draft_rows(view_of(), "group", 80) == ()
    assert draft_rows(view_of(told("no = [")), "group", 80) == ()
