"""Measure and print: `python -m tests.benchmarks [box] [console] [forecast] [growth]`."""

import argparse
import asyncio
import sys
from collections.abc import Callable

from tests.benchmarks import box, console, forecast, growth
from tests.benchmarks.figures import Figure, machine

SUITES: dict[str, Callable[[], list[Figure]]] = {
    "box": lambda: asyncio.run(box.measure()),
    "console": console.measure,
    "forecast": lambda: asyncio.run(forecast.measure()),
    "growth": lambda: asyncio.run(growth.measure()),
}


def parser() -> argparse.ArgumentParser:
    """Return what understands the words of this command."""
    made = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    made.add_argument("suites", nargs="*", help=f"of {', '.join(SUITES)}; default: all")
    return made


def main(arguments: list[str]) -> int:
    """Print the figures of the suites named (default: all); 1 if one is over its limit."""
    chosen = parser().parse_args(arguments).suites
    unknown = set(chosen) - set(SUITES)
    if unknown:
        print(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
        return 2
    print(machine(), flush=True)
    figures = []
    for name in chosen or list(SUITES):
        for figure in SUITES[name]():
            print(figure.line(), flush=True)
            figures.append(figure)
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
