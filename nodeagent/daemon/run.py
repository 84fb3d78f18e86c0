"""Puts an agent together, runs it, and takes it apart again, also when it is told to end."""

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodeagent.config.digest import file_digest
from nodeagent.core import events as ev
from nodeagent.core.adoption import Inherited
from nodeagent.core.log import DecreeError
from nodeagent.core.node import Node, Setup
from nodeagent.core.records import compact, encode, replay
from nodeagent.daemon.agent import Agent, clock, tick_for_ever
from nodeagent.daemon.hands import Hands, Rooms
from nodeagent.daemon.identity import Identity, SetupError, read_identity, read_journal
from nodeagent.daemon.logs import AgentLog, open_log
from nodeagent.daemon.notify import Notifier
from nodeagent.daemon.recorder import Recorder
from nodeagent.drivers.adoption import Heritage, dismiss, take_over
from nodeagent.drivers.base import Context
from nodeagent.drivers.fence import FenceAgents
from nodeagent.drivers.hardware import Hardware, HardwareError, check
from nodeagent.drivers.inventory import InventoryTaker
from nodeagent.drivers.leftovers import Leftovers
from nodeagent.drivers.registry import Drivers
from nodeagent.drivers.watchdog import Watchdog
from nodeagent.model.configuration import Configuration, Group
from nodeagent.model.ownership import MARKS
from nodeagent.store.files import StateDirectory, Which
from nodeagent.store.journal import Journal
from nodeagent.store.recording import RecordingFolder
from nodeagent.transport.admin import AdminServer
from nodeagent.transport.joining import JoinDoor
from nodeagent.transport.peers import PeerTransport

if TYPE_CHECKING:
    from nodeagent.daemon.metrics import MetricsDoor

JOURNAL_BYTES_MAX = 1 << 20
"""A longer journal is written anew at the start, without what has been decided since."""
FILES: tuple[Which, ...] = ("default", "active", "temporary")
CLAIM_PORT_OFFSET = 4
STOP_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Options:
    """How `nodeagent run` was called."""

    state: Path
    drills: bool = False
    parent_pipe: int = -1
    log_file: Path | None = None
    watchdog: Path | None = None
    metrics: str = ""


def software() -> str:
    """Return the version of this distribution."""
    try:
        return version("clustertui")[:32]
    except PackageNotFoundError:
        return "0"


def run(options: Options) -> int:
    """Run an agent until it is told to end; returns the exit code.

    Raises SetupError or StoreError with file and remedy if it cannot start.
    """
    try:
        if options.watchdog is not None:
            check(options.watchdog)
        return _run(options)
    except HardwareError as error:
        raise SetupError(str(error)) from error


def _run(options: Options) -> int:
    directory = StateDirectory(options.state)
    identity = read_identity(options.state)
    directory.acquire_lock()
    try:
        return asyncio.run(_serve(options, directory, identity))
    finally:
        directory.release_lock()


async def _serve(options: Options, directory: StateDirectory, identity: Identity) -> int:
    log = open_log(identity.name, options.log_file)
    journal, records, found = read_journal(options.state, identity.name)
    if found:
        log.write("warning", "journal", {"text": found})
    for which in FILES:
        if unusable := directory.set_aside_unusable(which):
            log.write("warning", "a file was set aside", {"text": unusable})
    draft = directory.read("default") or b""
    setup = Setup(
        name=identity.name,
        records=records,
        joining=identity.joining,
        active_digest=directory.digest("active"),
        draft=draft,
        draft_digest=file_digest(draft) if draft else "",
        mark=secrets.randbelow(MARKS),
        software=software(),
        drills=options.drills,
        times=directory.kept_times(),
    )
    node = _remembering(options.state, setup)
    configuration = node.shared.configuration
    if configuration is None:
        raise SetupError(
            f"{options.state} has neither a decided nor an invited configuration; if its journal "
            "was lost, remove this node from the cluster and add it again with a new directory"
        )
    journal.make_room()
    if journal.size > JOURNAL_BYTES_MAX:
        journal.rewrite([encode(record) for record in compact(replay(list(records)))])
    _warn_of_other_identity(identity, configuration, log)
    wanted, leftovers = node.adoptable, Leftovers(options.state)
    heritage = _take_over(options.state, wanted, configuration, leftovers, log)
    agent = Agent(node, log, Inherited(leftovers.keys, heritage.groups, heritage.until_ms))
    ground = _Ground(options, directory, identity, log, journal, leftovers, heritage)
    hands = _hands(ground, agent, configuration)
    hands.drivers.outlive(agent=configuration.timing.adopt_ms > 0)
    for group in sorted(heritage.groups):
        hands.drivers.adopt(group, wanted[group])
    agent.carry_out = hands.carry_out
    hands.bind(node, agent.post)
    if heritage.groups:
        hands.guard_hardware(configuration.timing.watchdog_ms, heritage.until_ms)
    hands.recorder = Recorder(
        RecordingFolder(options.state),
        node.snapshot,
        node.live,
        lambda text: log.write("warning", "the past is not recorded", {"text": text}),
    )
    door = _metrics_door(options.metrics, node)
    try:
        return await _live(options, agent, hands, log)
    finally:
        if door is not None:
            await asyncio.to_thread(door.close)


def _take_over(
    state: Path,
    wanted: Mapping[str, Group],
    configuration: Configuration,
    leftovers: Leftovers,
    log: AgentLog,
) -> Heritage:
    """Go on with what an agent that died alone left whole, and end the rest of it."""
    heritage = take_over(state, wanted, configuration.timing.watchdog_ms / 1000)
    for line in leftovers.end_all(heritage.groups):
        log.write("warning", "left running by a dead agent", {"text": line})
    dismiss(state)
    return heritage


def _metrics_door(address: str, node: Node) -> "MetricsDoor | None":
    """Open the door for Prometheus, where one is wanted; SetupError if it cannot be."""
    if not address:
        return None
    # Imported late: an agent without metrics does not pay the library's memory.
    from nodeagent.daemon.metrics import MetricsDoor, MetricsError, parse_door

    try:
        return MetricsDoor.open(parse_door(address), node.snapshot)
    except MetricsError as error:
        raise SetupError(str(error)) from error


def _remembering(state: Path, setup: Setup) -> Node:
    """Return the node that this journal remembers; SetupError if its decrees do not hold."""
    try:
        return Node(setup, clock())
    except DecreeError as error:
        raise SetupError(
            f"{state}: the journal's decrees do not hold: {error}; 'nodeagent check' tells more. "
            "If no right copy is left, remove this node from the cluster and add it again with a "
            "new state directory"
        ) from error


def _warn_of_other_identity(
    identity: Identity, configuration: Configuration, log: AgentLog
) -> None:
    """Say why nobody will answer, where this node is not the one that the cluster knows."""
    noun = configuration.node.get(identity.name)
    if noun is None:
        text = f"the configuration last known here has no node {identity.name}; waits to be added"
    elif noun.key != identity.pair.public:
        text = f"{identity.name} has the key {noun.key} there, this key file {identity.pair.public}"
    else:
        return
    log.write("warning", "this node is not as the cluster knows it", {"text": text})


@dataclass(frozen=True, slots=True)
class _Ground:
    """What an agent stands on."""

    options: Options
    directory: StateDirectory
    identity: Identity
    log: AgentLog
    journal: Journal
    leftovers: Leftovers
    heritage: Heritage


def _hands(ground: _Ground, agent: Agent, configuration: Configuration) -> Hands:
    cluster, timing, pair = configuration.cluster, configuration.timing, ground.identity.pair
    state, log = ground.options.state, ground.log
    roles: dict[str, str] = {}

    def note(code: str, details: dict[str, Any]) -> None:
        log.write("warning", code, {str(k): str(v) for k, v in details.items()})

    def exited(group: str, name: str, text: str) -> None:
        agent.post(ev.ResourceExited(group, name, text))

    def talked(op: int | str, line: str) -> None:
        if isinstance(op, int):
            agent.post(ev.CommandTalked(op, line))

    context = Context(ground.identity.name, state, cluster.control_port + CLAIM_PORT_OFFSET)
    drivers = Drivers(context, exited, ground.leftovers, talked)
    rooms = Rooms(
        directory=ground.directory,
        journal=ground.journal,
        peers=PeerTransport(
            pair,
            control_port=cluster.control_port,
            heartbeat_port=cluster.heartbeat_port,
            on_message=agent.heard_message,
            on_note=note,
        ),
        admin=AdminServer(pair, role_of=roles.get, on_request=agent.asked, on_note=note),
        roles=roles,
        drivers=drivers,
        fences=FenceAgents(),
        inventory=InventoryTaker(context, drivers.describe),
        new_watchdog=lambda within_ms, hardware: Watchdog.start(state, within_ms / 1000, hardware),
        hardware=Hardware(ground.options.watchdog) if ground.options.watchdog else None,
        watchdog_ms=timing.watchdog_ms,
        log=log,
        node=ground.identity.name,
        watchdog=ground.heritage.watchdog,
        join_door=JoinDoor(pair, on_ask=agent.join_asked, on_note=note),
    )
    return Hands(rooms)


async def _live(options: Options, agent: Agent, hands: Hands, log: AgentLog) -> int:
    loop = asyncio.get_running_loop()
    hands.ended = loop.create_future()
    systemd = Notifier(os.environ, lambda text: log.write("warning", "systemd", {"text": text}))
    _listen_for_the_end(options, agent, hands.ended, systemd.stopping)

    def drain() -> None:
        for peer, adapter, data in hands.peers.drain_heartbeats():
            agent.heard_beat(peer, adapter, data)

    def stepped() -> None:
        systemd.alive()
        assert hands.recorder is not None, "it was handed in"
        hands.recorder.stepped(loop.time())

    hands.peers.open()
    hands.links.open()
    agent.start()
    systemd.ready()
    ticking = loop.create_task(
        tick_for_ever(agent, drain, lambda: hands.admin.subscribers, stepped)
    )
    waits: set[asyncio.Future[Any]] = {ticking, hands.ended, agent.failed}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if ticking.done():
            ticking.result()  # an error in the loop ends the agent, and is shown
        if agent.failed.done():
            _tell_failure(agent.failed, log)
        log.write("note", "agent stops", {"text": hands.ended.result()})
    finally:
        ticking.cancel()
        systemd.stopping()
        systemd.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(hands.close(), STOP_PATIENCE_S)
    return 0


def _tell_failure(failed: asyncio.Future[str], log: AgentLog) -> None:
    """Write down why the agent cannot go on, and raise it."""
    text = f"{type(failed.exception()).__name__}: {failed.exception()}"
    log.write("error", "the agent cannot go on and ends; start it anew", {"text": text})
    failed.result()


def _listen_for_the_end(
    options: Options, agent: Agent, ended: asyncio.Future[str], on_leave: Callable[[], None]
) -> None:
    """A signal asks to leave in order; a second one, or the parent's death, ends at once."""
    loop = asyncio.get_running_loop()
    asked: list[str] = []

    def end(reason: str) -> None:
        if not ended.done():
            ended.set_result(reason)

    def leave(reason: str) -> None:
        if asked:
            end(reason)
            return
        asked.append(reason)
        on_leave()
        agent.post(ev.StopAsked(reason))

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, leave, signal.Signals(number).name)
    if options.parent_pipe >= 0:
        os.set_blocking(options.parent_pipe, False)

        def look() -> None:
            with contextlib.suppress(BlockingIOError):
                if os.read(options.parent_pipe, 64) == b"":
                    loop.remove_reader(options.parent_pipe)
                    end("the process that started this agent is gone")

        loop.add_reader(options.parent_pipe, look)
