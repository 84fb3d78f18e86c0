"""Commands for events: bound to something, able to run, and each where it makes sense."""

from collections.abc import Iterator

from nodeagent.config.verify.programs import program_reports
from nodeagent.config.verify.references import dangling
from nodeagent.config.verify.scope import Scope
from nodeagent.config.words import join
from nodeagent.model.happenings import EVENTS_OF_ACTOR, EVENTS_OF_GROUP, EVENTS_WITH_STEP
from nodeagent.model.reports import Report

STAGES = ("pre", "recovery", "post", "notify")


def something_to_run(scope: Scope) -> Iterator[Report]:
    """An event that is named, and a program that can be found."""
    for name, commands in scope.cfg.event.items():
        path = ("event", name)
        if not commands.on:
            text = f"event commands {name} are bound to no event"
            yield scope.report("E360", (*path, "on"), text, 'name one: on = ["group-online"]')
        if not (commands.pre or commands.recovery or commands.post or commands.notify):
            text = f"event commands {name} have nothing to run"
            yield scope.report("W361", path, text, "add pre, post or notify")
        for stage in STAGES:
            command: tuple[str, ...] = getattr(commands, stage)
            if command and not command[0]:
                hint = f'name the program: {stage} = ["/usr/local/sbin/program"]'
                text = f"{stage} of {name} has no program"
                yield scope.report("E366", (*path, stage), text, hint)
            elif command:
                yield from program_reports(scope, (*path, stage), name, command)


def stages_fit(scope: Scope) -> Iterator[Report]:
    """Before a thing that merely happens nothing can run, and after it only where it happens."""
    for name, commands in scope.cfg.event.items():
        path = ("event", name)
        before = [event for event in commands.on if event not in EVENTS_WITH_STEP]
        if commands.pre and before:
            text = f"pre of {name} cannot run before {join(before)}: nobody does that on purpose"
            hint = f"pre goes with {join(sorted(EVENTS_WITH_STEP))}; use notify for the others"
            yield scope.report("E362", (*path, "pre"), text, hint)
        after = [event for event in commands.on if event not in EVENTS_OF_ACTOR]
        if commands.post and after:
            text = f"post of {name} never runs for {join(after)}, which no node does"
            yield scope.report("W363", (*path, "post"), text, "use notify for it")
        if commands.recovery and not commands.pre and "group-online" not in commands.on:
            text = f"recovery of {name} never runs: it follows a pre or a start that failed"
            hint = "add pre, or bind it to group-online too, or remove it"
            yield scope.report("W364", (*path, "recovery"), text, hint)
        ungrouped = [event for event in commands.on if event not in EVENTS_OF_GROUP]
        if commands.groups and ungrouped:
            text = f"event commands {name} never run for {join(ungrouped)}, which is of no group"
            yield scope.report("W365", (*path, "groups"), text, "give it a table of its own")


def filters_exist(scope: Scope) -> Iterator[Report]:
    """Groups and nodes that commands are limited to are objects of this file."""
    for name, commands in scope.cfg.event.items():
        for index, group in enumerate(commands.groups):
            path = ("event", name, "groups", str(index))
            text = f"event commands {name} name group {group}, which is not defined"
            yield from dangling(scope, "E103", path, text, group, scope.cfg.group)
        for index, node in enumerate(commands.nodes):
            path = ("event", name, "nodes", str(index))
            text = f"event commands {name} name node {node}, which is not defined"
            yield from dangling(scope, "E102", path, text, node, scope.cfg.node)


CHECKS = (something_to_run, stages_fit, filters_exist)
