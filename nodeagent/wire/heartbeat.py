"""The heartbeat: small, on every network, also while a DARE runs."""

from typing import Annotated

from msgspec import Meta, Struct

from nodeagent.model.health import NodeState
from nodeagent.model.names import Name
from nodeagent.wire.live import GroupLive

Counter = Annotated[int, Meta(ge=0, le=2**62)]


class Heartbeat(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """A node says that its core lives, and what it stands for.

    The sender is the key of the connection, `adapter` its adapter; `cluster` is the digest of the
    first configuration.
    `incarnation` is that of `model.ownership.incarnation_of`. `sent_ms` is the sender's monotonic
    clock. `hears` are nodes that it heard lately on any path.
    `leased`: it may hold groups, for a majority of the voters acknowledges its lease.
    `groups` is given only every fifth beat or when it changed (None: unchanged). `bad` are own
    adapters that do not work. `networks` says on which networks somebody is heard, and whom: a
    name, or "*" for several.
    """

    version: Annotated[int, Meta(ge=0, le=1000)]
    cluster: Annotated[str, Meta(max_length=80)]
    adapter: Name
    generation: Counter
    incarnation: Counter
    sequence: Counter
    sent_ms: Counter
    state: NodeState
    slot: Annotated[int, Meta(ge=-1, le=2**62)]
    epoch: Counter
    digest: Annotated[str, Meta(max_length=80)]
    phase: Annotated[str, Meta(max_length=160)]
    hears: Annotated[tuple[Name, ...], Meta(max_length=512)]
    software: Annotated[str, Meta(max_length=32)] = ""
    load: Annotated[float, Meta(ge=0, le=100_000)] = 0.0
    groups: Annotated[tuple[GroupLive, ...], Meta(max_length=1000)] | None = None
    leased: bool = True
    bad: Annotated[tuple[Name, ...], Meta(max_length=64)] = ()
    networks: Annotated[
        tuple[tuple[Name, Annotated[str, Meta(max_length=63)]], ...], Meta(max_length=64)
    ] = ()
