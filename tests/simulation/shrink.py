"""Makes a plan that breaks a rule smaller, as long as it still breaks the same rule.

Actions are dropped one by one, then what goes wrong by chance is switched off, then the cluster is
made smaller; all of it again until nothing more can go.
"""

from collections.abc import Callable, Iterator

import msgspec

from tests.simulation.plan import Action, Options, Plan
from tests.simulation.schedules import Failure, play_plan

TRIES_MAX = 2_000
_CALMER: dict[str, object] = {
    "loss": 0.0,
    "double": 0.0,
    "late": 0.0,
    "driver_fails": 0.0,
    "driver_slow": 0.0,
    "driver_hangs": 0.0,
    "driver_lies": 0.0,
    "delay_ms": (1, 3),
    "lingers": False,
    "drifts": False,
    "compacts": False,
    "consoles": 0,
    "chatter": False,
    "networks": 1,
    "witness": False,
    "breaks_ties": False,
    "shrinks": False,
    "spare": False,
    "commands": False,
    "concurrent": False,
}

Broken = Callable[[Plan], str]


def broken(plan: Plan) -> str:
    """Return the rule that a plan breaks, empty if none."""
    try:
        play_plan(plan)
    except Failure as failure:
        return failure.rule
    return ""


def shrink(plan: Plan, breaks: Broken = broken) -> Plan:
    """Return the smallest plan found that breaks the same rule; the plan itself if it breaks none.

    Plays at most `TRIES_MAX` plans.
    """
    rule = breaks(plan)
    left = TRIES_MAX if rule else 0
    smaller = True
    while smaller and left > 0:
        smaller = False
        for candidate in _smaller(plan):
            left -= 1
            if breaks(candidate) == rule:
                plan, smaller = candidate, True
                break
            if left <= 0:
                break
    return plan


def _smaller(plan: Plan) -> Iterator[Plan]:
    """Yield plans that are one step smaller, the largest steps first."""
    yield from _fewer(plan)
    for name, value in _CALMER.items():
        if getattr(plan.options, name) != value:
            yield _with(plan, **{name: value})
    yield from _fewer_nodes(plan)
    yield from _shorter(plan)
    for index, action in enumerate(plan.actions):
        for other in _simpler(action):
            actions = (*plan.actions[:index], other, *plan.actions[index + 1 :])
            yield msgspec.structs.replace(plan, actions=actions)


def _fewer(plan: Plan) -> Iterator[Plan]:
    actions = plan.actions
    half = len(actions) // 2
    if half > 1:
        yield msgspec.structs.replace(plan, actions=actions[:half])
        yield msgspec.structs.replace(plan, actions=actions[half:])
    for index in range(len(actions)):
        yield msgspec.structs.replace(plan, actions=actions[:index] + actions[index + 1 :])


def _fewer_nodes(plan: Plan) -> Iterator[Plan]:
    options = plan.options
    if options.groups:
        yield _with(plan, groups=options.groups - 1)
    for nodes in (2, 3, 5):
        if nodes < options.nodes:
            yield _with(plan, nodes=nodes)


def _shorter(plan: Plan) -> Iterator[Plan]:
    last = max((action.at for action in plan.actions), default=0)
    for lasts in (last + 100, last + 3_000):
        if lasts < plan.options.lasts_ms:
            yield _with(plan, lasts_ms=lasts)


def _simpler(action: Action) -> Iterator[Action]:
    for lasts in (100, 1_000):
        if lasts < action.lasts:
            yield msgspec.structs.replace(action, lasts=lasts)


def _with(plan: Plan, **changes: object) -> Plan:
    options: Options = msgspec.structs.replace(plan.options, **changes)
    return msgspec.structs.replace(plan, options=options)
