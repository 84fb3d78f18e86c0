"""An administrator's check: its exit code counts, its deadline too, and no shell reads it."""

import pytest

from nodeagent.drivers.healthcheck import check


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("/bin/sh", "-c", "exit 0"), "ok", "exit code 0"),
        (("/bin/sh", "-c", "echo too slow; exit 3"), "failed", "exit code 3 too slow"),
        (("/bin/sleep", "60"), "timeout", "took longer than 0.3 s"),
        (("/nowhere/check",), "failed", "/nowhere/check"),
    ],
)
async def test_only_exit_code_0_in_time_is_good(
    words: tuple[str, ...], code: str, text: str
) -> None:
    limit_s = 0.3 if code == "timeout" else 10.0

    outcome = await check(words, limit_s)

    assert (outcome.ok, outcome.code) == (code == "ok", code)
    assert text in outcome.text
