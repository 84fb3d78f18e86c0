"""Helpers for sentences: the nearest right word, lists, values as people write them in TOML."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from difflib import get_close_matches

from nodeagent.model.text import clean

VALUE_LENGTH_MAX = 60
MANY = 200


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return the choice that `word` was probably meant to be, or ""."""
    known = sorted(choices)
    folded = word.casefold().replace("_", "-")
    for choice in known:
        if folded in {choice.casefold(), choice.casefold() + "s"} or choice == f"{word}s":
            return choice
    if len(known) > MANY:  # comparing with all would take long; slips rarely hit the first letter
        known = [choice for choice in known if choice[:1].casefold() == folded[:1]]
    found = get_close_matches(word[:128], known, n=1, cutoff=0.6)
    return found[0] if found else ""


def did_you_mean(word: str, choices: Iterable[str], otherwise: str = "") -> tuple[str, str]:
    """Return (hint, fix) for a word that is not among `choices`."""
    known = sorted(choices)
    near = nearest(word, known)
    if near:
        return f"did you mean {near}?", near
    if otherwise or not known:
        return otherwise, ""
    return f"known: {one_of(known)}", ""


def join(words: Iterable[str], last: str = "and") -> str:
    """Return "a, b and c"."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def one_of(words: Iterable[str], limit: int = 8) -> str:
    """Return "a, b or c", shortened after `limit` words."""
    items = list(words)
    if len(items) > limit:
        return f"{', '.join(items[:limit])}, …"
    return join(items, "or")


def uncapitalised(text: str) -> str:
    """Return `text` as it goes on after a colon; abbreviations keep their capitals."""
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def key_text(name: str) -> str:
    """Return `name` as it stands in a TOML key: bare where it may be, else quoted."""
    if name and all(char.isascii() and (char.isalnum() or char in "_-") for char in name):
        return name
    return string_text(name)


def dotted(path: Iterable[str]) -> str:
    """Return `path` as a dotted key that can be shown: quoted where needed, cleaned, bounded."""
    return clean(".".join(key_text(part[:128]) for part in path), 300)


def string_text(text: str) -> str:
    """Return `text` as a TOML basic string; its escapes are those of JSON, and DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def value_text(value: object) -> str:
    """Return `value` in natural TOML: inline arrays and tables, true and false, plain numbers."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return string_text(value)
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key_text(key)} = {value_text(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(value_text(item) for item in value)}]"
    return str(value)


def time_text(value: datetime) -> str:
    """Return a point in time as TOML writes it: 2026-11-26T12:00:00Z."""
    text = value.isoformat()
    return f"{text.removesuffix('+00:00')}Z" if text.endswith("+00:00") else text


def _float_text(value: float) -> str:
    """Return whole seconds as 30, others as 1.5; both are read where a number is wanted."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def shown(value: object) -> str:
    """Return `value` for a sentence: quoted as in the file, cleaned, at most a few words long."""
    try:
        return clean(value_text(value), VALUE_LENGTH_MAX)
    except ValueError:  # a number with more digits than Python is willing to write
        return "a very long number"
