"""The draft as plain data: which objects it has, what they hold, and where each stands.

Forms and lists read this instead of the parsed configuration, because a draft in the middle of an
edit is often not a valid one, and its objects have to stay on the screen all the same.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from nodeagent.config import words

Path = tuple[str, ...]
Data = Mapping[str, Any]

NAMED = ("network", "node", "group", "admin", "event")
"""Tables of named objects at the top of the file, in the order in which lists show them."""
CHILDREN: Mapping[str, tuple[str, ...]] = {
    "node": ("adapter", "fence"),
    "group": ("resource",),
}
"""Tables of named objects inside of others."""


@lru_cache(maxsize=16)
def data_of(text: str) -> Data | None:
    """Return the file's content, or None while it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def at(data: Data | None, path: Path) -> Any:
    """Return what stands at `path`, or None."""
    value: Any = data
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value


def table(data: Data | None, path: Path) -> Data:
    """Return the table at `path`, empty where there is none."""
    value = at(data, path)
    return value if isinstance(value, Mapping) else {}


def names(data: Data | None, path: Path) -> tuple[str, ...]:
    """Return the names of the objects in the table at `path`, in the order of the file."""
    return tuple(name for name, value in table(data, path).items() if isinstance(value, Mapping))


def objects(data: Data | None) -> Iterator[Path]:
    """Yield the path of each object: cluster, timing, then the named ones with their children."""
    yield ("cluster",)
    yield ("timing",)
    for kind in NAMED:
        for name in names(data, (kind,)):
            yield (kind, name)
            for child in CHILDREN.get(kind, ()):
                yield from ((kind, name, child, one) for one in names(data, (kind, name, child)))


def dotted(path: Path) -> str:
    """Return a path as findings and changes write it."""
    return words.dotted(path)


def split(data: Data | None, key: str) -> tuple[Path, str]:
    """Return the object that a dotted key points at, and the field inside it ("": itself).

    Names may hold dots or characters that are shown escaped; what cannot be read as a dotted key
    is compared with what there is, and the longest match wins.
    """
    parts = tuple(part.strip('"') for part in _PART.findall(key))
    for size in _SIZES.get(parts[0] if parts else "", ()):
        path = parts[:size]
        if len(path) == size and (size == 1 or isinstance(at(data, path), Mapping)):
            if size == 4 and path[2] not in CHILDREN.get(path[0], ()):
                continue
            return path, parts[size].split("[", 1)[0] if len(parts) > size else ""
    best: Path = ()
    for path in objects(data):
        text = dotted(path)
        if key == text or key.startswith((f"{text}.", f"{text}[")):
            best = max(best, path, key=lambda one: len(dotted(one)))
    rest = key[len(dotted(best)) :].lstrip(".")
    return best, rest.split("[", 1)[0].split(".", 1)[0]


_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[^.]+')
_SIZES = {
    **dict.fromkeys(("cluster", "timing"), (1,)),
    **dict.fromkeys(("network", "admin", "event"), (2,)),
    **dict.fromkeys(("node", "group"), (4, 2)),
}


def kind_of(path: Path, data: Data | None) -> str:
    """Return what kind of object a path names, as `forms` call it; a resource's is its type."""
    if len(path) == 4 and path[2] == "resource":
        text = at(data, (*path, "type"))
        return str(text).split(":", 1)[0] if isinstance(text, str) else "resource"
    return path[2] if len(path) == 4 else path[0]


def changed_objects(old: Data | None, new: Data | None) -> tuple[Path, ...]:
    """Return the objects that came, went, or have another value of their own."""
    if old is None or new is None:
        return ()
    paths = dict.fromkeys((*objects(new), *objects(old)))
    return tuple(path for path in paths if own_values(old, path) != own_values(new, path))


def own_values(data: Data | None, path: Path) -> Data | None:
    """Return what stands in an object itself, without the objects inside; None: not there."""
    value = at(data, path)
    if not isinstance(value, Mapping):
        return None
    inside = CHILDREN.get(path[0], ()) if len(path) == 2 else ()
    return {key: item for key, item in value.items() if key not in inside}


def _header(line: str) -> Path | None:
    """Return the path that a line such as ``[group.web]`` opens, None for any other line."""
    try:
        value: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None
    path: list[str] = []
    while isinstance(value, Mapping) and len(value) == 1:
        key, value = next(iter(value.items()))
        path.append(key)
    return tuple(path)


def excerpt(text: str, path: Path) -> str:
    """Return the lines of the file that hold the object at `path` and all inside it."""
    kept: list[str] = []
    inside = False
    for line in text.splitlines():
        if _HEADER.match(line):
            # Only headers that may be meant are read in full: there can be a thousand of them.
            meant = path[-1] in line or "\\" in line
            header = _header(line) if meant else ()
            inside = inside if header is None else header[: len(path)] == path
        if inside:
            kept.append(line)
    while kept and (not kept[-1].strip() or kept[-1].lstrip().startswith("#")):
        kept.pop()  # what trails is the next object's heading
    return "\n".join(kept)


_HEADER = re.compile(r"\s*\[[^\[].*\]\s*(#.*)?$")


def referrers(data: Data | None, path: Path) -> tuple[str, ...]:
    """Return the dotted keys of what names the object at `path`, which removing it would break."""
    if len(path) != 2:
        return ()
    kind, name = path
    return tuple(
        dotted((*owner, key))
        for owner in objects(data)
        for key, refers in _REFERENCES.get(_shape(owner), ())
        if refers == kind and _holds(at(data, (*owner, key)), name)
    )


def _shape(path: Path) -> str:
    return path[2] if len(path) == 4 else path[0]


def _holds(value: object, name: str) -> bool:
    return value == name or (isinstance(value, list) and name in value)


_REFERENCES: dict[str, tuple[tuple[str, str], ...]] = {
    "cluster": (("voters", "node"),),
    "adapter": (("network", "network"),),
    "resource": (("network", "network"),),
    "event": (("groups", "group"), ("nodes", "node")),
    "group": (("nodes", "node"), ("after", "group"), ("with", "group"), ("apart-from", "group")),
}
