"""The recorded past: what an agent saw change, with the time, as a console asks for it in pages."""

from typing import Annotated

from msgspec import Meta, Struct

from nodeagent.wire.live import Snapshot, StreamMessage

Cursor = Annotated[str, Meta(max_length=80, pattern=r"^([0-9]{1,16}:[0-9]{1,12})?\Z")]
"""Where a page begins: segment and byte in it; "" for where the time asked for is."""


class Recorded(Struct, frozen=True, forbid_unknown_fields=True):
    """One change, or (Snapshot) how all was when a segment began. `time` is Unix seconds."""

    time: float
    message: StreamMessage | Snapshot


class GetRecording(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask for what was recorded from `since` on (Unix seconds), or from `cursor` on.

    The first page begins with the last Snapshot before `since`, if one is still kept.
    """

    since: float = 0.0
    cursor: Cursor = ""


class Recording(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """A page of the past; `cursor` asks for the next one, "" when this was the last.

    `missed` counts lines that could not be read.
    """

    items: tuple[Recorded, ...] = ()
    cursor: Cursor = ""
    missed: int = 0
