"""Makes what a heartbeat says of groups fit into it.

One that is too large is not sent, and peers would go on believing what they heard before.
States come first; names of resources and long texts are for people. Few groups keep long texts,
many get short ones: what a short text does not use goes to the others.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from nodeagent.wire.codec import encode
from nodeagent.wire.live import GroupLive

GROUPS_IN_FULL = 50
"""A node with more groups tells only their states, so that its heartbeats stay small."""
TEXT_IN_SHORT = 80
_ELLIPSIS = "…"
_ELLIPSIS_BYTES = len(_ELLIPSIS.encode())
_HEAD_BYTES = 2
"""A text costs so much beside its own bytes, and an empty one nothing."""
_LIST_BYTES = 8
_RANKS = {"error": 0, "releasing": 1, "acquiring": 1, "online": 2}


def fitted(groups: tuple[GroupLive, ...], room: int) -> tuple[GroupLive, ...]:
    """Return `groups` in at most `room` bytes: shorter texts, no resources, in the end fewer."""
    if len(groups) > GROUPS_IN_FULL:
        groups = tuple(replace(g, resources=(), text=g.text[:TEXT_IN_SHORT]) for g in groups)
    if len(encode(groups)) <= room:
        return groups
    texts = [group.text for group in groups]
    bare = tuple(replace(group, text="") for group in groups)
    if len(encode(bare)) > room // 2:
        bare = tuple(replace(group, resources=()) for group in bare)
    left = room - len(encode(bare))
    if left < 0:
        return _first(bare, room)
    allowed = allowance([_cost(text) for text in texts], left) - _HEAD_BYTES
    clipped = (clip(text, allowed) for text in texts)
    return tuple(replace(g, text=t) for g, t in zip(bare, clipped, strict=True))


def allowance(sizes: Sequence[int], room: int) -> int:
    """Return the largest share for each, so that all of `sizes`, cut to it, take up to `room`."""
    for number, size in enumerate(sorted(sizes)):
        share = room // (len(sizes) - number)
        if size > share:
            return share
        room -= size
    return max(sizes, default=0)


def clip(text: str, bytes_max: int) -> str:
    """Return `text`, or as much of it, with an ellipsis, as its UTF-8 form may be long."""
    data = text.encode()
    if len(data) <= bytes_max:
        return text
    if bytes_max < _ELLIPSIS_BYTES:
        return ""
    return data[: bytes_max - _ELLIPSIS_BYTES].decode("utf-8", "ignore") + _ELLIPSIS


def _cost(text: str) -> int:
    return len(text.encode()) + _HEAD_BYTES if text else 0


def _first(groups: tuple[GroupLive, ...], room: int) -> tuple[GroupLive, ...]:
    """Return as many as there is room for: failures first, then what moves, then what is online."""
    room -= _LIST_BYTES
    kept: list[GroupLive] = []
    for group in sorted(groups, key=lambda group: _RANKS.get(group.state, 3)):
        room -= len(encode(group))
        if room < 0:
            break
        kept.append(group)
    return tuple(kept)
