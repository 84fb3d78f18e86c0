"""Names, keys and numbers as they may appear in a configuration, with their limits."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\Z"
GROUP_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}(@[A-Za-z0-9][A-Za-z0-9_.-]{0,62})?\Z"
GROUP_LENGTH_MAX = 127
KEY_PATTERN = r"^[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}\Z"

AGENT_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}:[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z"
"""Provider and name of an OCF agent: two plain names, so that no path can be made of them."""
UNIT_PATTERN = r"[A-Za-z0-9][A-Za-z0-9:_.\\@-]{0,254}\Z"

Name = Annotated[str, Meta(pattern=NAME_PATTERN, max_length=63)]
"""Name of a cluster, node, adapter, network, group, resource or administrator."""

GroupName = Annotated[str, Meta(pattern=GROUP_PATTERN, max_length=GROUP_LENGTH_MAX)]
"""A group as it runs: its name in the file, or GROUP@NODE for an instance of a concurrent one."""

PublicKey = Annotated[str, Meta(pattern=KEY_PATTERN)]
"""CURVE public key in Z85: 40 characters (ZeroMQ RFC 32)."""

Address = Annotated[str, Meta(min_length=2, max_length=64)]
"""IPv4 or IPv6 address without prefix length."""

Subnet = Annotated[str, Meta(min_length=3, max_length=64)]
"""Network in CIDR form, such as 10.10.1.0/24."""

Path = Annotated[str, Meta(min_length=1, max_length=1024)]
"""Absolute path on the node."""

Argument = Annotated[str, Meta(max_length=4096)]
Arguments = Annotated[tuple[Argument, ...], Meta(max_length=128)]
"""Program and its arguments; never passed through a shell."""

Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Milliseconds = Annotated[int, Meta(ge=1, le=86_400_000)]
Count = Annotated[int, Meta(ge=0, le=1000)]
Moment = Annotated[datetime, Meta(tz=True)]
"""A point in time with its offset from UTC, such as 2026-11-26T12:00:00Z."""

StartSeconds = Annotated[Seconds, Meta(description="Deadline of start")]
StopSeconds = Annotated[Seconds, Meta(description="Deadline of stop")]
MonitorSeconds = Annotated[Seconds, Meta(description="Deadline of one monitor run")]
IntervalSeconds = Annotated[Seconds, Meta(description="Time between monitor runs")]
RestartCount = Annotated[Count, Meta(description="Restarts on the same node before fallover")]
