"""Consoles that tell an agent where they are hear of each other."""

import msgspec
import pytest

from nodeagent.daemon.consoles import CONSOLES_MAX, Consoles
from nodeagent.wire import codec
from nodeagent.wire.console import PRESENT_SECONDS, Here, HereTold, Present

ANN = Here("a" * 16, "ann@desk", "Draft", "group web", edits=True)
BOB = Here("b" * 16, "bob@desk", "Events")


def names(present: Present) -> list[str]:
    return [other.here.author for other in present.consoles]


def test_each_hears_of_the_others_with_whose_key_it_is() -> None:
    door = Consoles()
    door.told("key1", "operations", ANN, 0.0)

    heard = door.told("key2", "night", BOB, 1.0)

    assert [(other.admin, other.here) for other in heard.consoles] == [("operations", ANN)]
    assert names(door.told("key1", "operations", ANN, 1.0)) == ["bob@desk"]


def test_who_falls_silent_is_forgotten() -> None:
    door = Consoles()
    door.told("key1", "operations", ANN, 0.0)

    assert names(door.told("key2", "night", BOB, PRESENT_SECONDS)) == ["ann@desk"]
    assert names(door.told("key2", "night", BOB, PRESENT_SECONDS + 0.1)) == []


def test_nobody_speaks_for_the_console_of_another_key_or_fills_the_door() -> None:
    door = Consoles()
    door.told("key1", "operations", ANN, 0.0)
    door.told("key2", "night", msgspec.structs.replace(ANN, author="\x1b[31mnot ann"), 0.0)

    heard = door.told("key3", "day", BOB, 0.0)
    assert sorted(other.admin for other in heard.consoles) == ["night", "operations"]
    assert "\x1b" not in "".join(names(heard))

    for number in range(CONSOLES_MAX * 2):
        door.told("key4", "many", msgspec.structs.replace(BOB, console=f"{number:016}"), 0.0)
    assert len(door.told("key3", "day", BOB, 0.0).consoles) <= CONSOLES_MAX


def test_what_a_console_tells_is_bounded_and_no_request_to_the_core() -> None:
    told = HereTold(7, ANN)
    long = HereTold(7, msgspec.structs.replace(ANN, item="x" * 101))

    assert codec.decode_here(codec.encode(told)) == told
    with pytest.raises(codec.WireError):
        codec.decode_ask(codec.encode(told))
    with pytest.raises(codec.WireError):
        codec.decode_here(codec.encode(long))
