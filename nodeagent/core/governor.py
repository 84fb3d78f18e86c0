"""Who is in, and what becomes of a slot that nobody finishes: the voters' own proposals.

The governor of a voter proposes a VIEW when what is heard differs from what was decreed, and
terminates a transaction whose coordinator is gone or late. Voters take turns by rank, so that
normally only one of them proposes. A node counts as in when a majority of voters hears it, so one
bad link does not make two opinions.
"""

from collections.abc import Collection

import msgspec
from msgspec import UNSET

from nodeagent.config.candidates import Facts, choices
from nodeagent.config.holds import held_groups
from nodeagent.config.quorum import majority
from nodeagent.config.rules import moves_taken_back
from nodeagent.core.decree import Acceptor, Proposer
from nodeagent.core.leaving import leaving_nodes, lets_go
from nodeagent.core.participant import Participant
from nodeagent.core.placement import Placement
from nodeagent.core.presence import Presence, settled_owners, starts_anew
from nodeagent.core.reach import Reach
from nodeagent.core.shared import Shared
from nodeagent.core.votes import Wish, shrinking, shrunk, stamp
from nodeagent.model.configuration import Configuration
from nodeagent.model.ownership import NOBODY, Ballot, Standing, is_older
from nodeagent.model.text import clean
from nodeagent.wire.peer import (
    Aborted,
    Accept,
    Accepted,
    Commit,
    Message,
    Prepare,
    Promise,
    Refuse,
    Stamp,
    Value,
    ViewChange,
    Withdraw,
)

ROUNDS_AHEAD_MAX = 1 << 40
"""No honest proposer is so far ahead. Who believed one could soon name no higher ballot itself."""
RANK_DELAY_MS = 400
ATTEMPT_MS = 2_000
USELESS_MS = (10_000, 600_000)
"""A member that got no lease stays out for so long at first, and at most."""
PAUSE_MS = 200
PAUSE_MAX_MS = 10_000
"""An attempt that came to nothing is followed by a pause, and each pause is twice the last one."""


class Governor:
    """Proposes views and finishes abandoned slots, when it is this node's turn."""

    def __init__(self, shared: Shared, acceptor: Acceptor, participant: Participant) -> None:
        self.shared = shared
        self.acceptor = acceptor
        self.participant = participant
        self.proposer: Proposer | None = None
        self.round_seen = 0
        self._wished_since_ms = -1
        self._not_before_ms = 0
        self._failures = 0
        self._useless: dict[tuple[str, int], tuple[int, int]] = {}
        self._wish: Wish | None = None
        self._presence = Presence(shared.now.ms)
        self._placement = Placement()
        self._reach = Reach()

    # -- what others ask

    def next_ballot(self) -> Ballot:
        """Return a ballot above all that were seen."""
        self.round_seen = max(self.round_seen, self.acceptor.promised.round) + 1
        return Ballot(self.round_seen, self.shared.name)

    def believes(self, m: Message) -> bool:
        """Return whether a proposer can have come to the ballot in this message by counting."""
        if not isinstance(m, Prepare | Accept | Refuse):
            return True  # nothing is learned from the ballots of others
        asked = m.promised if isinstance(m, Refuse) else m.ballot
        known = max(self.round_seen, self.acceptor.promised.round)
        return asked.round <= known + ROUNDS_AHEAD_MAX

    def saw(self, ballot: Ballot) -> None:
        """Learn of a ballot."""
        self.round_seen = max(self.round_seen, ballot.round)

    # -- time

    @property
    def idle(self) -> bool:
        """Return whether nothing is proposed, nor wished for."""
        return self.proposer is None and self._wished_since_ms < 0

    def tick(self) -> None:
        """Propose what is due, once it is this node's turn."""
        shared = self.shared
        self._presence.look(shared.log.standing.view, shared.now)
        if shared.log.configuration is not None:
            self._reach.look(shared, shared.log.configuration)
        self._give_back()
        if self.proposer is not None:
            self._attend(self.proposer)
            return
        votes = shared.name in shared.log.voters
        if not self._may_propose():
            self._wished_since_ms = -1
        elif shared.now.ms < self._not_before_ms:
            return
        elif shared.stranded is not None and (self.acceptor.lock is None or not votes):
            self._end_stranded(shared.stranded)
        elif votes:
            self._propose_what_is_due()
        else:
            self._wished_since_ms = -1

    def _may_propose(self) -> bool:
        shared = self.shared
        return not shared.forgetful and shared.quorum and not shared.behind

    def _propose_what_is_due(self) -> None:
        shared = self.shared
        if self._must_terminate():
            if self._my_turn():
                self._terminate()
            return
        if self.acceptor.lock is not None or shared.suspended:
            self._wished_since_ms = -1
            return
        self._wish = self.wish() or self._confirmation()
        if self._wish is None and self.acceptor.accepted is not None:
            self._wish = Wish()  # what was accepted must be decided, wished or not
        if self._wish is None:
            self._wished_since_ms = -1
        elif self._my_turn():
            self._propose(self._wish)

    def _confirmation(self) -> Wish | None:
        confirmed = self.shared.confirming
        return None if confirmed is None else Wish(confirmed=confirmed)

    def _give_back(self) -> None:
        """Drop a lock whose holder never came back to stage anything, by its deadline.

        Its Withdraw may be lost, and a node without a vote could not end the transaction.
        """
        acceptor, participant = self.acceptor, self.participant
        opened, lock = participant.open, acceptor.lock
        if lock is None or opened is None or opened.staged is not None:
            return
        if participant.in_doubt and (
            acceptor.accepted is None or acceptor.accepted.ballot < lock.ballot
        ):
            withdraw = Withdraw(self.shared.log.next_slot, lock.ballot)
            self.shared.out += acceptor.on_withdraw(withdraw)
            participant.unlocked()

    def _my_turn(self) -> bool:
        now = self.shared.now.ms
        if self._wished_since_ms < 0:
            self._wished_since_ms = now
        alive = [voter for voter in self.shared.log.voters if self.shared.alive(voter)]
        rank = alive.index(self.shared.name)
        return now - self._wished_since_ms >= rank * RANK_DELAY_MS

    def _attend(self, proposer: Proposer) -> None:
        shared = self.shared
        if proposer.slot != shared.log.next_slot:
            self.proposer = None
        elif shared.now.ms - proposer.began_ms > ATTEMPT_MS:
            self._give_up()
        else:
            shared.out += proposer.resend(shared.now.ms)

    def _give_up(self) -> None:
        self.proposer = None
        self._wished_since_ms = -1
        spread = sum(self.shared.name.encode()) % 7 * 60
        pause_ms = min(PAUSE_MS << min(self._failures, 10), PAUSE_MAX_MS)
        self._failures += 1
        self._not_before_ms = self.shared.now.ms + pause_ms + spread

    # -- views

    def wish(self) -> Wish | None:
        """Return the view and owners that ought to be decreed, None if all is as decreed."""
        shared = self.shared
        configuration, standing = shared.log.configuration, shared.log.standing
        if configuration is None or self._settling(configuration, standing):
            return None
        view, leaving = self._heard_view(configuration), leaving_nodes(shared)
        failed = self._failed()
        wished = shared.log.wishes.placed()
        starts = starts_anew(standing, view)
        before = settled_owners(configuration, standing.owners, view) if starts else standing.owners
        ran = () if starts else shared.log.ran
        facts = Facts(
            view=tuple(node for node in view if node not in leaving),
            owners=shared.log.wishes.owners(before),
            failed=failed,
            asked={g: n for g, n in wished.items() if n not in failed.get(g, ())},
            leaving=leaving,
            cut=self._reach.cut(shared),
            ran=ran,
        )
        placed = self._placement.owners(
            configuration,
            view=facts.view,
            owners=facts.owners,
            failed=facts.failed,
            asked=facts.asked,
            leaving=facts.leaving,
            moment=self._presence.moment(configuration, shared.now, ran, starts=starts),
            held=held_groups(shared.now.unix, configuration),
            cut=facts.cut,
        )
        if view == standing.view and placed == standing.owners:
            return shrinking(shared)
        judged = {group: self._judged(group, node, view) for group, node in placed.items()}
        owners = moves_taken_back(configuration, judged, standing.owners, view)
        if view == standing.view and owners == standing.owners:
            return shrinking(shared)
        why = _cause(standing, view, owners, leaving) + self._reach.why(standing.owners, owners)
        told = msgspec.structs.replace(facts, owners=standing.owners)
        return Wish(view, owners, clean(why, 500), choices(configuration, told, owners))

    def _judged(self, group: str, node: str, view: dict[str, int]) -> str:
        """Return the new owner of a group, or that of before where this node cannot judge.

        Of a member that only others hear it is not known what failed there or what it does not
        reach. Who hears it may bring groups to it; if both did, their views would never agree.
        """
        before = self.shared.log.standing.owners.get(group, NOBODY)
        if node in {NOBODY, before} or self.shared.alive(node):
            return node
        return before if before in view else NOBODY

    def _settling(self, configuration: Configuration, standing: Standing) -> bool:
        """Return whether somebody expected may still be about to be heard for the first time."""
        shared = self.shared
        if shared.now.ms - shared.began_ms >= shared.timing.dead_after_ms + 1_000:
            return False
        expected = standing.view or configuration.node
        silent = [n for n in expected if n in configuration.node and not shared.alive(n)]
        return any(node not in shared.hearts.peers for node in silent)

    def _heard_view(self, configuration: Configuration) -> dict[str, int]:
        view, voters = {}, configuration.voters()
        for node in configuration.node:
            if node == self.shared.name:
                if not self.shared.stopping or lets_go(self.shared, node):
                    view[node] = self.shared.incarnation
            elif self._supported(node, voters) and not self._is_useless(node):
                life = self._life(node)
                if life is not None:
                    view[node] = life
        return view

    def _life(self, node: str) -> int | None:
        """Return the life of a node to count in: a new one only once it knows what is decreed.

        Before, it cannot know whether its disk forgot a life that was counted in.
        """
        shared, standing = self.shared, self.shared.log.standing
        known = standing.view.get(node)
        if not shared.alive(node):
            return known
        beat = shared.hearts.peers[node].beat
        return beat.incarnation if beat.slot >= standing.slot else known

    def _is_useless(self, node: str) -> bool:
        """Return whether a member is heard and yet gets no lease: it hears, or is heard, by half.

        It runs nothing and lets nobody else run it, so it is taken out, and stays out for a while:
        each time twice as long, so that it does not come and go. Nobody judges so who has no lease.
        """
        shared, view = self.shared, self.shared.log.standing.view
        peer, leased_ms = shared.hearts.peers.get(node), shared.leased_since_ms
        if peer is None or not shared.alive(node):
            return False  # what it said last is of no use now
        life = (node, peer.beat.incarnation)
        out_until_ms, pause_ms = self._useless.get(life, (0, USELESS_MS[0]))
        if node not in view:
            return shared.now.ms < out_until_ms
        if not shared.lease_valid or peer.unleased_ms < 0 or view[node] != life[1]:
            return False
        began_ms = max(peer.unleased_ms, leased_ms, shared.view_since_ms)
        if shared.now.ms - began_ms < shared.timing.lease_ms + shared.timing.dead_after_ms:
            return False
        if shared.now.ms >= out_until_ms:
            self._useless = {one: at for one, at in self._useless.items() if one[0] != node}
            self._useless[life] = (shared.now.ms + pause_ms, min(2 * pause_ms, USELESS_MS[1]))
        return True

    def _supported(self, node: str, voters: tuple[str, ...]) -> bool:
        """Return whether a majority of the voters hears a node, be it heard here or not.

        The node itself counts as hearing itself once anybody else does. So does, for a node that is
        in, a voter whose opinion is not known: one that only others hear. Else two bad links would
        make two opinions, and views would follow each other for as long as the links are bad.
        """
        shared = self.shared
        leaves = shared.alive(node) and shared.hearts.peers[node].beat.state == "leaving"
        if leaves and not lets_go(shared, node):
            return False
        hearing = {voter for voter in voters if self._hears(voter, node)}
        if not hearing and not shared.alive(node):
            return False
        hearing.add(node)
        if majority(voters, hearing, shared.log.tie_breaker):
            return True
        unknown = {voter for voter in voters if not shared.alive(voter) and self._lives(voter)}
        doubt = unknown if node in shared.log.standing.view else set[str]()
        return majority(voters, hearing | doubt, shared.log.tie_breaker)

    def _lives(self, voter: str) -> bool:
        """Return whether a voter that is not heard here is heard by another one."""
        return any(self._hears(other, voter) for other in self.shared.log.voters)

    def _hears(self, voter: str, node: str) -> bool:
        if voter == self.shared.name:
            return self.shared.alive(node)
        peer = self.shared.hearts.peers.get(voter)
        return peer is not None and self.shared.alive(voter) and node in peer.beat.hears

    def _failed(self) -> dict[str, frozenset[str]]:
        shared = self.shared
        failed: dict[str, set[str]] = {}
        for name, runner in shared.runners.items():
            if runner.failed:
                failed.setdefault(name, set()).add(shared.name)
        for node, peer in shared.hearts.peers.items():
            for group in peer.groups:
                if group.state == "error" and shared.alive(node):
                    failed.setdefault(group.group, set()).add(node)
        return {group: frozenset(nodes) for group, nodes in failed.items()}

    def _propose(self, wish: Wish) -> None:
        self._start(Proposer(self.shared.log.next_slot, self.next_ballot(), "view"))
        self._wish = wish

    # -- termination

    def _must_terminate(self) -> bool:
        lock = self.acceptor.lock
        if lock is None:
            return False
        if lock.tx == self.shared.coordinating:
            return False  # this node's own coordinator ends it
        mine = lock.holder == self.shared.name  # it cannot any more: others refuse its ballot
        return mine or self.participant.in_doubt or self._is_gone(lock.holder)

    def _end_stranded(self, value: Aborted) -> None:
        """Ask for the end of this node's own DARE under a new ballot, for nobody else does.

        Another DARE came above its ballot and was refused, so all voters gave back the lock. One
        that did not may be about to end it; the lock of a node without a vote helps nobody.
        """
        now_ms = self.shared.now.ms
        if self._wished_since_ms < 0:
            self._wished_since_ms = now_ms
        if now_ms - self._wished_since_ms >= ATTEMPT_MS:
            slot = self.shared.log.next_slot
            self._start(Proposer(slot, self.next_ballot(), "terminate", value.tx))

    def _is_gone(self, holder: str) -> bool:
        """Return whether a coordinator fell silent, or was started anew and knows no DARE."""
        shared = self.shared
        peer, life = shared.hearts.peers.get(holder), shared.log.standing.view.get(holder)
        if peer is None:
            return False
        restarted = life is not None and is_older(life, peer.beat.incarnation)
        return restarted or not shared.alive(holder)

    def _terminate(self) -> None:
        lock = self.acceptor.lock
        assert lock is not None, "only an open transaction is terminated"
        self.shared.tell("warning", lock.tx, self._why_terminated())
        slot = self.shared.log.next_slot
        self._start(Proposer(slot, self.next_ballot(), "terminate", lock.tx))

    def _why_terminated(self) -> str:
        """Return who did not finish the open transaction, in words."""
        lock, name = self.acceptor.lock, self.shared.name
        if lock is None:
            return f"finished by {name}"
        if lock.holder == name:
            return f"{name} was started anew or outvoted in the middle; finished by {name}"
        gone = self._is_gone(lock.holder)
        what = "was lost" if gone else "did not finish in time"
        return f"the coordinator {lock.holder} {what}; finished by {name}"

    def _start(self, proposer: Proposer) -> None:
        self.proposer = proposer
        proposer.audience = self.shared.log.voters
        self.shared.out += proposer.prepare(self.shared.now.ms)

    # -- answers

    def on_promise(self, sender: str, m: Promise) -> None:
        """Take a promise; with a majority, ask for acceptance."""
        proposer = self.proposer
        if proposer is None or not proposer.on_promise(sender, m):
            return
        if not self.shared.log.decides(proposer.promises):
            return
        value = proposer.value or proposer.found or self._own_value(proposer)
        if value is None:
            self._give_up()
            return
        self.shared.out += proposer.accept(value, self._deciders(value), self.shared.now.ms)

    def _own_value(self, proposer: Proposer) -> Value | None:
        stranded = self.shared.stranded
        if stranded is not None and proposer.tx == stranded.tx:
            return msgspec.structs.replace(stranded, stamp=self._stamp())
        if proposer.purpose == "terminate":
            owners = {g: n for p in proposer.promises.values() for g, n in p.owners.items() if n}
            return Aborted(proposer.tx, self._why_terminated(), owners, self._stamp())
        wish = self.wish() or self._confirmation()
        if wish is not None and wish.voters:
            return shrunk(self.shared, wish)
        if wish is not None and wish.confirmed is not None:
            return msgspec.structs.replace(wish.confirmed, stamp=self._stamp())
        if wish is None:
            return None
        told = wish.choices or UNSET
        return ViewChange(wish.view, wish.owners, wish.cause, self._stamp(), told)

    def _stamp(self) -> Stamp:
        return stamp(self.shared)

    def _deciders(self, value: Value) -> tuple[str, ...]:
        voters = self.shared.log.voters
        if not isinstance(value, Commit):
            return voters
        new = self.shared.log.voters_after(value)
        return tuple(dict.fromkeys((*voters, *new)))

    def on_refuse(self, sender: str, m: Refuse) -> None:
        """Learn from a refusal: another one is ahead."""
        proposer = self.proposer
        if proposer is None or not proposer.on_refuse(sender, m):
            return
        self.saw(m.promised)
        if m.code == "ballot" or (m.code == "busy" and not self._may_win(proposer)):
            self._give_up()

    def _may_win(self, proposer: Proposer) -> bool:
        """Return whether this attempt has its majority, or those that did not refuse may give it.

        A voter keeps refusing while a DARE is open there that all others know to be over.
        """
        log = self.shared.log
        return proposer.value is not None or log.decides(set(log.voters) - proposer.refusals.keys())

    def on_accepted(self, sender: str, m: Accepted) -> None:
        """Take an acceptance."""
        if self.proposer is not None:
            self.proposer.on_accepted(sender, m)

    def reset(self) -> None:
        """Forget the attempt: the slot was decided."""
        self.proposer = None
        self._wished_since_ms = -1
        self._not_before_ms = 0
        self._failures = 0


def _cause(
    standing: Standing, view: dict[str, int], owners: dict[str, str], leaving: Collection[str]
) -> str:
    out = [node for node in standing.view if node not in view]
    parts = [f"{node} {'has left' if node in leaving else 'is down'}" for node in out]
    if owners != standing.owners:
        parts += [f"{node} leaves" for node in standing.view if node in leaving and node in view]
    parts += [f"{node} is up" for node in view if node not in standing.view]
    parts += [
        f"{node} restarted"
        for node, incarnation in view.items()
        if node in standing.view and standing.view[node] != incarnation
    ]
    for group, owner in owners.items():
        before = standing.owners.get(group, "")
        if before != owner:
            parts.append(f"{group}: {before or 'nobody'} > {owner or 'nobody'}")
    return ", ".join(parts)
