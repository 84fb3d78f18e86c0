"""Resources: absolute paths, something to start and watch, one owner for each folder and device."""

import re
from collections import defaultdict
from collections.abc import Iterator

from nodeagent.config.nouns import specs
from nodeagent.config.verify.programs import absolute, program_reports
from nodeagent.config.verify.scope import Scope
from nodeagent.config.words import value_text
from nodeagent.model.configuration import Application, DataFolder, Filesystem, Ocf
from nodeagent.model.reports import Report

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_RESERVED = "CRM_meta_"


def paths_absolute(scope: Scope) -> Iterator[Report]:
    """Folders and devices are named from the root."""
    for group, name, resource in scope.resources():
        for spec in specs(type(resource)).values():
            value = getattr(resource, spec.attribute)
            if spec.kind == "path" and value and not absolute(value):
                path = ("group", group, "resource", name, spec.key)
                text = f"{spec.key} of {name} is {value_text(value)}, which is no absolute path"
                yield scope.report("E313", path, text, "write it from /, without . and ..")


def _plain(path: str) -> str:
    """Return the path without double or trailing slashes."""
    return "/" + "/".join(part for part in path.split("/") if part)


def applications_run(scope: Scope) -> Iterator[Report]:
    """An application can be started, and its programs can be found."""
    for group, name, resource in scope.resources():
        if not isinstance(resource, Application):
            continue
        path = ("group", group, "resource", name)
        if not resource.start or not resource.start[0]:
            hint = 'name the program: start = ["/usr/sbin/nginx"]'
            yield scope.report("E311", (*path, "start"), f"{name} has nothing to start", hint)
        for verb in ("start", "stop", "monitor", "startup-monitor"):
            command: tuple[str, ...] = getattr(resource, verb.replace("-", "_"))
            if command and command[0]:
                yield from program_reports(scope, (*path, verb), name, command)


def background_is_watched(scope: Scope) -> Iterator[Report]:
    """When start returns, only stop and monitor know about the program."""
    for group, name, resource in scope.resources():
        if not isinstance(resource, Application) or resource.process != "background":
            continue
        lacking = [verb for verb in ("stop", "monitor") if not getattr(resource, verb)]
        if lacking and resource.start:
            text = f"{name} runs in the background and has no {' and no '.join(lacking)}"
            hint = f'add {" and ".join(lacking)}, or use process = "foreground"'
            path = ("group", group, "resource", name)
            yield scope.report("W312", path, text, hint)


def folders_once(scope: Scope) -> Iterator[Report]:
    """A folder belongs to one resource; inside another group's folder it depends on that one."""
    users: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for group, name, resource in scope.resources():
        if isinstance(resource, (DataFolder, Filesystem)) and absolute(resource.directory):
            users[_plain(resource.directory)].append((group, name))
    for folder, ((first, name), *others) in users.items():
        for group, second in others:
            if not _mounted_folder(scope, first, name, group, second):
                path = ("group", group, "resource", second, "directory")
                text = f"{folder} of group {group} is used by {name} of group {first} already"
                yield scope.report("E314", path, text, "give each its own folder")
    yield from _folders_inside(scope, users)


def _folders_inside(scope: Scope, users: dict[str, list[tuple[str, str]]]) -> Iterator[Report]:
    for folder, ((group, name), *_) in users.items():
        for outer in _above(folder):
            owner = users[outer][0][0] if outer in users else group
            if owner != group:
                path = ("group", group, "resource", name, "directory")
                text = f"{folder} of group {group} lies inside {outer} of group {owner}"
                yield scope.report("W316", path, text, "use folders side by side")
                break


def _above(folder: str) -> Iterator[str]:
    """Yield the folders that hold `folder`, nearest first."""
    while folder != "/":
        folder = folder.rpartition("/")[0] or "/"
        yield folder


def _mounted_folder(scope: Scope, group: str, name: str, other: str, second: str) -> bool:
    """A data folder on top of its own group's mount is how the two are meant to be used."""
    if group != other:
        return False
    resources = scope.cfg.group[group].resource
    return {type(resources[name]), type(resources[second])} == {Filesystem, DataFolder}


def devices_once(scope: Scope) -> Iterator[Report]:
    """A device is mounted by one resource."""
    users: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for group, name, resource in scope.resources():
        if isinstance(resource, Filesystem) and absolute(resource.device):
            users[_plain(resource.device)].append((group, name))
    for device, ((first, name), *others) in users.items():
        for group, second in others:
            path = ("group", group, "resource", second, "device")
            text = f"{device} of group {group} is mounted by {name} of group {first} already"
            yield scope.report("E315", path, text, "one group mounts it; others use its service")


def parameters_readable(scope: Scope) -> Iterator[Report]:
    """A parameter becomes a variable, and one of Pacemaker's own is not the user's to set."""
    for group, name, resource in scope.resources():
        for key in resource.parameters if isinstance(resource, Ocf) else ():
            if _VARIABLE.match(key) and not key.startswith(_RESERVED):
                continue
            path = ("group", group, "resource", name, "parameters", key)
            text = f"{key} cannot be a parameter of {name}"
            hint = f"letters, digits and _; nothing that begins with {_RESERVED}"
            yield scope.report("E356", path, text, hint)


def instances_once(scope: Scope) -> Iterator[Report]:
    """Dots in names could make one name of two resources."""
    first: dict[str, str] = {}
    for group, name, resource in scope.resources():
        if not isinstance(resource, Ocf):
            continue
        instance = f"{group}.{name}"
        if instance in first:
            path = ("group", group, "resource", name)
            text = (
                f"{name} of group {group} and a resource of {first[instance]} are both {instance}"
            )
            yield scope.report("E357", path, text, "rename one of them, best without dots")
        first.setdefault(instance, f"group {group}")


CHECKS = (
    paths_absolute,
    applications_run,
    background_is_watched,
    folders_once,
    devices_once,
    parameters_readable,
    instances_once,
)
