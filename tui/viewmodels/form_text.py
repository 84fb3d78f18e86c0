"""Values of the file as one line of text that a person edits, and back.

Argument lists are shown and read in the quoting that people know from a shell, but only that:
nothing is ever given to one. What cannot be read is a finding at its field, like any other.
"""

import re
import shlex
from collections.abc import Mapping
from datetime import datetime

from nodeagent.config.words import time_text
from nodeagent.model.names import NAME_PATTERN
from nodeagent.model.reports import Report
from nodeagent.model.text import clean

YES, NO = "yes", "no"
_SEPARATOR = re.compile(r"\s*[>,]\s*|\s+")
_NAME = re.compile(NAME_PATTERN)


class UnreadableError(ValueError):
    """What was typed is no value of its kind; `report` says why, for the line under the field."""

    def __init__(self, code: str, text: str, hint: str = "", fix: str = "") -> None:
        super().__init__(text)
        self.report = Report(code=code, severity="error", text=text, hint=hint, fix=fix)


def shown(kind: str, value: object) -> str:
    """Return a value of the file as the line that a field shows; "" for what is not there."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, Mapping):
        return shlex.join(f"{key}={item}" for key, item in value.items())
    if isinstance(value, list | tuple):
        words = [str(item) for item in value]
        return " > ".join(words) if kind == "names" else shlex.join(words)
    return str(value)


def read(kind: str, text: str) -> object:
    """Return the value that was typed; raises `UnreadableError` where it is none of its kind."""
    if kind == "number":
        return _number(text)
    if kind == "flag":
        return _flag(text)
    if kind == "time":
        return _time(text)
    if kind == "names":
        return [word for word in _SEPARATOR.split(text.strip()) if word]
    if kind == "arguments":
        return _words(text)
    if kind == "map":
        return _map(text)
    return text if kind == "text" else text.strip()


def name_error(name: str, *, taken: bool) -> Report | None:
    """Return why an object may not be called `name`, None where it may."""
    if not _NAME.match(name):
        return Report(
            code="F04",
            severity="error",
            text="a name is needed" if not name else f"not a name: {clean(name, 40)}",
            hint="letters, digits, dot, underscore, hyphen; a letter or digit first; at most 63",
        )
    if taken:
        return Report(code="F05", severity="error", text=f"{name} is there already")
    return None


def _number(text: str) -> int | float:
    word = text.strip().replace("_", "")
    try:
        number = float(word)
    except ValueError:
        raise UnreadableError("F01", f"not a number: {clean(text, 40)}") from None
    if number != number or number in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN
        raise UnreadableError("F01", f"not a number: {clean(text, 40)}")
    return int(word) if re.fullmatch(r"[+-]?\d+", word) else number


def _flag(text: str) -> bool:
    word = text.strip().lower()
    if word in {"yes", "true", "on", "1", "y"}:
        return True
    if word in {"no", "false", "off", "0", "n"}:
        return False
    raise UnreadableError("F01", f"neither yes nor no: {clean(text, 40)}", "yes or no")


def _time(text: str) -> datetime:
    hint = "as 2026-11-26T12:00:00Z, where Z is UTC"
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UnreadableError("F01", f"not a date and time: {clean(text, 40)}", hint) from None
    if moment.utcoffset() is None:
        fix = f"{moment.isoformat()}Z"
        raise UnreadableError("F01", "the offset from UTC is missing", hint, fix)
    return moment


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        closing = "'" if text.count("'") % 2 else '"'
        raise UnreadableError(
            "F02", f"{error}".lower(), "close the quotation", fix=f"{text}{closing}"
        ) from None


def _map(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for word in _words(text):
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UnreadableError(
                "F03", f"no = in {clean(word, 40)}", "written as KEY=VALUE KEY=VALUE"
            )
        if key in pairs:
            raise UnreadableError("F03", f"{clean(key, 40)} is given twice")
        pairs[key] = value
    return pairs
