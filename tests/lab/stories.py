"""The stories that are told in the lab: which hosts there are, and what happens to them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.lab import database, defaults, trouble
from tests.lab.crowd import Crowd
from tests.lab.foretold import Forecasts
from tests.lab.lab import Cast
from tests.lab.plan import CALM, TIMES
from tests.lab.small import Small
from tests.lab.stage import Stage, Steps
from tests.lab.tour import Tour
from tui.demo.places import NODE_NAMES


@dataclass(frozen=True, slots=True)
class Story:
    """What happens to a cast, and in words what it is about."""

    about: str
    cast: Cast
    steps: Callable[[Stage], Steps]


_THREE = Cast(
    members=NODE_NAMES[:3],
    spares=NODE_NAMES[3:4],
    groups={"web": (0, 1, 2), "orders": (2, 1, 0)},
)

STORIES = {
    "three": Story(
        "three hosts: every fault, every kind of change",
        _THREE,
        lambda stage: Tour(stage).steps(),
    ),
    "defaults": Story(
        "three hosts with the default times: agents that die, adapters that fail",
        replace(_THREE, timing=TIMES["default"]),
        defaults.steps,
    ),
    "faults": Story(
        "three hosts: disk, application, a node that comes and goes (not in the suite)",
        _THREE,
        trouble.faults,
    ),
    "database": Story(
        "PostgreSQL under write load: no acknowledged row is missing (not in the suite)",
        Cast(members=NODE_NAMES[:3], groups={}, disk_mib=database.SIZE_MIB),
        database.steps,
    ),
    "forecast": Story(
        "three hosts: how long services are away, against what was foretold (not in the suite)",
        _THREE,
        lambda stage: Forecasts(stage).steps(),
    ),
    "fencing": Story(
        "three hosts that must switch each other off first (not in the suite)",
        replace(_THREE, fenced=True),
        trouble.fencing,
    ),
    "witness": Story(
        "two hosts, and a witness that only votes",
        Cast(
            members=NODE_NAMES[:2],
            witnesses=NODE_NAMES[2:3],
            groups={"web": (0, 1), "orders": (1, 0)},
        ),
        lambda stage: Small(stage).steps(),
    ),
    "sixteen": Story(
        "sixteen hosts become one cluster, lose one, and are reconfigured",
        Cast(
            members=tuple(f"node{number:02}" for number in range(1, 17)),
            groups={"web": (0, 1, 2), "orders": (15, 14, 13)},
            timing=CALM,
            standby=False,
        ),
        lambda stage: Crowd(stage).steps(),
    ),
}
