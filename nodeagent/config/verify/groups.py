"""Groups and votes: where a group may run, who decides."""

from collections.abc import Iterator

from nodeagent.config.holds import hold_end
from nodeagent.config.verify.scope import Scope
from nodeagent.config.words import join, time_text
from nodeagent.model.reports import Report

HOLD_MAX_S = 30 * 86_400
"""Longest hold that commands ask for, in seconds; a longer one gets a warning."""


def groups_run_somewhere(scope: Scope) -> Iterator[Report]:
    """A group needs nodes, better two, and something to run."""
    for name, group in scope.cfg.group.items():
        if not group.nodes:
            hint = f"list them in takeover order: nodes = [{_sample(scope)}]"
            yield scope.report("E111", ("group", name), f"group {name} has no nodes", hint)
        elif len(set(group.nodes)) == 1 and len(scope.cfg.node) > 1:
            text = f"group {name} can run on {group.nodes[0]} only and is never taken over"
            hint = "list a second node, unless it is meant to end with its node"
            yield scope.report("W317", ("group", name, "nodes"), text, hint)
        if not group.resource:
            text = f"group {name} has no resources"
            hint = f"add [group.{name}.resource.NAME] with a type"
            yield scope.report("W112", ("group", name), text, hint)


def _sample(scope: Scope) -> str:
    return ", ".join(f'"{name}"' for name in list(scope.cfg.node)[:2])


def voters_decide(scope: Scope) -> Iterator[Report]:
    """An odd number of voters, at least three where there are three nodes."""
    voters = scope.cfg.voters()
    if set(scope.cfg.cluster.voters) - set(scope.cfg.node):
        return  # told already; how many there are is not known until it is mended
    total = len(scope.cfg.node)
    path = ("cluster", "voters")
    tie_breaker = scope.cfg.cluster.tie_breaker
    if tie_breaker and len(voters) % 2:
        text = f"{len(voters)} voters cannot split into halves, so {tie_breaker} decides nothing"
        yield scope.report("N304", ("cluster", "tie-breaker"), text, "leave it away")
    if len(voters) > 1 and len(voters) % 2 == 0 and tie_breaker not in voters:
        spare, fewer = (len(voters) - 1) // 2, len(voters) - 1
        text = (
            f"of {len(voters)} voters ({join(voters)}) {spare or 'none'} may fail, "
            f"the same as of {fewer}"
        )
        yield scope.report("W301", path, text, _odd_hint(scope, voters))
    elif len(voters) == 1 and total > 1:
        text = f"{voters[0]} decides alone; without it nothing can be changed or taken over"
        hint = "let three nodes vote" if total > 2 else "add a third node as witness"
        yield scope.report("W302", path, text, hint)


def witnesses_own_nothing(scope: Scope) -> Iterator[Report]:
    """A witness votes and runs no groups."""
    for group, noun in scope.cfg.group.items():
        for index, node in enumerate(noun.nodes):
            if node in scope.cfg.node and scope.cfg.node[node].role == "witness":
                text = f"group {group} lists {node}, which is a witness"
                hint = f'take it out of the list, or make {node} a "member"'
                yield scope.report("E114", ("group", group, "nodes", str(index)), text, hint)


def standby_leaves_somebody(scope: Scope) -> Iterator[Report]:
    """A group needs a node that is not on standby."""
    for name, group in scope.cfg.group.items():
        nodes = [node for node in dict.fromkeys(group.nodes) if node in scope.cfg.node]
        if nodes and all(scope.cfg.node[node].standby for node in nodes):
            text = f"group {name} runs nowhere: {join(nodes)} {_are(nodes)} on standby"
            hint = f"take standby from one of them: clustertui node resume {nodes[0]}"
            yield scope.report("W350", ("group", name, "nodes"), text, hint)
    for name, node in scope.cfg.node.items():
        if node.standby and node.role == "witness":
            text = f"{name} is a witness, so standby changes nothing for it"
            yield scope.report("N353", ("node", name, "standby"), text, "leave standby away")


def _are(nodes: list[str]) -> str:
    return "is" if len(nodes) == 1 else "are"


def holds_are_ahead(scope: Scope) -> Iterator[Report]:
    """A hold of the past is only in the way of the reader, one without end protects nothing."""
    for name, group in scope.cfg.group.items():
        if scope.unix and hold_end(group) - scope.unix > HOLD_MAX_S:
            text = f"group {name} is held for more than {HOLD_MAX_S // 86_400} days"
            hint = f"hold it for as long as the work takes (clustertui group hold {name} --for 2h)"
            yield scope.report("W352", ("group", name, "hold-until"), text, hint)
        if group.hold_until is not None and 0 < hold_end(group) <= scope.unix:
            text = f"the hold of group {name} ended {time_text(group.hold_until)}"
            hint = f"leave it away (clustertui group unhold {name} does)"
            yield scope.report("N351", ("group", name, "hold-until"), text, hint)


def _odd_hint(scope: Scope, voters: tuple[str, ...]) -> str:
    if len(scope.cfg.node) == 2:
        return 'add a third node with role = "witness", any small machine, or name a tie-breaker'
    spare = [name for name in scope.cfg.node if name not in voters]
    if spare:
        return f"add {spare[0]} to the voters"
    return f"take one out, or leave voters away: then {len(voters) - 1} of them vote"


CHECKS = (
    groups_run_somewhere,
    voters_decide,
    witnesses_own_nothing,
    standby_leaves_somebody,
    holds_are_ahead,
)
