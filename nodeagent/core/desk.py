"""Where consoles' requests are answered: who may ask what, and what is refused with which reason.

Roles come from the active configuration: an observer looks, an operator also moves and holds
groups, sends nodes to standby and aborts, an admin changes the configuration. This is the one
place where a role is judged.
"""

from collections.abc import Mapping

from msgspec import UNSET

from nodeagent.config.candidates import Facts, choices
from nodeagent.config.diff import rekeyed
from nodeagent.config.digest import file_digest
from nodeagent.config.holds import forbidden, held_groups
from nodeagent.config.instances import expanded, is_instance, meant, written_name
from nodeagent.config.load import load
from nodeagent.config.operations import only_operates
from nodeagent.config.parse import parse
from nodeagent.config.plan import kept, plan
from nodeagent.config.why import unkept_move
from nodeagent.config.words import join
from nodeagent.core.audience import Request
from nodeagent.core.effects import (
    CutAdapter,
    FailApplication,
    ReadRecording,
    TakeInventory,
    WriteDraft,
)
from nodeagent.core.leaving import leaving_nodes
from nodeagent.core.log import OnProbation, parsed
from nodeagent.core.probation import MARK
from nodeagent.core.records import Drafted
from nodeagent.core.shared import Shared
from nodeagent.core.table import STEPS
from nodeagent.model.configuration import Configuration
from nodeagent.model.ownership import NOBODY, Ballot
from nodeagent.model.plan import Plan
from nodeagent.model.reports import has_errors
from nodeagent.model.text import clean
from nodeagent.wire.codec import pack, unpack
from nodeagent.wire.console import (
    Answer,
    Apply,
    ConfigurationFile,
    Done,
    Drill,
    DrillKind,
    EndProbation,
    GetConfiguration,
    Lookup,
    Refused,
    Rehearse,
    SaveDraft,
)
from nodeagent.wire.limits import PACKED_BYTES_MAX
from nodeagent.wire.peer import Commit, DraftNote, EndWanted
from nodeagent.wire.recording import GetRecording

NOT_IN = "this node is not in the cluster now; ask another agent, or wait until it has joined"

NO_QUORUM = "no majority of voters is heard; nothing can be decided"

TOO_LONG = (
    "the deadlines of what is started and stopped add up to {} minutes in one step, more than the "
    "60 that a DARE may take; shorten start-seconds and stop-seconds, or change fewer groups"
)


def role_of(configuration: Configuration | None, key: str) -> tuple[str, str]:
    """Return (name, role) of a console's key, two empty strings for a stranger."""
    for name, admin in (configuration.admin if configuration else {}).items():
        if admin.key == key:
            return name, admin.role
    return "", ""


def looked_up(client: bytes, number: int, request: Lookup) -> ReadRecording | TakeInventory:
    """Return the effect that answers what is not known here but by the machine."""
    if isinstance(request, GetRecording):
        return ReadRecording(client, number, request)
    return TakeInventory(client, number, request)


def operates(shared: Shared, apply: Apply) -> bool:
    """Return whether a request changes no more than an operator may: standby, holds, and owners."""
    if apply.check:
        return False  # it is run as what the agent is
    if apply.text.encode() == shared.log.active:
        return True
    active = parse(shared.log.active).configuration
    candidate = parse(apply.text).configuration
    if active is None or candidate is None:
        return False
    return only_operates(shared.log.active.decode(), active, apply.text, candidate)


def save_draft(shared: Shared, request: SaveDraft) -> Answer:
    """Keep the draft here and hand it to all peers (blocks 86-88)."""
    data = request.text.encode()
    packed = pack(data)
    if len(packed) > PACKED_BYTES_MAX:
        return _too_large(packed)
    set_draft(shared, data, request.base)
    note = DraftNote(packed, clean(request.author, 100), request.base)
    shared.send_all((n for n in shared.alive_nodes() if n != shared.name), note)
    return Done("draft saved")


def _too_large(packed: bytes) -> Refused:
    text = f"the file has {len(packed)} bytes packed, more than {PACKED_BYTES_MAX} allowed"
    return Refused("too-large", text, 4)


def set_draft(shared: Shared, data: bytes, base: str) -> None:
    """Replace the default configuration, made from that of digest `base`; nothing reads it."""
    shared.draft = data
    shared.draft_digest = file_digest(data)
    if base != shared.draft_base:
        shared.draft_base = base
        shared.persist(Drafted(base))
    shared.out.append(WriteDraft(data))


def configuration_of(shared: Shared, request: GetConfiguration) -> Answer:
    """Return a decided configuration of the past, for who compares or merges."""
    for decree in reversed(shared.log.decrees):
        value = decree.value
        if isinstance(value, Commit) and value.digest == request.digest:
            text = unpack(value.file).decode("utf-8", "replace")
            return ConfigurationFile(value.epoch, value.digest, text)
    text = f"no decided configuration here has the digest {clean(request.digest[:12])}"
    return Refused("unknown-digest", text, 1)


def _targets(shared: Shared, kind: DrillKind) -> tuple[str, ...] | None:
    """Return what a drill may name, None for anything: a group may be there after a DARE only."""
    configuration = shared.configuration
    match kind:
        case "cut-adapter" | "mend-adapter":
            node = configuration.node.get(shared.name) if configuration else None
            return tuple(node.adapter) if node else ()
        case "fail-application":
            return tuple(configuration.group) if configuration else ()
        case "slow-step" | "stop-at-step":
            return ("", *(step.name for step in STEPS))  # "" takes it back
        case "fail-acquire" | "mend-acquire":
            return None


def practise(shared: Shared, request: Drill) -> Answer:
    """Carry out a drill, if this agent was started for drills."""
    drills, target = shared.drills, request.target
    if not drills.allowed:
        return Refused("drills", "this agent was not started with --drills", 2)
    known = _targets(shared, request.kind)
    if known is not None and target not in known:
        names = ", ".join(filter(None, known)) or "none"
        text = f"{request.kind}: there is no {clean(target, 60)!r} on {shared.name}; known: {names}"
        return Refused("drills", text, 2)
    match request.kind:
        case "cut-adapter" | "mend-adapter":
            shared.out.append(CutAdapter(target, mended=request.kind == "mend-adapter"))
        case "fail-acquire":
            drills.refuse_acquire.add(target)
        case "mend-acquire":
            drills.refuse_acquire.discard(target)
        case "fail-application":
            shared.out.append(FailApplication(target))
        case "slow-step":
            drills.slow_step = target
        case "stop-at-step":
            drills.stop_at_step = target
    shared.tell("note", shared.name, f"drill: {request.kind} {clean(target, 60)}")
    return Done(f"{request.kind} {clean(target, 60)}")


def _not_ready(shared: Shared, busy: str) -> Refused | None:
    if shared.log.configuration is None or not shared.is_member:
        return Refused("not-in", NOT_IN, 3)
    if not shared.quorum:
        return Refused("no-quorum", NO_QUORUM, 3)
    if busy:
        return Refused("busy", f"another DARE is open: {busy}; try again when it has ended", 3)
    going = [node for node in leaving_nodes(shared) if node in shared.log.standing.view]
    if going:
        text = f"{join(going)}: leaving the cluster; try again when that has ended"
        return Refused("leaving", text, 3)
    return None


def prepare_dare(
    shared: Shared, apply: Apply, ballot: Ballot, busy: str, author: str
) -> Request | Done | Refused:
    """Check an Apply and plan it; the answer says why there is nothing to do or it may not be."""
    refusal = _not_ready(shared, busy) or _on_probation(shared) or _bad_check(apply)
    if refusal is not None:
        return refusal
    return _prepare(shared, apply, ballot, author)


def _bad_check(apply: Apply) -> Refused | None:
    if not apply.check:
        return None
    if not apply.probation_seconds:
        return Refused("check", "a check belongs to a probation: say how long that lasts", 2)
    if not apply.check[0].startswith("/") or any("\0" in word for word in apply.check):
        program = clean(apply.check[0], 100)
        return Refused("check", f"the check needs a program with its whole path: {program}", 2)
    return None


def _on_probation(shared: Shared) -> Refused | None:
    probation = shared.log.probation
    if probation is None:
        return None
    author = probation.commit.author or "somebody"
    left_s = max(0, shared.probation_until_ms - shared.now.ms) // 1000
    text = (
        f"epoch {probation.commit.epoch} of {author} is on probation for {left_s} s more; keep it "
        "(clustertui confirm) or go back (clustertui return) first"
    )
    return Refused("probation", text, 3)


def end_probation(shared: Shared, request: EndProbation, returning: str, author: str) -> Answer:
    """Hand an administrator's wish on to those who decide it: a voter may be cut off or gone."""
    probation = shared.log.probation
    if probation is None or probation.commit.tx != request.tx:
        return Refused("no-probation", "nothing is on probation, or it is another change", 1)
    if returning:
        text = f"epoch {probation.terms.previous} is already being brought back: {returning}"
        return Refused("returning", text, 1)
    if not shared.quorum:
        return Refused("no-quorum", NO_QUORUM, 3)
    wish = EndWanted(request.tx, request.end, clean(author, 100))
    shared.send_all(dict.fromkeys((*shared.log.voters, shared.name)), wish)
    return Done(f"{request.end} asked for", request.tx)


def prepare_return(
    shared: Shared, probation: OnProbation, ballot: Ballot, why: str, *, as_before: bool
) -> Request | Refused:
    """Plan the DARE back to the configuration before a probation, or say why it cannot be yet.

    `as_before`: groups go to who had them, where that is possible, else by their policies.
    """
    refusal = _not_ready(shared, "")
    if refusal is not None:
        return refusal
    text = shared.log.file_of(probation.terms.previous).decode()
    written = parse(text).configuration
    candidate = expanded(written) if written is not None else None
    before = probation.terms.before.items() if as_before and candidate is not None else ()
    owners = {
        group: node
        for group, node in before
        if candidate is not None and not _illegal_moves(shared, candidate, {group: node})
    }
    apply = Apply(
        text, shared.log.standing.digest, f"probation: {why}"[:300], owners=owners, mark=MARK
    )
    asked = {} if probation.terms.asked is UNSET else probation.terms.asked
    made = _prepare(shared, apply, ballot, probation.commit.author, then_asked=asked)
    assert not isinstance(made, Done), "a probation ends by a COMMIT, also one that changes nothing"
    return made


def prepare_rehearsal(shared: Shared, wanted: Rehearse, author: str) -> Request | Done | Refused:
    """Check and plan what shall be rehearsed, as for a DARE; an open one does not matter."""
    refusal = _not_ready(shared, "")
    if refusal is not None:
        return refusal
    apply = Apply(wanted.text, wanted.base)
    return _prepare(shared, apply, Ballot(0, shared.name), author)


def _prepare(
    shared: Shared,
    apply: Apply,
    ballot: Ballot,
    author: str,
    *,
    then_asked: Mapping[str, str] | None = None,
) -> Request | Done | Refused:
    """Check and plan; with `then_asked` these moves are in force then, not all it is planned with.

    What is offline by order stays so in any case.
    """
    standing, active = shared.log.standing, shared.log.configuration
    assert active is not None, "a member has a configuration"
    data = apply.text.encode()
    written = _candidate(shared, apply, active)
    if isinstance(written, Refused):
        return written
    candidate = expanded(written)
    problem = _illegal_moves(shared, candidate, apply.owners)
    if problem:
        return Refused("move", problem, 4)
    held = held_groups(shared.now.unix, active, candidate)
    asked = {**kept(shared.log.wishes.placed(), active, candidate), **apply.owners}
    planned = _plan(shared, written, asked, held)
    kept_out = _kept_out(candidate, planned, apply.owners, held)
    if kept_out is not None:
        return kept_out
    packed = pack(data)
    if len(packed) > PACKED_BYTES_MAX:
        return _too_large(packed)
    digest = file_digest(data)
    idle = digest == standing.digest and not planned.release and not planned.acquire
    if idle and shared.log.probation is None:
        return Done("nothing to change: this is the active configuration")
    nodes = (*standing.view, *(node for node in candidate.node if node not in active.node))
    leaving = (*planned.removed_nodes, *rekeyed(active, candidate))
    facts = Facts(nodes, owners=standing.owners, asked=asked, leaving=leaving)
    slot = shared.log.next_slot
    return Request(
        tx=f"{slot}.{ballot.round}.{shared.name}.{shared.incarnation}",
        ballot=ballot,
        slot=slot,
        packed=packed,
        digest=digest,
        candidate=candidate,
        plan=planned,
        choices=choices(candidate, facts, planned.owners),
        participants=nodes,
        base=standing,
        author=clean(author, 100),
        reason=clean(apply.reason, 300),
        mark=clean(apply.mark, 64),
        probation_seconds=apply.probation_seconds,
        rehearsed=apply.rehearsed,
        check=apply.check,
        asked=_then_asked(asked, then_asked, planned.owners),
    )


def _plan(
    shared: Shared, written: Configuration, asked: Mapping[str, str], held: frozenset[str]
) -> Plan:
    """Plan from what is active, as it is written, too."""
    active, standing = parsed(shared.log.active, "active").configuration, shared.log.standing
    assert active is not None, "what is active was read when it was decided"
    view, owners = tuple(standing.view), standing.owners
    return plan(active, written, view=view, owners=owners, asked=asked, held=held)


def _then_asked(
    planned_with: Mapping[str, str], moves: Mapping[str, str] | None, owners: Mapping[str, str]
) -> dict[str, str]:
    """Return the moves and offlines in force with the planned owners: those that come true."""
    offline = {group: node for group, node in planned_with.items() if node == NOBODY}
    wished = planned_with if moves is None else {**moves, **offline}
    return {group: node for group, node in wished.items() if owners.get(group) == node}


def _candidate(shared: Shared, apply: Apply, active: Configuration) -> Configuration | Refused:
    """Return what is asked for, as written and verified, if it was made from what is active."""
    standing = shared.log.standing
    if apply.base != standing.digest:
        text = (
            f"the draft was made from {clean(apply.base[:12])}, but epoch {standing.epoch} is "
            f"{standing.digest[:12]}; make the change again from the active configuration"
        )
        return Refused("stale", text, 6)
    live = (*standing.view, *shared.log.fenced)  # that vote is there
    loaded = load(apply.text.encode(), "draft", base=active, live=live, unix=shared.now.unix)
    if loaded.configuration is None or has_errors(loaded.reports):
        count = sum(report.severity == "error" for report in loaded.reports)
        text = f"verification found {count} errors"
        return Refused("verify", text, 4, tuple(loaded.reports[:200]))
    return loaded.configuration


def _kept_out(
    candidate: Configuration, planned: Plan, owners: dict[str, str], held: frozenset[str]
) -> Refused | None:
    """Return which hold or rule forbids what is planned, None if none does."""
    problem = forbidden(planned, held, candidate.group, owners)
    if problem:
        return Refused("held", problem, 3)
    problem = _unkept_moves(candidate, planned, owners)
    return Refused("move", problem, 4) if problem else None


def _unkept_moves(candidate: Configuration, planned: Plan, owners: dict[str, str]) -> str:
    """Return which move would not happen, for rules between groups may stand against it."""
    for group, node in owners.items():
        if planned.owners.get(group) != node:
            why = unkept_move(candidate, group, node, planned.owners)
            return f"{group} cannot go to {node}: {why}"
    return ""


def _illegal_moves(shared: Shared, candidate: Configuration, owners: dict[str, str]) -> str:
    for group, node in owners.items():
        noun = candidate.group.get(group)
        if noun is None:
            parts = meant(group, candidate.group)
            known = f"; it runs as {join(parts)}" if parts else ""
            return f"there is no group {clean(group, 127)}{known}"
        if node and is_instance(group) and node not in noun.nodes:
            return f"{group} cannot move: {written_name(group)} runs on all of its nodes at once"
        if node and node not in noun.nodes:
            return f"{clean(node, 63)} is not in the takeover order of {group}"
        if node and node not in shared.log.standing.view:
            return f"{node} is not in the cluster now"
        if node and candidate.node[node].standby:
            return f"{node} is on standby and owns no group: clustertui node resume {node}"
    return ""
