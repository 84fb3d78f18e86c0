"""Names and states of units, without a bus."""

from typing import ClassVar

from msgspec import Struct

SUFFIXES = (
    *(".service", ".socket", ".target", ".mount", ".automount"),
    *(".timer", ".path", ".swap", ".slice", ".scope", ".device"),
)
UP = frozenset({"active", "reloading", "refreshing"})
DOWN = frozenset({"inactive", "failed"})
BY_ITSELF = frozenset({"enabled", "enabled-runtime"})
"""Unit files that systemd starts at boot."""


class BusError(Exception):
    """systemd could not be asked, or refused; `name` is the D-Bus error's, if it had one."""

    def __init__(self, text: str, *, name: str = "") -> None:
        super().__init__(text)
        self.name = name


class UnitState(Struct, frozen=True):
    """What systemd says of a unit."""

    load: str = ""
    active: str = ""
    sub: str = ""
    file: str = ""

    KEYS: ClassVar[tuple[str, ...]] = ("LoadState", "ActiveState", "SubState", "UnitFileState")

    @classmethod
    def of(cls, words: dict[str, str]) -> "UnitState":
        """Return the state that the properties of the unit tell."""
        return cls(*(words.get(key, "") for key in cls.KEYS))

    def __str__(self) -> str:
        """Return it in systemd's words."""
        return f"{self.active} ({self.sub})" if self.sub else self.active


def full_name(unit: str) -> str:
    """Return the unit's name with its suffix; as with systemctl, a bare name is a service."""
    return unit if unit.endswith(SUFFIXES) else f"{unit}.service"


def unusable(unit: str, state: UnitState) -> str:
    """Return why systemd cannot start the unit, "" if it can."""
    if state.load == "loaded":
        return ""
    words = {
        "not-found": f"systemd knows no unit {unit} on this node",
        "masked": f"{unit} is masked; systemctl unmask {unit}",
    }
    return words.get(state.load, f"the file of {unit} is not usable: {state.load}")
