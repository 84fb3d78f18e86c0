"""Findings on a state directory, as they are made; `nodeagent.model.state_codes` explains them."""

from msgspec import Struct

from nodeagent.model.reports import Severity
from nodeagent.model.state_codes import STATE_CODES


class Finding(Struct, frozen=True):
    """One thing that is wrong or worth knowing: `file` is relative to the state directory."""

    code: str
    severity: Severity
    file: str
    text: str
    remedy: str


CODES: dict[str, tuple[str, str]] = {
    code: (noun.title, noun.remedy) for code, noun in STATE_CODES.items()
}

_SEVERITIES: dict[str, Severity] = {"E": "error", "W": "warning", "N": "note"}


def finding(code: str, file: str, text: str, remedy: str = "") -> Finding:
    """Return a finding with this code; its own remedy, or the one that the code names."""
    return Finding(code, _SEVERITIES[code[0]], file, text, remedy or CODES[code][1])
