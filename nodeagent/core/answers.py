"""What a console's request is answered by, and by whose right it may ask.

A node is asked things by consoles and by machines that want to join. Roles come from the active
configuration (`desk.role_of`). What is answered at once is returned; what waits for a device or a
disk is answered by a later event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodeagent.core import desk, fence_desk, ledger
from nodeagent.core.audience import Request
from nodeagent.core.effects import Reply
from nodeagent.core.events import ConsoleAsked, JoinAsked, JoinDoorOpened
from nodeagent.wire.console import (
    Abort,
    Answer,
    Apply,
    Change,
    Done,
    Drill,
    EndProbation,
    Fence,
    GetConfiguration,
    GetSnapshot,
    JoinRequest,
    Lookup,
    Operate,
    Refused,
    Rehearse,
    SaveDraft,
)
from nodeagent.wire.fencing import FenceChecks, GetFenceChecks, TestFence
from nodeagent.wire.joining import Admitted
from nodeagent.wire.ledger import GetLedger
from nodeagent.wire.peer import Relay

if TYPE_CHECKING:
    from nodeagent.core.node import Node


def asked(node: Node, event: ConsoleAsked | JoinAsked | JoinDoorOpened) -> None:
    """Answer a console, or deal with the door for machines that join."""
    match event:
        case ConsoleAsked():
            _console(node, event)
        case JoinAsked():
            node.invitations.asked(event)
        case JoinDoorOpened():
            node.invitations.opened(event)


def _console(node: Node, event: ConsoleAsked) -> None:
    answer = _answer(node, event)
    if answer is not None:
        node.shared.out.append(Reply(event.client, event.ask.id, answer))


def _answer(node: Node, event: ConsoleAsked) -> Answer | None:
    """Return the answer, None where it comes with a later event."""
    name, role = desk.role_of(node.shared.configuration, event.key)
    request = event.ask.request
    if not role:
        return Refused("stranger", "this key is not an administrator of the cluster", 2)
    if isinstance(request, Lookup):
        node.shared.out.append(desk.looked_up(event.client, event.ask.id, request))
        return None
    if isinstance(request, GetSnapshot | GetConfiguration | GetLedger | GetFenceChecks):
        return _shown(node, request)
    if role == "observer":
        return Refused("role", "an observer may look, not act", 2)
    if isinstance(request, Abort | Fence | TestFence | EndProbation):
        return _operate(node, request, name)
    if role != "admin" and not _only_operates(node, request):
        return Refused("role", "only an admin changes the configuration", 2)
    if isinstance(request, JoinRequest):
        return _join(node, event, request, name)
    return _change(node, request, name)


def _change(node: Node, request: Change, name: str) -> Answer:
    if isinstance(request, Rehearse):
        made = desk.prepare_rehearsal(node.shared, request, name)
        return node.rehearsals.begin(made) if isinstance(made, Request) else made
    if isinstance(request, SaveDraft):
        answer = desk.save_draft(node.shared, request)
        if isinstance(answer, Done):
            node.reporter.configuration_changed(name, draft=True)
        return answer
    if isinstance(request, Drill):
        return desk.practise(node.shared, request)
    return _apply(node, request, name)


def _join(node: Node, event: ConsoleAsked, request: JoinRequest, name: str) -> Answer | None:
    answer = node.invitations.answer(event, request, name)
    if isinstance(answer, Admitted):
        node.reporter.configuration_changed(name, draft=True)
    return answer


def _shown(
    node: Node, request: GetSnapshot | GetConfiguration | GetLedger | GetFenceChecks
) -> Answer:
    if isinstance(request, GetFenceChecks):
        return FenceChecks(node.shared.name, node.shared.fence_checks.known())
    if isinstance(request, GetLedger):
        return ledger.page(node.shared.log, request)
    if isinstance(request, GetConfiguration):
        return desk.configuration_of(node.shared, request)
    return node.snapshot()


def _operate(node: Node, request: Operate, name: str) -> Answer:
    if isinstance(request, EndProbation):
        return desk.end_probation(node.shared, request, node.probation.returning, name)
    if isinstance(request, Fence):
        return fence_desk.answer(node.shared, node.fencing, request, name)
    if isinstance(request, TestFence):
        return fence_desk.test(node.shared, request, name)
    return _abort(node, request, name)


def _only_operates(node: Node, request: Change | JoinRequest) -> bool:
    return isinstance(request, Apply) and desk.operates(node.shared, request)


def _apply(node: Node, request: Apply, name: str) -> Answer:
    ballot = node.governor.next_ballot()
    made = desk.prepare_dare(node.shared, request, ballot, node.busy(), name)
    if isinstance(made, Done | Refused):
        return made
    return node.begin(made) or Done("started", made.tx)


def _abort(node: Node, request: Abort, name: str) -> Answer:
    coordinator = node.coordinator
    if coordinator is not None and coordinator.request.tx == request.tx:
        if coordinator.abort(name):
            return Done("aborting", request.tx)
        return Refused("too-late", "past the point of no return, or already ended", 1)
    lock = node.acceptor.lock
    if lock is None or lock.tx != request.tx:
        return Refused("no-run", "no such DARE is running", 1)
    node.shared.send(lock.holder, Relay(request.tx))
    return Done(f"handed on to {lock.holder}", request.tx)
