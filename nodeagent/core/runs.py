"""How a node learns of a DARE, and of its end, where it missed the news.

Progress is told once and not repeated, so it can get lost with a connection. A node that hears of a
run that it has no record of asks who tells of it, and gets all of it. A node whose record stays
open in silence asks the coordinator; where that one is gone or forgot (it was restarted), the
decree log tells how the DARE ended. A coordinator that is only not heard here, over a bad link, may
have ended it without a decree: then whoever is heard is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from nodeagent.core.effects import Publish
from nodeagent.model.run import (
    FINAL,
    OPEN,
    Cell,
    CellChanged,
    DareRun,
    Progress,
    RunChanged,
    RunStarted,
    StepChanged,
)
from nodeagent.wire.live import ProgressMade
from nodeagent.wire.peer import Aborted, Commit, ProgressNote, RunWanted

if TYPE_CHECKING:
    from nodeagent.core.node import Node

UNENDED = OPEN | {"in-doubt"}
ASK_AFTER_MS = 3_000
ASK_AGAIN_MS = 500
_AFTER_DECISION = ("activate", "resume")


def told(node: Node, sender: str, progress: Progress) -> None:
    """Take what a coordinator tells of its run; ask for all of one whose beginning was missed."""
    shared = node.shared
    if isinstance(progress, RunStarted):
        before = _known(node, progress.run.tx)
        shared.fold(progress)
        if before is not None and before is _known(node, progress.run.tx):
            return  # it was told already
    else:
        if _known(node, progress.tx) is None:
            _ask_for(node, sender, progress)
        shared.fold(progress)
    shared.out.append(Publish(ProgressMade(progress)))


def _ask_for(node: Node, sender: str, progress: CellChanged | StepChanged | RunChanged) -> None:
    """Ask for the whole record, now and then, and once at its end: nothing follows that."""
    shared, tx = node.shared, progress.tx
    ends = isinstance(progress, RunChanged) and progress.state not in OPEN
    asked_tx, asked_at_its_end, asked_ms = shared.run_asked
    early = not ends and shared.now.ms - asked_ms < ASK_AGAIN_MS
    if sender == shared.name or (asked_tx == tx and (asked_at_its_end or early)):
        return
    shared.run_asked = (tx, ends, shared.now.ms)
    shared.send(sender, RunWanted(tx))


def tick(node: Node) -> None:
    """Ask for the end of a run of which nothing was heard for a while."""
    shared = node.shared
    unended = (r for r in _runs(node) if r.state in UNENDED and not _coordinates(node, r.tx))
    run = next(unended, None)
    if run is None:
        return
    if shared.now.ms - shared.run_news_ms < ASK_AFTER_MS:
        return
    shared.run_news_ms = shared.now.ms
    if run.coordinator != shared.name and shared.alive(run.coordinator):
        shared.send(run.coordinator, RunWanted(run.tx))
        return
    end = _by_log(node, run.tx, run.coordinator)
    if end is None:
        heard = (name for name in shared.alive_nodes() if name != shared.name)
        shared.send_all(heard, RunWanted(run.tx))
        return
    end = replace(end, seconds=max(0.0, shared.now.unix - run.began))
    for progress in (*_seen(node, run, end), end):
        shared.fold(progress)
        shared.out.append(Publish(ProgressMade(progress)))


def _seen(node: Node, run: DareRun, end: RunChanged) -> Iterator[Progress]:
    """Yield what nobody told of the rows after a decision and what the heartbeats show of them."""
    if end.state != "done":
        return
    slot = int(run.tx.partition(".")[0])
    for row in run.steps:
        if row.undo or row.name not in _AFTER_DECISION or row.state in FINAL:
            continue
        cells = {name: _cell(node, name, slot, row.name) for name in run.nodes}
        for name, cell in cells.items():
            if row.cells.get(name, Cell()).state not in FINAL:
                yield CellChanged(run.tx, row.name, undo=False, node=name, cell=cell)
        reason = f"{run.coordinator} was lost; this is what is heard of each node"
        yield StepChanged(run.tx, row.name, undo=False, state="done", reason=reason)


def _cell(node: Node, name: str, slot: int, row: str) -> Cell:
    """Return whether a node has the decision of `slot` in force, or has resumed after it."""
    shared = node.shared
    peer = shared.hearts.peers.get(name)
    if name == shared.name:
        known, phase = shared.log.standing.slot, node.participant.phase
    elif peer is not None and shared.alive(name):
        known, phase = peer.beat.slot, peer.beat.phase
    else:
        return Cell("lost", reason="not heard; it catches up when it returns")
    if known < slot or (row == "resume" and phase):
        return Cell("lost", reason="not heard of yet; it catches up by itself")
    return Cell("done", reason="seen in its heartbeats")


def wanted(node: Node, sender: str, tx: str) -> None:
    """Tell a peer of a run: all of it if it goes on here or has ended as far as is known here."""
    record = _known(node, tx)
    if record is not None and (record.state not in OPEN or _coordinates(node, tx)):
        node.shared.send(sender, ProgressNote(RunStarted(record)))
        return
    end = None if _coordinates(node, tx) else _by_log(node, tx, _origin(tx))
    if end is not None:
        node.shared.send(sender, ProgressNote(end))


def _origin(tx: str) -> str:
    """Return the node that began a transaction: slot.round.NODE.incarnation."""
    return tx.split(".", 2)[-1].rpartition(".")[0]


def _coordinates(node: Node, tx: str) -> bool:
    coordinator = node.coordinator
    return coordinator is not None and coordinator.request.tx == tx and not coordinator.finished


def _runs(node: Node) -> tuple[DareRun, ...]:
    shared = node.shared
    return (*shared.runs, *((shared.run,) if shared.run else ()))


def _known(node: Node, tx: str) -> DareRun | None:
    return next((run for run in _runs(node) if run.tx == tx), None)


def _by_log(node: Node, tx: str, coordinator: str) -> RunChanged | None:
    """Return the end of a run as the decrees tell it, None while it may still be decided.

    A coordinator that only paused goes on later; one that was restarted knows nothing of it.
    """
    log = node.shared.log
    for decree in reversed(log.decrees):
        if isinstance(decree.value, Commit | Aborted) and decree.value.tx == tx:
            done = isinstance(decree.value, Commit)
            text = f"{coordinator} was lost; the others {'finished' if done else 'undid'} the DARE"
            if done:
                return RunChanged(tx, "done", text=text)
            return RunChanged(tx, "aborted", "unknown", text=text)
    slot = tx.partition(".")[0]
    decided = slot.isdecimal() and int(slot) < log.next_slot
    forgotten = coordinator == node.shared.name and node.acceptor.lock is None
    if decided or forgotten:
        return RunChanged(tx, "refused", text=f"{coordinator} was lost before anything changed")
    return None
