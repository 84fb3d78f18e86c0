"""Lines of the agent's log, as whoever reads them by program finds them."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nodeagent.daemon.logs import AgentLog


class Full(io.StringIO):
    """A log on a disk without room."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_line_is_one_object_with_its_time() -> None:
    said = io.StringIO()

    AgentLog("alpha", said).write("note", "heard", {"peer": "bravo", "event": "other", "ms": 3})

    told = json.loads(said.getvalue())
    assert list(told) == ["node", "level", "peer", "event", "ms", "timestamp"]
    assert told | {"timestamp": ""} == {
        "node": "alpha", "level": "info", "peer": "bravo", "event": "heard", "ms": 3,
        "timestamp": "",
    }  # fmt: skip
    assert told["timestamp"].endswith("Z")
    assert datetime.fromisoformat(told["timestamp"]).tzinfo is UTC


def test_what_could_move_a_cursor_is_escaped_and_what_json_does_not_know_is_shown() -> None:
    said = io.StringIO()

    AgentLog("alpha", said).write("error", "a\x1b[2J\nb", {"of": Path("/run/x")})

    assert said.getvalue().count("\n") == 1
    assert "\x1b" not in said.getvalue()
    assert json.loads(said.getvalue())["of"].endswith("Path('/run/x')")


def test_a_full_disk_is_told_on_stderr_and_harms_nobody(
    capsys: pytest.CaptureFixture[str],
) -> None:
    AgentLog("alpha", Full()).write("note", "heard", {})

    assert "No space left" in capsys.readouterr().err
