"""From a seed to a plan: `core` schedules are short and aim at the protocol, `whole` ones have all.

The same seed gives the same plan. Core schedules come in families: seeds that follow each other
share their first configuration, so that its text is read once for all of them.
"""

import random
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from tests.simulation.plan import Action, Kind, Options, Plan

KINDS = (
    "Prepare",
    "Promise",
    "Accept",
    "Accept",
    "Accepted",
    "Accepted",
    "Decided",
    "Decided",
    "Applied",
    "StepOrder",
    "StepReply",
    "StepReply",
    "LeaseAck",
    "Probe",
    "ProbeReply",
    "Withdraw",
    "Decrees",
)
"""Messages to trap or to lose; those of the decision more often."""
TRAPS = ("crash sender", "cut off sender", "crash receiver", "pause sender", "pause receiver")
SINGLES = ("lost", "twice", "late")
WRITES = ("before", "torn", "after")
OPERATE = "operate"
OPERATIONS = 0.2
"""Share of what is asked for that is a standby, a hold, or the start of an idle group."""
PROBATIONS = 0.2
"""Share of schedules in which changes are on probation."""
COMMANDS = 0.25
"""Share of families of schedules in which the administrator has commands for events."""
CONCURRENT = 0.2
"""Share of families of schedules in which groups run on all of their nodes at once."""
LONE_DEATHS = 0.35
"""Share of schedules with groups in which agents die alone and services outlive them."""
FAMILY = 25
MENU = 6
"""Changes that the schedules of a family choose from."""
SIZES = (2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 6, 7, 8, 9)
"""Of core schedules: 9 nodes take four times as long as 3."""
FORGETS = True
"""Whether disks are lost or set back: for a minority of the voters at a time."""


def plan_of(kind: Kind, seed: int) -> Plan:
    """Return the plan of a seed."""
    plan = core(seed) if kind == "core" else whole(seed)
    plan = msgspec.structs.replace(plan, options=_with_commands(_with_fences(plan.options)))
    plan = replace(plan, options=_with_concurrent(plan.options))
    plan = _with_probations(plan)
    plan = _with_lone_deaths(plan)
    return operated(plan, random.Random(f"operations {kind} {seed}"), OPERATIONS)


def _with_fences(options: Options) -> Options:
    """Give many schedules fence devices, good ones and bad ones; core ones go by families."""
    family = random.Random(f"fences {options.kind} {options.shape}")
    often = 0.5 if options.kind == "whole" else 0.3
    fences, must = family.random() < often, family.random() < 0.3
    chance = random.Random(f"fences {options.seed}")
    bad = chance.random() < 0.6
    return msgspec.structs.replace(
        options,
        fences=fences,
        must_fence=fences and must,
        fence_fails=chance.choice((0.0, 0.3, 0.8)) if fences and bad else 0.0,
        fence_slow=chance.choice((0.0, 0.5)) if fences else 0.0,
        fence_late=chance.choice((0.0, 0.3)) if fences and bad else 0.0,
    )


def _with_commands(options: Options) -> Options:
    """Give some schedules commands for events; they fail and hang as often as drivers do."""
    family = random.Random(f"commands {options.kind} {options.shape}")
    return msgspec.structs.replace(options, commands=family.random() < COMMANDS)


def _with_concurrent(options: Options) -> Options:
    """Let groups of some families run on all of their nodes at once; drawn apart, too."""
    family = random.Random(f"concurrent {options.kind} {options.shape}")
    return replace(options, concurrent=family.random() < CONCURRENT)


def _with_probations(plan: Plan) -> Plan:
    """Let many changes be on probation, and some probations be ended by an administrator."""
    options = plan.options
    chance = random.Random(f"probations {options.kind} {options.seed}")
    if chance.random() >= PROBATIONS:
        return plan
    ends = [
        Action(
            chance.randint(0, options.lasts_ms),
            "end probation",
            chance.randint(0, 8),
            what=chance.choice(("confirm", "confirm", "return")),
        )
        for _ in range(chance.choice((0, 1, 1, 2)))
    ]
    options = replace(options, probations=chance.choice((0.4, 1.0)))
    return Plan(options, _sorted([*plan.actions, *ends]))


def _with_lone_deaths(plan: Plan) -> Plan:
    """Let services outlive their agents in many schedules, and some agents die alone."""
    options = plan.options
    chance = random.Random(f"lone deaths {options.kind} {options.seed}")
    if not options.groups or chance.random() >= LONE_DEATHS:
        return plan
    deaths = [
        Action(
            chance.randint(0, options.lasts_ms),
            "agent",
            _who(chance),
            chance.choice((100, 400, 900, 1_800, 3_500)),
        )
        for _ in range(chance.choice((1, 1, 2, 3)))
    ]
    return Plan(replace(options, adopts=True, lingers=False), _sorted([*plan.actions, *deaths]))


def operated(plan: Plan, chance: random.Random, share: float) -> Plan:
    """Return the plan with a share of what administrators change replaced by what operators do."""
    actions = tuple(
        replace(action, what=OPERATE) if action.do == "ask" and chance.random() < share else action
        for action in plan.actions
    )
    return replace(plan, actions=actions)


# -- core: the protocol, and little else


def core(seed: int) -> Plan:
    """Return a short schedule: one or two DAREs, and faults that aim at them."""
    family, chance = random.Random(f"core {seed // FAMILY}"), random.Random(seed)
    nodes = family.choice(SIZES)
    menu = [(family.choice(CHANGES), _pick(family)) for _ in range(MENU)]
    groups = int(family.random() < 0.25)
    rough = chance.random() < 0.5
    lasts = chance.choice((1_500, 2_500, 4_000))
    options = Options(
        seed=seed,
        kind="core",
        nodes=nodes,
        groups=groups,
        timing=-1,
        shape=seed // FAMILY,
        witness=groups > 0 and nodes == 3 and family.random() < 0.5,
        breaks_ties=nodes in (2, 4, 5) and family.random() < 0.25,
        shrinks=nodes > 3 and family.random() < 0.1,
        loss=chance.choice((0.02, 0.1, 0.25)) if rough else 0.0,
        double=chance.choice((0.0, 0.1)) if rough else 0.0,
        late=chance.choice((0.0, 0.05)) if rough else 0.0,
        delay_ms=chance.choice(((1, 3), (1, 40), (20, 150))),
        driver_slow=chance.choice((0.0, 0.2)),
        lingers=chance.random() < 0.4,
        drifts=chance.random() < 0.2,
        tick_ms=chance.choice((250, 400, 400)),
        compacts=chance.random() < 0.2,
        chatter=chance.random() < 0.15,
        warm_ms=chance.choice((300, 800, 1_200)),
        lasts_ms=lasts,
    )
    actions: list[Action] = []
    for _ in range(chance.choice((1, 1, 1, 2))):
        asked = chance.randint(0, lasts // 2)
        for _ in range(2 if chance.random() < 0.15 else 1):
            what, pick = chance.choice(menu)
            actions.append(Action(asked, "ask", chance.randint(0, 8), what=what, pick=pick))
        actions += _aimed(chance, asked)
    if chance.random() < 0.15:
        actions.append(Action(chance.randint(0, lasts), "abort", chance.randint(0, 8)))
    return Plan(options, _sorted(actions))


def _aimed(chance: random.Random, asked: int) -> list[Action]:
    """Return faults at about the time when a DARE was asked for."""
    return [
        chance.choice(_AIMED)(chance, asked + chance.randint(-50, 700))
        for _ in range(chance.choice((0, 1, 1, 2)))
    ]


def _ask(chance: random.Random, at: int) -> Action:
    return Action(at, "ask", chance.randint(0, 8), what=chance.choice(CHANGES), pick=_pick(chance))


def _pick(chance: random.Random) -> int:
    return chance.randrange(1_000_000)


def _sorted(actions: list[Action]) -> tuple[Action, ...]:
    return tuple(sorted(actions, key=lambda action: action.at))


CHANGES = (
    "add group",
    "remove group",
    "change group",
    "add node",
    "remove node",
    "add node and group",
    "replace node",
    "change node and group",
    "voters",
    "timing",
    "move",
)


# -- whole: nodes with everything


def whole(seed: int) -> Plan:
    """Return a long schedule with groups, drivers, networks and administrators."""
    chance = random.Random(f"whole {seed}")
    rough, broken = chance.random() < 0.6, chance.random() < 0.3
    nodes = chance.choice((2, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9))
    lasts = chance.randint(6_000, 16_000)
    options = Options(
        seed=seed,
        kind="whole",
        nodes=nodes,
        groups=chance.randint(1, 3),
        networks=chance.choice((1, 1, 2)),
        shape=seed,
        witness=nodes == 3 and chance.random() < 0.3,
        breaks_ties=nodes in (2, 4, 6) and chance.random() < 0.25,
        shrinks=nodes > 3 and chance.random() < 0.1,
        spare=seed % 4 == 0,
        loss=chance.choice((0.01, 0.05, 0.15, 0.3)) if rough else 0.0,
        double=chance.choice((0.0, 0.1)) if rough else 0.0,
        late=chance.choice((0.0, 0.02, 0.1)) if rough else 0.0,
        delay_ms=chance.choice(((1, 3), (1, 40), (20, 150))),
        driver_fails=chance.choice((0.03, 0.2)) if broken else 0.0,
        driver_slow=chance.choice((0.0, 0.2)),
        driver_hangs=chance.choice((0.0, 0.02, 0.1)) if broken else 0.0,
        driver_lies=chance.choice((0.0, 0.05)) if broken else 0.0,
        lingers=chance.random() < 0.4,
        drifts=chance.random() < 0.3,
        tick_ms=chance.choice((100, 200, 200)),
        consoles=int(chance.random() < 0.1),
        compacts=chance.random() < 0.3,
        warm_ms=chance.choice((0, 1_500, 4_000, 5_000)),
        lasts_ms=lasts,
    )
    actions = [_ask(chance, chance.randint(0, lasts)) for _ in range(chance.randint(1, 4))]
    actions += [_ask(chance, a.at) for a in actions if chance.random() < 0.15]
    for _ in range(chance.choice((0, 1, 2, 3, 5, 7))):
        actions += [chance.choice(_ANY)(chance, chance.randint(0, lasts))]
    for _ in range(chance.choice((0, 0, 1, 2))):
        actions += [Action(chance.randint(0, lasts), "abort", chance.randint(0, 8))]
    if chance.random() < 0.2:
        actions.append(Action(chance.randint(0, lasts), "draft", chance.randint(0, 8)))
    if FORGETS and chance.random() < 0.15:
        actions += _forgetting(chance, lasts)
    if options.spare:
        cables = random.Random(f"cables {seed}")  # leaves the other choices of a seed as they are
        actions += [_adapter(cables, cables.randint(0, lasts)) for _ in range(2)]
    return Plan(options, _sorted(actions))


# -- single faults: each makes an action


def _who(chance: random.Random) -> int:
    return chance.choice((-1, chance.randint(0, 8)))


def _crash(chance: random.Random, at: int) -> Action:
    return Action(at, "crash", _who(chance), chance.choice((100, 1_000, 4_000, 9_000)))


def _leave(chance: random.Random, at: int) -> Action:
    return Action(at, "leave", _who(chance), chance.choice((4_000, 9_000)))


def _write(chance: random.Random, at: int) -> Action:
    lasts = chance.choice((100, 1_000, 4_000, 9_000))
    what = chance.choice(WRITES)
    if chance.random() < 0.25:
        what = f"refused {what}"
    return Action(at, "write", _who(chance), lasts, what, chance.randint(1, 8), _pick(chance))


def _full(chance: random.Random, at: int) -> Action:
    what = chance.choice(("files", "journal"))
    return Action(at, "full disk", _who(chance), chance.choice((500, 3_000, 6_000)), what)


def _trap(chance: random.Random, at: int) -> Action:
    deed = chance.choice((*TRAPS, *SINGLES, "lose all"))
    lasts = chance.choice((500, 2_000, 5_000, 9_000))
    what = f"{chance.choice(KINDS)}: {deed}"
    return Action(at, "trap", lasts=lasts, what=what, nth=chance.randint(1, 8))


def _kind(chance: random.Random, at: int) -> Action:
    what = f"{chance.choice(KINDS)}: {chance.choice(SINGLES)}"
    return Action(at, "weather", lasts=chance.choice((500, 2_000, 5_000)), what=what)


def _pause(chance: random.Random, at: int) -> Action:
    return Action(at, "pause", _who(chance), chance.choice((300, 1_500, 3_000, 6_000)))


def _cut(chance: random.Random, at: int) -> Action:
    lasts = chance.choice((500, 2_000, 5_000, 9_000, 12_000))
    return Action(at, "cut", 0, lasts, chance.choice(("one way", "both ways")), 0, _pick(chance))


def _isolate(chance: random.Random, at: int) -> Action:
    lasts = chance.choice((500, 2_000, 5_000, 9_000, 12_000))
    what = chance.choice(("both ways", "both ways", "one way"))
    return Action(at, "isolate", 0, lasts, what, 0, _pick(chance))


def _adapter(chance: random.Random, at: int) -> Action:
    lasts, what = chance.choice((500, 2_000, 5_000)), chance.choice(("eth0", "eth1"))
    return Action(at, "adapter", chance.randint(0, 8), lasts, what)


def _application(chance: random.Random, at: int) -> Action:
    return Action(at, "application", chance.randint(0, 8))


def _forgetting(chance: random.Random, lasts: int) -> list[Action]:
    """Lose a disk, or set it back to a copy that was made a while before."""
    who, at = chance.randint(0, 8), chance.randint(0, lasts)
    if chance.random() < 0.5:
        return [Action(at, "lose disk", who, chance.choice((100, 3_000)))]
    before = max(0, at - chance.choice((200, 1_000, 3_000)))
    back = Action(at, "set disk back", who, chance.choice((100, 3_000)))
    return [Action(before, "copy disk", who), back]


Maker = Callable[[random.Random, int], Action]

_AIMED: tuple[Maker, ...] = (
    _crash,
    _write,
    _write,
    _write,
    _full,
    _trap,
    _trap,
    _trap,
    _trap,
    _kind,
    _pause,
    _cut,
    _isolate,
    _isolate,
)
_ANY: tuple[Maker, ...] = (
    *_AIMED,
    _crash,
    _pause,
    _leave,
    _cut,
    _isolate,
    _adapter,
    _application,
)
