"""What this node may hold from the first moment: an earlier life started it, and it runs on.

The daemon ends what a dead agent left running before the core starts. What it could not end, such
as a process that hangs on a disk, is held: a probe gets no other answer, and its stop is tried
again each second, as any stop that fails.
"""

from collections.abc import Collection

from nodeagent.core.records import Holding
from nodeagent.core.shared import Shared
from nodeagent.model.configuration import Application, Group

UNKNOWN = Application(start=())
"""Stands for a resource that no configuration here has any more: its processes are ended."""


def hold(
    shared: Shared,
    unended: tuple[tuple[str, str], ...],
    held: frozenset[str],
    adopted: Collection[str] = (),
) -> None:
    """Take over `unended`, as (group, resource); the rest of what was `held` is held no more.

    Except for what is `adopted`, which goes on as it was.
    """
    groups: dict[str, list[str]] = {}
    for group, resource in unended:
        groups.setdefault(group, []).append(resource)
    for group in sorted(held - groups.keys() - set(adopted)):
        shared.persist(Holding(group, held=False))  # the daemon ended what was left running
    for group, names in groups.items():
        if group not in held:
            shared.persist(Holding(group, held=True))
        noun = _noun(shared, group)
        resources = {name: noun.resource.get(name, UNKNOWN) for name in names}
        text = f"an earlier agent started {', '.join(names)} here, and it does not end"
        shared.tell("error", group, text)
        shared.out += shared.runner(group).inherit(noun, resources, shared.now, text)


def _noun(shared: Shared, group: str) -> Group:
    known = (shared.log.configuration, shared.candidate, shared.joining)
    found = (c.group[group] for c in known if c is not None and group in c.group)
    return next(found, Group(nodes=()))
