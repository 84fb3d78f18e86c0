"""What a mutant is: a safeguard of the core taken away for the length of a run.

This is the one place where the project's own code is patched.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

Patch = tuple[type | ModuleType, str, Any]


@dataclass(frozen=True)
class Mutant:
    """A slip that somebody could make. `breaks` says what it takes away, in half a sentence."""

    name: str
    breaks: str
    patches: tuple[Patch, ...]


@contextmanager
def broken(mutant: Mutant) -> Iterator[None]:
    """Run with the mutant's patches; all is as before afterwards."""
    kept = [(owner, name, owner.__dict__[name]) for owner, name, _ in mutant.patches]
    try:
        for owner, name, value in mutant.patches:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)


def original(owner: type | ModuleType, name: str) -> Callable[..., Any]:
    """Return a function as it is before any mutant: these modules are loaded unbroken."""
    function: Callable[..., Any] = owner.__dict__[name]
    return function


def always(value: object) -> property:
    """Return a property with one value."""
    return property(lambda _: value)


def nothing(*_: object, **__: object) -> None:
    """Do nothing."""


def everywhere(name: str, value: object) -> tuple[Patch, ...]:
    """Return patches of a function in all modules of the core that use it by name."""
    modules = [module for key, module in sys.modules.items() if key.startswith("nodeagent.core")]
    return tuple((module, name, value) for module in modules if name in vars(module))
