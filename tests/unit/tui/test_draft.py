import pytest

from nodeagent.config.edit import EditError
from nodeagent.model.plan import Change
from nodeagent.wire.joining import JoinState
from tests.support.story import NODES, configuration_text, key_of
from tui.viewmodels import draft_data as raw
from tui.viewmodels.draft import UNDO_MAX, Draft, rebased, started
from tui.viewmodels.draft_page import change_rows
from tui.viewmodels.draft_revert import reverted
from tui.viewmodels.draft_review import Standing, review, text_diff
from tui.viewmodels.spans import joined

TEXT = configuration_text()
STANDING = Standing(NODES, {"database": "alpha", "web": "bravo"}, NODES)


def begun() -> Draft:
    return started(TEXT, 17)


def test_begins_with_the_saved_draft_on_the_active_base() -> None:
    saved = TEXT + "# a thought\n"

    draft = started(TEXT, 17, saved)

    assert draft == Draft(base=TEXT, base_epoch=17, text=saved)
    assert draft.differs
    assert not begun().differs


def test_letters_of_one_field_are_one_step_of_undo() -> None:
    draft = begun().typed("a", "name").typed("ab", "name").typed("ab c", "other")

    assert draft.past == (TEXT, "ab")
    assert draft.undone().text == "ab"
    assert draft.undone().undone() == Draft(
        base=TEXT, base_epoch=17, text=TEXT, future=("ab", "ab c")
    )
    assert draft.undone().undone().undone().text == TEXT
    assert draft.undone().undone().redone().redone().text == "ab c"
    assert draft.redone() is draft


def test_same_field_again_after_another_look_is_a_new_step() -> None:
    draft = begun().typed("a", "name").settled().typed("ab", "name")

    assert draft.past == (TEXT, "a")


def test_new_edit_forgets_what_was_undone_and_undo_has_an_end() -> None:
    draft = begun().typed("a").undone().typed("b")
    assert draft.future == ()

    for number in range(UNDO_MAX + 5):
        draft = draft.typed(str(number))
    assert len(draft.past) == UNDO_MAX


def test_comments_live_through_edits() -> None:
    draft = begun().set_value(("group", "web", "nodes"), ["bravo"])
    draft = draft.rename(("network", "public2"), "shop")

    assert draft.text.startswith("# Orders: two services on three nodes.")
    assert raw.at(raw.data_of(draft.text), ("group", "web", "resource", "address", "network")) == (
        "shop"
    )
    assert raw.at(raw.data_of(draft.text), ("node", "bravo", "adapter", "eth1", "network")) == (
        "shop"
    )


def test_moves_along_with_the_cluster_while_nothing_was_edited() -> None:
    newer = TEXT + "# 18\n"

    assert rebased(begun(), newer, 18) == started(newer, 18)
    assert rebased(begun().typed(newer), newer, 18) == started(newer, 18)


def test_edited_draft_is_left_and_stale() -> None:
    draft = begun().typed(TEXT + "# mine\n")
    newer = TEXT + "# 18\n"

    assert rebased(draft, newer, 18) == draft
    assert draft.stale(newer)
    assert not draft.stale(TEXT)
    assert rebased(draft, TEXT, 18).base_epoch == 18


def test_review_says_who_is_interrupted_and_who_is_not() -> None:
    draft = begun().set_value(("group", "web", "nodes"), ["alpha", "charlie"])

    found = review(draft.text, draft.base, STANDING)

    assert found.changes == (
        Change(
            "change", "resources", "group.web", "nodes",
            '["bravo", "charlie"]', '["alpha", "charlie"]',
        ),
    )  # fmt: skip
    assert [(one.group, one.kind, one.target) for one in found.plan.effects] == [
        ("database", "untouched", "alpha"),
        ("web", "moved", "alpha"),
    ]
    assert [one.group for one in found.interrupted] == ["web"]
    assert found.errors == ()
    assert found.count == 1


def test_review_of_what_is_no_configuration_tells_its_changes() -> None:
    draft = begun().set_value(("node", "alpha", "key"), "short")
    draft = draft.remove(("group", "web", "resource", "server"))
    text = f'{draft.text}\n[grup.mail]\nnodes = ["alpha"]\n'

    found = review(text, draft.base, STANDING)

    assert found.configuration is None
    assert found.count == 3
    assert [(one.kind, one.object, one.key, one.new) for one in found.changes] == [
        ("change", "node.alpha", "key", '"short"'),
        ("remove", "group.web.resource.server", "", ""),
        ("add", "grup", "", '{ mail = { nodes = ["alpha"] } }'),
    ]
    back = reverted(draft, found.changes[0])
    assert raw.at(raw.data_of(back.text), ("node", "alpha", "key")) == key_of("alpha")
    assert {"E029"} < {report.code for report in found.errors}
    assert review("[", TEXT, STANDING).count == 0


def test_long_key_of_a_change_is_whole_where_there_is_room() -> None:
    text = begun().set_value(("group", "web", "failure-expires-seconds"), 300).text

    shown = [joined(row.line) for row in change_rows(review(text, TEXT, STANDING).changes, 80)]

    assert " ~   failure-expires-seconds 60 > 300" in shown


def test_a_draft_with_errors_tells_the_role_of_a_new_administrator() -> None:
    text = begun().add(("admin", "boss"), {"key": "short"}).text
    (added,) = review(text, TEXT, STANDING).changes
    assert (added.object, added.new) == ("admin.boss", '{ role = "admin", key = "short" }')


@pytest.mark.parametrize(
    ("live", "joins", "told"),
    [
        (NODES, {}, ["delta must answer, or the DARE fails: start its agent there"]),
        (NODES, {"delta": "fetched"}, ["delta must answer, or the DARE fails: start its agent"]),
        (NODES, {"delta": "invited"}, ["delta cannot answer yet: nobody has come with its inv"]),
        (NODES, {"delta": "admitted"}, ["delta cannot answer yet: nodeagent join has not ended"]),
        ((*NODES, "delta"), {}, []),
    ],
)
def test_added_node_that_was_not_heard_is_told_with_what_to_do(
    live: tuple[str, ...], joins: dict[str, JoinState], told: list[str]
) -> None:
    text = configuration_text(nodes=(*NODES, "delta"))

    found = review(text, TEXT, Standing(NODES, {}, live, joins=joins)).unheard

    assert [one.text[: len(start)] for one, start in zip(found, told, strict=True)] == told


def test_text_diff_names_both_sides() -> None:
    draft = begun().set_value(("group", "web", "nodes"), ["bravo"])

    assert text_diff(TEXT, TEXT) == ()
    lines = text_diff(draft.base, draft.text)
    assert lines[:2] == ("--- active/draft.toml", "+++ draft/draft.toml")
    assert '-nodes = ["bravo", "charlie"]' in lines
    assert '+nodes = ["bravo"]' in lines


def only_change(draft: Draft, *, key: str = "", name: str = "") -> Change:
    found = review(draft.text, draft.base, STANDING).changes
    return next(
        one for one in found if (not key or one.key == key) and (not name or one.object == name)
    )


EDITS = {
    "value": lambda d: d.set_value(("group", "web", "nodes"), ["bravo"]),
    "new key": lambda d: d.set_value(("group", "web", "startup"), "first-available"),
    "lost key": lambda d: d.remove(("group", "web", "after")),
    "new group": lambda d: d.add(("group", "shop"), {"nodes": ["alpha"]}),
    "lost adapter": lambda d: d.remove(("node", "bravo", "adapter", "eth1")),
    "lost group": lambda d: d.remove(("group", "database")),
    "order": lambda d: d.reorder(("group", "web", "resource"), ["server", "address"]),
    "other type": lambda d: d.remove(("group", "web", "resource", "server")).add(
        ("group", "web", "resource", "server"), {"type": "systemd:nginx.service"}
    ),
    "timing": lambda d: d.set_value(("timing", "heartbeat-ms"), 300),
}


@pytest.mark.parametrize("name", EDITS)
def test_single_change_is_taken_back(name: str) -> None:
    draft = EDITS[name](begun()).set_value(("network", "private1", "kind"), "point-to-point")
    change = next(
        one for one in review(draft.text, TEXT, STANDING).changes if "private1" not in one.object
    )

    after = reverted(draft, change)

    left = review(after.text, TEXT, STANDING).changes
    assert [one.object for one in left] == ["network.private1"]
    assert after.undone().text == draft.text
    groups = raw.names(raw.data_of(TEXT), ("group",))
    assert raw.names(raw.data_of(after.text), ("group",)) == groups


def test_change_that_is_gone_already_is_refused_in_words() -> None:
    draft = begun().add(("group", "shop"), {"nodes": ["alpha"]})
    change = only_change(draft, name="group.shop")

    with pytest.raises(EditError):
        reverted(begun(), change)
