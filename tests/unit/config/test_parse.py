"""Text to configuration: what is read, what is refused, and that nothing raises."""

import tomllib
from typing import Any

import pytest
from hypothesis import example as given_example
from hypothesis import given, settings
from hypothesis import strategies as st

from nodeagent.config import parse as module
from nodeagent.config.load import load
from nodeagent.config.parse import SIZE_MAX, parse
from nodeagent.config.scan import scan
from nodeagent.config.shape import REPORTS_MAX
from nodeagent.model.configuration import Ocf, Systemd
from nodeagent.model.reports import Place, has_errors
from tests.unit.config.samples import BROKEN, EXAMPLES, codes, example

TEXTS = [path.read_text("utf-8") for path in EXAMPLES]
SMALL = '[cluster]\nname = "orders"\n'


def test_open_types_become_nouns() -> None:
    text = example("six-nodes-booking")

    parsed = parse(text, "six.toml")

    assert parsed.configuration is not None
    assert parsed.ok
    groups = parsed.configuration.group
    assert groups["database"].resource["server"] == Ocf(
        agent="heartbeat:pgsql", parameters={"pgdata": "/srv/database/data"}
    )
    assert groups["mail"].resource["server"] == Systemd(unit="postfix.service")


def test_order_of_resources_is_that_of_the_file() -> None:
    parsed = parse(example("three-nodes"))

    assert parsed.configuration is not None
    assert list(parsed.configuration.group["web"].resource) == ["address", "content", "server"]


def test_bytes_and_windows_line_ends_read_alike() -> None:
    text = example("three-nodes")

    plain = parse(text).configuration

    assert parse(text.encode()).configuration == plain
    assert parse(text.replace("\n", "\r\n")).configuration == plain


def test_places_find_keys_tables_and_what_lies_inside() -> None:
    text = '# first\n[group.web]\nnodes = [\n  "alpha",\n  "bravo",\n]\n\n[group.web.resource.a]\n'
    places = parse(text, "x.toml").places

    assert places.find(("group", "web", "nodes")) == Place("x.toml", 3, "group.web.nodes")
    assert places.find(("group", "web", "nodes", "1")).line == 5
    assert places.find(("group", "web", "resource", "a", "type")).line == 8
    assert places.find(("group",)).line == 2
    assert places.find(("node", "alpha")).line == 0


def test_all_findings_come_at_once() -> None:
    text = (
        '[cluster]\nnam = "orders"\nvoters = "alpha"\n\n'
        '[network.public1]\nkind = "publik"\nsubnet = "10.10.1.0/33"\n'
    )

    assert codes(parse(text).reports) == ["E020", "E022", "E023", "E028"]


def test_wrong_addresses_leave_a_configuration_that_is_not_ok() -> None:
    parsed = load(example("three-nodes").replace("10.10.1.100", "10.10.1.300"))

    assert parsed.configuration is not None
    assert not parsed.ok
    assert codes(parsed.reports) == ["E027"]


def test_unknown_key_is_not_told_twice_as_missing() -> None:
    parsed = parse('[cluster]\nnaem = "orders"\n')

    assert [report.fix for report in parsed.reports] == ["name"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" " * (SIZE_MAX + 1), "E001"),
        (b" " * (SIZE_MAX + 1), "E001"),
        ("x = [" + "1," * 300_000 + "]", "E006"),
        ("a" + ".a" * 20_000 + " = 1", "E003"),
        ("x = " + "[" * 5_000, "E003"),
        ("x = " + "{a = " * 5_000, "E003"),
        ("[" + "a." * 20_000 + "a]", "E003"),
        ("x = " + "9" * 5_000, "E005"),
        ('"' + "k" * 5_000 + '" = 1', "E004"),
        ("\x00", "E010"),
        ("x = '''" + "y\n" * 100_000, "E010"),
        ('x = """' + '\\"' * 100_000, "E010"),
        ("\ud800 = 1", "E002"),
        (b"\xff\xfe[\x00", "E002"),
        ("\ufeff", "E008"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_hostile_text_is_refused_before_it_is_read(text: str | bytes, code: str) -> None:
    parsed = parse(text)

    assert parsed.configuration is None
    assert codes(parsed.reports) == [code]


def test_findings_have_an_end() -> None:
    text = SMALL + "".join(f"key{number} = 1\n" for number in range(5_000))

    assert len(parse(text).reports) <= REPORTS_MAX


def test_value_that_no_check_foresaw_is_refused_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "shape_reports", lambda raw, places: [])

    parsed = parse('[cluster]\nname = "two words"\n')

    assert (parsed.configuration, codes(parsed.reports)) == (None, ["E039"])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('name = "orders" # \x07', "control character"),
        ("name = 'orders", "never closed"),
        ('name = "or\\ders"', "backslash"),
        ('name = "\\uZZZZ"', "hexadecimal"),
        ("name = 1979-99-99", "goes on after"),
        ("ports = {a = 1, a = 2}", "already"),
        ('name = "x"\nname.y = 1', "value already"),
        ("= 1", "neither a key nor a table"),
        ("name = {\n  a = 1\n}", "on one line"),
        ("name = [1 2]", "lacks a comma"),
        ("name", "no ="),
        ("[]", "no key begins"),
        ("name = {", "never closed"),
        ("name = alpha-1 # ours", "alpha-1 is not in quotes"),
        ("name = True", "True is not a TOML word"),
    ],
)
def test_syntax_is_explained(line: str, words: str) -> None:
    (report,) = parse(f"[cluster]\n{line}\n").reports

    assert report.code in {"E010", "E011"}
    assert words in report.text
    assert report.hint
    assert report.place.line in {2, 3}


@given(st.text(max_size=300))
@settings(max_examples=50)
def test_any_text_is_answered(text: str) -> None:
    parsed = load(text)

    assert parsed.ok or has_errors(parsed.reports)


@given(st.binary(max_size=300))
@settings(max_examples=40)
def test_any_bytes_are_answered(data: bytes) -> None:
    parsed = load(data)

    assert parsed.ok or has_errors(parsed.reports)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A valid file with a piece cut out, doubled, or replaced by something strange."""
    text = draw(st.sampled_from(TEXTS))
    start = draw(st.integers(0, len(text)))
    end = min(len(text), start + draw(st.integers(0, 40)))
    piece = draw(
        st.one_of(
            st.just(""),
            st.just(text[start:end] * 2),
            st.sampled_from([*list("[]{}=.\"'#,\n"), '"""', "1e400", "nan", "[[x]]\n", "x = {}\n"]),
            st.text(max_size=6),
        )
    )
    return text[:start] + piece + text[end:]


@given(mutated())
@settings(max_examples=80, deadline=None)
@given_example("[group]\nx = 1\ngroup.y = [1, {a.b = [2]}]\n")
def test_mutated_files_are_answered(text: str) -> None:
    parsed = load(text, "draft.toml")

    assert parsed.ok or has_errors(parsed.reports)
    assert all(report.text and "\x1b" not in str(report) for report in parsed.reports)


@given(mutated())
@settings(max_examples=80, deadline=None)
def test_scanner_accepts_all_that_toml_accepts(text: str) -> None:
    try:
        raw = tomllib.loads(text)
    except ValueError:
        return

    found = scan(text)

    assert found.stop is None or found.stop.code != "E010"
    assert not found.doubles
    if found.stop is None:
        values = {path for path in found.entries if _get(raw, path) is not None}
        assert values == set(found.entries)


def _get(raw: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        raw = raw[int(part)] if isinstance(raw, list) else raw[part]
    return raw


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["public", "application", "ocf:x", "10.10.1.1", "alpha"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@given(st.sampled_from(TEXTS), st.data())
@settings(max_examples=60, deadline=None)
def test_valid_toml_of_a_wrong_form_is_answered(text: str, data: st.DataObject) -> None:
    """Every value of a valid file is replaced by one of any other kind, one at a time."""
    raw = tomllib.loads(text)
    owner: Any = raw
    while True:
        key = data.draw(st.sampled_from(sorted(owner)))
        if not isinstance(owner[key], dict) or not owner[key] or data.draw(st.booleans()):
            break
        owner = owner[key]
    owner[key] = data.draw(VALUES)

    from nodeagent.config.places import Places
    from nodeagent.config.shape import shape_reports

    reports = shape_reports(raw, Places())

    assert all("msgspec" not in report.text and "Expected" not in report.text for report in reports)
    harmless = {"E027", "E028"}
    if not [report for report in reports if report.code not in harmless]:
        built = module._configuration(raw)
        assert built is not None or reports


def test_broken_files_leave_no_configuration_that_may_be_used() -> None:
    for path in BROKEN.iterdir():
        loaded = load(path.read_bytes())
        assert loaded.ok != has_errors(loaded.reports)
