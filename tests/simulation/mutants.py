"""Break the core on purpose and see whether the schedules notice.

Run by `python -m tests.simulation.mutants`.

Each mutant takes one safeguard away. A mutant that no schedule kills says that the faults are too
tame, not that the safeguard is needless.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nodeagent.core.decree import Acceptor, Proposer
from nodeagent.core.groups import GroupRunner
from nodeagent.core.keeper import Keeper
from nodeagent.core.lease import Lease
from nodeagent.core.log import DecreeLog, majority
from nodeagent.core.participant import Participant
from nodeagent.core.proofs import Proofs
from nodeagent.core.records import Promised, Record, Staged
from nodeagent.core.shared import Shared
from tests.simulation.machine import Machine
from tests.simulation.schedules import Failure, play
from tests.simulation.world import World

Mutant = tuple[type, str, Any]


def _forgets(kind: type[Record]) -> Mutant:
    real = World._write

    def write(self: World, machine: Machine, record: Record) -> None:
        if not isinstance(record, kind):
            real(self, machine, record)

    return World, "_write", write


def _never(*_: object) -> bool:
    return False


def _any_ballot(self: Acceptor, m: Any) -> Any:
    self.promised = min(self.promised, m.ballot)
    return _ACCEPT(self, m)


def _new_only(self: DecreeLog, value: Any, accepted_by: Any) -> bool:
    voters = self.voters_after(value) if hasattr(value, "file") else self.voters
    return majority(voters, accepted_by)


def _one_is_enough(self: DecreeLog, value: Any, accepted_by: Any) -> bool:
    return bool(accepted_by)


_ACCEPT = Acceptor.on_accept
_VALID: Callable[..., int] = Lease.valid_until_ms
MUTANTS: dict[str, Mutant] = {
    "terminator ignores what was accepted": (Proposer, "found", property(lambda _: None)),
    "no proof of release": (Proofs, "missing", lambda *_: ()),
    "no wait for a lost node": (Shared, "takeover_wait_ms", property(lambda _: 0)),
    "an open DARE does not block acquiring": (
        Participant,
        "touched",
        property(lambda _: frozenset()),
    ),
    "lease is not enforced": (Shared, "lease_valid", property(lambda _: True)),
    "lease lasts too long": (Lease, "valid_until_ms", lambda *a: _VALID(*a) + 6_000),
    "promise is not on disk": _forgets(Promised),
    "staged is not on disk": _forgets(Staged),
    "stale ballots are accepted": (Acceptor, "on_accept", _any_ballot),
    "commit by the new voters alone": (DecreeLog, "certified", _new_only),
    "one acceptance decides": (DecreeLog, "certified", _one_is_enough),
    "nobody terminates": (Participant, "in_doubt", property(_never)),
    "always released": (GroupRunner, "held", property(_never)),
    "nothing is let go": (Keeper, "_let_go", lambda *_: None),
}


@contextmanager
def _broken(mutant: Mutant) -> Iterator[None]:
    owner, name, value = mutant
    real = owner.__dict__[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, real)


def _first_killer(mutant: Mutant, seeds: range) -> tuple[int, str]:
    with _broken(mutant):
        for seed in seeds:
            try:
                play(seed)
            except Failure as failure:
                return seed, str(failure).partition("\n")[0]
    return 0, ""


def main() -> int:
    """Try every mutant; returns 1 if one survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants", description=__doc__)
    parser.add_argument("--schedules", type=int, default=300)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    survivors = 0
    for name, mutant in MUTANTS.items():
        if arguments.only not in name:
            continue
        seed, why = _first_killer(mutant, range(1, arguments.schedules + 1))
        survivors += not seed
        print(f"{name}: {why or 'SURVIVES'}", flush=True)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
