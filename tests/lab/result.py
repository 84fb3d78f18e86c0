"""What came of a step in the lab, and how it is told."""

from collections.abc import Mapping

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
