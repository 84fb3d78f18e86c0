"""What consoles and peers are told: heartbeats, live values, snapshots.

A live message goes out when its content changed, and otherwise once a second so that a console can
tell a quiet agent from a dead one. Nothing is made while no console listens.
"""

import msgspec

from nodeagent.core.effects import Beat, Publish
from nodeagent.core.event_queue import EventQueue
from nodeagent.core.fit import fitted
from nodeagent.core.heartbeat import Peer
from nodeagent.core.participant import Participant
from nodeagent.core.probation import ProbationWatch
from nodeagent.core.shared import Shared
from nodeagent.core.ticking import IN_STEP_MS, TICK_MS, even_part_ms
from nodeagent.model.health import ClusterState, LinkState, NodeState
from nodeagent.model.ownership import life_of
from nodeagent.wire.codec import encode
from nodeagent.wire.heartbeat import Heartbeat
from nodeagent.wire.limits import HEARTBEAT_BYTES_MAX, PROTOCOL_VERSION
from nodeagent.wire.live import (
    ClusterLive,
    ConfigurationChanged,
    GroupLive,
    LinkLive,
    NodeLive,
    Snapshot,
)

REFRESH_MS = 1_000
GROUPS_EVERY = 5
FULL_STRIP = (1 << 30) - 1


class Reporter:
    """Makes heartbeats and the live stream."""

    def __init__(
        self, shared: Shared, participant: Participant, queue: EventQueue, probation: ProbationWatch
    ) -> None:
        self.shared = shared
        self.probation = probation
        self.participant = participant
        self.queue = queue
        self.lock_text = ""
        self._sequence = 0
        self._beat_ms = -1_000_000
        self._told: dict[str, tuple[int, object]] = {}
        self._adapters: tuple[str, ...] = ()

    # -- heartbeats

    def use_adapters(self, names: tuple[str, ...]) -> None:
        """Beat on these own adapters from now on."""
        self._adapters = names

    @property
    def left_ms(self) -> int:
        """Return in how many milliseconds the next heartbeat is planned, below 0 if it is late."""
        shared = self.shared
        return self._beat_ms + shared.timing.heartbeat_ms - shared.now.ms

    def beat(self, *, at_once: bool = False) -> None:
        """Send a heartbeat on every own adapter when it is due, or at once after a change."""
        shared, late_ms = self.shared, -self.left_ms
        due = late_ms >= -even_part_ms(shared.timing.heartbeat_ms, TICK_MS) / 2  # the nearest tick
        changed = any(runner.changed for runner in shared.runners.values())
        if not (due or changed or at_once):
            return
        if due:
            in_step = abs(late_ms) <= IN_STEP_MS
            self._beat_ms = shared.now.ms - (late_ms if in_step else 0)
        self._sequence += 1
        anew = not shared.is_member  # whoever counts this life in shall know what it took over
        tells = changed or anew or self._sequence % GROUPS_EVERY == 1
        for runner in shared.runners.values():
            runner.changed = False
        beat = self._beat()
        if tells:
            longest = max((len(adapter) for adapter in self._adapters), default=0)
            room = HEARTBEAT_BYTES_MAX - len(encode(beat)) - longest
            beat = msgspec.structs.replace(beat, groups=self._groups(room))
        for adapter in self._adapters:
            shared.out.append(Beat(adapter, msgspec.structs.replace(beat, adapter=adapter)))

    def _beat(self) -> Heartbeat:
        """Return a heartbeat that names no adapter and says nothing of groups yet."""
        shared, standing = self.shared, self.shared.log.standing
        return Heartbeat(
            version=PROTOCOL_VERSION,
            cluster=shared.log.root,
            adapter="",
            generation=standing.generation,
            incarnation=shared.incarnation,
            sequence=self._sequence,
            sent_ms=max(0, shared.now.ms),
            state=self.node_state(),
            slot=standing.slot,
            epoch=standing.epoch,
            digest=standing.digest,
            phase=self.participant.phase,
            hears=tuple(n for n in shared.hearts.peers if shared.alive(n)),
            software=shared.software,
            load=shared.load,
            leased=shared.lease_valid,
            bad=shared.adapters.bad,
            networks=shared.adapters.heard_on(shared),
        )

    def _groups(self, room: int = HEARTBEAT_BYTES_MAX) -> tuple[GroupLive, ...]:
        """Return what is to be told of the groups here, in at most `room` bytes."""
        runners = self.shared.runners.values()
        told = tuple(r.live() for r in runners if r.state != "offline" or r.text or r.held)
        return fitted(told, room)

    def node_state(self) -> NodeState:
        """Return this node's own state."""
        shared = self.shared
        configuration = shared.log.configuration
        known = configuration is None or shared.name in configuration.node
        removed = not known and shared.joining is None  # one that joins replays older ones, too
        if removed or shared.stopping:
            return "leaving"
        if shared.amnesiac:
            return "amnesiac"
        if self.participant.open is not None:
            return "reconfiguring"
        return "up" if shared.is_member else "joining"

    # -- live values

    def tick(self) -> None:
        """Publish what changed or is due."""
        if self.shared.consoles == 0:
            return
        cluster = self.cluster_live()
        self._tell("cluster", cluster, without_count(cluster))
        for node in self.nodes_live():
            self._tell(f"node {node.node}", node, essence(node))

    def _tell(self, subject: str, message: ClusterLive | NodeLive, essence: object) -> None:
        now = self.shared.now.ms
        when, before = self._told.get(subject, (-REFRESH_MS, None))
        if before == essence and now - when < REFRESH_MS:
            return
        self._told[subject] = (now, essence)
        self.shared.out.append(Publish(message))

    def cluster_live(self) -> ClusterLive:
        """Return the cluster as this node knows it."""
        shared = self.shared
        standing, configuration = shared.log.standing, shared.configuration
        from_draft = shared.draft_digest
        return ClusterLive(
            cluster=configuration.cluster.name if configuration else "",
            observer=shared.name,
            state=self._cluster_state(),
            epoch=standing.epoch,
            slot=standing.slot,
            digest=standing.digest,
            quorum=shared.quorum,
            voters=shared.log.voters,
            view=tuple(standing.view),
            owners=dict(standing.owners),
            lock=self.lock_text,
            asked=dict(shared.log.wishes.placed()),
            suspended=shared.suspended,
            events_waiting=len(self.queue),
            draft_digest=from_draft,
            made_by=shared.log.made_by,
            probation=self.probation.live(),
        )

    def _cluster_state(self) -> ClusterState:
        shared = self.shared
        if shared.log.configuration is None:
            return "unknown"
        if not shared.quorum:
            return "no-quorum"
        if self.participant.open is not None:
            return "reconfiguring"
        standing = shared.log.standing
        settled = (
            set(standing.view) == set(shared.log.configuration.node) == set(shared.alive_nodes())
        )
        online = all(
            not owner or shared.group_state(group, owner) == "online"
            for group, owner in standing.owners.items()
        )
        return "stable" if settled and online else "unstable"

    def nodes_live(self) -> tuple[NodeLive, ...]:
        """Return every configured node as this node knows it."""
        configuration = self.shared.configuration
        names = dict.fromkeys(configuration.node if configuration else ())
        if self.shared.candidate is not None:
            names |= dict.fromkeys(self.shared.candidate.node)
        names.setdefault(self.shared.name)
        return tuple(self._node_live(name) for name in names)

    def _node_live(self, name: str) -> NodeLive:
        shared = self.shared
        if name == shared.name:
            return self._own_live()
        standing, peer = shared.log.standing, shared.hearts.peers.get(name)
        fence = shared.fences.get(name)
        if peer is None:
            waiting = shared.now.ms - shared.began_ms < shared.timing.dead_after_ms
            state: NodeState = "unknown" if waiting else "down"
            age = max(0, shared.now.ms - shared.began_ms)
            return NodeLive(name, state, age_ms=age, links=self._links(name), fence=fence)
        beat = peer.beat
        alive = shared.alive(name)
        return NodeLive(
            node=name,
            state=self._peer_state(peer),
            age_ms=shared.now.ms - peer.heard_ms,
            incarnation=life_of(beat.incarnation),
            voter=name in shared.log.voters,
            member=standing.view.get(name) == beat.incarnation,
            epoch=beat.epoch,
            slot=max(0, beat.slot),
            digest=beat.digest,
            phase=beat.phase,
            version=beat.software,
            load=beat.load,
            lease_ms=-1 if alive and beat.leased else 0,
            links=self._links(name),
            groups=peer.groups if alive else (),
            fence=fence,
        )

    def _peer_state(self, peer: Peer) -> NodeState:
        shared = self.shared
        silent = shared.now.ms - peer.heard_ms >= shared.timing.dead_after_ms
        return "down" if silent else peer.beat.state

    def _own_live(self) -> NodeLive:
        shared = self.shared
        standing = shared.log.standing
        lease = shared.lease_until_ms - shared.now.ms
        return NodeLive(
            node=shared.name,
            state=self.node_state(),
            incarnation=life_of(shared.incarnation),
            voter=shared.name in shared.log.voters,
            member=shared.is_member,
            epoch=standing.epoch,
            slot=max(0, standing.slot),
            digest=standing.digest,
            phase=self.participant.phase,
            version=shared.software,
            load=shared.load,
            lease_ms=max(0, lease),
            links=self._links(shared.name),
            groups=self._groups(),
        )

    def _links(self, name: str) -> tuple[LinkLive, ...]:
        shared = self.shared
        configuration = shared.configuration
        nouns = [c.node.get(name) for c in (configuration, shared.candidate) if c is not None]
        noun = next((n for n in nouns if n is not None), None)
        if noun is None:
            return ()
        one = self._own_link if name == shared.name else self._peer_link
        return tuple(one(name, a, adapter.network) for a, adapter in noun.adapter.items())

    def _own_link(self, _node: str, adapter: str, network: str) -> LinkLive:
        shared = self.shared
        state: LinkState = shared.hearts.state_on(adapter, shared.now.ms, shared.timing)
        if adapter in shared.adapters.bad:
            state = "down"
        links = [
            link
            for peer in shared.hearts.peers.values()
            for link in peer.links.values()
            if link.own == adapter and link.heard_ms >= 0
        ]
        age = min((shared.now.ms - link.heard_ms for link in links), default=0)
        beats = 0
        for link in links:
            beats |= link.beats
        return LinkLive(adapter, network, state, max(0, age), beats)

    def _peer_link(self, node: str, adapter: str, network: str) -> LinkLive:
        shared = self.shared
        peer = shared.hearts.peers.get(node)
        link = peer.links.get(adapter) if peer else None
        if link is None:
            grace = shared.now.ms - shared.began_ms < shared.timing.dead_after_ms
            silent = not grace and self._hears_somebody_on(network)
            return LinkLive(adapter, network, "down" if silent else "unknown")
        age = max(0, shared.now.ms - link.heard_ms)
        state = link.state(shared.now.ms, shared.timing)
        return LinkLive(adapter, network, state, age, link.beats)

    def _hears_somebody_on(self, network: str) -> bool:
        """Return whether silence there is the other's: who hears nobody may be cut off itself."""
        shared = self.shared
        own = [name for name, one in shared.adapters.own.items() if one.network == network]
        states = {shared.hearts.state_on(name, shared.now.ms, shared.timing) for name in own}
        return bool(states & {"up", "late"})

    # -- everything at once

    def snapshot(self) -> Snapshot:
        """Return everything, for a console that arrives."""
        shared = self.shared
        return Snapshot(
            cluster=self.cluster_live(),
            nodes=self.nodes_live(),
            events=tuple(shared.events[-200:]),
            run=shared.run,
            runs=tuple(shared.runs),
            active=shared.log.active.decode("utf-8", "replace"),
            draft=shared.draft.decode("utf-8", "replace"),
            draft_base=shared.draft_base,
            times=shared.times.recorded(),
        )

    def configuration_changed(self, author: str, *, draft: bool) -> None:
        """Tell consoles of a new active configuration, or of an edited draft."""
        shared = self.shared
        data = shared.draft if draft else shared.log.active
        standing = shared.log.standing
        digest = shared.draft_digest if draft else standing.digest
        text = data.decode("utf-8", "replace")
        base = shared.draft_base if draft else ""
        message = ConfigurationChanged(draft, standing.epoch, digest, text, author, base)
        shared.out.append(Publish(message))


def without_count(cluster: ClusterLive) -> ClusterLive:
    """Return what of the cluster must be told at once; consoles count a probation down alone."""
    if cluster.probation is None:
        return cluster
    still = msgspec.structs.replace(cluster.probation, left_ms=0)
    return msgspec.structs.replace(cluster, probation=still)


def essence(node: NodeLive) -> object:
    """Return what of a node must be told at once; ages and strips can wait for the second."""
    links = tuple((link.adapter, link.state) for link in node.links)
    return msgspec.structs.replace(node, age_ms=0, load=0.0, lease_ms=0, links=()), links
