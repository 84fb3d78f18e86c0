"""An agent's meta-data, from XML that a stranger wrote to frozen values.

Nothing is fetched and no entity is expanded: whoever declares one is refused. Size, depth and
counts are bounded. The DTD that every agent names is passed over.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from nodeagent.model.agents import AgentAction, AgentDescription, AgentParameter
from nodeagent.model.text import clean

BYTES_MAX = 1 << 20
DEPTH_MAX = 16
ELEMENTS_MAX = 20_000
NAME_LENGTH_MAX = 80
SHORT_LENGTH_MAX = 200
LONG_LENGTH_MAX = 2_000
_TIME = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]*)\Z")
_UNITS = {
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec"), 0.001),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
}


class MetadataError(ValueError):
    """Meta-data that cannot be used; the text says what is wrong with it."""


def parse(data: bytes) -> AgentDescription:
    """Return what the agent says of itself; MetadataError if that cannot be understood."""
    if len(data) > BYTES_MAX:
        raise MetadataError(f"is larger than {BYTES_MAX >> 10} KiB")
    root = _Reader().read(data)
    if root.tag != "resource-agent":
        raise MetadataError(f"begins with <{clean(root.tag, 40)}> instead of <resource-agent>")
    return AgentDescription(
        name=_attribute(root, "name"),
        version=_attribute(root, "version") or _text(root, "version", NAME_LENGTH_MAX),
        parameters=tuple(_parameters(root)),
        actions=tuple(_actions(root)),
        short=_text(root, "shortdesc", SHORT_LENGTH_MAX),
        long=_text(root, "longdesc", LONG_LENGTH_MAX),
    )


class _Reader:
    """Reads XML into elements and refuses what makes XML dangerous."""

    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._depth = self._elements = 0
        self._parser = parser = expat.ParserCreate()
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._builder.data
        parser.EntityDeclHandler = _refuse_entity

    def read(self, data: bytes) -> Element:
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            raise MetadataError(f"is no XML: {clean(str(error), 120)}") from error
        except (LookupError, UnicodeError) as error:
            raise MetadataError("is in an encoding that is not known") from error
        return self._builder.close()

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > DEPTH_MAX or self._elements > ELEMENTS_MAX:
            raise MetadataError("is nested too deeply or has too many elements")
        self._builder.start(tag, attributes)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        self._builder.end(tag)


def _refuse_entity(*_: object) -> None:
    raise MetadataError("declares an entity, which no agent needs")


def _parameters(root: Element) -> Iterator[AgentParameter]:
    seen = set()
    for item in root.iterfind("parameters/parameter"):
        name = _attribute(item, "name")
        if not name or name in seen:
            continue
        seen.add(name)
        content = item.find("content")
        content = Element("content") if content is None else content
        options = content.iterfind("option")
        yield AgentParameter(
            name=name,
            kind=_attribute(content, "type") or "string",
            default=clean(content.get("default", ""), SHORT_LENGTH_MAX),
            required=_flag(item, "required"),
            unique=_flag(item, "unique"),
            unique_group=_attribute(item, "unique-group"),
            reloadable=_flag(item, "reloadable"),
            choices=tuple(_attribute(option, "value") for option in options),
            short=_text(item, "shortdesc", SHORT_LENGTH_MAX),
            long=_text(item, "longdesc", LONG_LENGTH_MAX),
        )


def _actions(root: Element) -> Iterator[AgentAction]:
    for item in root.iterfind("actions/action"):
        depth = item.get("depth", "")
        yield AgentAction(
            name=_attribute(item, "name"),
            timeout_s=seconds(item.get("timeout", "")),
            interval_s=seconds(item.get("interval", "")),
            depth=int(depth) if re.fullmatch(r"[0-9]{1,6}", depth) else 0,
            role=_attribute(item, "role"),
        )


def seconds(text: str) -> float:
    """Return a time such as "20s", "1m" or "500ms" in seconds, 0 if it is none."""
    found = _TIME.match(text.strip().lower())
    if found is None or found.group(2) not in _UNITS:
        return 0.0
    return float(found.group(1)) * _UNITS[found.group(2)]


def _flag(item: Element, name: str) -> bool:
    return item.get(name, "").strip().lower() in {"1", "true", "yes"}


def _attribute(item: Element, name: str) -> str:
    return clean(item.get(name, "").strip(), NAME_LENGTH_MAX)


def _text(item: Element, tag: str, limit: int) -> str:
    """Return a description, the English one if there are several, as one line."""
    found = item.findall(tag)
    english = [one for one in found if one.get("lang", "en").startswith("en")]
    best = (english or found or [Element(tag)])[0]
    return clean(" ".join("".join(best.itertext()).split()), limit)
