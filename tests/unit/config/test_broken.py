"""Every broken file gets its own clear finding: code, line and words.

The files are for people, too: each opens with what is wrong with it.
"""

import pytest

from nodeagent.config.codes import CODES
from nodeagent.config.load import load
from tests.unit.config.samples import BROKEN

EXPECTED: list[tuple[str, str, int, str]] = [
    ("01-not-utf-8", "E002", 5, "not UTF-8"),
    ("02-byte-order-mark", "E008", 1, "byte order mark"),
    ("03-key-too-deep", "E003", 31, "deeper than 8"),
    ("04-lists-too-deep", "E003", 31, "deeper than 8"),
    ("05-key-too-long", "E004", 30, "more than 64"),
    ("06-number-too-long", "E005", 2, "number with more than 64"),
    ("07-escape-in-name", "E007", 5, "U+001B"),
    ("08-bidi-in-path", "E007", 41, "right-to-left override"),
    ("09-bidi-in-comment", "E007", 5, "the comment holds"),
    ("10-zero-width-in-node", "E007", 31, "zero width space"),
    ("11-word-without-quotes", "E010", 8, "public is not in quotes"),
    ("12-address-without-quotes", "E010", 9, "10.10.1.0/24 is not in quotes"),
    ("13-quote-never-closed", "E010", 5, "never closed"),
    ("14-list-never-closed", "E010", 31, "begins here is never closed"),
    ("15-colon-for-equals", "E010", 8, "not by :"),
    ("16-yes-for-true", "E010", 46, "yes is not a TOML word"),
    ("17-value-missing", "E010", 5, "value is missing"),
    ("18-header-never-closed", "E010", 30, "header is never closed"),
    ("19-two-on-one-line", "E010", 8, "goes on after the value"),
    ("20-key-twice", "E011", 6, "line 5 already"),
    ("21-table-twice", "E012", 43, "already"),
    ("22-unknown-key", "E020", 32, "fallbak is not a key"),
    ("23-unknown-table", "E020", 11, "networks is not a key"),
    ("24-key-in-wrong-table", "E020", 41, "fallback is not a key"),
    ("25-key-missing", "E021", 7, "has no subnet"),
    ("26-cluster-missing", "E021", 0, "no table [cluster]"),
    ("27-type-missing", "E021", 38, "has no type"),
    ("28-number-in-quotes", "E022", 44, "should be a whole number"),
    ("29-text-for-list", "E022", 31, "should be a list of names"),
    ("30-value-for-table", "E022", 31, "should be a table"),
    ("31-bad-choice", "E023", 32, "cannot be"),
    ("32-space-in-name", "E024", 30, "not a plain name"),
    ("33-port-out-of-range", "E025", 6, "control-port is 74100"),
    ("34-zero-seconds", "E025", 41, "start-seconds is 0"),
    ("35-path-empty", "E026", 45, "is empty"),
    ("36-address-out-of-range", "E027", 36, "10.10.1.300"),
    ("37-address-with-prefix", "E027", 36, "10.10.1.100/24"),
    ("38-address-with-zone", "E027", 36, "zone"),
    ("39-subnet-of-a-host", "E028", 9, "inside a subnet"),
    ("40-subnet-without-prefix", "E028", 9, "prefix length is missing"),
    ("41-key-cut-short", "E029", 16, "40 characters, this one 39"),
    ("42-unknown-type", "E030", 39, "not a type of resource"),
    ("43-agent-without-provider", "E031", 44, "names no agent"),
    ("44-newer-format", "E032", 2, "format 2"),
    ("45-unknown-network", "E101", 35, "pubic1"),
    ("46-unknown-node", "E102", 31, "alhpa"),
    ("47-unknown-parent", "E103", 32, "runs after databse"),
    ("48-unknown-voter", "E104", 6, "delta"),
    ("49-node-listed-twice", "E105", 31, "alpha twice"),
    ("50-voter-listed-twice", "E106", 6, "votes twice"),
    ("51-parent-listed-twice", "E107", 32, "mail twice"),
    ("52-group-after-itself", "E108", 32, "waits for itself"),
    ("53-circle-of-groups", "E109", 32, "web → mail → web"),
    ("54-one-key-for-two", "E110", 21, "same key as node alpha"),
    ("55-group-without-nodes", "E111", 30, "has no nodes"),
    ("56-group-without-resources", "W112", 43, "no resources"),
    ("57-no-nodes", "E113", 0, "no nodes"),
    ("58-address-outside-subnet", "E201", 36, "not in 10.10.1.0/24"),
    ("59-address-twice", "E202", 36, "belongs to adapter eth0 of alpha"),
    ("60-broadcast-address", "E203", 36, "broadcast"),
    ("61-subnets-overlap", "E204", 45, "overlaps"),
    ("62-nobody-can-serve", "E205", 35, "no node of group web"),
    ("63-one-node-cannot-serve", "W206", 34, "bravo has no adapter on public1"),
    ("64-multicast-address", "E207", 36, "multicast"),
    ("65-node-without-adapter", "E208", 43, "has no adapter"),
    ("66-one-heartbeat-path", "W209", 25, "charlie is heard on public1 only"),
    ("67-no-private-path", "W210", 7, "no network is private"),
    ("68-unused-network", "N211", 43, "no adapter is on network spare"),
    ("69-private-role-on-public", "W212", 27, "public network"),
    ("70-three-on-a-cable", "E213", 11, "point-to-point"),
    ("71-service-on-private", "W214", 35, "private one"),
    ("72-nodes-apart", "E215", 47, "no network in common"),
    ("73-even-voters", "W301", 6, "2 voters"),
    ("74-one-voter", "W302", 6, "decides alone"),
    ("75-all-available", "E370", 34, "an address, which one node has at a time"),
    ("76-nothing-to-start", "E311", 41, "nothing to start"),
    ("77-background-unwatched", "W312", 38, "no stop and no monitor"),
    ("78-relative-path", "E313", 45, "no absolute path"),
    ("79-folder-twice", "E314", 57, "is used by disk of group web"),
    ("80-device-twice", "E315", 56, "is mounted by disk of group web"),
    ("81-folder-inside", "W316", 57, "lies inside /srv/data of group web"),
    ("82-one-node-only", "W317", 31, "alpha only"),
    ("83-program-from-path", "W318", 41, "agent's PATH"),
    ("84-command-in-one-word", "W319", 41, "no shell splits it"),
    ("85-dead-too-soon", "E401", 44, "less than 3 heartbeats"),
    ("86-lease-too-short", "E402", 44, "not more than dead-after-ms"),
    ("87-renewed-too-seldom", "E403", 44, "one lost renewal"),
    ("88-step-too-long", "E404", 44, "half of suspend-ms"),
    ("89-suspension-too-short", "E405", 44, "not more than lease-ms"),
    ("90-watchdog-too-short", "E406", 44, "not more than renew-ms"),
    ("91-port-twice", "E408", 6, "which is control-port already"),
    ("92-voters-too-many", "E026", 6, "has 16 entries"),
    ("93-all-on-standby", "W350", 33, "alpha and bravo are on standby"),
    ("94-hold-is-over", "N351", 32, "ended 2026-01-01T12:00:00Z"),
    ("95-witness-on-standby", "N353", 28, "charlie is a witness"),
    ("96-hold-without-offset", "E022", 32, "with its offset from UTC"),
    ("97-hold-without-end", "W352", 32, "held for more than 30 days"),
    ("98-parameter-with-hyphen", "E356", 35, "pg-data cannot be a parameter"),
    ("99-one-name-for-agents", "E357", 39, "are both web.shop.database"),
]


NOW = 1_780_000_000.0
"""2026-05-28: what is over by then is noticed."""


@pytest.mark.parametrize(("name", "code", "line", "words"), EXPECTED, ids=[c[0] for c in EXPECTED])
def test_finding_names_code_line_and_fault(name: str, code: str, line: int, words: str) -> None:
    file = BROKEN / f"{name}.toml"

    reports = load(file.read_bytes(), file.name, unix=NOW).reports

    found = [report for report in reports if report.code == code]
    assert found, [str(report) for report in reports]
    assert any(
        report.place.line == line and words in report.text and report.place.file == file.name
        for report in found
    ), [str(report) for report in found]


@pytest.mark.parametrize(("name", "code"), [case[:2] for case in EXPECTED])
def test_finding_tells_the_remedy(name: str, code: str) -> None:
    reports = load((BROKEN / f"{name}.toml").read_bytes(), unix=NOW).reports

    assert all(report.hint for report in reports if report.code == code)


@pytest.mark.parametrize(("name", "code"), [case[:2] for case in EXPECTED])
def test_errors_are_the_one_expected(name: str, code: str) -> None:
    """A single fault does not bury its reader under others."""
    reports = load((BROKEN / f"{name}.toml").read_bytes(), unix=NOW).reports

    errors = {report.code for report in reports if report.severity == "error"}
    assert errors <= {code}


def test_every_broken_file_is_expected() -> None:
    assert [path.stem for path in sorted(BROKEN.iterdir())] == [case[0] for case in EXPECTED]


def test_severity_is_that_of_the_code() -> None:
    for name, *_ in EXPECTED:
        for report in load((BROKEN / f"{name}.toml").read_bytes(), unix=NOW).reports:
            assert report.severity == CODES[report.code].severity
