"""The hunt for one mutant: schedule after schedule with the mutant on, until one of them fails."""

import contextlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import pytest

from tests.simulation.directed import SCENARIOS, play_directed
from tests.simulation.exhaustive_cases import CHANGES, Case, cases
from tests.simulation.exhaustive_faults import Broken
from tests.simulation.exhaustive_faults import play as play_fault
from tests.simulation.mutants_kit import Mutant, broken
from tests.simulation.schedules import Failure, play, play_core

Kind = Literal["core", "whole", "directed", "single fault", "story"]
STORIES = Path(__file__).parents[1] / "unit" / "core"
FAULTS_EVERY = 29
CLUMSY = ("TypeError", "AttributeError", "NameError", "KeyError", "IndexError")


@dataclass(frozen=True)
class Budget:
    """How many schedules of each kind a mutant is hunted with; `directed` are seeds of each."""

    core: int = 2_000
    whole: int = 300
    directed: int = 4

    def of(self, kind: Kind) -> int:
        """Return how many schedules of a kind are played at most."""
        counts = {"core": self.core, "whole": self.whole}
        return counts.get(kind, self.directed * len(SCENARIOS))


@dataclass(frozen=True)
class Kill:
    """What noticed the mutant: after how many of its kind, which one, and the rule it told."""

    kind: Kind
    tried: int
    what: str
    rule: str


@dataclass(frozen=True)
class Hunted:
    """All that was found out about a mutant."""

    name: str
    breaks: str
    kills: tuple[Kill, ...]
    budget: Budget


Shot = tuple[str, Callable[[], object]]


def hunt(mutant: Mutant, budget: Budget) -> Hunted:
    """Hunt with seeded and directed schedules, and with the rest if these do not notice."""
    faults = _faults()
    kills = [
        _shoot("core", mutant, _seeded(play_core, budget.core)),
        _shoot("whole", mutant, _seeded(play, budget.whole)),
        _shoot("directed", mutant, _directed(budget.directed)),
    ]
    if not any(kills):
        kills.append(
            _shoot(
                "single fault", mutant, ((str(case), partial(play_fault, case)) for case in faults)
            )
        )
    if not any(kills):
        with broken(mutant):
            kills.append(_stories())
    found = tuple(kill for kill in kills if kill is not None)
    return Hunted(mutant.name, mutant.breaks, found, budget)


def _seeded(play_one: Callable[[int], object], count: int) -> Iterator[Shot]:
    for seed in range(1, count + 1):
        yield str(seed), partial(play_one, seed)


def _directed(seeds: int) -> Iterator[Shot]:
    for seed in range(1, seeds + 1):
        for name in SCENARIOS:
            yield f"{name} {seed}", partial(play_directed, name, seed)


def _faults() -> list[Case]:
    """Return a sample of single faults; counted before the core is broken."""
    return [case for name in CHANGES for case in cases(name)][::FAULTS_EVERY]


def _shoot(kind: Kind, mutant: Mutant, shots: Iterator[Shot]) -> Kill | None:
    """Return the first shot that fails with the mutant on, and only then."""
    for tried, (what, shot) in enumerate(shots, start=1):
        rule = _noticed(shot, mutant)
        if rule and not _noticed(shot):
            assert rule not in CLUMSY, f"{mutant.name}: the mutant itself does not run: {rule}"
            return Kill(kind, tried, what, rule)
    return None


def _noticed(shot: Callable[[], object], mutant: Mutant | None = None) -> str:
    """Return the rule that a shot finds broken, empty if it finds none."""
    with contextlib.nullcontext() if mutant is None else broken(mutant):
        try:
            shot()
        except (Failure, Broken) as failure:
            return _rule(failure)
    return ""


def _rule(failure: Exception) -> str:
    """Return the rule that was broken, without names and numbers of this run."""
    line = getattr(failure, "rule", "") or str(failure).partition("\n")[0]
    found = re.search(r"(?:AssertionError|Failure): ([^:]+)", line)
    return (found[1] if found else line).partition(":")[0][:40]


def _stories() -> Kill | None:
    """Tell the unit stories; the first that ends otherwise names the kill."""
    told = io.StringIO()
    options = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist"]
    with contextlib.redirect_stdout(told):
        code = pytest.main([*options, str(STORIES)])
    if code == 0:
        return None
    found = re.search(r"^FAILED \S*/(.+?)(?: - |$)", told.getvalue(), re.MULTILINE)
    passed = re.search(r"(\d+) passed", told.getvalue())
    tried = int(passed[1]) + 1 if passed else 1
    return Kill("story", tried, found[1] if found else "?", "story")
