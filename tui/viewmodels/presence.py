"""Who else has a console open, and where: in words, for the headline, the draft and for lines."""

from collections.abc import Iterable
from dataclasses import dataclass

from nodeagent.wire.console import Neighbour
from tui.viewmodels.spans import brief

DRAFT = "draft"
NAME = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person is: the screen, the object there ("": none), and whether it is edited."""

    author: str = ""
    screen: str = ""
    item: str = ""
    edits: bool = False


def name_of(other: Neighbour) -> str:
    """Return what a person is called: who they say they are, else whom the key belongs to."""
    return other.here.author or other.admin or "somebody"


def short_name(other: Neighbour) -> str:
    """Return the name without its machine."""
    return brief(name_of(other).partition("@")[0], NAME)


def whereabouts(other: Neighbour) -> str:
    """Return where a person is, as ``Draft, edits group web``."""
    here = other.here
    item = f"{', edits' if here.edits else ','} {here.item}" if here.item else ""
    return f"{here.place or 'a console'}{item}"


def headline_text(others: tuple[Neighbour, ...], width: int) -> str:
    """Return who else is here, for the headline; "" where nobody is."""
    if not others:
        return ""
    if len(others) > 1:
        return f"+{len(others)}" if width < 100 else f"+{len(others)} others"
    (other,) = others
    if width < 100:
        return f"+{brief(short_name(other), 8)}"
    return f"+{short_name(other)}: {brief(other.here.item or other.here.place, NAME)}"


def long_text(other: Neighbour) -> str:
    """Return one person in full: name, key, place."""
    key = f" (key {other.admin})" if other.admin else ""
    return f"{name_of(other)}{key}: {whereabouts(other)}"


def editors(others: Iterable[Neighbour], item: str = "") -> tuple[Neighbour, ...]:
    """Return who edits the draft, or of it just `item`."""
    return tuple(o for o in others if o.here.edits and (not item or o.here.item == item))


def editors_text(others: Iterable[Neighbour], item: str = "") -> str:
    """Return who edits the draft too, or just `item` of it; "" where nobody does."""
    found = editors(others, item)
    if not found:
        return ""
    names = ", ".join(
        short_name(o) if item else f"{short_name(o)} ({o.here.item or o.here.place})"
        for o in found[:3]
    )
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return (
        f"{names}{more} edit{'s' if len(found) == 1 else ''} {'this' if item else 'the draft'}, too"
    )
