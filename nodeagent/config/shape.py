"""Does a decoded file fit the nouns? All that does not is told at once, in people's words.

The walk follows the declarations (`nouns.specs`) down the tables and collects a finding for each
key that is unknown, missing, of the wrong kind or out of its limits.
"""

import contextlib
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from nodeagent.config.codes import report
from nodeagent.config.nouns import (
    OPEN_TYPES,
    RESOURCE_TYPES,
    FieldSpec,
    resource_noun,
    specs,
)
from nodeagent.config.places import Places
from nodeagent.config.values import (
    check_name,
    check_open_type,
    check_text,
    kind_found,
)
from nodeagent.config.words import (
    did_you_mean,
    dotted,
    key_text,
    one_of,
    shown,
    uncapitalised,
    value_text,
)
from nodeagent.model.configuration import Configuration
from nodeagent.model.reports import Report

Path = tuple[str, ...]

REPORTS_MAX = 200
"""Findings of one file; whoever has more wrong starts with these."""


class _Enough(Exception):  # noqa: N818 - it ends the walk and is caught here
    """There are as many findings as anybody will read."""


class _Walk:
    """Collects findings. `_nouns` are the objects that enclose the present one, for hints."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._nouns: list[tuple[Path, type[Struct]]] = []
        self.reports: list[Report] = []

    def add(self, code: str, path: Path, text: str, hint: str = "", fix: str = "") -> None:
        if len(self.reports) >= REPORTS_MAX:
            raise _Enough
        place = self._places.find(path)
        self.reports.append(report(code, text, place=place, hint=hint, fix=fix))

    def object(self, raw: Mapping[str, Any], noun: type[Struct], path: Path) -> None:
        known = specs(noun)
        typed = noun in RESOURCE_TYPES.values()
        meant = set()
        for key, value in raw.items():
            if key in known:
                self.value(value, known[key], noun, (*path, key))
            elif not (typed and key == "type"):
                meant.add(self.unknown(key, raw, noun, path))
        for spec in known.values():
            if spec.required and spec.key not in raw and spec.key not in meant:
                self.missing(spec, path)

    def unknown(self, key: str, raw: Mapping[str, Any], noun: type[Struct], path: Path) -> str:
        """Report the key and return the one that was probably meant."""
        many = {"tables", "resources"}
        free = [name for name, spec in specs(noun).items() if name not in raw or spec.kind in many]
        hint, fix = did_you_mean(key, free)
        for owner_path, owner in reversed(self._nouns):
            if not fix and key in specs(owner) and owner is not noun:
                where = f"[{dotted(owner_path)}]" if owner_path else "the top of the file"
                hint = f"it belongs to {where}; a key belongs to the table header above it"
                break
        where = f"in [{dotted(path)}]" if path else "at the top of the file"
        text = f"{shown(key)[1:-1]} is not a key that is known {where}"
        self.add("E020", (*path, key), text, hint, fix)
        return fix

    def missing(self, spec: FieldSpec, path: Path) -> None:
        owner = f"[{dotted(path)}]" if path else "the file"
        if spec.kind == "table":
            self.add("E021", path, f"{owner} has no table [{spec.key}]", f"add [{spec.key}]")
            return
        hint = f"add {spec.key} = …: {uncapitalised(spec.help)}"
        if spec.choices:
            hint = f"add {spec.key} = {one_of(value_text(word) for word in spec.choices)}"
        self.add("E021", path, f"{owner} has no {spec.key}", hint)

    def value(self, value: Any, spec: FieldSpec, noun: type[Struct], path: Path) -> None:
        match spec.kind:
            case "table" | "tables" | "resources":
                self.child(value, spec, noun, path)
            case "names" | "arguments":
                self.list(value, spec, path)
            case "map":
                self.map(value, path)
            case "number":
                self.number(value, spec, path)
            case "flag":
                self.flag(value, path)
            case "time":
                self.time(value, path)
            case "choice":
                self.choice(value, spec, path)
            case _:
                self.text(value, spec, noun, path)

    # -- tables --------------------------------------------------------------------------------

    def child(self, value: Any, spec: FieldSpec, noun: type[Struct], path: Path) -> None:
        if not isinstance(value, dict):
            name = dotted(path) if spec.kind == "table" else f"{dotted(path)}.NAME"
            self.wrong(path, "a table", value, f"write [{name}] and its keys below")
            return
        self._nouns.append((path[:-1], noun))
        if spec.kind == "table":
            assert spec.noun is not None
            self.object(value, spec.noun, path)
        else:
            for name, item in value.items():
                self.named(name, item, spec, (*path, name))
        self._nouns.pop()

    def named(self, name: str, item: Any, spec: FieldSpec, path: Path) -> None:
        check_name(self.add, name, path, f"the {path[-2]}")
        if not isinstance(item, dict):
            self.wrong(path, "a table", item, f"write [{dotted(path)}] and its keys below")
        elif spec.kind == "resources":
            self.resource(item, path)
        else:
            assert spec.noun is not None
            self.object(item, spec.noun, path)

    def resource(self, raw: Mapping[str, Any], path: Path) -> None:
        written = raw.get("type")
        choices = [word if word not in OPEN_TYPES else f"{word}:…" for word in RESOURCE_TYPES]
        if written is None:
            hint = f'add type = "…": {one_of(choices)}'
            self.add("E021", path, f"[{dotted(path)}] has no type", hint)
            return
        place = (*path, "type")
        if not isinstance(written, str):
            self.wrong(place, "a text", written, f"one of {one_of(choices)}")
            return
        noun = resource_noun(written)
        if noun is None or (":" in written and written.partition(":")[0] not in OPEN_TYPES):
            hint, fix = did_you_mean(written, RESOURCE_TYPES, f"known: {one_of(choices)}")
            self.add("E030", place, f"{shown(written)} is not a type of resource", hint, fix)
            return
        check_open_type(self.add, written, place)
        self.object(raw, noun, path)

    # -- values --------------------------------------------------------------------------------

    def wrong(self, path: Path, expected: str, value: Any, hint: str = "", fix: str = "") -> None:
        text = f"{key_text(path[-1])} should be {expected}, but is {kind_found(value)}"
        self.add("E022", path, text, hint, fix)

    def list(self, value: Any, spec: FieldSpec, path: Path) -> None:
        what = "a list of names" if spec.kind == "names" else "a list of texts"
        if not isinstance(value, list):
            fix = value_text([value]) if isinstance(value, str) else ""
            hint = f"write {path[-1]} = {shown([value])}" if fix else "write it in [ ]"
            self.wrong(path, what, value, hint, fix)
            return
        self.length(value, spec, path)
        for index, item in enumerate(value):
            place = (*path, str(index))
            if not isinstance(item, str):
                text = f"{path[-1]} should be {what}, but entry {index + 1} is {kind_found(item)}"
                self.add("E022", place, text, "put each entry in quotes")
            elif spec.choices:
                self.choice(item, spec, place)
            elif spec.kind == "names":
                check_name(self.add, item, place, f"entry {index + 1} of {path[-1]}")
            elif len(item) > (spec.item_length_max or len(item)):
                text = f"entry {index + 1} of {path[-1]} has {len(item)} characters"
                self.add("E026", place, text, f"at most {spec.item_length_max}")

    def length(self, value: Any, spec: FieldSpec, path: Path) -> None:
        if spec.length_max is not None and len(value) > spec.length_max:
            text = f"{path[-1]} has {len(value)} entries"
            self.add("E026", path, text, f"at most {spec.length_max}")

    def map(self, value: Any, path: Path) -> None:
        if not isinstance(value, dict):
            self.wrong(path, "a table of texts", value, f'write {path[-1]} = {{ name = "value" }}')
            return
        for name, item in value.items():
            check_name(self.add, name, (*path, name), f"a name in {path[-1]}")
            if not isinstance(item, str):
                hint = f"write {key_text(name)} = {shown(str(item))}" if _plain(item) else ""
                fix = str(item) if _plain(item) else ""
                self.wrong((*path, name), "a text in quotes", item, hint, fix)

    def number(self, value: Any, spec: FieldSpec, path: Path) -> None:
        expected = "a whole number" if spec.whole else "a number"
        right = isinstance(value, int) or (isinstance(value, float) and not spec.whole)
        if not right or isinstance(value, bool):
            fix = _number_in(value)
            hint = f"write {path[-1]} = {fix}" if fix else f"write {path[-1]} = {spec.default}"
            self.wrong(path, expected, value, hint, fix)
            return
        if isinstance(value, float) and not math.isfinite(value):
            self.add("E025", path, f"{path[-1]} is {value}, which is no time", _range(spec))
            return
        low = spec.minimum is not None and (
            value < spec.minimum or (spec.above and value == spec.minimum)
        )
        high = spec.maximum is not None and value > spec.maximum
        if (low or high) and path == ("format",):
            hint = "this version reads format = 1"
            self.add("E032", path, f"format {shown(value)} is not known", hint, "1")
        elif low or high:
            fix = value_text(spec.default) if spec.default else ""
            self.add("E025", path, f"{path[-1]} is {shown(value)}", _range(spec), fix)

    def flag(self, value: Any, path: Path) -> None:
        if not isinstance(value, bool):
            word = str(value).casefold() if _plain(value) else ""
            fix = {"yes": "true", "1": "true", "on": "true", "true": "true"}.get(word, "")
            fix = fix or {"no": "false", "0": "false", "off": "false", "false": "false"}.get(
                word, ""
            )
            self.wrong(path, "true or false", value, "without quotes, in small letters", fix)

    def time(self, value: Any, path: Path) -> None:
        if isinstance(value, datetime) and value.utcoffset() is not None:
            return
        hint = f"write it without quotes, as {path[-1]} = 2026-11-26T12:00:00Z (Z: UTC)"
        fix = f"{value.isoformat()}Z" if isinstance(value, datetime) else ""
        self.wrong(path, "a date and time with its offset from UTC", value, hint, fix)

    def choice(self, value: Any, spec: FieldSpec, path: Path) -> None:
        if not isinstance(value, str):
            words = one_of(value_text(word) for word in spec.choices)
            self.wrong(path, f"one of {words}", value)
        elif value not in spec.choices:
            hint, fix = did_you_mean(value, spec.choices, f"it can be {one_of(spec.choices)}")
            if fix:
                hint = f"{hint} It can be {one_of(spec.choices)}"
            where = path[-2] if path[-1].isdigit() else path[-1]  # an entry of a list
            self.add("E023", path, f"{where} cannot be {shown(value)}", hint, fix)

    def text(self, value: Any, spec: FieldSpec, noun: type[Struct], path: Path) -> None:
        if not isinstance(value, str):
            fix = str(value) if _plain(value) else ""
            hint = f"write {path[-1]} = {shown(fix)}" if fix else ""
            self.wrong(path, "a text in quotes", value, hint, fix)
            return
        check_text(self.add, value, spec, noun, path)


def _plain(value: Any) -> bool:
    small = isinstance(value, int) and abs(value) < 10**30
    return small or isinstance(value, (bool, float, str))


def _number_in(value: Any) -> str:
    """Return the number that a text or a fraction was meant to be."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return value.strip()[:20]
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return value_text(value)
    return ""


def _range(spec: FieldSpec) -> str:
    low = value_text(float(spec.least or 0))
    unit = f" {spec.unit}" if spec.unit else ""
    first = f"more than {low}" if spec.above else f"{low} or more"
    if spec.maximum is None:
        return f"it must be {first}"
    return f"it must be {first} and at most {value_text(float(spec.maximum))}{unit}"


def shape_reports(raw: Mapping[str, Any], places: Places) -> list[Report]:
    """Return everything in the decoded file `raw` that does not fit the nouns."""
    walk = _Walk(places)
    with contextlib.suppress(_Enough):
        walk.object(raw, Configuration, ())
    return walk.reports
