"""`make compare`: the same work on this cluster, on corosync and pacemaker, and on keepalived.

All run on the same hosts of the lab, one after the other in one run; the peers are Debian's. Prints
medians, spread and ratios. A peer that cannot be had is printed as not measured, with the reason;
ends with 77 where the lab or both peers cannot be had. `--rounds 1` is quick.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import product
from pathlib import Path
from statistics import median

import msgspec

from tests.lab import apart, keepalived, needs, pacemaker
from tests.lab.__main__ import SKIPPED
from tests.lab.inside import FOLDER, end_with_who_started_us
from tests.lab.plan import EQUAL, Plan
from tests.lab.room import RoomError
from tests.lab.sides import Figure, Ours, Side, Theirs, failing, measured
from tests.lab.vrrp_side import VRRP_WORKS, Vrrp
from tui.demo.agents import AgentError
from tui.demo.watch import NotHeld

ROUNDS = 5
TOKEN_MS = 1_000
ADVERT_S, EQUAL_ADVERT_S = 1.0, 0.3
"""keepalived's default, and the one at which a master that is silent for 1 s is dead."""
NONE_ABSENT: Mapping[str, str] = {}
DEATH = "node death"
WORKS = (
    "planned move",
    "application killed",
    "dead service adapter",
    "silent service adapter",
    "add a group",
    "add a node",
    "remove a node",
    DEATH,
)
EQUAL_DEATH = f"{DEATH}, silent for 1 s is dead"
WATCHED = "dead service adapter, watched"
ORDER = (*WORKS[:3], WATCHED, *WORKS[3:], EQUAL_DEATH)
PEERS = (Theirs.name, Vrrp.name)
ABSENT = "not measured"
HEAD = (
    "Work, ms: median (from, to), times",
    "clustertui",
    "corosync + pacemaker",
    "Ratio",
    "keepalived",
    "Ratio",
    "Failed elsewhere",
)


def table(
    figures: Iterable[Figure], load: Sequence[float], absent: Mapping[str, str] = NONE_ABSENT
) -> str:
    """Return the figures of all sides as a table; ratios below 1 say that ours is quicker.

    `absent`: why a peer could not be had.
    """
    found: dict[tuple[str, str], list[Figure]] = {}
    for one in figures:
        found.setdefault((one.work, one.side), []).append(one)
    rows = [
        f"Load {load[0]:.1f} at the start, {load[1]:.1f} at the end.",
        *(f"{side}: {ABSENT}: {reason}" for side, reason in absent.items()),
        "",
        f"| {' | '.join(HEAD)} |",
        f"| {' | '.join('---' for _ in HEAD)} |",
    ]
    for work in ORDER:
        ours = found.get((work, Ours.name)) or found.get((_plain(work), Ours.name), [])
        theirs = [found.get((work, side), []) for side in PEERS]
        if not ours and not any(theirs):
            continue
        cells = [work, _spread(ours)]
        for side, many in zip(PEERS, theirs, strict=True):
            cells += [ABSENT if side in absent else _spread(many), _ratio(ours, many)]
        cells.append(" / ".join(str(failing(many)) if many else "-" for many in (ours, *theirs)))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _plain(work: str) -> str:
    return "dead service adapter" if work == WATCHED else work


def _spread(figures: Sequence[Figure]) -> str:
    came = sorted(one.ms for one in figures if one.ms >= 0)
    if not came:
        return f"never noticed, {len(figures)} of {len(figures)}" if figures else "-"
    return f"{median(came):.0f} ({came[0]:.0f}, {came[-1]:.0f}), {len(came)}"


def _ratio(ours: Sequence[Figure], theirs: Sequence[Figure]) -> str:
    values = [[one.ms for one in side if one.ms >= 0] for side in (ours, theirs)]
    return f"{median(values[0]) / median(values[1]):.2f}" if all(values) else "-"


# -- within the private place


async def _played(side: Side, works: Sequence[str], rounds: int, named: str = "") -> None:
    for work in works:
        for _ in range(rounds):
            figure = await measured(side, work)
            _write(msgspec.structs.replace(figure, work=named or work))


def _write(figure: Figure) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(figure) + b"\n")
    sys.stdout.buffer.flush()


Part = Callable[..., Awaitable[None]]
"""Carries out all works of one side in one of its settings: (rounds, only, equal=)."""


async def _ours(rounds: int, only: Sequence[str], *, equal: bool) -> None:
    works = _chosen(only, equal=equal)
    if not works:
        return
    with closing(Ours(_folder(f"ours-{equal}"), EQUAL if equal else "")) as side:
        await side.start()
        await _rounds_played(side, works, rounds, equal=equal)
        await side.stage.close()


async def _vrrp(rounds: int, only: Sequence[str], *, equal: bool) -> None:
    works = [work for work in _chosen(only, equal=equal) if work in VRRP_WORKS]
    if not works:
        return
    advert_s = EQUAL_ADVERT_S if equal else ADVERT_S
    with closing(Vrrp(_folder(f"keepalived-{equal}"), _plan(f"vrrp-{equal}"), advert_s)) as side:
        await side.start()
        await _rounds_played(side, works, rounds, equal=equal)


async def _theirs(rounds: int, only: Sequence[str], *, equal: bool) -> None:
    works = _chosen(only, equal=equal)
    if not works:
        return
    token_ms = TOKEN_MS if equal else 0
    with closing(Theirs(_folder(f"theirs-{equal}"), _plan(f"ha-{equal}"), token_ms)) as side:
        await side.start()
        await _rounds_played(side, works, rounds, equal=equal)
        if not equal and "dead service adapter" in works:
            await side.watch_adapters()
            await _played(side, (WATCHED,), rounds)


def _plan(name: str) -> Plan:
    with closing(Ours(_folder(f"plan-{name}"), "")) as paper:
        return paper.plan


async def _rounds_played(side: Side, works: Sequence[str], rounds: int, *, equal: bool) -> None:
    for pair in _rounds(works, rounds):
        await _played(side, pair, 1, EQUAL_DEATH if equal else "")


def _chosen(only: Sequence[str], *, equal: bool) -> list[str]:
    if equal:
        return [DEATH] if not only or EQUAL_DEATH in only else []
    return [work for work in WORKS if not only or work in only]


def _rounds(works: Sequence[str], rounds: int) -> Iterator[Sequence[str]]:
    """Yield works one after the other, each so many times; a node is added and removed in turn."""
    pair = [work for work in works if work in {"add a node", "remove a node"}]
    for work in works:
        if work not in pair:
            yield from [(work,)] * rounds
        elif work == pair[0]:
            yield from [("add a node", "remove a node")] * rounds


def _folder(name: str) -> Path:
    made = FOLDER / name
    made.mkdir(mode=0o755)
    return made


def _inside(pipe: int, rounds: int, only: Sequence[str], absent: Sequence[str]) -> int:
    threading.Thread(target=end_with_who_started_us, args=(pipe,), daemon=True).start()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", FOLDER], check=True)
    os.environ["TMPDIR"] = str(FOLDER)
    return asyncio.run(_all(rounds, only, absent))


async def _all(rounds: int, only: Sequence[str], absent: Sequence[str]) -> int:
    """Carry all parts out, the others also where one fails; 1 if one did."""
    parts: dict[str, Part] = {Ours.name: _ours, Theirs.name: _theirs, Vrrp.name: _vrrp}
    code = 0
    for side, equal in product(parts, (False, True)):
        if side in absent:
            continue
        try:
            await parts[side](rounds, only, equal=equal)
        except (RoomError, AgentError, NotHeld) as error:
            print(f"compare: {side}: {error}", file=sys.stderr)
            code = 1
    return code


# -- outside


def parser() -> argparse.ArgumentParser:
    """Return what understands the words of this command."""
    made = argparse.ArgumentParser(prog="make compare ARGS=...", description=__doc__)
    made.add_argument("--rounds", type=int, default=ROUNDS, help="so often each work is done")
    made.add_argument("--json", action="store_true", help="one JSON object for each work done")
    only = tuple(work for work in ORDER if work != WATCHED)
    made.add_argument("--only", action="append", default=[], choices=only, help="only this work")
    help_text = "leave this peer out"
    made.add_argument("--without", action="append", default=[], choices=PEERS, help=help_text)
    made.add_argument("--pipe", type=int, default=-1, help=argparse.SUPPRESS)
    return made


def _absent(left_out: Sequence[str]) -> dict[str, str]:
    """Return why peers cannot be had, by their names."""
    asked = {Theirs.name: pacemaker.why_not, Vrrp.name: keepalived.why_not}
    found = {side: "left out" if side in left_out else why() for side, why in asked.items()}
    return {side: reason for side, reason in found.items() if reason}


def main() -> int:
    """Compare, or say why not."""
    wanted = parser().parse_args()
    if wanted.pipe >= 0:
        return _inside(wanted.pipe, wanted.rounds, wanted.only, wanted.without)
    absent = _absent(wanted.without)
    reason = needs.why_not() or ("; ".join(absent.values()) if len(absent) == len(PEERS) else "")
    if reason:
        print(f"compare: {reason}", file=sys.stderr)
        return SKIPPED
    before = os.getloadavg()[0]
    words = [word for one in wanted.only for word in ("--only", one)]
    words += [word for one in absent for word in ("--without", one)]
    figures: list[Figure] = []
    program = "tests.lab.compare"
    rounds = ("--rounds", str(wanted.rounds))
    with apart.running(*rounds, *words, tells=True, program=program) as process:
        assert process.stdout is not None
        for line in process.stdout:
            figures.append(msgspec.json.decode(line, type=Figure))
            if wanted.json:
                print(line.decode().rstrip(), flush=True)
            else:
                one = figures[-1]
                print(f"{one.side:12} {one.work:34} {one.ms:7.0f} ms", file=sys.stderr, flush=True)
    if not wanted.json:
        print(table(figures, (before, os.getloadavg()[0]), absent))
    return process.returncode or 0


if __name__ == "__main__":
    sys.exit(main())
