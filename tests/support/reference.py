"""The reference of the configuration, from the declarations of its nouns and its finding codes."""

import re
from collections.abc import Iterator, Sequence
from inspect import cleandoc
from pathlib import Path

from msgspec import Struct

from nodeagent.config.codes import CODES
from nodeagent.config.nouns import RESOURCE_TYPES, FieldKind, FieldSpec, specs
from nodeagent.config.pages.sheets import Sheet, all_codes, parts, sheet
from nodeagent.model.configuration import Configuration
from tests.support.tables import table

KINDS: dict[FieldKind, str] = {
    "text": "text",
    "number": "number",
    "choice": "one of",
    "names": "list of names",
    "arguments": "list of texts",
    "map": "table of texts",
    "flag": "true or false",
    "time": "date and time with zone",
    "address": "address",
    "subnet": "subnet",
    "path": "path",
    "key": "public key",
    "table": "table",
    "tables": "tables",
    "resources": "tables",
}
FORMS = {"ocf": ":PROVIDER:NAME", "systemd": ":UNIT"}
"""What stands behind the colon of a type that carries a name."""
_TABLES = frozenset({"table", "tables", "resources"})
HEAD = ("Key", "Value", "Default", "Means")


def keys() -> str:
    """Return a section for each table of a configuration file, from the outermost to the inner."""
    return "\n\n".join(_sections())


def _sections() -> Iterator[str]:
    waiting: list[tuple[str, type[Struct]]] = [("", Configuration)]
    while waiting:
        path, noun = waiting.pop(0)
        yield _section(path, noun)
        waiting[:0] = _below(path, noun)


def _below(path: str, noun: type[Struct]) -> Iterator[tuple[str, type[Struct]]]:
    for spec in specs(noun).values():
        inner = f"{path}.{spec.key}".lstrip(".")
        if spec.kind == "resources":
            yield from ((f"{inner}.NAME", kind) for kind in RESOURCE_TYPES.values())
        elif spec.noun is not None and spec.kind in _TABLES:
            yield (inner if spec.kind == "table" else f"{inner}.NAME"), spec.noun


def _section(path: str, noun: type[Struct]) -> str:
    word = next((word for word, kind in RESOURCE_TYPES.items() if kind is noun), "")
    title = f"`[{path}]`" if path else "The file"
    if word:
        title += f' with `type = "{word}{FORMS.get(word, "")}"`'
    text = cleandoc(noun.__doc__ or "").replace("``", "`")
    rows = [_row(spec) for spec in specs(noun).values() if spec.kind not in _TABLES]
    parts = [f"{'####' if word else '###'} {title}", text]
    return "\n\n".join([*parts, table(HEAD, rows)] if rows else parts)


def _row(spec: FieldSpec) -> Sequence[str]:
    return f"`{spec.key}`", _value(spec), _default(spec), spec.help


def _value(spec: FieldSpec) -> str:
    choices = ", ".join(f"`{choice}`" for choice in spec.choices)
    if spec.kind == "number":
        return " ".join(("whole number" if spec.whole else "number", *_range(spec)))
    if choices:
        return choices if spec.kind == "choice" else f"list of {choices}"
    if spec.refers_to and spec.kind != "names":
        return f"name of a {spec.refers_to}"
    words = f"list of names of {spec.refers_to}s" if spec.refers_to else KINDS[spec.kind]
    return ", ".join((words, *_length(spec)))


def _length(spec: FieldSpec) -> Iterator[str]:
    """Yield how long a text or list may be; what has a form of its own, as an address, tells it."""
    if spec.length_max is not None and spec.kind in {"text", "path", "names", "arguments"}:
        unit = "characters" if spec.kind in {"text", "path"} else "entries"
        yield f"at most {_number(float(spec.length_max))} {unit}"


def _range(spec: FieldSpec) -> Iterator[str]:
    if spec.least is not None:
        yield f"{'above' if spec.above else 'from'} {_number(float(spec.least))}"
    if spec.maximum is not None:
        yield f"to {_number(float(spec.maximum))}"
    if spec.unit:
        yield spec.unit


def _number(value: float) -> str:
    return f"{value:,.0f}" if value.is_integer() else f"{value:g}"


def _default(spec: FieldSpec) -> str:
    if spec.required:
        return "must be given"
    value = spec.default
    if value is None or value in ("", (), {}):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return (
        f'`"{value}"`' if isinstance(value, str) else f"`{_number(float(value)).replace(',', '')}`"
    )


def codes() -> str:
    """Return the table of all finding codes."""
    rows = [(f"`{code}`", noun.title, noun.explanation) for code, noun in sorted(CODES.items())]
    return table(("Code", "Finding", "Why"), rows)


def finding_pages() -> str:
    """Return a section for each finding, by number."""
    return "\n\n".join(_finding(page) for code in all_codes() if (page := sheet(code)))


def _finding(page: Sheet) -> str:
    lines = [f"### {page.code}: {page.title}"]
    for heading, text in parts(page):
        lines.append(f"**{heading}.** {text}")
        if heading == "Example" and page.example:
            lines.append("\n".join(("```toml", *page.example, "```")))
    return "\n\n".join(lines)


def examples(folder: Path) -> str:
    """Return what each example in `folder` is for, in the words at its head."""
    rows = []
    for file in sorted(folder.glob("*.toml")):
        head = re.match(r"(?:# .*\n)+", file.read_text("utf-8"))
        assert head is not None, f"{file.name} does not say what it is for"
        text = " ".join(line.removeprefix("# ") for line in head[0].splitlines())
        rows.append((f"[`{file.name}`]({file.name})", text))
    return table(("File", "What it is for"), rows)
