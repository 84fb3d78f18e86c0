"""The reference in `configs/README.md` has every key of the schema, and says the same of it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from nodeagent.config.schema import written
from tests.support.documents import ROOT

SCHEMA = json.loads(written())["$defs"]
PAGE = (ROOT / "configs" / "README.md").read_text("utf-8")
ROW = re.compile(
    r"^\| `(?P<key>[a-z-]+)` \| (?P<value>.+?) \| (?P<default>.+?) \| (?P<means>.+) \|$"
)
OF_ONE_FORM = ("address", "subnet", "public key", "name of")
"""Values whose form says how long they are."""

Noun = tuple[str, str]
"""Path of the table in the file, name of the definition in the schema."""


def nouns(path: str = "", name: str = "Configuration") -> Iterator[Noun]:
    """Yield every table that a file can have."""
    yield path, name
    for key, noun in SCHEMA[name]["properties"].items():
        inner = f"{path}.{key}".lstrip(".")
        below = noun.get("additionalProperties", {})
        if "$ref" in noun:
            yield from nouns(inner, named(noun))
        for one in below.get("anyOf", [below]):
            if "$ref" in one:
                yield from nouns(f"{inner}.NAME", named(one))


def named(reference: dict[str, str]) -> str:
    return reference["$ref"].rpartition("/")[2]


def section(path: str, name: str) -> str:
    """Return what the page says of a table."""
    kind = SCHEMA[name]["properties"].get("type")
    head = f"`[{path}]`" if path else "The file"
    if kind:
        word = kind["enum"][0] if "enum" in kind else kind["pattern"].strip("^").split(":")[0]
        head += f' with `type = "{word}'
    return PAGE.partition(f"# {head}")[2].partition("\n###")[0]


def rows(text: str) -> dict[str, re.Match[str]]:
    return {found["key"]: found for line in text.splitlines() if (found := ROW.match(line))}


def keys(name: str) -> dict[str, dict[str, Any]]:
    """Return the keys of a table that are not tables themselves, or the word that tells it."""
    return {
        key: noun
        for key, noun in SCHEMA[name]["properties"].items()
        if key != "type" and "$ref" not in str(noun)
    }


@pytest.mark.parametrize(("path", "name"), nouns(), ids=lambda text: text or "file")
def test_each_key_has_its_unit_bounds_default_and_meaning(path: str, name: str) -> None:
    told = rows(section(path, name))

    assert set(told) == set(keys(name))
    for key, noun in keys(name).items():
        value, default = told[key]["value"], told[key]["default"]
        assert told[key]["means"] == noun["description"], key
        assert set(bounds(key, noun, value)) <= set(words(value)), key
        assert default == default_of(noun, required=key in SCHEMA[name]["required"]), key


def words(value: str) -> list[str]:
    return value.replace(",", "").replace("`", "").split()


def bounds(key: str, noun: dict[str, Any], value: str) -> Iterator[str]:
    """Yield the words without which the value's limits would not be told."""
    for bound, word in (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to")):
        if bound in noun:
            yield from (word, str(noun[bound]))
    if noun.get("type") in {"integer", "number"}:
        unit = {"ms": "ms", "seconds": "s"}.get(key.rpartition("-")[2])
        yield from (unit,) if unit else ()
    yield from noun.get("enum", ()) or noun.get("items", {}).get("enum", ())
    for length in ("maxLength", "maxItems"):
        if length in noun and not value.startswith(OF_ONE_FORM):
            yield str(noun[length])


def default_of(noun: dict[str, Any], *, required: bool) -> str:
    value = noun.get("default")
    if required:
        return "must be given"
    if value in (None, "", [], {}) and not isinstance(value, bool | int | float):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value:g}`"
