"""Single values: names, keys, addresses, subnets, types with a name behind the colon."""

import contextlib
import ipaddress
import re
from datetime import date, datetime, time
from typing import Any, Protocol

from msgspec import Struct

from nodeagent.config.nouns import OPEN_TYPES, FieldSpec, is_name
from nodeagent.config.words import shown, uncapitalised
from nodeagent.model.names import AGENT_PATTERN, KEY_PATTERN, NAME_PATTERN, UNIT_PATTERN

Path = tuple[str, ...]
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAME = re.compile(NAME_PATTERN)
_KEY = re.compile(KEY_PATTERN)
_OCF = re.compile(AGENT_PATTERN)
_UNIT = re.compile(UNIT_PATTERN)
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")


class Add(Protocol):
    """Takes a finding: code, path, text, and what would be right."""

    def __call__(self, code: str, path: Path, text: str, hint: str = "", fix: str = "") -> None: ...


def kind_found(value: Any) -> str:
    """Return what a value is, with the value, in people's words."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {shown(value)}"
        case int() | float():
            return f"the number {shown(value)}"
        case dict():
            return "a table"
        case list():
            return f"the list {shown(value)}" if _flat(value) else "a list"
        case datetime() | date() | time():
            return f"the date or time {value}"
        case _:
            return "something else"


def _flat(value: list[Any]) -> bool:
    return not any(isinstance(item, (dict, list)) for item in value)


def check_name(add: Add, name: str, path: Path, what: str) -> None:
    """Report a name that is not plain."""
    if _NAME.match(name):
        return
    fix = _UNFIT.sub("-", name[:63]).strip("-._")
    if not name:
        add("E024", path, f"{what} has an empty name", "give it a name such as web1")
        return
    hint = "letters, digits, '-', '_' and '.', at most 63, the first a letter or digit"
    add("E024", path, f"{what}: {shown(name)} is not a plain name", hint, fix)


def check_open_type(add: Add, written: str, path: Path) -> None:
    """Report "ocf:…" and "systemd:…" whose second half names nothing."""
    word, _, name = written.partition(":")
    if word == "ocf" and not _OCF.match(name):
        hint = 'write type = "ocf:PROVIDER:NAME", as in "ocf:heartbeat:pgsql"'
        fix = f"ocf:heartbeat:{name}" if _OCF.match(f"heartbeat:{name}") else ""
        add("E031", path, f"{shown(written)} names no agent", hint, fix)
    if word == "systemd" and not _UNIT.match(name):
        hint = 'write type = "systemd:UNIT", as in "systemd:nginx.service"'
        add("E031", path, f"{shown(written)} names no unit", hint)


def open_type(written: str) -> dict[str, str]:
    """Return the fields that a written type stands for, as the nouns want them."""
    word, _, name = written.partition(":")
    return {"type": word, OPEN_TYPES[word]: name} if word in OPEN_TYPES else {"type": word}


def check_text(add: Add, value: str, spec: FieldSpec, noun: type[Struct], path: Path) -> None:
    """Report a text that is no name, key, address or subnet where one is wanted, or too long."""
    match spec.kind:
        case "key":
            _check_key(add, value, path)
        case "address":
            _check_address(add, value, path)
        case "subnet":
            _check_subnet(add, value, path)
        case _:
            if is_name(spec, noun):
                check_name(add, value, path, path[-1])
                return
            _check_length(add, value, spec, path)


def _check_length(add: Add, value: str, spec: FieldSpec, path: Path) -> None:
    if len(value) < spec.length_min:
        hint = f"write {path[-1]} = …: {uncapitalised(spec.help)}"
        add("E026", path, f"{path[-1]} is empty", hint)
    elif spec.length_max is not None and len(value) > spec.length_max:
        add("E026", path, f"{path[-1]} has {len(value)} characters", f"at most {spec.length_max}")


def _check_key(add: Add, value: str, path: Path) -> None:
    if _KEY.match(value):
        return
    hint = "copy the 40 characters that `nodeagent key` prints on that node"
    if not value and path[0] == "node":
        hint = "invite it instead (page Joining), or copy what `nodeagent key` prints there"
    if len(value) != 40:
        add("E029", path, f"a public key has 40 characters, this one {len(value)}", hint)
        return
    odd = next(char for char in value if not _KEY.match(char * 40))
    add("E029", path, f"{shown(odd)} does not occur in a public key", hint)


def parse_address(text: str) -> IpAddress | None:
    """Return the address, or None where `text` is none (prefixes and zones are none)."""
    if "%" in text or not 2 <= len(text) <= 64:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def parse_subnet(text: str) -> IpNetwork | None:
    """Return the subnet, or None where `text` is none or has bits behind its prefix."""
    if "%" in text or not 3 <= len(text) <= 64:
        return None
    if not re.search(r"/[0-9]{1,3}\Z", text):
        return None  # the standard library would take a netmask, too
    try:
        return ipaddress.ip_network(text, strict=True)
    except ValueError:
        return None


def _check_address(add: Add, value: str, path: Path) -> None:
    if parse_address(value) is not None:
        return
    text = f"{shown(value)} is not an IP address"
    bare = value.partition("/")[0].partition("%")[0].strip()
    if "%" in value:
        text = f"{shown(value)} carries a zone, which means something else on each node"
        add("E027", path, text, "use an address that is unique without it", "")
    elif parse_address(bare) is not None:
        hint = f"write {bare}: the prefix length belongs to the network's subnet"
        add("E027", path, text, hint if "/" in value else f"write {bare}", bare)
    elif parse_address(re.sub(r"\b0+(?=\d)", "", bare)) is not None:
        fix = re.sub(r"\b0+(?=\d)", "", bare)
        add("E027", path, text, f"write {fix}, without leading zeros", fix)
    else:
        add("E027", path, text, "write it as 10.10.1.11 or fd00::11; host names are not used")


def _check_subnet(add: Add, value: str, path: Path) -> None:
    if parse_subnet(value) is not None:
        return
    text = f"{shown(value)} is not a subnet"
    loose = None
    with contextlib.suppress(ValueError):
        loose = ipaddress.ip_network(value, strict=False) if "%" not in value else None
    if loose is None:
        add("E028", path, text, "write its first address and prefix length, as 10.10.1.0/24")
    elif "/" not in value:
        fix = f"{loose.network_address}/24" if loose.version == 4 else ""
        add("E028", path, f"{text}: the prefix length is missing", "as in 10.10.1.0/24", fix)
    elif "." in value.partition("/")[2]:
        hint = f"write the length of the prefix: {loose}"
        add("E028", path, f"{shown(value)} has a mask", hint, str(loose))
    else:
        hint = f"write the first address of the network: {loose}"
        add("E028", path, f"{shown(value)} is an address inside a subnet", hint, str(loose))
