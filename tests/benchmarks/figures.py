"""What a measurement gives: a figure, its limit, and what it was made of."""

import math
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; at or below `limit` is good."""

    name: str
    value: float
    limit: float
    unit: str
    note: str = ""

    @property
    def holds(self) -> bool:
        """Return whether the limit is kept."""
        return self.value <= self.limit

    def line(self) -> str:
        """Return the figure for people."""
        mark = "ok  " if self.holds else "OVER"
        digits = 2 if min(self.limit, self.value) < 10 else 0
        value = f"{self.value:.{digits}f} {self.unit}"
        limit = f"limit {self.limit:g} {self.unit}" if math.isfinite(self.limit) else "no limit"
        return f"{mark}  {self.name:44} {value:>10}   {limit:16} {self.note}".rstrip()


def machine() -> str:
    """Return what the figures were measured on."""
    load = psutil.getloadavg()[0]
    return (
        f"{psutil.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}, "
        f"{platform.system()} {platform.release()}"
    )


def spread(values: Sequence[float], unit: str) -> str:
    """Return how far the single values lie apart."""
    return f"{len(values)} times, {min(values):.0f} to {max(values):.0f} {unit}"


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)
