"""A form as a value: the fields of an object of the draft, their marks, findings and choices.

Which fields there are comes from `nodeagent.config.schema`, so form, file and verification cannot
drift apart. A form is built anew after every edit and compared with what the screen shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nodeagent.config.schema import FieldSpec
from nodeagent.model.reports import Report
from nodeagent.model.text import clean
from nodeagent.wire.inventory import AgentFound
from tui.viewmodels import draft_data as raw
from tui.viewmodels import form_text
from tui.viewmodels.form_inventory import NOTHING_KNOWN, Known, is_offered
from tui.viewmodels.form_kinds import HIDDEN, NAME, label_of, specs_of, title_of, value_at
from tui.viewmodels.form_parameters import KEY as PARAMETERS
from tui.viewmodels.form_parameters import (
    WRONG,
    agent_of,
    findings,
    has_words,
    is_counted,
    is_parameter,
)
from tui.viewmodels.form_parameters import specs_of as parameters_of

Path = tuple[str, ...]
OBJECT_MAX = 4
"""The longest path of an object; what is longer is inside of one."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: where it stands in the file, what it shows, what it was, what is wrong with it.

    `path` is the field's place (the object's own for its name). `was` is the active
    configuration's text, None where it is the same; `is_new` tells that it has no such object,
    `inherited` that the file has no value and the default holds. `listed`: nodes report what could
    stand here. `counted`: an agent's parameter that takes a number. `more` is help that fits only
    on a page of its own.
    """

    path: Path
    spec: FieldSpec
    text: str
    was: str | None = None
    inherited: bool = False
    is_new: bool = False
    reports: tuple[Report, ...] = ()
    listed: bool = False
    counted: bool = False
    more: str = ""

    @property
    def is_name(self) -> bool:
        """Return whether it is the name of the object, not a key inside it."""
        return self.spec is NAME

    @property
    def is_parameter(self) -> bool:
        """Return whether it is a parameter of an OCF agent."""
        return is_parameter(self.path)

    @property
    def label(self) -> str:
        """Return the field's label."""
        return label_of(self.spec)

    @property
    def key(self) -> str:
        """Return what tells it from the other fields of the form."""
        return f"{raw.dotted(self.path)}{':name' if self.is_name else ''}"

    @property
    def worst(self) -> Report | None:
        """Return the finding that is shown under the field: the first error, else the first."""
        errors = [report for report in self.reports if report.severity == "error"]
        return next(iter((*errors, *self.reports)), None)

    @property
    def marks(self) -> str:
        """Return the four marks: required, has a list, number, changed or wrong."""
        worst = self.worst
        last = "~" if self.was is not None or self.is_new else " "
        if worst is not None:
            last = "!" if worst.severity == "error" else "?"
        return (
            ("*" if self.spec.required else " ")
            + ("+" if self.listed or has_list(self.spec) else " ")
            + ("#" if self.counted or self.spec.kind == "number" else " ")
            + last
        )


@dataclass(frozen=True, slots=True)
class Section:
    """The fields of one object; a form has several where one page fills several objects."""

    path: Path
    kind: str
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Child:
    """An object inside the one edited, as the form's list shows it."""

    path: Path
    name: str
    kind: str
    text: str
    mark: str = " "


@dataclass(frozen=True, slots=True)
class Form:
    """Everything that the page of one object shows."""

    path: Path
    kind: str
    title: str
    sections: tuple[Section, ...] = ()
    children: tuple[Child, ...] = ()
    child_kind: str = ""
    toml: str = ""
    reports: tuple[Report, ...] = ()
    elsewhere: int = 0

    @property
    def fields(self) -> tuple[Field, ...]:
        """Return the fields of all sections, in order."""
        return tuple(field for section in self.sections for field in section.fields)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return the objects on the page, and those inside of them."""
        return (*(one.path for one in self.sections), *(one.path for one in self.children))

    @property
    def listed(self) -> bool:
        """Return whether nodes report what could stand in a field here or one step further."""
        inside = (
            is_offered(one.kind, spec) for one in self.children for spec in specs_of(one.kind)
        )
        return any(field.listed for field in self.fields) or any(inside)

    def field(self, key: str) -> Field | None:
        """Return the field called `key`."""
        return next((field for field in self.fields if field.key == key), None)


def has_list(spec: FieldSpec) -> bool:
    """Return whether F4 has something to offer for a field by its nature."""
    return bool(spec.choices or spec.refers_to) or spec.kind in {
        "choice", "flag", "names", "address", "subnet",
    }  # fmt: skip


def build(
    text: str,
    active: str,
    path: Path,
    reports: tuple[Report, ...] = (),
    *,
    extra: tuple[Path, ...] = (),
    known: Known = NOTHING_KNOWN,
) -> Form | None:
    """Return the form of the object at `path`, None where the draft has no such object.

    `active` is the text of the configuration in operation, for "was"; `extra` are further objects
    filled on the same page (the adapters of a new node); `known` is what nodes reported.
    """
    data, old = raw.data_of(text), raw.data_of(active)
    if data is None or (len(path) > 1 and raw.at(data, path) is None):
        return None
    here = (path, *(one for one in extra if raw.at(data, one) is not None))
    found = _by_object(data, reports)
    sections = tuple(
        part for one in here for part in _parted(data, old, _section(data, old, one, found), known)
    )
    children = () if len(here) > 1 else _children(data, old, path, found)
    kept = sum(
        report.code != WRONG
        for section in sections
        for field in section.fields
        for report in field.reports
    )
    own = tuple(report for key, report in found.get(path, ()) if not key)
    errors = sum(report.severity == "error" for report in reports)
    shown = kept + len(own)
    return Form(
        path=path,
        kind=raw.kind_of(path, data),
        title=title_of(path, data),
        sections=sections,
        children=children,
        child_kind="" if len(here) > 1 or len(path) != 2 else _CHILD_KINDS.get(path[0], ""),
        toml=raw.excerpt(text, path),
        reports=own,
        elsewhere=max(0, errors - shown),
    )


_CHILD_KINDS = {"node": "adapter", "group": "resource", "network": "adapter"}
_Found = Mapping[Path, tuple[tuple[str, Report], ...]]


def _by_object(data: raw.Data, reports: tuple[Report, ...]) -> _Found:
    found: dict[Path, tuple[tuple[str, Report], ...]] = {}
    for report in reports:
        path, key = raw.split(data, report.place.key)
        found[path] = (*found.get(path, ()), (key, report))
    return found


def _section(data: raw.Data, old: raw.Data | None, path: Path, found: _Found) -> Section:
    kind = raw.kind_of(path, data)
    rows = [_field(data, old, path, spec, found) for spec in specs_of(kind)]
    if len(path) > 1:
        name = Field(
            path=path,
            spec=NAME,
            text=clean(path[-1]),
            is_new=raw.at(old, path) is None,
            listed=is_offered(kind, NAME),
        )
        rows.insert(0, name)
    return Section(path, kind, title_of(path, data), _claimed(rows, found.get(path, ())))


def _parted(
    data: raw.Data, old: raw.Data | None, section: Section, known: Known
) -> tuple[Section, ...]:
    """Return a resource of an OCF agent that a node described with its parameters as fields."""
    agent = known.agents.get(agent_of(data, section.path))
    if agent is None:
        return (section,)
    path, rows = section.path, section.fields
    whole = next(row for row in rows if row.spec.key == PARAMETERS)
    first = [row for row in rows if row.is_name or row.spec.key == "agent"]
    rest = tuple(row for row in rows if row not in first and row is not whole)
    own, loose = _parameters(data, old, (*path, PARAMETERS), agent, whole.reports)
    first[-1] = replace(first[-1], reports=(*first[-1].reports, *loose))
    title = f"Parameters of {agent.agent}, as it is on {agent.node}"
    return (
        replace(section, fields=tuple(first)),
        Section(path, section.kind, title, own),
        Section(path, section.kind, "Times and watching", rest),
    )


def _parameters(
    data: raw.Data,
    old: raw.Data | None,
    path: Path,
    agent: AgentFound,
    reports: tuple[Report, ...],
) -> tuple[tuple[Field, ...], tuple[Report, ...]]:
    """Return a field for each parameter, and the findings that are on none of them."""
    given = raw.table(data, path)
    wrong = [(raw.dotted((*path, name)), one) for name, one in findings(agent, given)]
    wrong += [(report.place.key, report) for report in reports]
    fields = []
    for spec, more in parameters_of(agent, given):
        key = raw.dotted((*path, spec.key))
        field = _field(data, old, path, spec, {path: ()})
        mine = tuple(report for place, report in wrong if place == key)
        listed, counted = has_words(spec, agent), is_counted(spec, agent)
        fields.append(replace(field, reports=mine, listed=listed, counted=counted, more=more))
    keys = {raw.dotted(field.path) for field in fields}
    return tuple(fields), tuple(report for place, report in wrong if place not in keys)


def _claimed(rows: list[Field], found: tuple[tuple[str, Report], ...]) -> tuple[Field, ...]:
    """Return the fields with a finding on a key that no field shows given to the first one."""
    known = {row.spec.key for row in rows if not row.is_name}
    known |= {"type"} if any(row.spec in HIDDEN.values() for row in rows) else set()
    loose = tuple(report for key, report in found if key and key not in known)
    if loose and rows:
        rows[0] = replace(rows[0], reports=(*rows[0].reports, *loose))
    return tuple(rows)


def _field(
    data: raw.Data, old: raw.Data | None, path: Path, spec: FieldSpec, found: _Found
) -> Field:
    value = value_at(data, path, spec.key)
    before = value_at(old, path, spec.key)
    inherited = value is None
    text = clean(form_text.shown(spec.kind, spec.default if inherited else value))
    was_text = clean(form_text.shown(spec.kind, spec.default if before is None else before))
    keys = {spec.key, "type"} if spec in HIDDEN.values() else {spec.key}
    is_new = raw.at(old, path[:OBJECT_MAX]) is None and len(path) > 1
    return Field(
        path=(*path, spec.key),
        spec=spec,
        text=text,
        was=None if is_new or was_text == text else was_text,
        inherited=inherited,
        listed=is_offered(raw.kind_of(path, data), spec),
        reports=tuple(report for key, report in found.get(path, ()) if key in keys),
    )


def _children(data: raw.Data, old: raw.Data | None, path: Path, found: _Found) -> tuple[Child, ...]:
    return tuple(
        _child(data, old, place, found, _name_inside(path, place)) for place in _inside(data, path)
    )


def _name_inside(path: Path, place: Path) -> str:
    """Return how a list calls an object that has its own name only in another table, "" else."""
    if path[0] == "network":
        return " ".join(place[1::2])
    return " ".join(place[2:]) if place[2] == "fence" else ""


def _inside(data: raw.Data, path: Path) -> tuple[Path, ...]:
    """Return the objects that a form lists: those inside, and for a network its adapters."""
    if len(path) != 2:
        return ()
    if path[0] == "network":
        return tuple(
            place
            for place in raw.objects(data)
            if len(place) == 4
            and place[2] == "adapter"
            and raw.at(data, (*place, "network")) == path[1]
        )
    tables = raw.CHILDREN.get(path[0], ())
    return tuple(
        (*path, table, name) for table in tables for name in raw.names(data, (*path, table))
    )


def _child(
    data: raw.Data, old: raw.Data | None, place: Path, found: _Found, name: str = ""
) -> Child:
    kind = raw.kind_of(place, data)
    changed = raw.at(old, place) != raw.at(data, place)
    wrong = [report for _, report in found.get(place, ()) if report.severity == "error"]
    mark = "!" if wrong else "~" if changed else " "
    text = f"{wrong[0].code} {wrong[0].text}" if wrong else summary(raw.table(data, place), kind)
    return Child(place, name or place[-1], kind, text, mark)


def summary(table: raw.Data, kind: str) -> str:
    """Return what an adapter, a fence device or a resource is, in a few words."""
    if kind == "application":
        return form_text.shown("arguments", table.get("start"))
    if kind in {"ocf", "systemd"}:
        return str(table.get("type", "")).partition(":")[2]
    if kind == "fence":
        return f"{table.get('agent', '')}  level {table.get('level', 1)}"
    words = [table.get("address"), table.get("device"), table.get("directory")]
    text = "  ".join(str(word) for word in words if word)
    network = table.get("network")
    role = table.get("role")
    tail = [f"on {network}"] if network else []
    return "  ".join((text, *tail, *([str(role)] if role else [])))
