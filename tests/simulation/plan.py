"""A schedule as data: what the cluster is, what goes wrong by chance, and what happens when.

A plan can be written down, played again, and reduced: each action has all of its own choices in
it, so that leaving one out changes none of the others.
"""

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

Kind = Literal["core", "whole"]


class Options(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The cluster and the weather; probabilities from 0 to 1, times in milliseconds.

    `seed` drives the chance of the network and the drivers, `shape` that of the configuration.
    `witness`: the last node votes and no group may run there; `breaks_ties`: half of the voters
    decide with the first of them; `shrinks`: who is away loses its vote; `fences`: nodes have fence
    devices, and with `must_fence` nothing is taken over without them; `spare`: nodes have two
    adapters on the public network; `commands`: the administrator has commands for events;
    `concurrent`: some groups run on all of their nodes at once. Without
    `chatter` the notes for consoles get lost that a DARE sends to all nodes: most messages, and no
    decision.
    `adopts`: services outlive an agent that dies alone, and the next one may take them over.
    `probations` is the share of changes that are asked for on probation.
    """

    seed: int
    kind: Kind
    nodes: int
    groups: int = 0
    networks: int = 1
    timing: int = 0
    shape: int = 0
    witness: bool = False
    breaks_ties: bool = False
    shrinks: bool = False
    spare: bool = False
    commands: bool = False
    concurrent: bool = False
    loss: float = 0.0
    double: float = 0.0
    late: float = 0.0
    delay_ms: tuple[int, int] = (1, 3)
    driver_fails: float = 0.0
    driver_slow: float = 0.0
    driver_hangs: float = 0.0
    driver_lies: float = 0.0
    fences: bool = False
    must_fence: bool = False
    fence_fails: float = 0.0
    fence_slow: float = 0.0
    fence_late: float = 0.0
    lingers: bool = False
    adopts: bool = False
    drifts: bool = False
    tick_ms: int = 200
    consoles: int = 0
    chatter: bool = True
    probations: float = 0.0
    compacts: bool = False
    warm_ms: int = 1_500
    lasts_ms: int = 10_000


class Action(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that happens `at` milliseconds after the cluster was warm.

    `who` counts among those that can be meant then (-1: the coordinator of a DARE, if there is
    one), `lasts` is how long it takes in milliseconds, `what` says how, `nth` counts writes or
    messages, `pick` seeds what is left to choose.
    """

    at: int
    do: str
    who: int = 0
    lasts: int = 0
    what: str = ""
    nth: int = 0
    pick: int = 0


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """One schedule. `note` tells people why it is kept."""

    options: Options
    actions: tuple[Action, ...] = ()
    note: str = ""


def read_plan(file: Path) -> Plan:
    """Return the plan in a JSON file; msgspec.MsgspecError if there is none."""
    return msgspec.json.decode(file.read_bytes(), type=Plan)


def plan_text(plan: Plan) -> str:
    """Return a plan as JSON, one action per line."""
    lines = [msgspec.json.encode(action).decode() for action in plan.actions]
    actions = ",\n    ".join(lines)
    options = msgspec.json.encode(plan.options).decode()
    note = msgspec.json.encode(plan.note).decode()
    tail = f"\n    {actions}\n  " if lines else ""
    return f'{{\n  "note": {note},\n  "options": {options},\n  "actions": [{tail}]\n}}\n'
