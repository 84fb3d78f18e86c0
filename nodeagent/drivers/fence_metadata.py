"""What a fence agent says of itself: which parameters and actions it knows.

The answer to `action=metadata` is a small XML document. It comes from a program that root trusts,
and is read as if it did not: no document types or entities, and not without end.
"""

import re
from xml.etree import ElementTree as ET

from msgspec import Struct

METADATA_BYTES_MAX = 512 << 10
_DECLARES = re.compile(rb"<!(?!--)")


class MetadataError(Exception):
    """The document cannot be used; the text says why."""


class Metadata(Struct, frozen=True):
    """Parameters, old names included, and actions."""

    parameters: frozenset[str]
    actions: frozenset[str]


def read(data: bytes) -> Metadata:
    """Return what the document says; MetadataError if it is none that may be read."""
    if len(data) > METADATA_BYTES_MAX:
        raise MetadataError(f"it has more than {METADATA_BYTES_MAX} bytes")
    if _DECLARES.search(data):
        raise MetadataError("it declares a document type or entities")
    try:
        root = ET.fromstring(data)  # noqa: S314 - it declares nothing
    except ET.ParseError as error:
        raise MetadataError(f"it is no XML: {error}") from error
    if root.tag != "resource-agent":
        raise MetadataError("it describes no agent")
    names = {item.get("name", "") for item in root.iterfind("./parameters/parameter")}
    actions = {item.get("name", "") for item in root.iterfind("./actions/action")}
    return Metadata(frozenset(names - {""}), frozenset(actions - {""}))
