"""Switches silent nodes off: who does it, when, by which device, and what if that fails.

A node that is out by decree and silent may still hold groups. The one that is to acquire them asks
for it to be fenced: the device's delay first, then its levels in order, then again with growing
patience for as long as it is wanted. Where several are to acquire, they go by the order in which
the file lists the groups: all know the same order from the decree, and it is the administrator's.
The next one steps in when those before it tell nothing for a while, or cannot do it.

A node that said that it leaves stops its groups by itself, and one that was not heard since this
agent started may just be booting: both are left the takeover wait.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from nodeagent.core import fenced
from nodeagent.core.effects import FenceNode
from nodeagent.core.events import FenceFinished
from nodeagent.core.proofs import Proofs
from nodeagent.core.shared import Shared
from nodeagent.model.configuration import Node
from nodeagent.model.fencing import MANUAL, Device, delay_s, levels
from nodeagent.model.reports import Severity
from nodeagent.model.text import clean
from nodeagent.wire.live import FenceLive
from nodeagent.wire.peer import FenceNote, FenceWanted

RANK_MS = 3_000
RECENT_MS = 1_000
TELL_MS = 1_000
RIVAL_SPARE_MS = 10_000
AGAIN_MS = (2_000, 60_000)
"""First and longest pause before all levels are tried again."""
OPERATOR = "operator"


@dataclass
class _Attempt:
    """Fencing of one node: `slot` is the newest decree when this try was begun."""

    since_ms: int
    slot: int = -1
    left: list[tuple[Device, ...]] = field(default_factory=list)
    running: dict[int, str] = field(default_factory=dict)
    failed: str = ""
    used: str = ""
    tries: int = 0
    not_before_ms: int = 0
    told_ms: int = -1_000_000
    by_hand: bool = False
    cause: str = ""


class Fencing:
    """The fencing that this node asks for."""

    def __init__(self, shared: Shared, proofs: Proofs) -> None:
        self.shared = shared
        self.proofs = proofs
        self._attempts: dict[str, _Attempt] = {}
        self._asked_ms: dict[str, int] = {}
        self._rivals: dict[str, tuple[int, int]] = {}
        self._votes: dict[str, int] = {}

    # -- time

    def tick(self) -> None:
        """Begin what is due, and drop what nobody wants any more."""
        self._learn_votes()
        wanted = dict(self._wanted())
        for node in [n for n, a in self._attempts.items() if n not in wanted and not a.running]:
            del self._attempts[node]
        for node, (rank, cause) in wanted.items():
            attempt = self._attempts.setdefault(node, _Attempt(self.shared.now.ms))
            attempt.cause = cause
            self._ask_peers(node)
            if not attempt.running and self._due(node, rank, attempt):
                self._begin(node, attempt)
        for node, attempt in self._attempts.items():
            if attempt.running:
                self._tell_peers(node, attempt, "running")

    def _wanted(self) -> Iterator[tuple[str, tuple[int, str]]]:
        """Yield the nodes to be fenced, this node's rank among those that could, and why."""
        shared = self.shared
        configuration = shared.log.configuration
        if configuration is None:
            return
        if not self._may_act():
            vote = self._needed_vote()
            if vote and configuration.node[vote].fence:
                yield vote, (0, "nothing can be decided without it")
            return
        for node, noun in configuration.node.items():
            if node in shared.log.standing.view or node in shared.fenced or shared.alive(node):
                continue
            if not self._would_help(node, noun):
                continue
            group = self._groups_held(node)
            blocked = shared.now.ms - self.proofs.blocked_ms.get(node, -RECENT_MS) < RECENT_MS
            ranks = list(dict.fromkeys(group.values()))
            if shared.name in ranks or blocked:
                rank = ranks.index(shared.name) if shared.name in ranks else len(ranks)
                yield node, (rank, ", ".join(group) or "a group that moved")

    def _needed_vote(self) -> str:
        """Return the other one of two voters while it is silent and no fence stands for it."""
        shared = self.shared
        node = fenced.other_vote(shared)
        if not node or shared.stopping or shared.alive(node) or node in shared.log.fenced:
            return ""
        return node

    def _may_act(self) -> bool:
        """Return whether this node is on the side that decides: who is cut off shoots nobody."""
        shared = self.shared
        return shared.is_member and shared.lease_valid and shared.quorum and not shared.stopping

    def _would_help(self, node: str, noun: Node) -> bool:
        """Return whether a fence would prove what the takeover wait does not prove already."""
        shared = self.shared
        if shared.must_be_fenced(node):
            return True
        waited_ms = shared.now.ms - shared.out_since_ms.get(node, shared.began_ms)
        return bool(noun.fence) and waited_ms < shared.wait_for_ms(node)

    def _groups_held(self, node: str) -> dict[str, str]:
        """Return the groups that a lost node may hold, each with who is to acquire it."""
        shared = self.shared
        configuration = shared.log.configuration
        owners = shared.log.standing.owners
        return {
            group: owners[group]
            for group in (configuration.group if configuration else ())
            if node in shared.log.holders_of(group)
            and owners.get(group)
            and shared.alive(owners[group])
            and shared.group_state(group, owners[group]) != "online"
        }

    def _due(self, node: str, rank: int, attempt: _Attempt) -> bool:
        shared = self.shared
        noun = self._noun(node)
        if noun is None or shared.now.ms < attempt.not_before_ms:
            return False
        open_for = shared.tried_in.get(node, -1) > shared.log.standing.slot
        if open_for and node != self._needed_vote():
            return False  # a DARE that is open may bring a group to it yet
        patience_ms = int(delay_s(noun) * 1000) + rank * RANK_MS
        peer = shared.hearts.peers.get(node)
        if peer is None or peer.beat.state == "leaving":
            patience_ms += shared.wait_for_ms(node)
        waited_ms = shared.now.ms - attempt.since_ms
        return waited_ms >= patience_ms and not self._has_rival(node, noun)

    def _has_rival(self, node: str, noun: Node) -> bool:
        """Return whether another member is at it: it said so lately, and not for too long."""
        began_ms, told_ms = self._rivals.get(node, (-1_000_000_000, -1_000_000_000))
        limit_ms = RIVAL_SPARE_MS + sum(int(f.seconds * 1000) for f in noun.fence.values())
        now = self.shared.now.ms
        return now - told_ms < RANK_MS and now - began_ms < limit_ms

    def _noun(self, node: str) -> Node | None:
        configuration = self.shared.log.configuration
        return configuration.node.get(node) if configuration else None

    # -- one try

    def _begin(self, node: str, attempt: _Attempt) -> None:
        noun = self._noun(node)
        assert noun is not None, "only a configured node is fenced"
        attempt.slot = self.shared.log.standing.slot
        attempt.left = list(levels(noun))
        self._next_level(node, attempt)

    def _next_level(self, node: str, attempt: _Attempt) -> None:
        shared = self.shared
        if not attempt.left:
            self._gave_up(node, attempt)
            return
        attempt.used = attempt.failed = ""
        for name, device in attempt.left.pop(0):
            op = shared.new_op()
            attempt.running[op] = name
            attempt.used = f"{attempt.used}, {name}" if attempt.used else name
            shared.out.append(FenceNode(op, node, name, device))
            if device.agent != MANUAL:
                text = f"fencing by {name} ({device.agent}, {device.action}, level {device.level})"
                shared.tell("warning", node, text, self._cause(attempt))
        self._show(node, "running", attempt.used)
        self._tell_peers(node, attempt, "running", at_once=True)

    def _cause(self, attempt: _Attempt) -> str:
        return attempt.cause if attempt.by_hand else f"it is out and may hold {attempt.cause}"

    def finished(self, event: FenceFinished) -> None:
        """Take the result of a device that was run here."""
        found = next((x for x in self._attempts.items() if event.op in x[1].running), None)
        if found is None:
            return
        node, attempt = found
        name = attempt.running.pop(event.op)
        last = f" | {event.evidence[-1]}" if event.evidence else ""
        text = clean(f"{name}: {event.text or event.code}{last}", 300)
        if not event.ok:
            attempt.failed = text
            severity: Severity = "warning" if event.code == "manual" else "error"
            self.shared.tell(severity, node, f"not fenced by {text}", self._cause(attempt))
        if attempt.running:
            return
        if attempt.failed:
            self._show(node, "failed", attempt.used, attempt.failed)
            self._after_failure(node, attempt)
        else:
            self._succeeded(node, attempt, text)

    def _after_failure(self, node: str, attempt: _Attempt) -> None:
        """Try the next level, unless the node came back meanwhile: then nobody wants it off."""
        if attempt.by_hand or node in dict(self._wanted()):
            self._next_level(node, attempt)
            return
        del self._attempts[node]
        self.shared.tell("note", node, "is not fenced any more: it came back, or is of no matter")

    def _succeeded(self, node: str, attempt: _Attempt, text: str) -> None:
        shared = self.shared
        del self._attempts[node]
        self._show(node, "done", attempt.used, text)
        shared.tell("warning", node, f"fenced by {text}", self._cause(attempt))
        self._take(node, attempt.slot)

    def _take(self, node: str, slot: int) -> None:
        """Use a confirmed fence as a proof, and as a vote where it is one."""
        shared = self.shared
        if fenced.learn(shared, node, slot):
            fenced.tell_peers(shared, fenced.note(shared, node))
        if fenced.count_as_vote(shared, node, slot):
            self._votes[node] = slot

    def _learn_votes(self) -> None:
        """Take a fence that counted as a vote for a proof, too, once the node is out by decree."""
        shared = self.shared
        for node in shared.log.fenced - shared.fenced:
            if node not in shared.log.standing.view:
                fenced.learn(shared, node, self._votes[node])

    def _gave_up(self, node: str, attempt: _Attempt) -> None:
        shared = self.shared
        live = shared.fences.get(node)
        text = live.text if live and attempt.used else "it has no fence device"
        if shared.must_be_fenced(node):
            then = f"nothing is taken over from it until: clustertui fence confirm {node}"
        else:
            then = "what it held is taken over after the takeover wait"
        shared.tell("error", node, f"could not be fenced; {then}", text)
        self._tell_peers(node, attempt, "failed", at_once=True)
        first, longest = AGAIN_MS
        attempt.not_before_ms = shared.now.ms + min(first << min(attempt.tries, 8), longest)
        attempt.tries += 1
        if attempt.by_hand:
            del self._attempts[node]

    # -- what others know

    def _show(self, node: str, state: str, device: str = "", text: str = "") -> None:
        live = FenceLive(state, self.shared.name, device, text, self.shared.now.unix)  # type: ignore[arg-type]
        self.shared.fences[node] = live

    def _tell_peers(
        self, node: str, attempt: _Attempt, state: str, *, at_once: bool = False
    ) -> None:
        shared = self.shared
        if at_once or shared.now.ms - attempt.told_ms >= TELL_MS:
            attempt.told_ms = shared.now.ms
            live = shared.fences.get(node) or FenceLive("failed", shared.name)
            life = shared.log.lives.get(node, 0)
            m = FenceNote(attempt.slot, node, life, state, shared.name, live.device, live.text)  # type: ignore[arg-type]
            fenced.tell_peers(shared, m)

    def _ask_peers(self, node: str) -> None:
        """Ask once a second whether somebody knows that it is fenced: news may get lost."""
        shared = self.shared
        if shared.now.ms - self._asked_ms.get(node, -TELL_MS) >= TELL_MS:
            self._asked_ms[node] = shared.now.ms
            members = (n for n in shared.log.standing.view if n != shared.name)
            wanted = FenceWanted(shared.log.standing.slot, node)
            shared.send_all((n for n in members if shared.alive(n)), wanted)

    def heard(self, sender: str, incarnation: int, m: FenceNote | FenceWanted) -> None:
        """Take what a member tells or asks; one that is at it is not disturbed."""
        if self.shared.log.standing.view.get(sender) != incarnation:
            return
        if isinstance(m, FenceNote) and m.state == "running" and sender != self.shared.name:
            now = self.shared.now.ms
            began_ms, told_ms = self._rivals.get(m.node, (now, now))
            self._rivals[m.node] = (began_ms if now - told_ms < AGAIN_MS[0] else now, now)
        elif isinstance(m, FenceNote):
            self._rivals.pop(m.node, None)
        fenced.heard(self.shared, sender, m)

    # -- what an operator asks (judged by `fence_desk`)

    def is_at(self, node: str) -> bool:
        """Return whether a device of this node is being run here."""
        attempt = self._attempts.get(node)
        return attempt is not None and bool(attempt.running)

    def by_hand(self, node: str, name: str) -> None:
        """Fence a node because an operator wants it."""
        attempt = _Attempt(self.shared.now.ms, by_hand=True, cause=f"asked for by {name}")
        self._attempts[node] = attempt
        self._begin(node, attempt)

    def confirmed(self, node: str, name: str) -> bool:
        """Take an operator's word that a node is off; False if it proves nothing now."""
        shared, slot = self.shared, self.shared.log.standing.slot
        if fenced.count_as_vote(shared, node, slot):
            self._votes[node] = slot
        elif not fenced.learn(shared, node, slot):
            return False
        self._attempts.pop(node, None)
        self._show(node, "done", OPERATOR, f"{name} says that it is off")
        shared.tell("warning", node, f"off, by the word of {name}", "fence confirm")
        if node in shared.fenced:
            fenced.tell_peers(shared, fenced.note(shared, node))
        return True
