"""The parameters of an OCF agent as fields of their own, as a node's agent describes them."""

from collections.abc import Iterator

from nodeagent.config.parameters import LENGTHS, problems, words_of
from nodeagent.config.schema import FieldSpec
from nodeagent.model.agents import AgentParameter
from nodeagent.model.reports import Report
from nodeagent.model.text import clean
from nodeagent.wire.inventory import AgentFound
from tui.viewmodels import draft_data as raw
from tui.viewmodels.form_inventory import Known, nodes_for
from tui.viewmodels.form_offer import Offer, free_addresses
from tui.viewmodels.inventory import device_text, kind_text, need_text, stable_name

Path = tuple[str, ...]
KEY = "parameters"
WRONG = "F07"
"""A finding of the form itself: the node will say the same before a DARE changes anything."""
_INTERFACES = frozenset({"nic", "interface", "iface"})
_ADDRESSES = frozenset({"ip", "listen_address"})


def is_parameter(path: Path) -> bool:
    """Return whether a field's path is that of a parameter."""
    return len(path) == 6 and path[4] == KEY


def agent_of(data: raw.Data | None, path: Path) -> str:
    """Return the OCF agent of the resource at `path` as PROVIDER:NAME, "" where it has none."""
    kind, _, agent = str(raw.at(data, (*path, "type"))).partition(":")
    return agent if len(path) == 4 and kind == "ocf" else ""


def specs_of(found: AgentFound, given: raw.Data) -> Iterator[tuple[FieldSpec, str]]:
    """Yield each parameter's field with its long help: required ones first, unknown ones last."""
    parameters = found.description.parameters
    for one in sorted(parameters, key=lambda one: not _is_required(one)):
        yield _spec(one, str(given.get(one.name, ""))), _long(one)
    known = {one.name for one in parameters}
    yield from (
        (_spec(AgentParameter(name, short="its agent does not know it")), "")
        for name in given
        if name not in known
    )


def findings(found: AgentFound, given: raw.Data) -> Iterator[tuple[str, Report]]:
    """Yield (parameter, finding) for what the agent's description does not allow."""
    texts = {name: str(value) for name, value in given.items()}
    for problem in problems(found.description, texts):
        unknown = problem.name in texts and problem.fix
        hint = f"as {found.agent} on {found.node} says of itself"
        if unknown:
            hint = f"take it out by emptying it, and fill in {problem.fix}"
        yield problem.name, Report(code=WRONG, severity="error", text=problem.text, hint=hint)


def parameter_offers(data: raw.Data | None, path: Path, known: Known) -> list[Offer]:
    """Return what could stand in the parameter at `path`."""
    place, name = path[:4], path[5]
    found = known.agents.get(agent_of(data, place))
    parameters = found.description.parameters if found else ()
    parameter = next((one for one in parameters if one.name == name), AgentParameter(name))
    words = words_of(parameter, str(raw.at(data, path) or "")) or parameter.choices
    offers = [
        Offer(one, "the agent's default" if one == parameter.default else "") for one in words
    ]
    inventories = known.of(nodes_for(data, place)).values()
    if name in _INTERFACES:
        found_there = [one for inventory in inventories for one in inventory.interfaces]
        offers += [Offer(one.name, "  ".join(one.addresses)) for one in found_there]
    if name == "device":
        devices = [one for inventory in inventories for one in inventory.devices]
        offers += [Offer(stable_name(one), device_text(one)) for one in devices]
    if name in _ADDRESSES:
        offers += _free(data)
    return [*offers, *_as_elsewhere(data, path)]


def _free(data: raw.Data | None) -> Iterator[Offer]:
    for network in raw.names(data, ("network",)):
        if raw.at(data, ("network", network, "kind")) == "public":
            for address in free_addresses(data, network, "resource")[:3]:
                yield Offer(address, f"free on {network}")


def _as_elsewhere(data: raw.Data | None, path: Path) -> Iterator[Offer]:
    for place in raw.objects(data):
        value = raw.at(data, (*place, KEY, path[5])) if place != path[:4] else None
        if isinstance(value, str) and value:
            yield Offer(value, f"as {raw.dotted(place)}")


def _is_required(parameter: AgentParameter) -> bool:
    return parameter.required and not parameter.default


def _spec(parameter: AgentParameter, given: str = "") -> FieldSpec:
    return FieldSpec(
        key=parameter.name,
        attribute=parameter.name,
        label=parameter.name,
        kind="text",
        required=_is_required(parameter),
        help=parameter.short or clean(parameter.long, 200),
        default=parameter.default or None,
        choices=words_of(parameter, given),
        unit="s" if parameter.kind in LENGTHS else "",
    )


def _long(parameter: AgentParameter) -> str:
    facts = ", ".join(filter(None, (kind_text(parameter), need_text(parameter))))
    return f"{facts}. {parameter.long}" if parameter.long else facts


def has_words(parameter: FieldSpec, found: AgentFound) -> bool:
    """Return whether there is a list for a parameter, whatever nodes report."""
    described = {one.name: one for one in found.description.parameters}.get(parameter.key)
    words = parameter.choices or (described is not None and described.choices)
    return bool(words) or parameter.key in _INTERFACES | _ADDRESSES | {"device"}


def is_counted(parameter: FieldSpec, found: AgentFound) -> bool:
    """Return whether a parameter takes a number."""
    kinds = {one.name: one.kind for one in found.description.parameters}
    return kinds.get(parameter.key) in {"integer", *LENGTHS}
