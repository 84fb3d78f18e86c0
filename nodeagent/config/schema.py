"""The form of a configuration file for editors and forms, generated from the nouns.

`python -m nodeagent.config.schema > configs/cluster.schema.json` writes it anew.
"""

import json
import sys
from inspect import cleandoc
from typing import Any

import msgspec
from msgspec import Struct

from nodeagent.config.nouns import OPEN_TYPES, RESOURCE_TYPES, FieldSpec, specs
from nodeagent.config.words import uncapitalised
from nodeagent.model.configuration import Configuration, Timing
from nodeagent.model.names import AGENT_PATTERN, UNIT_PATTERN

__all__ = ["RESOURCE_TYPES", "FieldSpec", "fields", "json_schema", "written"]

_TABLES = frozenset({"table", "tables", "resources"})
_OPEN_PATTERNS = {
    "ocf": "^ocf:" + AGENT_PATTERN.replace("\\Z", "$"),
    "systemd": "^systemd:" + UNIT_PATTERN.replace("\\Z", "$"),
}


def fields(noun: type[Struct]) -> tuple[FieldSpec, ...]:
    """Return the keys of an object that a form asks for, in order; child tables are left out."""
    return tuple(spec for spec in specs(noun).values() if spec.kind not in _TABLES)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a configuration file."""
    schema: dict[str, Any] = _plain(msgspec.json.schema(Configuration))
    for word, field in OPEN_TYPES.items():
        _open_type(schema["$defs"][RESOURCE_TYPES[word].__name__], word, field)
    for key, spec in specs(Timing).items():
        schema["$defs"]["Timing"]["properties"][key]["minimum"] = spec.least
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of a clustertui cluster",
        **schema,
    }


def _open_type(noun: dict[str, Any], word: str, field: str) -> None:
    """Let `type` carry the name behind the colon, and drop the field that holds it inside."""
    help_text = noun["properties"].pop(field)["description"]
    noun["properties"]["type"] = {
        "type": "string",
        "pattern": _OPEN_PATTERNS[word],
        "description": f"{word}: and {uncapitalised(help_text)}",
    }
    noun["required"] = ["type", *(key for key in noun["required"] if key not in {"type", field})]


def _plain(value: Any) -> Any:
    """Translate what JSON Schema says otherwise: end of text, and choice by tag."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _plain(item) for key, item in value.items() if key != "discriminator"}
    if isinstance(kept.get("pattern"), str):
        kept["pattern"] = kept["pattern"].replace("\\Z", "$")
    if isinstance(kept.get("description"), str):
        kept["description"] = cleandoc(kept["description"])
    return kept


def written() -> str:
    """Return the schema as it stands in `configs/`."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(written())
