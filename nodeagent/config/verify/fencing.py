"""Fence devices: agents that may be run, parameters they can read, secrets only as references."""

import re
from collections.abc import Iterator

from nodeagent.config.secrets import is_secret
from nodeagent.config.verify.scope import Path, Scope
from nodeagent.config.words import shown
from nodeagent.model.configuration import Fence
from nodeagent.model.fencing import (
    AGENT_PATTERN,
    FILE_SUFFIX,
    MANUAL,
    PARAMETER_PATTERN,
    delay_s,
    levels,
)
from nodeagent.model.reports import Report

_AGENT, _PARAMETER = re.compile(AGENT_PATTERN), re.compile(PARAMETER_PATTERN)
_GIVEN = {"action", "nodename"}
"""Parameters that the cluster manager itself gives to agents."""


def _devices(scope: Scope) -> Iterator[tuple[Path, str, Fence]]:
    for node, noun in scope.cfg.node.items():
        for name, fence in noun.fence.items():
            yield ("node", node, "fence", name), f"fence device {name} of {node}", fence


def agents_are_known_by_name(scope: Scope) -> Iterator[Report]:
    """An agent is a program of the system, never a path that a configuration brings."""
    for path, words, fence in _devices(scope):
        if fence.agent == MANUAL or _AGENT.match(fence.agent):
            continue
        text = f"{words}: {shown(fence.agent)} is no name of a fence agent"
        hint = 'write agent = "fence_NAME", as in "fence_ipmilan", or "manual"'
        yield scope.report("E320", (*path, "agent"), text, hint)


def parameters_fit(scope: Scope) -> Iterator[Report]:
    """Parameters are lines NAME=VALUE, and no secret stands in the file."""
    for path, words, fence in _devices(scope):
        for name, value in fence.parameters.items():
            place = (*path, "parameters", name)
            yield from _parameter(scope, place, f"{words}: {name}", name, value)


def _parameter(scope: Scope, path: Path, words: str, name: str, value: str) -> Iterator[Report]:
    if not _PARAMETER.match(name):
        hint = "letters, digits and '_', as `fence_NAME -o metadata` tells; -file for a secret"
        yield scope.report("E322", path, f"{words} is no name of a parameter", hint)
    elif name in _GIVEN:
        text = f"{words} is given by the cluster manager"
        yield scope.report("E322", path, text, "leave it away; action stands beside parameters")
    elif name.endswith(FILE_SUFFIX):
        if not value.startswith("/"):
            hint = f'write {name} = "/etc/clustertui/fence.secret", a file on each other node'
            yield scope.report("E322", path, f"{words} is no absolute path", hint)
    elif is_secret(name):
        hint = f'put it into a file on each other node, and write {name}{FILE_SUFFIX} = "/etc/…"'
        yield scope.report("E321", path, f"{words} is a secret and stands in the file", hint)
    elif "\n" in value or "\r" in value:
        yield scope.report("E322", path, f"{words} has more than one line", "write one line")


def levels_make_sense(scope: Scope) -> Iterator[Report]:
    """Two devices of one level are two power supplies: only `off` takes away both."""
    for node, noun in scope.cfg.node.items():
        for level in levels(noun):
            reboots = [name for name, fence in level if fence.action == "reboot"]
            if len(level) > 1 and reboots:
                text = f"{node} has {len(level)} fence devices on one level, and one reboots"
                hint = 'use action = "off", or give each device a level of its own'
                path = ("node", node, "fence", reboots[0], "action")
                yield scope.report("E323", path, text, hint, "off")


def one_of_two_wins(scope: Scope) -> Iterator[Report]:
    """Where two nodes can only fence each other, one must be slower."""
    voters = scope.cfg.voters()
    pair = [scope.cfg.node[name] for name in voters if scope.cfg.node[name].fence]
    if len(voters) != 2 or len(pair) != 2 or scope.cfg.cluster.tie_breaker in voters:
        return
    delays = {delay_s(node) for node in pair}
    if len(delays) == 1:
        name = next(iter(pair[0].fence))
        text = f"{voters[0]} and {voters[1]} would fence each other at once"
        hint = f"give a device of the node that shall win delay-seconds = 5, as that of {voters[0]}"
        path = ("node", voters[0], "fence", name)
        yield scope.report("W324", path, text, hint)


def required_means_there(scope: Scope) -> Iterator[Report]:
    """Where fencing is required, who may hold a group and has no device holds everybody up."""
    if not scope.cfg.cluster.fence_required:
        return
    holders = {name for group in scope.cfg.group.values() for name in group.nodes}
    for name, node in scope.cfg.node.items():
        automatic = any(fence.agent != MANUAL for fence in node.fence.values())
        if name in holders and not automatic:
            text = f"fencing is required, and {name} has no device that could do it"
            hint = f"add [node.{name}.fence.NAME]; else an operator confirms each time"
            yield scope.report("W325", ("node", name), text, hint)


CHECKS = (
    agents_are_known_by_name,
    parameters_fit,
    levels_make_sense,
    one_of_two_wins,
    required_means_there,
)
