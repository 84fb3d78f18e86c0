"""Bounds of everything that crosses a socket; what exceeds them is refused before it is used."""

from typing import Annotated

from msgspec import Meta

PROTOCOL_VERSION = 1
"""Raised with each change of meaning; a DARE needs the same level on all participants."""

MESSAGE_BYTES_MAX = 1 << 20
HEARTBEAT_BYTES_MAX = 64 << 10
CONFIGURATION_BYTES_MAX = 1 << 20
"""Some 500 nodes need half a MiB; more than this would keep an agent from its heartbeats."""
PACKED_BYTES_MAX = 700_000
"""A configuration must fit packed into one message, with its decree around it."""
FRAMES_MAX = 2
PROBATION_SECONDS_MAX = 86_400
"""Longer than a day nobody watches; and as long no other change can be made."""
NODES_MAX = 512
EVIDENCE_LINES_MAX = 40
UNIX_MAX = 1e12
UnixSeconds = Annotated[float, Meta(ge=0, le=UNIX_MAX)]
"""Bounded, for what is no number is not equal to itself, and has no place among others."""
