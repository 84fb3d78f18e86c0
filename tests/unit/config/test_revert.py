"""Taking back one epoch's change, and who gave each field its value."""

import pytest

from nodeagent.config.blame import blame
from nodeagent.config.edit import EditError
from nodeagent.config.revert import path_of, revert

BASE = """\
format = 1
[cluster]
name = "orders"
[group.web]  # the front
nodes = ["alpha", "bravo"]
fallback = "never"
[group.db]
nodes = ["bravo"]
"""


def changed(text: str, *pairs: tuple[str, str]) -> bytes:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


ORDER = ('["alpha", "bravo"]', '["bravo", "alpha"]')
BACK = ('"never"', '"higher-priority"')
GONE = ('[group.db]\nnodes = ["bravo"]\n', "")


def test_one_epoch_is_taken_back_and_what_came_later_stays() -> None:
    after = changed(BASE, ORDER)
    active = changed(BASE, ORDER, BACK)

    merged = revert(BASE.encode(), after, active)

    assert merged.text == changed(BASE, BACK)
    assert not merged.undecided


def test_one_change_of_several_is_taken_back() -> None:
    after = changed(BASE, ORDER, BACK, GONE)

    assert revert(BASE.encode(), after, after, ("group", "web", "nodes")).text == changed(
        BASE, BACK, GONE
    )


def test_an_object_that_was_removed_comes_back() -> None:
    after = changed(BASE, GONE)

    assert b"[group.db]" in revert(BASE.encode(), after, after, ("group", "db")).text


def test_an_object_that_was_added_goes() -> None:
    assert revert(changed(BASE, GONE), BASE.encode(), BASE.encode(), ("group", "db")).text == (
        changed(BASE, GONE)
    )


def test_what_was_changed_again_is_a_conflict_and_stays() -> None:
    after = changed(BASE, ORDER)
    active = changed(BASE, ('["alpha", "bravo"]', '["bravo"]'))

    merged = revert(BASE.encode(), after, active)

    assert [one.id for one in merged.undecided] == ["group.web|nodes"]
    assert merged.text == active


def test_what_was_not_changed_then_cannot_be_taken_back() -> None:
    with pytest.raises(EditError, match=r"group\.web\.nodes was not changed then"):
        revert(BASE.encode(), changed(BASE, BACK), BASE.encode(), ("group", "web", "nodes"))


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("group.web.nodes", ("group", "web", "nodes")),
        ('group."my.web"', ("group", "my.web")),
        ("format", ("format",)),
    ],
)
def test_keys_are_read_as_toml_writes_them(written: str, path: tuple[str, ...]) -> None:
    assert path_of(written) == path


@pytest.mark.parametrize("written", ["", ".", "a..b", "a b", "a = 1\nb", "[a]", "a#", "a=b"])
def test_what_is_no_key_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(EditError, match=r"write it as group\.web\.nodes"):
        path_of(written)


def test_each_field_has_the_epoch_of_its_present_value() -> None:
    texts = [
        (1, BASE.encode()),
        (2, changed(BASE, ORDER, GONE)),
        (3, changed(BASE, ORDER)),
        (4, changed(BASE, ORDER, BACK)),
    ]

    found = {".".join(path): mark for path, mark in blame(texts).items()}

    assert found == {
        "format": 1,
        "cluster.name": 1,
        "group.web.nodes": 2,
        "group.web.fallback": 4,
        "group.db.nodes": 3,
    }


def test_nothing_is_blamed_without_epochs() -> None:
    assert blame([]) == {}
