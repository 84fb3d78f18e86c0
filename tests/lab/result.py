"""What came of a step in the lab, and how it is told."""

from collections.abc import Iterable, Mapping
from statistics import median

from msgspec import Struct

from tests.lab.seen import Seen


class Result(Struct, frozen=True):
    """One step. `services`: what the client saw of each group while the step was carried out.

    `skipped`: it cannot be tried on this machine, and `detail` says why.
    """

    step: str
    ok: bool
    detail: str
    seconds: float = 0.0
    services: Mapping[str, Seen] = {}
    notes: tuple[str, ...] = ()
    skipped: bool = False


def table(results: Iterable[Result]) -> str:
    """Return medians and extremes of what the clients saw, of each step and disturbed service."""
    gaps: dict[tuple[str, str], list[Seen]] = {}
    for result in results:
        for group, one in result.services.items():
            if one.failed:
                gaps.setdefault((result.step, group), []).append(one)
    rows = ["| Step | Service | Longest gap, ms: median (from, to) | Failed requests | Times |"]
    rows.append("| --- | --- | --- | --- | --- |")
    for (step, group), seen in gaps.items():
        ms = sorted(round(one.longest_gap_s * 1000) for one in seen)
        failed = round(median(one.failed for one in seen))
        spread = f"{median(ms):.0f} ({ms[0]}, {ms[-1]})"
        rows.append(f"| {step} | {group} | {spread} | {failed} | {len(seen)} |")
    return "\n".join(rows)


def line(result: Result) -> str:
    """Return a result as a line for people, and one below it for each service."""
    word = "skip" if result.skipped else "ok  " if result.ok else "FAIL"
    head = f"{word}  {result.step:18} {result.seconds:5.1f} s  "
    rows = [head + result.detail]
    for group, one in result.services.items():
        rows.append(
            f"        {group:12} {one.requests:5} requests, {one.failed:4} failed, "
            f"longest gap {one.longest_gap_s * 1000:5.0f} ms, from {' then '.join(one.nodes)}"
        )
    rows += [f"        {text}" for text in result.notes]
    return "\n".join(rows)
