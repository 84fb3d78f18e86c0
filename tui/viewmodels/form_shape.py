"""Which fields of a form are still the same ones after it was built anew.

A field is known by its place, not by its number or its whole path: parameters come and go with
the agent that describes them, and a name that is being typed is part of every path.
"""

from typing import NamedTuple

from tui.viewmodels.form import Field, Form
from tui.viewmodels.form_text import NO, YES

Path = tuple[str, ...]


class FieldPlace(NamedTuple):
    """Where a field is: of which object of the page, which key of it, and edited by which words.

    `words` are those of a choice, none for a field that is typed into.
    """

    object: int
    key: Path
    is_name: bool
    words: tuple[str, ...]


def words_of(field: Field) -> tuple[str, ...]:
    """Return the words that a field is chosen from, none where it is typed."""
    if field.spec.kind == "flag":
        return YES, NO
    return tuple(field.spec.choices)


def places(form: Form) -> tuple[FieldPlace, ...]:
    """Return the place of each field, in order."""
    objects = list(dict.fromkeys(section.path for section in form.sections))
    return tuple(
        _place(objects.index(section.path), section.path, field)
        for section in form.sections
        for field in section.fields
    )


def by_place(form: Form) -> dict[FieldPlace, Field]:
    """Return the fields by their places."""
    return dict(zip(places(form), form.fields, strict=True))


def _place(number: int, path: Path, field: Field) -> FieldPlace:
    return FieldPlace(number, field.path[len(path) :], field.is_name, words_of(field))
