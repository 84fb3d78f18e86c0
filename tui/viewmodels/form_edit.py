"""What typing into a form does to the draft, and where the object being edited is now.

An object may be renamed while its form is open, and the renaming undone again, so the form asks
here for its place after every change.
"""

from nodeagent.model.reports import Report
from tui.viewmodels import draft_data as raw
from tui.viewmodels.draft import Draft
from tui.viewmodels.form import OBJECT_MAX, Field
from tui.viewmodels.form_kinds import value_at, written
from tui.viewmodels.form_parameters import is_parameter
from tui.viewmodels.form_text import UnreadableError, name_error, read

Path = tuple[str, ...]
Typed = tuple[Draft, Report | None]


class Editing:
    """The object at `path`, and `extra` ones that are filled on the same page."""

    def __init__(self, path: Path, extra: tuple[Path, ...] = ()) -> None:
        self.path = path
        self.extra = extra
        self._been = [(path, extra)]

    def found(self, data: raw.Data | None) -> Path | None:
        """Return where the object is in the draft now, None where it is gone."""
        if data is None:
            return None
        for path, extra in ((self.path, self.extra), *reversed(self._been)):
            if len(path) == 1 or raw.at(data, path) is not None:
                self.path = path
                if not all(raw.at(data, one) for one in self.extra):
                    self.extra = extra
                return path
        return None

    def typed(self, draft: Draft, field: Field, text: str) -> Typed:
        """Return the draft with what was typed, or why it cannot be taken."""
        if field.is_name:
            return self._renamed(draft, field, text.strip())
        return written_to(draft, field, text)

    def _renamed(self, draft: Draft, field: Field, name: str) -> Typed:
        path = field.path
        if name == path[-1]:
            return draft, None
        siblings = raw.table(raw.data_of(draft.text), path[:-1])
        report = name_error(name, taken=name in siblings)
        if report is not None:
            return draft, report
        try:
            renamed = draft.rename(path, name, mark=f"name of {self._been[0][0]} {len(path)}")
        except ValueError as error:
            return draft, _refusal(error)
        self._move(path, (*path[:-1], name))
        return renamed, None

    def _move(self, old: Path, new: Path) -> None:
        def moved(path: Path) -> Path:
            return (*new, *path[len(old) :]) if path[: len(old)] == old else path

        self.path = moved(self.path)
        self.extra = tuple(moved(one) for one in self.extra)
        self._been.append((self.path, self.extra))


def written_to(draft: Draft, field: Field, text: str) -> Typed:
    """Return the draft with `text` as the field's value, or why it is none.

    An optional field that was emptied goes from the file: the default holds again.
    """
    data = raw.data_of(draft.text)
    path, spec = field.path[:-1], field.spec
    mark = f"{raw.dotted(field.path)}"
    try:
        if not text.strip() and not spec.required:
            return _without(draft, field.path, mark), None
        value = read(spec.kind, text)
        place, stored = written(path, spec.key, value, raw.kind_of(path, data))
        return draft.set_value(place, stored, mark), None
    except UnreadableError as error:
        return draft, error.report
    except ValueError as error:
        return draft, _refusal(error)


def reset(draft: Draft, field: Field, active: str) -> Draft:
    """Return the draft with the field as the active configuration has it."""
    old, data = raw.data_of(active), raw.data_of(draft.text)
    path = field.path[:-1]
    if field.is_name or _is_new(field, old):
        return draft
    value = value_at(old, path, field.spec.key)
    if value is None:
        return _without(draft, field.path, "")
    place, stored = written(path, field.spec.key, value, raw.kind_of(path, data))
    return draft.set_value(place, stored)


def why_not_reset(field: Field, active: str) -> str:
    """Return why a reset left the field as it is."""
    if field.is_new or (not field.is_name and _is_new(field, raw.data_of(active))):
        return "nothing to go back to: the active configuration has no object of this name"
    return "it is as the active configuration has it; ^Z takes the last edit back"


def _is_new(field: Field, old: raw.Data | None) -> bool:
    """Return whether the active configuration does not have the object of a field."""
    path = field.path[:-1]
    return len(path) > 1 and raw.at(old, path[:OBJECT_MAX]) is None


def _without(draft: Draft, path: Path, mark: str) -> Draft:
    data = raw.data_of(draft.text)
    if raw.at(data, path) is None:
        return draft
    last = is_parameter(path) and len(raw.table(data, path[:-1])) == 1
    return draft.remove(path[:-1] if last else path, mark)


def _refusal(error: ValueError) -> Report:
    return Report(code="F06", severity="error", text=str(error))
