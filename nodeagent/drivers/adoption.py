"""Taking over what an agent left running that died: what still stands as a whole, and from whom.

The deadman of the dead agent waits until a time that other nodes reckon with. Before it may be sent
away, another one watches over the same with the same end (`handover`).
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from nodeagent.drivers import handover, mounts, netlink, placed, procs, records, undo
from nodeagent.drivers.address import is_claimed
from nodeagent.drivers.records import Record
from nodeagent.drivers.watchdog import Watchdog
from nodeagent.model.configuration import (
    Application,
    DataFolder,
    Filesystem,
    Group,
    Ocf,
    Resource,
    ServiceAddress,
    Systemd,
)

NOTICE_SECONDS = 0.5
"""A deadman notices the death of its agent within this time, and a new one is at its post."""
LEFT_MS_MIN = 200
"""What is over sooner is not worth taking over."""


@dataclass(frozen=True, slots=True)
class Heritage:
    """What was taken over: whole groups, until when without a feed, and who watches over it now."""

    groups: frozenset[str] = frozenset()
    until_ms: int = 0
    watchdog: Watchdog | None = None


def take_over(
    state: Path,
    wanted: Mapping[str, Group],
    timeout_s: float,
    notice_s: float = NOTICE_SECONDS,
) -> Heritage:
    """Take over the `wanted` groups that still stand, before their deadman fires.

    What is not taken over stays under its deadman until `dismiss`. `timeout_s` is the watchdog's
    time. Blocks for as long as deadmen need to notice a death, at most `notice_s`.
    """
    directory = str(state.absolute())
    posts = handover.waiting(directory, notice_s)
    until_ms = min((post.until_ms for post in posts), default=0)
    standing = frozenset(g for g, noun in wanted.items() if stands(directory, g, noun))
    if not standing or until_ms - handover.now_ms() < LEFT_MS_MIN:
        return Heritage()
    agents = tuple(agent for post in posts for agent in post.agents)
    watchdog = Watchdog.start(state, timeout_s, inherited=agents, until_ms=until_ms)
    if not watchdog.at_its_post(notice_s):
        return Heritage(watchdog=watchdog)
    if not handover.send_away(directory, posts, notice_s):
        return Heritage(watchdog=watchdog)  # one fires by now; what it leaves this agent ends
    claim(directory, standing)
    return Heritage(standing, until_ms, watchdog)


def dismiss(state: Path) -> None:
    """Let no earlier deadman wait any longer: all that it guarded has ended."""
    directory = str(state.absolute())
    posts = [post for post in handover.waiting(directory, 0.0) if post.until_ms]
    handover.send_away(directory, posts, NOTICE_SECONDS)


def stands(state_directory: str, group: str, noun: Group) -> bool:
    """Return whether everything of a group is there that would be if its agent still lived."""
    return all(_stands(state_directory, group, n, one) for n, one in noun.resource.items())


def claim(state_directory: str, groups: Collection[str]) -> None:
    """Write down that what runs of these groups belongs to this agent from now on."""
    for record in records.read_all(state_directory):
        if record.group in groups:
            record.agent = os.getpid()
            records.write(state_directory, record)
    for one in placed.read_all(state_directory):
        if one.group in groups:
            one.agent = os.getpid()
            placed.write(state_directory, one)
    undo.claim(state_directory, groups)


def record_of(state_directory: str, group: str, name: str) -> Record | None:
    """Return the record of one resource's processes, None if there is none."""
    found = (r for r in records.read_all(state_directory) if (r.group, r.name) == (group, name))
    return next(found, None)


def _stands(state_directory: str, group: str, name: str, resource: Resource) -> bool:
    match resource:
        case ServiceAddress() if not is_claimed(resource.address):
            return _is_placed(state_directory, group, name)
        case Application() | ServiceAddress():
            record = record_of(state_directory, group, name)
            return record is not None and _runs(record, resource)
        case Filesystem():
            return _is_placed(state_directory, group, name)
        case Ocf() | Systemd():
            return undo.is_kept(state_directory, undo.name_of(group, name))
        case DataFolder():
            return True


def _runs(record: Record, resource: Resource) -> bool:
    if isinstance(resource, Application) and resource.process == "background":
        return bool(resource.monitor) or bool(procs.find(record))
    return bool(record.members) and procs.is_member(*record.members[0])


def _is_placed(state_directory: str, group: str, name: str) -> bool:
    known = placed.read(state_directory, group, name)
    if known is None:
        return False
    if known.kind == placed.MOUNT:
        return mounts.at(known.where) is not None
    interface = netlink.interfaces().get(known.where)
    address = known.what.partition("/")[0]
    return interface is not None and any(
        one.address == address and one.index == interface.index for one in netlink.addresses()
    )
