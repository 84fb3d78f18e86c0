"""What is wrong, where, and what would be right: one shape for console, CLI and log."""

from typing import Literal

from msgspec import Struct

Severity = Literal["error", "warning", "note"]


class Place(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a finding points: a file, a line counted from 1 (0: unknown), a dotted key."""

    file: str = ""
    line: int = 0
    key: str = ""

    def __str__(self) -> str:
        head = ":".join(part for part in (self.file, str(self.line) if self.line else "") if part)
        return ": ".join(part for part in (head, self.key) if part)


class Report(Struct, frozen=True, forbid_unknown_fields=True):
    """One finding.

    `code` is stable ("E021"; E error, W warning, N note), `text` says what is wrong, `hint` what
    would be right. `fix` is the nearest right value where one can be named (a form offers it on
    a key), else empty.
    """

    code: str
    severity: Severity
    text: str
    place: Place = Place()
    hint: str = ""
    fix: str = ""

    def __str__(self) -> str:
        where = str(self.place)
        line = f"{self.severity} {self.code}: {self.text}"
        if where:
            line = f"{where}: {line}"
        return f"{line} ({self.hint})" if self.hint else line


def has_errors(reports: list[Report] | tuple[Report, ...]) -> bool:
    """Return whether any finding is an error, which forbids going on."""
    return any(report.severity == "error" for report in reports)
