"""The agent's log: one JSON object per line on stderr or in a file, control characters escaped.

The lines need no logging library, which would cost a third of an agent's start.
"""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from nodeagent.model.reports import Severity

LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "note": "info"}


class AgentLog:
    """Writes lines; never raises because of a full or closed log."""

    def __init__(self, node: str, stream: TextIO) -> None:
        self._node = node
        self._stream = stream

    def write(self, severity: Severity, event: str, fields: Mapping[str, object]) -> None:
        """Write one line; a field that JSON does not know is written as Python shows it."""
        told = {"node": self._node, "level": LEVELS[severity], **fields, "event": event}
        told["timestamp"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        try:
            self._stream.write(f"{json.dumps(told, default=repr)}\n")
            self._stream.flush()
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
