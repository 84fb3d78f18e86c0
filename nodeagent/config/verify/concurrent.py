"""Concurrent groups (all-available): nothing that only one node at a time may have, no takeover."""

from collections.abc import Iterator

from nodeagent.config.instances import expanded, is_concurrent
from nodeagent.config.verify.scope import Scope
from nodeagent.config.words import join, value_text
from nodeagent.model.configuration import (
    DataFolder,
    Filesystem,
    Group,
    Ocf,
    Resource,
    ServiceAddress,
    Systemd,
)
from nodeagent.model.reports import Report

INSTANCES_MAX = 1000
"""Groups as they run, each instance counted: what fits into the agents' messages."""

_EXCLUSIVE_AGENTS = frozenset(
    {
        "IPaddr",
        "IPaddr2",
        "IPsrcaddr",
        "IPv6addr",
        "LVM",
        "LVM-activate",
        "ZFS",
        "iSCSILogicalUnit",
        "iSCSITarget",
    }
)
"""OCF agents for an address, a volume group or a disk, which one node has at a time."""
_SHARED_FILESYSTEMS = frozenset({"ceph", "cifs", "gfs2", "glusterfs", "nfs", "nfs4", "ocfs2"})
"""Types of file systems that are made for many nodes at once."""

_Policy = tuple[str, str, str]
_POLICIES: tuple[_Policy, ...] = (
    ("fallover", "fallover", "next-node"),
    ("fallback", "fallback", "never"),
)


def _concurrent(scope: Scope) -> Iterator[tuple[str, Group]]:
    for name, group in scope.cfg.group.items():
        if is_concurrent(group):
            yield name, group


def resources_are_for_many(scope: Scope) -> Iterator[Report]:
    """What only one node may have at a time cannot be in a group that runs on all of them."""
    for name, group in _concurrent(scope):
        for key, resource in group.resource.items():
            what = _exclusive(resource)
            if what:
                text = f"{key} of group {name} is {what}, and the group runs on all of its nodes"
                hint = f"put {key} into a group of its own that is not all-available"
                yield scope.report("E370", ("group", name, "resource", key), text, hint)


def _exclusive(resource: Resource) -> str:
    """Return what about the resource only one node at a time may have, "" for nothing."""
    match resource:
        case ServiceAddress():
            return "an address, which one node has at a time"
        case DataFolder():
            return "a folder that one node uses at a time"
        case Filesystem():
            return "a file system that one node mounts at a time"
        case Systemd() if resource.unit.endswith((".mount", ".automount")):
            return "a mount unit, whose file system one node mounts at a time"
        case Ocf():
            return _exclusive_agent(resource)
        case _:
            return ""


def _exclusive_agent(resource: Ocf) -> str:
    agent = resource.agent.partition(":")[2]
    if agent == "Filesystem" and resource.parameters.get("fstype") not in _SHARED_FILESYSTEMS:
        return "a file system that one node mounts at a time"
    return (
        f"ocf:{resource.agent}, which one node has at a time" if agent in _EXCLUSIVE_AGENTS else ""
    )


def rules_name_no_concurrent_group(scope: Scope) -> Iterator[Report]:
    """A group on all nodes is beside every group there, so neither rule can be meant."""
    for name, group in scope.cfg.group.items():
        for key, others in (("with", group.together), ("apart-from", group.apart_from)):
            for index, other in enumerate(others):
                found = [one for one in (name, other) if _is_concurrent(scope, one)]
                if found and other != name:
                    text = f"{key} of group {name} names {other}, and {found[0]} is all-available"
                    hint = "remove the rule: such a group runs on all of its nodes"
                    yield scope.report("E371", ("group", name, key, str(index)), text, hint)


def _is_concurrent(scope: Scope, name: str) -> bool:
    return name in scope.cfg.group and is_concurrent(scope.cfg.group[name])


def nobody_runs_after(scope: Scope) -> Iterator[Report]:
    """Which instance a group would wait for is not said anywhere."""
    for name, group in scope.cfg.group.items():
        for index, parent in enumerate(group.after):
            if parent != name and _is_concurrent(scope, parent):
                text = f"group {name} runs after {parent}, which is all-available"
                hint = f"remove {parent} from after, or put what {name} needs into {name} itself"
                yield scope.report("E372", ("group", name, "after", str(index)), text, hint)


def policies_have_effect(scope: Scope) -> Iterator[Report]:
    """A group that is on all of its nodes falls over to none and returns to none."""
    for name, group in _concurrent(scope):
        for key, attribute, default in _POLICIES:
            value = getattr(group, attribute)
            if value != default:
                text = f"{key} = {value_text(value)} of group {name} has no effect"
                hint = "leave it away: an all-available group is taken over by no other node"
                yield scope.report("W373", ("group", name, key), text, hint)


def instances_are_few(scope: Scope) -> Iterator[Report]:
    """Each instance counts as a group in what agents tell each other."""
    groups = list(_concurrent(scope))
    count = len(expanded(scope.cfg).group) if groups else 0
    if count > INSTANCES_MAX:
        text = f"groups run {count:,} times on their nodes, all-available ones on each"
        hint = (
            f"at most {INSTANCES_MAX:,} are taken: list fewer nodes in {join(n for n, _ in groups)}"
        )
        yield scope.report("E374", ("group", groups[0][0], "nodes"), text, hint)


CHECKS = (
    resources_are_for_many,
    rules_name_no_concurrent_group,
    nobody_runs_after,
    policies_have_effect,
    instances_are_few,
)
