"""What a new life of an agent takes over from the one before: groups that never stopped running.

A group is written down as online once all of it is started, and no longer before anything of it is
started or stopped. If only the agent dies, the deadman leaves what runs alone for a while, not
beyond the dead agent's lease and the watchdog's time. A new life that comes up meanwhile goes on
with the groups that the journal says are whole and that the decrees known to it still give to this
node. It holds them in the name of the life before until it is counted in and has a lease of its
own; until then any decree that gives them away, or the end of that time, makes it let go. Other
nodes reckon with all of this already: they wait for the dead agent's lease and the watchdog's time,
or for this node's own word (ARCHITECTURE, Ownership).
"""

from collections.abc import Collection
from dataclasses import dataclass

from nodeagent.config.digest import running_digest
from nodeagent.core.effects import Persist
from nodeagent.core.groups import GroupRunner
from nodeagent.core.records import Durable, Online
from nodeagent.core.shared import Shared
from nodeagent.model.attachment import NOWHERE, Attachment
from nodeagent.model.configuration import Group, ServiceAddress


@dataclass(frozen=True, slots=True)
class Inherited:
    """What this life begins with beside its journal.

    `unended`: (group, resource) of what an earlier life left running and nobody could end.
    `adopted`: groups that the drivers took over; they may be held until `until_ms` of the core's
    clock, when the deadman ends them, unless this life has a lease by then.
    """

    unended: tuple[tuple[str, str], ...] = ()
    adopted: frozenset[str] = frozenset()
    until_ms: int = 0


def adoptable(shared: Shared, durable: Durable) -> dict[str, tuple[Group, Online]]:
    """Return the groups that this life may go on with, if their drivers can take them over.

    None that an open DARE governs: it may have got half-way.
    """
    configuration = shared.log.configuration
    if configuration is None or shared.forgetful:
        return {}
    staged = durable.staged
    governed = {group for group, _ in (*staged.release, *staged.acquire)} if staged else set[str]()
    return {
        name: (noun, durable.online[name])
        for name, noun in configuration.group.items()
        if name in durable.held & durable.online.keys()
        and name not in governed
        and durable.online[name].definition == running_digest(noun)
        and _is_still_ours(shared, name)
    }


def adopt(
    shared: Shared, found: dict[str, tuple[Group, Online]], adopted: Collection[str], until_ms: int
) -> None:
    """Go on with the `adopted` ones of what was `found`; they are held from now on."""
    for name, (noun, online) in found.items():
        if name not in adopted:
            continue
        placed = {
            resource: _attached(shared, noun, resource, adapter)
            for resource, adapter in online.placed.items()
        }
        shared.runner(name).adopt(noun, online.token, placed, shared.now)
        shared.inherited[name] = until_ms
        shared.tell("note", name, "taken over from the agent before, which left it running")


def _attached(shared: Shared, noun: Group, name: str, adapter: str) -> Attachment:
    resource = noun.resource.get(name)
    if not isinstance(resource, ServiceAddress):
        return NOWHERE
    return shared.attachment(resource.network, adapter)


def keeps(shared: Shared, group: str) -> bool:
    """Return whether `group` may still be held in the name of the life before this one."""
    until_ms = shared.inherited.get(group, 0)
    return shared.now.ms < until_ms and _is_still_ours(shared, group)


def _is_still_ours(shared: Shared, group: str) -> bool:
    """Return whether the last decree known here gives the group to a life of this node."""
    standing = shared.log.standing
    life = standing.view.get(shared.name)
    own = life == shared.incarnation or life in shared.lives
    return own and standing.owners.get(group) == shared.name


class Marks:
    """What the journal says of groups that are whole."""

    def __init__(self, online: dict[str, Online]) -> None:
        self._known: dict[str, tuple[object, ...]] = dict.fromkeys(online, ())

    def records(self, runners: Collection[GroupRunner]) -> tuple[list[Persist], list[Persist]]:
        """Return what is to be written before anything else is done, and after it."""
        before, after = list[Persist](), list[Persist]()
        for runner in runners:
            known = self._known.get(runner.name)
            if known is None and runner.state != "online":
                continue  # it is not whole and nobody was told that it is: so with most of them
            whole = runner.whole
            if whole is None and known is not None:
                del self._known[runner.name]
                before.append(Persist(Online(runner.name)))
            elif whole is not None and whole != known:
                self._known[runner.name] = whole
                group, token, placed = whole
                after.append(Persist(Online(runner.name, running_digest(group), token, placed)))
        return before, after
