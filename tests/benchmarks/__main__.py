"""Measure and print: `python -m tests.benchmarks [--only] [box] [console] [forecast] [growth]`."""

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


def main(arguments: list[str]) -> int:
    """Print the figures of the suites named (default: all); 1 if one is over its limit."""
    arguments = [one for one in arguments if one != "--only"]
    unknown = set(arguments) - set(SUITES)
    if unknown:
        print(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
        return 2
    print(machine(), flush=True)
    figures = []
    for name in arguments or list(SUITES):
        for figure in SUITES[name]():
            print(figure.line(), flush=True)
            figures.append(figure)
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
