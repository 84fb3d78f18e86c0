"""What in a configuration, or in text about it, may be a secret, and how it is struck out.

A configuration should hold no secrets (E321), but parameters of OCF agents and argument lists can,
and what a program prints may repeat them. What leaves the cluster's machines goes through here.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator

NAME = re.compile(r"pass|secret|token|community|api[_-]?key", re.IGNORECASE)
"""Names whose values are secrets."""
HARMLESS = re.compile(r"[_-](script|file|timeout|prompt)\Z", re.IGNORECASE)
"""Names that only tell where a secret is, or how it is asked for."""
STRUCK = "(struck out)"
SHORTEST = 4
"""Characters; a shorter value would be struck out of words that have nothing to do with it."""

_TOLD = re.compile(
    r"""(?P<name>[\w-]*(?:pass|secret|token|community|api[_-]?key)[\w-]*)(?P<is>["']?\s*[=:]\s*)"""
    r"""(?P<value>"[^"]*"|'[^']*'|[^\s"',}\]]+)""",
    re.IGNORECASE,
)


def is_secret(name: str) -> bool:
    """Return whether the value of a parameter or option `name` is to be kept from others."""
    return bool(NAME.search(name)) and not HARMLESS.search(name)


def secret_values(text: str) -> frozenset[str]:
    """Return the values in a configuration's text that are secrets by their names.

    A text that is no TOML has none that could be told by its structure; `struck` still finds what
    is written as NAME=VALUE.
    """
    try:
        whole = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return frozenset()
    return frozenset(value for value in _below("", whole) if len(value) >= SHORTEST)


def struck(text: str, values: Iterable[str]) -> str:
    """Return `text` without `values`, and without what stands there as the value of a secret."""
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, STRUCK)
    return _TOLD.sub(_strike, text)


def _strike(match: re.Match[str]) -> str:
    name, value = match["name"], match["value"]
    if not is_secret(name) or STRUCK in value or value.startswith("(struck"):
        return match[0]
    return f'{name}{match["is"]}"{STRUCK}"'


def _below(name: str, value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _below(key, inner)
    elif isinstance(value, list):
        yield from _in_arguments([word for word in value if isinstance(word, str)])
        for inner in value:
            yield from _below(name, inner)
    elif isinstance(value, str) and is_secret(name):
        yield value


def _in_arguments(words: list[str]) -> Iterator[str]:
    """Yield the secrets of an argument list: ``--password=X``, ``--password X``, ``PASSWORD=X``."""
    for word, after in zip(words, [*words[1:], ""], strict=True):
        name, is_given, value = word.partition("=")
        if not is_secret(name):
            continue
        if is_given:
            yield value
        elif name.startswith("-") and after:
            yield after
