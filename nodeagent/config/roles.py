"""The role of an administrator in what is told of a change: it is a right, so it is never left out.

A role that is not written is the most powerful one.
"""

from collections.abc import Mapping
from typing import Any

from nodeagent.config.nouns import specs
from nodeagent.config.spans import Path
from nodeagent.config.words import value_text
from nodeagent.model.configuration import Admin

_MAY: Mapping[str, str] = {
    "admin": "may change everything",
    "operator": "may move, hold and abort",
    "observer": "may only look",
}


def role_text(role: str) -> str:
    """Return ``role = "admin" (may change everything)``."""
    return f"role = {value_text(role)} ({_MAY[role]})"


def under_role(role: str, key: str, before: str) -> str:
    """Return what stood under another `key` of an administrator, after the role it is about.

    The role comes first, so that it is not what is cut.
    """
    return before if key == "role" else f"{role}, {before or 'none'}"


def with_role(path: Path, value: Any) -> Any:
    """Return what stands at `path` in a file, an administrator and a role as they count.

    The role comes first, so that it is not what is cut; a role that is None is not written.
    """
    default = specs(Admin)["role"].default
    if path[:1] != ("admin",):
        return value
    if len(path) == 2 and isinstance(value, Mapping):
        return {"role": value.get("role", default), **value}
    return default if len(path) == 3 and path[2] == "role" and value is None else value
