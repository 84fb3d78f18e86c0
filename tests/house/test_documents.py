"""README and ARCHITECTURE tell what the code does."""

import re
from pathlib import Path

import pytest

from nodeagent.config.load import load
from tests.support import documents

ROOT = Path(__file__).parents[2]
PICTURES = {
    *("dashboard", "form", "draft", "matrix-running", "matrix-aborted", "joining", "session"),
    *("matrix-no-colour", "trouble-no-colour"),
}
TEXTS = {name: (ROOT / name).read_text("utf-8") for name in documents.DOCUMENTS}
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")


def anchors(text: str) -> set[str]:
    """The names by which headings can be linked."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", documents.DOCUMENTS)
def test_made_parts_are_up_to_date(name: str) -> None:
    same = documents.renewed(TEXTS[name]) == TEXTS[name]

    assert same, f"{name} is out of date: make documents"


def test_every_part_is_used_once_and_every_mark_is_a_pair() -> None:
    used = [part for text in TEXTS.values() for part in documents.parts_in(text)]
    begun = [part for text in TEXTS.values() for part in re.findall(r"<!-- made: (\S+) -->", text)]

    assert sorted(used) == sorted(documents.PARTS)
    assert begun == used


@pytest.mark.parametrize("name", documents.DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    for target in LINK.findall(TEXTS[name]):
        path, _, anchor = target.partition("#")
        if path.startswith("screenshots/"):
            assert Path(path).stem in PICTURES
            continue
        assert "://" in path or (ROOT / name).parent.joinpath(path).exists(), target
        if anchor:
            assert anchor in anchors(TEXTS[path or name]), target


def test_every_module_that_decides_is_introduced() -> None:
    modules = {path.stem for path in (ROOT / "nodeagent/core").glob("[a-z]*.py")}
    named = set(re.findall(r"`([a-z_]+)`", TEXTS["ARCHITECTURE.md"]))
    linked = {Path(target).stem for target in LINK.findall(TEXTS["ARCHITECTURE.md"])}

    assert modules <= named | linked


def test_exit_codes_are_all_explained() -> None:
    assert set(documents.MEANINGS) == documents.exit_codes()


def test_the_example_in_the_readme_has_no_finding() -> None:
    (block,) = (
        b
        for b in re.findall(r"```toml\n(.*?)```", TEXTS["README.md"], re.DOTALL)
        if b.startswith("format")
    )

    loaded = load(block, "README.md")

    assert [str(report) for report in loaded.reports] == []


@pytest.mark.parametrize("name", [*documents.DOCUMENTS, "CHANGELOG.md"])
def test_nothing_of_one_machine_is_named(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")

    assert str(ROOT) not in text
    assert str(Path.home()) + "/" not in text
