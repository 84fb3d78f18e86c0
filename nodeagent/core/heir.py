"""Who goes on with a DARE whose coordinator was lost: the voter that finished its decision.

The decree alone makes everything right again, on every node. What is missing without an heir is
somebody who asks for it: who releases and acquires again, and who proves that all is as before. So
the heir walks the undo rows after an ABORT, and *activate* and *resume* after a COMMIT, under the
same transaction, and consoles see them in the same run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodeagent.core.audience import Request
from nodeagent.core.log import DecreeError, read_configuration
from nodeagent.model.plan import Plan
from nodeagent.model.run import DareRun
from nodeagent.wire.codec import WireError, unpack
from nodeagent.wire.peer import Aborted, Commit

if TYPE_CHECKING:
    from nodeagent.core.decree import Proposer
    from nodeagent.core.participant import Open
    from nodeagent.core.shared import Shared
    from nodeagent.model.configuration import Configuration


def request_of(shared: Shared, proposer: Proposer, opened: Open | None) -> Request | None:
    """Return what a lost coordinator was asked for, as far as it is known here.

    Called before the decision is in force. None where it is no DARE that is decided, or where
    nothing but its name is known: then nothing can have been changed by it that was seen here.
    """
    value = proposer.value
    if not isinstance(value, Commit | Aborted):
        return None
    run = _run(shared, value.tx)
    staged = opened.staged if opened is not None and opened.tx == value.tx else None
    if run is None and staged is None:
        return None
    plan = run.plan if run is not None else Plan()
    if run is None and staged is not None:
        plan = Plan(owners=staged.owners, release=staged.release, acquire=staged.acquire)
    nodes = run.nodes if run is not None else tuple(staged.view if staged else ())
    packed = staged.file if staged is not None else b""
    candidate = _candidate(shared, value.file if isinstance(value, Commit) else packed)
    if candidate is None:
        return None
    return Request(
        tx=value.tx,
        ballot=proposer.ballot,
        slot=proposer.slot,
        packed=packed,
        digest=run.target_digest if run is not None else (staged.digest if staged else ""),
        candidate=candidate,
        plan=plan,
        participants=nodes,
        base=shared.log.standing,
        author=run.author if run is not None else "",
        reason=run.reason if run is not None else "",
        mark=run.mark if run is not None else "",
    )


def record_of(shared: Shared, request: Request, lost: str) -> DareRun:
    """Return the record of the run so far; an empty one where nothing was heard of it."""
    known = _run(shared, request.tx)
    if known is not None:
        return known
    base = request.base
    return DareRun(
        tx=request.tx,
        coordinator=lost,
        base_epoch=base.epoch,
        base_digest=base.digest,
        target_digest=request.digest,
        nodes=request.participants,
        plan=request.plan,
        began=shared.now.unix,
    )


def owned_before(request: Request) -> dict[str, tuple[str, ...]]:
    """Return which groups each node owned before the DARE: they must be online there again."""
    owners = request.base.owners.items()
    return {node: tuple(g for g, owner in owners if owner == node) for node in request.base.view}


def _run(shared: Shared, tx: str) -> DareRun | None:
    known = (*shared.runs, *((shared.run,) if shared.run else ()))
    return next((run for run in known if run.tx == tx), None)


def _candidate(shared: Shared, packed: bytes) -> Configuration | None:
    if not packed:
        return shared.candidate or shared.log.configuration
    try:
        return read_configuration(unpack(packed), "candidate")
    except (WireError, DecreeError):
        return shared.log.configuration
