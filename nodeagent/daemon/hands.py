"""Carries effects out: each kind by one room. Decides nothing.

Journal and file writes return when they are on disk, so what is sent after them may vouch for
them. If the disk refuses, the agent ends at once: after a failed fsync nobody knows what is on it
(ARCHITECTURE, Decisions), and a restart replays what is.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from nodeagent.core import effects as fx
from nodeagent.core import events as ev
from nodeagent.core import records
from nodeagent.core.node import Node
from nodeagent.daemon.identity import end_joining
from nodeagent.daemon.logs import AgentLog
from nodeagent.daemon.recorder import Recorder
from nodeagent.drivers import healthcheck, multihomed
from nodeagent.drivers.base import Job, Outcome
from nodeagent.drivers.commands import EventCommands
from nodeagent.drivers.fence import FenceAgents, FenceJob
from nodeagent.drivers.handover import now_ms
from nodeagent.drivers.hardware import Hardware, HardwareError
from nodeagent.drivers.inventory import InventoryTaker, TooManyError
from nodeagent.drivers.links import LinkWatcher, devices
from nodeagent.drivers.ocf.find import AgentError
from nodeagent.drivers.registry import Drivers
from nodeagent.drivers.watchdog import Watchdog
from nodeagent.model.text import clean
from nodeagent.store.errors import StoreError
from nodeagent.store.files import StateDirectory, Which
from nodeagent.store.journal import Journal
from nodeagent.transport.admin import AdminServer
from nodeagent.transport.errors import TransportError
from nodeagent.transport.joining import JoinDoor
from nodeagent.transport.peers import LocalAdapter, Peer, PeerPath, PeerTransport
from nodeagent.wire.codec import encode
from nodeagent.wire.console import Answer, Answered, Refused
from nodeagent.wire.inventory import GetAgent
from nodeagent.wire.peer import Message


def _nowhere(event: ev.Event) -> None:
    raise AssertionError(f"nobody takes {event} yet")


@dataclass(frozen=True, slots=True)
class Rooms:
    """All that touches the world."""

    directory: StateDirectory
    journal: Journal
    peers: PeerTransport
    admin: AdminServer
    roles: dict[str, str]
    drivers: Drivers
    fences: FenceAgents
    inventory: InventoryTaker
    new_watchdog: Callable[[int, int], Watchdog]
    watchdog_ms: int
    log: AgentLog
    node: str = ""
    watchdog: Watchdog | None = None
    hardware: Hardware | None = None
    join_door: JoinDoor | None = None


class Hands:
    """Starts each effect in the room it belongs to."""

    def __init__(self, rooms: Rooms) -> None:
        self.directory = rooms.directory
        self.journal = rooms.journal
        self.peers = rooms.peers
        self.admin = rooms.admin
        self.roles = rooms.roles
        self._join_door = rooms.join_door
        self.drivers = rooms.drivers
        self.fences = rooms.fences
        self.inventory = rooms.inventory
        self.commands = EventCommands(
            rooms.node, lambda op, line: self.post(ev.CommandTalked(op, line))
        )
        self.log = rooms.log
        self.links = LinkWatcher(lambda adapter, up: self.post(ev.LinkChanged(adapter, up)))
        self._watchdog_ms = rooms.watchdog_ms
        self._hardware = rooms.hardware
        self._armed = -1
        self.watchdog = rooms.watchdog or rooms.new_watchdog(rooms.watchdog_ms, -1)
        self._new_watchdog = rooms.new_watchdog
        self.post: Callable[[ev.Event], None] = _nowhere
        self.header: Callable[[Message], object] | None = None
        self.recorder: Recorder | None = None
        self._holds: Callable[[], bool] = lambda: False
        self.ended: asyncio.Future[str] | None = None
        self._jobs: set[asyncio.Task[None]] = set()
        self._packed: tuple[Message, bytes] | None = None
        self._told_of_growth = False
        self._admin_open: tuple[str, ...] = ()

    def bind(self, node: Node, post: Callable[[ev.Event], None]) -> None:
        """Learn where results go, and whose header messages carry."""
        self.post = post
        self.header = node.envelope
        self._holds = lambda: bool(node.held)

    def guard_hardware(self, within_ms: int, until_ms: int) -> None:
        """Pet the hardware watchdog from here while what was taken over waits for a first lease.

        The deadman that did so is gone, and the new one pets it only when it is fed. `until_ms`, of
        CLOCK_BOOTTIME, is when that one ends all of it: then the machine may be reset as well.
        """
        if self._hardware is not None:
            self._start(self._guard_hardware(self._hardware, within_ms, until_ms))

    async def _guard_hardware(self, hardware: Hardware, within_ms: int, until_ms: int) -> None:
        try:
            await hardware.keep(within_ms, lambda: self._armed < 0 and now_ms() < until_ms)
        except HardwareError as error:
            self.log.write("error", "the hardware watchdog", {"text": str(error)})

    def carry_out(self, effect: fx.Effect) -> None:
        """Start one effect; what takes longer comes back as an event."""
        match effect:
            case fx.Send() | fx.Beat() | fx.Publish() | fx.Reply() | fx.Connect():
                self._tell(effect)
            case fx.OpenJoinDoor() | fx.CloseJoinDoor() | fx.AnswerJoin():
                self._welcome(effect)
            case (
                fx.Persist()
                | fx.RewriteJournal()
                | fx.WriteTemporary()
                | fx.ReadTemporary()
                | fx.DropTemporary()
                | fx.Activate()
                | fx.WriteDraft()
                | fx.KeepTimes()
            ):
                self._store(effect)
            case (
                fx.ReadRecording()
                | fx.TakeInventory()
                | fx.RunDriver()
                | fx.RunCheck()
                | fx.RunCommand()
                | fx.FenceNode()
            ):
                self._start(self._work(effect))
            case fx.EndCommand():
                self.commands.end(effect.op)
            case fx.Note():
                self.log.write(effect.severity, effect.event, dict(effect.fields))
            case fx.Pet():
                self._pet(effect)
            case fx.CutAdapter() | fx.FailApplication() | fx.End():
                self._drill(effect)

    def _work(
        self,
        effect: fx.ReadRecording
        | fx.TakeInventory
        | fx.RunDriver
        | fx.RunCheck
        | fx.RunCommand
        | fx.FenceNode,
    ) -> Coroutine[None, None, None]:
        match effect:
            case fx.ReadRecording():
                return self._show_past(effect)
            case fx.TakeInventory():
                return self._take_inventory(effect)
            case fx.RunDriver():
                return self._drive(effect)
            case fx.RunCheck():
                return self._check(effect)
            case fx.RunCommand():
                return self._command(effect.op, self.commands.run(effect.op, effect.command))
            case fx.FenceNode():
                return self._fence(effect)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    def _pet(self, effect: fx.Pet) -> None:
        within_ms = effect.within_ms
        self.drivers.outlive(agent=effect.adopt_ms > 0)
        arms = self._hardware is not None and self._armed < 0
        if within_ms != self._watchdog_ms or arms:
            if self._hardware is not None:
                self._armed = self._hardware.arm(within_ms)
            old, self._watchdog_ms = self.watchdog, within_ms
            self.watchdog = self._new_watchdog(within_ms, self._armed)
            old.stop()
        if self.watchdog.pet(effect.lease_until_ms, effect.adopt_ms):
            return
        text = "it fired because this agent did not run, or was killed; a new one is started"
        self.log.write("error", "the watchdog is gone", {"text": text})
        self.watchdog = self._new_watchdog(within_ms, self._armed)

    # -- sockets

    def _tell(self, effect: fx.Send | fx.Beat | fx.Publish | fx.Reply | fx.Connect) -> None:
        match effect:
            case fx.Send():
                self.peers.send(effect.to, self._bytes(effect.message), avoid=effect.avoid)
            case fx.Beat():
                self.peers.beat(effect.adapter, encode(effect.beat))
            case fx.Publish():
                if self.recorder is not None:
                    self.recorder.published(effect.message)
                if self.admin.subscribers:
                    self.admin.publish(encode(effect.message))
            case fx.Reply():
                self.admin.reply(effect.client, encode(Answered(effect.id, effect.answer)))
            case fx.Connect():
                self._connect(effect)

    async def _show_past(self, effect: fx.ReadRecording) -> None:
        answer: Answer
        try:
            assert self.recorder is not None, "an agent has one"
            answer = await asyncio.to_thread(self.recorder.page, effect.request)
        except StoreError as error:
            answer = Refused("store", clean(str(error), 500))
        self.admin.reply(effect.client, encode(Answered(effect.id, answer)))

    async def _take_inventory(self, effect: fx.TakeInventory) -> None:
        answer: Answer
        try:
            if isinstance(effect.request, GetAgent):
                answer = await self.inventory.agent(effect.request.agent)
            else:
                answer = await self.inventory.inventory()
        except (AgentError, TooManyError) as error:
            answer = Refused("inventory", clean(str(error), 500))
        self.admin.reply(effect.client, encode(Answered(effect.id, answer)))

    def _welcome(self, effect: fx.OpenJoinDoor | fx.CloseJoinDoor | fx.AnswerJoin) -> None:
        door = self._join_door
        assert door is not None, "an agent has one"
        match effect:
            case fx.OpenJoinDoor():
                try:
                    self.post(ev.JoinDoorOpened(door.open(effect.addresses, effect.port)))
                except TransportError as error:
                    self.post(ev.JoinDoorOpened((), str(error)))
            case fx.CloseJoinDoor():
                door.close()
            case fx.AnswerJoin():
                door.answer(effect.client, encode(effect.answer), unwelcome=effect.unwelcome)

    def _bytes(self, message: Message) -> bytes:
        """Encode a message; one that goes to many is encoded once."""
        if self._packed is None or self._packed[0] is not message:
            assert self.header is not None, "bind comes first"
            self._packed = (message, encode(self.header(message)))
        return self._packed[1]

    def _connect(self, effect: fx.Connect) -> None:
        self.roles.clear()
        self.roles.update(effect.roles)
        device = self._shared_networks(effect)
        self.peers.set_local(
            LocalAdapter(a.name, a.network, a.address, device.get(a.name, ""))
            for a in effect.adapters
        )
        self.peers.set_peers(
            Peer(
                peer.name,
                peer.key,
                tuple(
                    PeerPath(p.network, p.adapter, p.local, p.remote, device.get(p.adapter, ""))
                    for p in peer.paths
                ),
            )
            for peer in effect.peers
        )
        watched = {a.name: a.address for a in effect.adapters}
        asyncio.get_running_loop().call_soon(self.links.watch, watched)
        addresses = tuple(a.address for a in effect.adapters)
        if addresses and not self._admin_open:
            self._admin_open = addresses
            self.admin.open(addresses, effect.admin_port, effect.event_port)

    def _shared_networks(self, effect: fx.Connect) -> dict[str, str]:
        """Return the interfaces of adapters that share a network, made ready for that.

        Routes lead all traffic of a network by one of them; each shall be judged by itself.
        """
        networks = [a.network for a in effect.adapters]
        sharing = {a.name: a.address for a in effect.adapters if networks.count(a.network) > 1}
        device = devices(sharing) if sharing else {}
        for name, interface in device.items():
            multihomed.prepare(interface, sharing[name])
        return device

    # -- disk

    def _store(
        self,
        effect: fx.Persist
        | fx.RewriteJournal
        | fx.WriteTemporary
        | fx.ReadTemporary
        | fx.DropTemporary
        | fx.Activate
        | fx.WriteDraft
        | fx.KeepTimes,
    ) -> None:
        match effect:
            case fx.Persist():
                self._append(effect.record)
            case fx.RewriteJournal():
                self._rewrite(effect.records)
            case fx.WriteTemporary():
                self._write_if_there_is_room("temporary", effect.data)
            case fx.ReadTemporary():
                digest = self.directory.digest
                self.post(ev.TemporaryRead(digest("temporary"), digest("active")))
            case fx.DropTemporary():
                self.directory.drop("temporary")
            case fx.WriteDraft():
                self._write_if_there_is_room("default", effect.data)
            case fx.KeepTimes():
                self._keep_times(effect.data)
            case fx.Activate():
                self._activate(effect)

    def _append(self, record: records.Record) -> None:
        self.journal.append(records.encode(record))
        if self.journal.grew and not self._told_of_growth:
            self._told_of_growth = True
            self.post(ev.JournalGrew())

    def _rewrite(self, kept: tuple[records.Record, ...]) -> None:
        """Shorten the journal if the disk allows: the long one says the same.

        Where the disk failed after the exchange, the next append ends the agent.
        """
        self._told_of_growth = False
        before = self.journal.size
        try:
            self.journal.rewrite([records.encode(record) for record in kept])
        except StoreError as error:
            self.log.write("error", "the journal stays long", {"text": str(error)})
            return
        text = f"{before >> 10} KiB are {self.journal.size >> 10} KiB now"
        self.log.write("note", "journal written anew", {"text": text})

    def _write_if_there_is_room(self, which: Which, data: bytes) -> None:
        """Write what nothing vouches for: *compare* misses a staged file, a draft is no promise."""
        try:
            self.directory.write(which, data)
        except StoreError as error:
            self.log.write("error", "the disk refuses a file", {"text": str(error)})

    def _keep_times(self, data: bytes) -> None:
        try:
            self.directory.keep_times(data)
        except StoreError as error:  # only forecasts miss it
            self.log.write("warning", "how long actions take is not kept", {"text": str(error)})

    def _activate(self, effect: fx.Activate) -> None:
        if self.directory.digest("temporary") != effect.digest:
            self.directory.write("temporary", effect.data)  # decided while this node was away
        self.directory.promote(effect.epoch, effect.digest)
        if effect.joined:
            end_joining(self.directory.path)

    # -- resources

    async def _drive(self, effect: fx.RunDriver) -> None:
        job = Job(
            op=effect.op,
            group=effect.group,
            name=effect.name,
            resource=effect.resource,
            action=effect.action,
            limit_s=effect.limit_s,
            token=effect.token,
            attachment=effect.attachment,
        )
        outcome = await self.drivers.run(job)
        self.post(
            ev.DriverFinished(
                effect.op,
                outcome.ok,
                outcome.code,
                outcome.text,
                outcome.evidence,
                outcome.seconds,
                outcome.fact,
            )
        )

    async def _check(self, effect: fx.RunCheck) -> None:
        o = await healthcheck.check(effect.arguments, effect.limit_s)
        self.post(ev.DriverFinished(effect.op, o.ok, o.code, o.text, o.evidence, o.seconds))

    async def _command(self, op: int, work: Coroutine[None, None, Outcome]) -> None:
        o = await work
        self.post(ev.DriverFinished(op, o.ok, o.code, o.text, o.evidence, o.seconds))

    async def _fence(self, effect: fx.FenceNode) -> None:
        job = FenceJob(effect.node, effect.name, effect.device, effect.work)
        o = await self.fences.run(job)
        self.post(ev.FenceFinished(effect.op, o.ok, o.code, o.text, o.evidence, o.seconds))

    # -- drills and the end

    def _drill(self, effect: fx.CutAdapter | fx.FailApplication | fx.End) -> None:
        match effect:
            case fx.CutAdapter():
                change = self.peers.mend if effect.mended else self.peers.cut
                change(effect.adapter)
            case fx.FailApplication():
                self.drivers.fail_applications(effect.group)
            case fx.End():
                self.log.write("warning", "agent ends", {"text": effect.reason})
                if effect.abrupt:
                    os.kill(os.getpid(), signal.SIGKILL)
                if self.ended is not None and not self.ended.done():
                    self.ended.set_result(effect.reason)

    async def close(self) -> None:
        """End jobs and give everything back; applications are stopped by the drivers' close."""
        for task in tuple(self._jobs):
            task.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        self.links.close()
        self.drivers.close()
        self.watchdog.stop()
        if self._hardware is not None:
            self._hardware.close(released=not self._holds())
        self.admin.close()
        if self._join_door is not None:
            self._join_door.close()
        self.peers.close()
        self.journal.close()
        self.directory.release_lock()
