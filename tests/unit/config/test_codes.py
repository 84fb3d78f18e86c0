"""The table of findings is complete: all documented, reachable and tested."""

import re
from pathlib import Path

import pytest

from nodeagent.config import codes
from nodeagent.config.codes import CODES
from tests.unit.config.samples import ROOT

CODE = re.compile(r'"([EWN]\d{3})"')


def codes_in(files: list[Path]) -> set[str]:
    return {code for path in files for code in CODE.findall(path.read_text("utf-8"))}


def sources() -> list[Path]:
    table = Path(codes.__file__)
    return [path for path in (ROOT / "nodeagent" / "config").rglob("*.py") if path != table]


def test_every_code_in_use_is_in_the_table() -> None:
    assert codes_in(sources()) <= set(CODES)


def test_every_code_of_the_table_is_in_use() -> None:
    assert set(CODES) <= codes_in(sources())


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_produced_by_a_test(code: str) -> None:
    tests = [p for p in Path(__file__).parent.glob("test_*.py") if p != Path(__file__)]

    assert code in codes_in(tests)


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained(code: str) -> None:
    entry = CODES[code]

    assert entry.title[0] in entry.title[0].lower() + "TU"
    assert entry.explanation.endswith(".")
    assert {"E": "error", "W": "warning", "N": "note"}[code[0]] == entry.severity
