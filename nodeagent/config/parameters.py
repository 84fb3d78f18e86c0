"""Parameters against an OCF agent's own description of them.

Forms say it at the field, and every node says it again before a DARE changes anything.
"""

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from nodeagent.config.words import nearest
from nodeagent.model.agents import AgentDescription, AgentParameter
from nodeagent.model.text import clean

_TRUTHS = frozenset({"yes", "no", "true", "false", "1", "0", "on", "off", "ja", "nein"})
_WHOLE = re.compile(r"[-+]?[0-9]{1,19}\Z")
_LENGTH = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?\s*(us|usec|ms|msec|s|sec|m|min|h|hr)?\Z")
"""A length of time as agents write it, seconds where no unit stands."""
_PAIRS = (("true", "false"), ("yes", "no"), ("1", "0"), ("on", "off"))
LENGTHS = frozenset({"second", "seconds"})


class ParameterProblem(Struct, frozen=True):
    """What is wrong with the parameter `name`, as one clause; `fix` is the name that was meant."""

    name: str
    text: str
    fix: str = ""


def problems(description: AgentDescription, given: Mapping[str, str]) -> Iterator[ParameterProblem]:
    """Yield what is wrong with the parameters `given`."""
    known = {parameter.name: parameter for parameter in description.parameters}
    for name, value in given.items():
        if name not in known:
            near = clean(nearest(name, known), 80)
            meant = f"; {near} is meant?" if near else ""
            text = f"there is no parameter {clean(name, 80)}{meant}"
            yield ParameterProblem(name, text, near)
        elif value and (wrong := _wrong_value(known[name], value)):
            yield ParameterProblem(name, wrong)
    for name, parameter in known.items():
        if parameter.required and not parameter.default and not given.get(name):
            about = f" ({parameter.short})" if parameter.short else ""
            yield ParameterProblem(name, f"required parameter {name}{about} is missing")


def words_of(parameter: AgentParameter, given: str = "") -> tuple[str, ...]:
    """Return the words that a parameter can hold, none where others may be meant as well.

    Truths are written as the value `given` is, else as the agent's default is, else true and false.
    """
    if parameter.default and _of_wrong_kind(parameter, parameter.default):
        return ()
    if parameter.kind != "boolean":
        return parameter.choices if parameter.kind == "select" else ()
    written = (given.lower(), parameter.default.lower())
    return next((pair for word in written for pair in _PAIRS if word in pair), _PAIRS[0])


def _wrong_value(parameter: AgentParameter, value: str) -> str:
    """Hold a value against its kind; where the agent's own default breaks it, no kind is meant."""
    wrong = _of_wrong_kind(parameter, value)
    return "" if parameter.default and _of_wrong_kind(parameter, parameter.default) else wrong


def _of_wrong_kind(parameter: AgentParameter, value: str) -> str:
    name, shown = parameter.name, clean(value, 60)
    if parameter.kind == "integer" and not _WHOLE.match(value):
        return f"{name} is {shown}, which is no whole number"
    if parameter.kind in LENGTHS and not _LENGTH.match(value):
        return f"{name} is {shown}, which is no length of time in seconds, as 30 or 30s"
    if parameter.kind == "boolean" and value.lower() not in _TRUTHS:
        return f"{name} is {shown}, which is neither true nor false"
    if parameter.kind == "select" and parameter.choices and value not in parameter.choices:
        return f"{name} is {shown}, which is none of {', '.join(parameter.choices)}"
    return ""
