"""How a tour or a drill is told: as lines for people, or as one JSON object for each step."""

import json
import sys

import msgspec

from nodeagent.model.text import clean
from tui.demo.scene import Proof


class Report:
    """Writes the results of a tour or a drill, whose name is `whole`, to stdout."""

    def __init__(self, whole: str = "tour", *, as_json: bool) -> None:
        self._whole = whole
        self._as_json = as_json

    def step(self, name: str, *, ok: bool, seconds: float, proof: Proof) -> None:
        """Tell one step."""
        if self._as_json:
            self._json(
                {
                    "step": name,
                    "ok": ok,
                    "detail": clean(proof.detail),
                    "seconds": round(seconds, 3),
                    "nodes": proof.nodes,
                    "rows": _rows(proof),
                }
            )
            return
        self._line(f"{'ok  ' if ok else 'FAIL'}  {name:18} {seconds:5.1f} s  {proof.detail}")
        for row in _rows(proof):
            nodes = ", ".join(f"{node} {state}" for node, state in row.cells.items())
            self._line(f"        {row.step:14} {row.seconds:5.2f} s  {nodes}")
        for node, facts in proof.nodes.items():
            online = ", ".join(map(str, _list(facts["online"]))) or "nothing"
            self._line(
                f"        {node:14} epoch {facts['epoch']} {str(facts['digest'])[:8]}  "
                f"serves {online}"
            )

    def end(self, *, ok: bool, requests: int, failed: int, gap_s: float, seconds: float) -> None:
        """Tell how all of it went; the counts are those of the unaffected service."""
        if self._as_json:
            self._json(
                {
                    "step": self._whole,
                    "ok": ok,
                    "requests": requests,
                    "failed": failed,
                    "longest_gap_ms": round(gap_s * 1000),
                    "seconds": round(seconds, 3),
                }
            )
            return
        word = "all of it held" if ok else "it did not hold"
        self._line(
            f"{self._whole}: {word} ({seconds:.0f} s; the unaffected service: {requests} requests, "
            f"{failed} failed, longest gap {gap_s * 1000:.0f} ms)"
        )

    def _line(self, text: str) -> None:
        sys.stdout.write(clean(text) + "\n")
        sys.stdout.flush()

    def _json(self, value: object) -> None:
        sys.stdout.write(json.dumps(msgspec.to_builtins(value), ensure_ascii=True) + "\n")
        sys.stdout.flush()


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


class _Row(msgspec.Struct):
    step: str
    seconds: float
    cells: dict[str, str]


def _rows(proof: Proof) -> list[_Row]:
    if proof.run is None:
        return []
    return [
        _Row(row.name, round(row.seconds, 3), {n: cell.state for n, cell in row.cells.items()})
        for row in proof.run.steps
        if row.state != "waiting"
    ]
