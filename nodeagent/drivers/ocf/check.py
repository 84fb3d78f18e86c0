"""Parameters against an agent's own description of them."""

import re
from collections.abc import Iterable, Iterator, Mapping

from nodeagent.drivers.ocf.find import nearest
from nodeagent.model.agents import AgentDescription, AgentParameter
from nodeagent.model.text import clean

_TRUTHS = frozenset({"yes", "no", "true", "false", "1", "0", "on", "off", "ja", "nein"})
_WHOLE = re.compile(r"[-+]?[0-9]{1,19}\Z")
_HERE_ALWAYS = ("/bin/", "/etc/", "/lib/", "/sbin/", "/usr/")
"""What lies there belongs to the node itself, not to something that is mounted with the group."""


def problems(description: AgentDescription, given: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the parameters `given`, each as one clause."""
    known = {parameter.name: parameter for parameter in description.parameters}
    for name, value in given.items():
        if name not in known:
            yield _unknown(name, list(known))
        elif value and (wrong := _wrong_value(known[name], value)):
            yield wrong
    for name, parameter in known.items():
        if parameter.required and not parameter.default and not given.get(name):
            about = f" ({parameter.short})" if parameter.short else ""
            yield f"required parameter {name}{about} is missing"


def not_reloadable(description: AgentDescription, names: Iterable[str]) -> Iterator[str]:
    """Yield which of the parameters that shall be reloaded the agent cannot reload."""
    known = description.reloadable()
    for name in names:
        if name not in known:
            can = f"; it reloads {', '.join(sorted(known))}" if known else ""
            yield f"its agent cannot reload {clean(name, 80)}{can}"


def _unknown(name: str, known: list[str]) -> str:
    near = nearest(name, known)
    return f"there is no parameter {clean(name, 80)}" + (f"; {near} is meant?" if near else "")


def _wrong_value(parameter: AgentParameter, value: str) -> str:
    """Hold a value against its kind; where the agent's own default breaks it, no kind is meant."""
    wrong = _of_wrong_kind(parameter, value)
    return "" if parameter.default and _of_wrong_kind(parameter, parameter.default) else wrong


def _of_wrong_kind(parameter: AgentParameter, value: str) -> str:
    name, shown = parameter.name, clean(value, 60)
    if parameter.kind == "integer" and not _WHOLE.match(value):
        return f"{name} is {shown}, which is no whole number"
    if parameter.kind == "boolean" and value.lower() not in _TRUTHS:
        return f"{name} is {shown}, which is neither true nor false"
    if parameter.kind == "select" and parameter.choices and value not in parameter.choices:
        return f"{name} is {shown}, which is none of {', '.join(parameter.choices)}"
    return ""


def travelling_paths(given: Mapping[str, str]) -> list[str]:
    """Return the values that may name a place on storage that comes with the group."""
    return [
        value
        for value in given.values()
        if value.startswith("/") and not value.startswith(_HERE_ALWAYS) and "\0" not in value
    ]
