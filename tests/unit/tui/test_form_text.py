import pytest

from tui.viewmodels.form_text import UnreadableError, name_error, read, shown

PAIRS = [
    ("text", "ext4", "ext4"),
    ("number", 30, "30"),
    ("number", 0.5, "0.5"),
    ("number", 30.0, "30"),
    ("flag", True, "yes"),
    ("flag", False, "no"),
    ("names", ["alpha", "bravo"], "alpha > bravo"),
    ("names", [], ""),
    ("arguments", ["/bin/sh", "-c", "echo 'a b'"], """/bin/sh -c 'echo '"'"'a b'"'"''"""),
    ("arguments", ["", "x"], "'' x"),
    ("map", {"pgdata": "/srv/pg", "opt": "a b"}, "pgdata=/srv/pg 'opt=a b'"),
]


@pytest.mark.parametrize(("kind", "value", "text"), PAIRS)
def test_value_and_text_say_the_same(kind: str, value: object, text: str) -> None:
    assert shown(kind, value) == text
    assert read(kind, text) == value


@pytest.mark.parametrize("text", ["alpha bravo", "alpha>bravo", " alpha ,  bravo > "])
def test_names_are_read_however_they_are_parted(text: str) -> None:
    assert read("names", text) == ["alpha", "bravo"]


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("number", "many", "F01"),
        ("number", "", "F01"),
        ("number", "nan", "F01"),
        ("number", "1e999", "F01"),
        ("flag", "maybe", "F01"),
        ("arguments", "nginx -c 'x", "F02"),
        ("map", "pgdata", "F03"),
        ("map", "=x", "F03"),
        ("map", "a=1 a=2", "F03"),
    ],
)
def test_what_cannot_be_read_is_a_finding(kind: str, text: str, code: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(kind, text)

    assert caught.value.report.code == code
    assert caught.value.report.severity == "error"


def test_open_quotation_has_a_fix() -> None:
    with pytest.raises(UnreadableError) as caught:
        read("arguments", "nginx -c 'x y")

    assert read("arguments", caught.value.report.fix) == ["nginx", "-c", "x y"]


def test_numbers_stay_whole_where_they_were() -> None:
    assert isinstance(read("number", "30"), int)
    assert isinstance(read("number", "30.5"), float)
    assert shown("number", None) == ""


@pytest.mark.parametrize("name", ["", "-x", "a b", "ä", "a" * 64, "a\n", "[/b]"])
def test_bad_names(name: str) -> None:
    report = name_error(name, taken=False)

    assert report is not None
    assert report.code == "F04"


def test_good_and_taken_names() -> None:
    assert name_error("web-2.x", taken=False) is None
    report = name_error("web", taken=True)
    assert report is not None
    assert report.code == "F05"
