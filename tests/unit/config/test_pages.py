"""Every finding has its page, and every page's example really gives the finding."""

import pytest

from nodeagent.config.codes import CODES
from nodeagent.config.load import load
from nodeagent.config.pages.sheets import PAGES, all_codes, parts, sheet
from nodeagent.config.pages.sound import SOUND, provoked
from nodeagent.model.state_codes import STATE_CODES
from tests.unit.config.samples import BROKEN, codes, configuration

NOW = 1_780_000_000.0
BASE = configuration(SOUND)
WITHOUT = {"E039"}
"""No file is known to give these: they catch what no check foresaw."""


def test_every_code_has_its_page_and_no_other() -> None:
    assert set(PAGES) == set(CODES)
    assert {code for code, page in PAGES.items() if not page.example} == WITHOUT


def test_the_sound_configuration_has_no_finding() -> None:
    assert [str(report) for report in load(SOUND, unix=NOW).reports] == []


@pytest.mark.parametrize("code", sorted(set(CODES) - WITHOUT))
def test_the_example_gives_the_finding(code: str) -> None:
    page = PAGES[code]
    away = page.away
    base, live = (None, None) if away is None else (BASE, set(BASE.node) - set(away))

    reports = load(provoked(page), "example.toml", base, live, NOW).reports

    assert code in codes(reports), [str(report) for report in reports][:5]
    others = {report.code for report in reports if report.severity == "error"} - {code}
    assert not others or code[0] != "E" or code in {"E502", "E503"}, others


def test_every_finding_of_the_broken_files_has_its_page() -> None:
    found = {
        report.code
        for file in BROKEN.iterdir()
        for report in load(file.read_bytes(), file.name, unix=NOW).reports
    }

    assert found
    assert found <= set(PAGES)


@pytest.mark.parametrize("code", all_codes())
def test_every_page_is_whole(code: str) -> None:
    page = sheet(code)

    assert page is not None
    assert all(text.endswith((".", ":")) and heading for heading, text in parts(page))
    assert page.example or code in STATE_CODES or code in WITHOUT


def test_there_is_no_page_of_what_is_no_code() -> None:
    assert sheet("E999") is None
