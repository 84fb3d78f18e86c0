"""The agent's log: one JSON object per line on stderr or in a file, control characters escaped."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

import structlog

from nodeagent.model.reports import Severity

LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "note": "info"}


class AgentLog:
    """Writes lines; never raises because of a full or closed log."""

    def __init__(self, node: str, stream: TextIO) -> None:
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(),
            ],
        ).bind(node=node)

    def write(self, severity: Severity, event: str, fields: Mapping[str, object]) -> None:
        """Write one line."""
        safe = {key: value for key, value in fields.items() if key != "event"}
        try:
            self._log.msg(event, level=LEVELS[severity], **safe)
        except (OSError, ValueError) as error:
            # The log's disk is full or its pipe is gone: the cluster goes on, stderr may know.
            sys.stderr.write(f"log: {error}\n")


def open_log(node: str, path: Path | None) -> AgentLog:
    """Return a log that writes to `path`, or to stderr."""
    if path is None:
        return AgentLog(node, sys.stderr)
    stream = path.open("a", encoding="utf-8", buffering=1)
    path.chmod(0o600)
    return AgentLog(node, stream)
