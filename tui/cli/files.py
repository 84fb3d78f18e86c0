"""Configuration files as commands read and judge them."""

import stat
import time
from collections.abc import Collection, Iterable
from pathlib import Path

import click

from nodeagent.config.codes import UNREADABLE
from nodeagent.config.load import load
from nodeagent.config.parse import SIZE_MAX, Parsed
from nodeagent.model.configuration import Configuration
from nodeagent.model.reports import Report, has_errors
from tui.cli import exits
from tui.cli.output import count, put, say


class FileError(click.ClickException):
    """The file cannot be read, or not as TOML; `reports` say where."""

    exit_code = exits.USAGE

    def __init__(self, message: str, reports: tuple[Report, ...] = ()) -> None:
        super().__init__(message)
        self.reports = reports


class ConfigurationError(FileError):
    """The file has errors, which have been told and are in `reports`."""

    exit_code = exits.INVALID


def read(path: str) -> bytes:
    """Return the bytes of the configuration file `path`; FileError says why it cannot be."""
    try:
        # Looked at before it is opened: opening a pipe would wait for a writer.
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise FileError(f"{path} is not a file")
        with Path(path).open("rb") as file:
            return file.read(SIZE_MAX + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise FileError(f"{path}: {reason}") from None


def judged(parsed: Parsed) -> int:
    """Return the exit code that the findings of a file stand for."""
    if any(report.code in UNREADABLE for report in parsed.reports):
        return exits.USAGE
    if parsed.configuration is None or has_errors(parsed.reports):
        return exits.INVALID
    return exits.DONE


def usable(
    path: str,
    data: bytes,
    base: Configuration | None = None,
    live: Collection[str] | None = None,
) -> Configuration:
    """Return the configuration in `data`; tell its findings, and end here when one is an error."""
    parsed = load(data, path, base, live, time.time())
    tell(parsed.reports)
    if parsed.ok and parsed.configuration is not None:
        return parsed.configuration
    errors = sum(report.severity == "error" for report in parsed.reports)
    error = FileError if judged(parsed) == exits.USAGE else ConfigurationError
    raise error(f"{path}: {count(errors, 'error')}", tuple(parsed.reports))


def tell(reports: Iterable[Report]) -> None:
    """Say each finding on a line of its own."""
    for report in reports:
        say(str(report))


def put_reports(reports: Iterable[Report]) -> None:
    """Write each finding on a line of its own."""
    for report in reports:
        put(str(report))
