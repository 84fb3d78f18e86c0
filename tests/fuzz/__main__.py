"""Let the product have random bad input, and count what it does with it.

--input message:1234 plays from the beginning of its batch up to this one, and shows what it was.
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from random import Random

from tests.fuzz.runner import HANG_MS, Tally, play, play_cases
from tests.fuzz.targets import TARGETS

SHARES = {"frame": 0.55, "message": 0.33, "journal": 0.08, "toml": 0.04}
"""Of all inputs; what costs more gets fewer."""
BATCH = 2_000
SHOWN_MAX = 5


def parser() -> argparse.ArgumentParser:
    """Return what understands the words of this command."""
    made = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--count", type=int, default=400_000, help="inputs of all kinds together")
    made.add_argument("--first", type=int, default=0, help="number of the first input")
    made.add_argument("--workers", type=int, default=2, help="processes")
    made.add_argument("--input", default="", help="play this one, as message:1234")
    return made


def main() -> int:
    """Play; returns 1 if anything crashed or hung."""
    arguments = parser().parse_args()
    if arguments.input:
        return _one(arguments.input)
    began = time.monotonic()
    total = play_cases()
    sys.stdout.write(_line("cases", total))
    with ProcessPoolExecutor(arguments.workers) as pool:
        for name, share in SHARES.items():
            count = max(int(arguments.count * share), 1)
            firsts = range(arguments.first, arguments.first + count, BATCH)
            end = arguments.first + count
            batches = [pool.submit(play, name, at, min(BATCH, end - at)) for at in firsts]
            tally = Tally()
            for batch in batches:
                tally.add(batch.result())
            sys.stdout.write(_line(name, tally))
            sys.stdout.flush()
            total.add(tally)
    sys.stdout.write(_line("all", total))
    sys.stdout.write(f"{time.monotonic() - began:.0f} s\n")
    _tell(total)
    return 1 if total.crashes or total.hangs else 0


def _line(name: str, tally: Tally) -> str:
    return (
        f"{name:8} {tally.inputs:>9,} inputs  {len(tally.crashes)} crashes  "
        f"{len(tally.hangs)} hangs over {HANG_MS:.0f} ms  worst {tally.worst_ms:.1f} ms "
        f"({tally.worst})\n"
    )


def _tell(tally: Tally) -> None:
    kinds = Counter(text.strip().splitlines()[-1] for _, text in tally.crashes)
    shown: set[str] = set()
    for label, text in tally.crashes:
        last = text.strip().splitlines()[-1]
        if last in shown or len(shown) >= SHOWN_MAX:
            continue
        shown.add(last)
        sys.stdout.write(f"\n{label} ({kinds[last]} like it)\n{text}")
    for label, took in tally.hangs[:SHOWN_MAX]:
        sys.stdout.write(f"{label}: {took:.0f} ms\n")


def _one(label: str) -> int:
    name, _, number = label.partition(":")
    sys.stdout.write(f"{TARGETS[name].make(Random(label))!r}\n"[:4_000])
    batch = int(number) // BATCH * BATCH
    tally = play(name, batch, int(number) - batch + 1)
    sys.stdout.write(_line(name, tally))
    _tell(tally)
    return 1 if tally.crashes or tally.hangs else 0


if __name__ == "__main__":
    sys.exit(main())
