"""Text to configuration: guard, read, check, convert. Never raises, tells all that is wrong.

`tomllib` reads; the scanner goes first, so that hostile text never reaches it. What comes out is
either a configuration or findings, or both where single addresses are wrong: forms can show such a
configuration, and `Parsed.ok` says whether it may be used.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from nodeagent.config.codes import report
from nodeagent.config.places import Places
from nodeagent.config.scan import scan
from nodeagent.config.shape import REPORTS_MAX, shape_reports
from nodeagent.config.spans import Scan
from nodeagent.config.syntax import stop_report, syntax_report
from nodeagent.config.values import open_type
from nodeagent.config.words import dotted, shown
from nodeagent.model.configuration import Configuration
from nodeagent.model.reports import Place, Report, has_errors
from nodeagent.model.text import clean

SIZE_MAX = 1024 * 1024
"""Bytes of a configuration file."""

_HARMLESS = frozenset({"E027", "E028"})
"""Findings with which the nouns can still be built; verification leaves such values out."""

_BIDI = re.compile("([\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])[^\n]*")
_TEXT_MAX = 5_000
"""Characters of a text that are looked at; every text that may be longer is refused as too long."""

_PLAIN = re.compile(r"[ -~]*\Z")


class Parsed(Struct, frozen=True):
    """What a text said. Look at `ok` before using `configuration`."""

    configuration: Configuration | None
    reports: tuple[Report, ...]
    places: Places

    @property
    def ok(self) -> bool:
        """Return whether there is a configuration and no error."""
        return self.configuration is not None and not has_errors(self.reports)


def parse(text: str | bytes, file: str = "") -> Parsed:
    """Return the configuration that `text` holds, with everything that is wrong with it."""
    name = clean(file, 300)
    decoded = _decode(text, name)
    if isinstance(decoded, Report):
        return Parsed(None, (decoded,), Places(name))
    found = scan(decoded)
    places = Places(name, found.lines)
    broken = _refusals(decoded, found, places)
    if broken:
        return Parsed(None, tuple(broken), places)
    try:
        raw = tomllib.loads(decoded)
    except (ValueError, RecursionError) as error:
        return Parsed(None, (syntax_report(decoded, str(error), name),), places)
    return _typed(decoded, raw, places)


def _typed(text: str, raw: dict[str, Any], places: Places) -> Parsed:
    strange = tuple(islice(_strange_characters(text, raw, places), REPORTS_MAX))
    told = {item.place.key for item in strange if item.place.key}
    shape = (item for item in shape_reports(raw, places) if item.place.key not in told)
    reports = [*strange, *shape]
    reports.sort(key=lambda item: item.place.line)
    if any(item.severity == "error" and item.code not in _HARMLESS for item in reports):
        return Parsed(None, tuple(reports), places)
    configuration = _configuration(raw)
    if configuration is None and not reports:
        words = "a value fits no noun of the configuration"
        reports.append(report("E039", words, place=Place(file=places.file)))
    return Parsed(configuration, tuple(reports), places)


def _configuration(raw: dict[str, Any]) -> Configuration | None:
    try:
        return msgspec.convert(_with_types(raw), Configuration)
    except msgspec.ValidationError:
        return None


def _decode(text: str | bytes, file: str) -> str | Report:
    """Return the text, or why it is none; the size is judged before anything else is done."""
    if len(text) > SIZE_MAX:
        words = f"the file has {len(text):,} bytes"
        return report("E001", words, place=Place(file=file), hint="at most 1 MiB are read")
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = Place(file=file, line=data.count(b"\n", 0, error.start) + 1)
        words = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return report("E002", words, place=place, hint="save the file as UTF-8")
    if decoded.startswith("\ufeff"):
        words = "the file begins with a byte order mark"
        hint = "save it as UTF-8 without a mark"
        return report("E008", words, place=Place(file=file, line=1), hint=hint)
    return decoded


def _refusals(text: str, found: Scan, places: Places) -> list[Report]:
    reports = []
    for double in found.doubles[:REPORTS_MAX]:
        code, what = ("E012", "table") if double.table else ("E011", "key")
        shown_path = f"[{dotted(double.path)}]" if double.table else dotted(double.path)
        reports.append(
            report(
                code,
                f"{what} {shown_path} stands on line {double.first} already",
                place=Place(file=places.file, line=double.line, key=dotted(double.path)),
                hint="keep one of the two, or give one another name",
            )
        )
    if found.stop is not None:
        reports.append(stop_report(text, found, places.file))
    return reports


def _with_types(raw: dict[str, Any]) -> dict[str, Any]:
    """Return `raw` with open resource types ("ocf:heartbeat:pgsql") as the nouns want them."""
    groups = {}
    for name, group in raw.get("group", {}).items():
        resources = {
            key: {**item, **open_type(item["type"])}
            for key, item in group.get("resource", {}).items()
        }
        groups[name] = {**group, "resource": resources}
    return {**raw, "group": groups}


def _strange_characters(text: str, raw: Mapping[str, Any], places: Places) -> Iterator[Report]:
    told = set()
    for path, whole, is_key in _strings(raw, ()):
        word = whole[:_TEXT_MAX]
        if _PLAIN.match(word) or clean(word, len(word) + 1) == word:
            continue
        place = places.find(path)
        told.add(place.line)
        what = "the key" if is_key else "the text"
        yield report(
            "E007",
            f"{what} {_escaped(word)} holds {_character(word)}",
            place=place,
            hint="delete the character, or retype the line",
        )
    line, counted = 1, 0
    for match in _BIDI.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        if line not in told:
            told.add(line)
            yield report(
                "E007",
                f"the comment holds {_character(match.group(1))}",
                place=places.line(line),
                hint="delete the character, or retype the line",
            )


def _strings(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, bool]]:
    if isinstance(value, str):
        yield path, value, False
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), key, True
            yield from _strings(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, (*path, str(index)))


def _escaped(word: str) -> str:
    return shown(clean(word, 80)).replace("\\\\", "\\")


def _character(word: str) -> str:
    """Return the first strange character of `word` by number and name."""
    strange = next(char for char in word if clean(char) != char)
    name = unicodedata.name(strange, "control character").lower()
    return f"U+{ord(strange):04X} ({name})"
