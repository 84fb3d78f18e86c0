"""Pages of all findings in one form, those of configurations and those of state directories."""

from collections.abc import Iterator

from msgspec import Struct

from nodeagent.config.codes import CODES
from nodeagent.config.pages import (
    addresses,
    change,
    concurrent,
    events,
    groups,
    names,
    text,
    timing,
)
from nodeagent.config.pages.page import Page
from nodeagent.model.reports import Severity
from nodeagent.model.state_codes import REASONS, STATE_CODES, StateCode

PAGES: dict[str, Page] = {
    **text.PAGES,
    **names.PAGES,
    **addresses.PAGES,
    **groups.PAGES,
    **concurrent.PAGES,
    **events.PAGES,
    **timing.PAGES,
    **change.PAGES,
}
"""Pages of configurations' findings. What they have in common with titles stands in `CODES`."""

_SEVERITIES: dict[str, Severity] = {"E": "error", "W": "warning", "N": "note"}
UNKNOWN = "No file is known to give it: it is there for what no other check foresaw."


class Sheet(Struct, frozen=True):
    """A finding's page as people read it. `example` are lines of TOML; `setting` leads to them.

    A finding on a state directory has no lines: its `setting` says all.
    """

    code: str
    severity: Severity
    title: str
    meaning: str
    setting: str
    example: tuple[str, ...]
    reason: str
    remedy: str


def sheet(code: str) -> Sheet | None:
    """Return the page of a finding; None when there is no such code."""
    if code in CODES:
        return _of_configuration(code, PAGES[code])
    return _of_state(code, STATE_CODES[code]) if code in STATE_CODES else None


def all_codes() -> tuple[str, ...]:
    """Return all codes, by number."""
    return tuple(sorted((*CODES, *STATE_CODES), key=lambda code: code[1:]))


def parts(of: Sheet) -> Iterator[tuple[str, str]]:
    """Yield (heading, text) of a page; the example's lines come after "Example"."""
    yield "What it means", of.meaning
    yield "Example", of.setting
    yield "Why it matters", of.reason
    yield "What to do", of.remedy


def _of_configuration(code: str, page: Page) -> Sheet:
    return Sheet(
        code,
        CODES[code].severity,
        CODES[code].title,
        page.meaning,
        _setting(page),
        tuple(page.example.splitlines()),
        CODES[code].explanation,
        page.remedy,
    )


def _setting(page: Page) -> str:
    if not page.example:
        return UNKNOWN
    words = "These lines in a configuration that is otherwise sound"
    if page.away is not None:
        words += ", applied to a running cluster"
        words += f" while {' and '.join(page.away)} cannot be reached" if page.away else ""
    if page.times > 1:
        words += f", the last one {page.times:,} times"
    if page.encoding != "utf-8":
        kind = "Latin-1" if page.encoding == "latin-1" else "UTF-8 with a byte order mark"
        words += f", saved as {kind}"
    return f"{words}:"


def _of_state(code: str, noun: StateCode) -> Sheet:
    remedy = noun.remedy.rstrip(".") + "."
    meaning = f"`nodeagent check` found in the state directory: {noun.title}."
    return Sheet(
        code,
        _SEVERITIES[code[0]],
        noun.title,
        meaning,
        noun.cause,
        (),
        REASONS[code[1:3]],
        remedy,
    )
