"""What the declarations of the nouns say about each key: the kind of its value, limits, help.

`nodeagent.model.configuration` is the one declaration. Parser, forms and schema all read it through
this module, so a key that is added there is known everywhere.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from nodeagent.model import names
from nodeagent.model.configuration import (
    Application,
    DataFolder,
    Filesystem,
    Ocf,
    Resource,
    ServiceAddress,
    Systemd,
)

FieldKind = Literal[
    "text",
    "number",
    "choice",
    "names",
    "arguments",
    "map",
    "flag",
    "time",
    "address",
    "subnet",
    "path",
    "key",
    "table",
    "tables",
    "resources",
]
Reference = Literal["network", "node", "group", ""]

RESOURCE_TYPES: dict[str, type[Struct]] = {
    "service-address": ServiceAddress,
    "data-folder": DataFolder,
    "filesystem": Filesystem,
    "application": Application,
    "ocf": Ocf,
    "systemd": Systemd,
}
"""Word before the first colon of `type` and the noun it stands for."""

OPEN_TYPES: dict[str, str] = {"ocf": "agent", "systemd": "unit"}
"""Types that carry a name behind a colon, and the field of the noun that takes it."""

_REFERENCES: dict[tuple[str, str], Reference] = {
    ("Cluster", "voters"): "node",
    ("Adapter", "network"): "network",
    ("ServiceAddress", "network"): "network",
    ("Group", "nodes"): "node",
    ("Group", "after"): "group",
    ("Group", "together"): "group",
    ("Group", "apart_from"): "group",
    ("EventCommands", "groups"): "group",
    ("EventCommands", "nodes"): "node",
}
_PATHS = {("Application", "directory")}
_PATH_META, _KEY_META, _ADDRESS_META, _SUBNET_META, _NAME_META = (
    get_args(alias)[1]
    for alias in (names.Path, names.PublicKey, names.Address, names.Subnet, names.Name)
)
_TEXT_KINDS: tuple[tuple[Meta, FieldKind], ...] = (
    (_PATH_META, "path"),
    (_KEY_META, "key"),
    (_ADDRESS_META, "address"),
    (_SUBNET_META, "subnet"),
)
_UNITS = {"ms": "ms", "seconds": "s"}


class FieldSpec(Struct, frozen=True):
    """One key of an object: how the file calls it, and what may stand there.

    `kind` table, tables and resources are objects of their own (`noun`); forms show them
    elsewhere. `minimum` is exclusive where `above` is set. `least` is what verification asks for,
    the minimum unless that is more. `unit` is "ms", "s" or "".
    """

    key: str
    attribute: str
    label: str
    kind: FieldKind
    required: bool
    help: str = ""
    default: Any = None
    choices: tuple[str, ...] = ()
    refers_to: Reference = ""
    unit: str = ""
    whole: bool = True
    minimum: float | None = None
    least: float | None = None
    maximum: float | None = None
    above: bool = False
    length_min: int = 0
    length_max: int | None = None
    item_length_max: int | None = None
    noun: type[Struct] | None = None


def resource_noun(word: str) -> type[Struct] | None:
    """Return the noun for a `type` as written, such as "ocf:heartbeat:pgsql", or None."""
    return RESOURCE_TYPES.get(word.partition(":")[0])


def written_type(resource: Resource) -> str:
    """Return the `type` of a resource as it stands in the file."""
    if isinstance(resource, Ocf):
        return f"ocf:{resource.agent}"
    if isinstance(resource, Systemd):
        return f"systemd:{resource.unit}"
    return str(resource.__struct_config__.tag)


@cache
def specs(noun: type[Struct]) -> dict[str, FieldSpec]:
    """Return every key of `noun` in the order of its declaration, child tables included."""
    return {spec.key: spec for spec in _specs(noun)}


def _specs(noun: type[Struct]) -> Iterator[FieldSpec]:
    hints = get_type_hints(noun, include_extras=True)
    hidden = set(OPEN_TYPES.values()) if noun in {Ocf, Systemd} else set()
    for info in msgspec.structs.fields(noun):
        if info.name not in hidden:
            yield _spec(noun, info, hints[info.name])


def _spec(noun: type[Struct], info: msgspec.structs.FieldInfo, hint: Any) -> FieldSpec:
    plain, metas = _peel(hint)
    limits = _limits(metas)
    minimum = limits.get("ge", limits.get("gt"))
    item = _peel(get_args(plain)[0])[1] if get_origin(plain) is tuple else ()
    return FieldSpec(
        key=info.encode_name,
        attribute=info.name,
        label=info.encode_name.replace("-", " ").capitalize(),
        kind=_kind(noun, info.name, plain, metas),
        required=info.required,
        help=next((meta.description for meta in reversed(metas) if meta.description), ""),
        default=_default(info),
        choices=_choices(plain),
        refers_to=_REFERENCES.get((noun.__name__, info.name), ""),
        unit=_UNITS.get(info.name.rpartition("_")[2], ""),
        whole=plain is not float,
        minimum=minimum,
        least=next((meta.extra["least"] for meta in metas if meta.extra), minimum),
        maximum=limits.get("le"),
        above="gt" in limits,
        length_min=int(limits.get("min_length", 0)),
        length_max=_whole(limits.get("max_length")),
        item_length_max=_whole(_limits(item).get("max_length")),
        noun=_child(plain),
    )


def _choices(plain: Any) -> tuple[str, ...]:
    """Return the words that a text, or each entry of a list, can be."""
    item = _peel(get_args(plain)[0])[0] if get_origin(plain) is tuple else plain
    return tuple(get_args(item)) if get_origin(item) is Literal else ()


def _peel(hint: Any) -> tuple[Any, tuple[Meta, ...]]:
    """Return the type inside of Annotated and its metas, outermost last."""
    if get_origin(hint) is Annotated:
        plain, *metas = get_args(hint)
        return plain, tuple(meta for meta in metas if isinstance(meta, Meta))
    return hint, ()


def _limits(metas: tuple[Meta, ...]) -> dict[str, float]:
    found: dict[str, float] = {}
    for meta in metas:
        for word in ("ge", "gt", "le", "min_length", "max_length"):
            value = getattr(meta, word)
            if value is not None:
                found[word] = value
    return found


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _kind(noun: type[Struct], attribute: str, plain: Any, metas: tuple[Meta, ...]) -> FieldKind:
    origin = get_origin(plain)
    if origin is Literal:
        return "choice"
    if origin is dict:
        return _kind_of_dict(get_args(plain)[1])
    if origin is tuple:
        item = _peel(get_args(plain)[0])[1]
        return "names" if _NAME_META in item or _choices(plain) else "arguments"
    if plain is bool:
        return "flag"
    if any(_peel(part)[0] is datetime for part in get_args(plain)):
        return "time"
    if plain in {int, float}:
        return "number"
    if isinstance(plain, type) and issubclass(plain, Struct):
        return "table"
    return _kind_of_text(noun, attribute, metas)


def _kind_of_text(noun: type[Struct], attribute: str, metas: tuple[Meta, ...]) -> FieldKind:
    if (noun.__name__, attribute) in _PATHS:
        return "path"
    return next((kind for meta, kind in _TEXT_KINDS if meta in metas), "text")


def _kind_of_dict(value: Any) -> FieldKind:
    if isinstance(value, UnionType):
        return "resources"
    return "tables" if isinstance(value, type) and issubclass(value, Struct) else "map"


def _child(plain: Any) -> type[Struct] | None:
    value = get_args(plain)[1] if get_origin(plain) is dict else plain
    return value if isinstance(value, type) and issubclass(value, Struct) else None


def _default(info: msgspec.structs.FieldInfo) -> Any:
    if info.default is not msgspec.NODEFAULT:
        return info.default
    if info.default_factory is not msgspec.NODEFAULT:
        return info.default_factory()
    return None


def is_name(spec: FieldSpec, noun: type[Struct]) -> bool:
    """Return whether the text of `spec` must be a plain name."""
    hint = get_type_hints(noun, include_extras=True)[spec.attribute]
    return _NAME_META in _peel(hint)[1]
