"""Bad texts get findings with place and remedy, and an agent that is asked to apply one refuses."""

import pytest

from nodeagent.config.load import load
from nodeagent.wire.console import Apply, Refused
from tests.hostile.target import asked, target
from tests.hostile.texts import CASES, base

ALL = [
    pytest.param(text, id=f"{number}-{name}")
    for number, texts in CASES.items()
    for name, text in texts.items()
]


def test_the_text_that_the_others_are_made_of_is_right() -> None:
    assert [str(r) for r in load(base()).reports if r.severity == "error"] == []


@pytest.mark.parametrize("text", ALL)
def test_a_bad_text_is_refused_with_place_and_remedy(text: bytes) -> None:
    loaded = load(text, "bad.toml")

    errors = [report for report in loaded.reports if report.severity == "error"]
    assert errors
    for report in errors:
        assert report.place.file == "bad.toml"
        assert report.hint or "should be" in report.text
        assert str(report).isprintable()


@pytest.mark.parametrize("text", ALL)
def test_an_agent_that_shall_apply_it_refuses_and_stays_as_it_is(text: bytes) -> None:
    digest = target().node("alpha").shared.log.standing.digest

    answer = asked(Apply(text.decode("utf-8", "replace"), digest))

    assert isinstance(answer, Refused)
    assert answer.code == "verify"
    assert answer.exit_code == 4
