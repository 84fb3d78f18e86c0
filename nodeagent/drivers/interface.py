"""Service addresses on interfaces: added, asked for, announced, watched, and taken off again.

An address is put on the interface of the adapter that the core chose, with the prefix of its
network. Before, all other hosts of the network are asked whether one of them has it; after, all are
told who has it now, several times, for a lost announcement costs its hearers minutes. Where its
owner has just handed it over, that was the host that had it, and where all were asked while the
start was prepared (`ahead`), nobody had it: it is used at once and all others are asked beside,
which `monitor` tells of. What was added is written down first (`placed`), so that the deadman or a
later agent can take it off.
"""

import asyncio
import contextlib
import errno
import ipaddress
import socket
import threading
import time
from collections.abc import Collection

from nodeagent.drivers import multihomed, neighbours, netlink, placed, policy_routes
from nodeagent.drivers.ahead import AskedAhead
from nodeagent.drivers.aside import aside
from nodeagent.drivers.base import Context, Job, Key, Outcome, failed, fine
from nodeagent.drivers.netlink import Held, Interface
from nodeagent.drivers.placed import Placed
from nodeagent.model.configuration import ServiceAddress

ANNOUNCE_AFTER_S = (0.0, 0.2, 1.0, 2.0)
"""When an address is announced, in seconds after it was added."""
CLOSE_SECONDS = 2.0
DAD_LOOK_SECONDS = 0.05
_NEEDS = "needs CAP_NET_ADMIN and CAP_NET_RAW: run the agent as root or give it both"


class InterfaceDriver:
    """Puts addresses on interfaces, for one agent. What it has is written down, not remembered."""

    def __init__(self, context: Context) -> None:
        self._state_directory = str(context.state_directory)
        self._told: dict[Key, asyncio.Task[None]] = {}
        self._claimants: dict[Key, str] = {}
        self._wanted: dict[Key, object] = {}
        self._ahead = AskedAhead(_is_free)
        self._placing = threading.Lock()

    async def start(self, job: Job) -> Outcome:
        """Put the address on the interface; code held when another host has it."""
        wanted = self._wanted[job.key] = object()
        in_use = await self._in_use(job)
        try:
            outcome = await aside(lambda: self._start(job, wanted, asks=not in_use))
        except OSError as error:
            return _refused(job, error)
        if outcome.ok:
            self._announce(job, asks=in_use and not job.attachment.moves)
        return outcome

    async def _in_use(self, job: Job) -> bool:
        """Return whether the address was ours until now, or was asked for ahead and is nobody's."""
        if job.attachment.was_ours:
            self._ahead.forget(job.key)
            return True
        return await self._ahead.nobody_has(job.key, _address(job), job.attachment.adapter)

    async def stop(self, job: Job) -> Outcome:
        """Take the address off; gone is fine."""
        self._wanted.pop(job.key, None)
        self._claimants.pop(job.key, None)
        self._ahead.forget(job.key)
        task = self._told.pop(job.key, None)
        if task is not None:
            task.cancel()
        try:
            return await aside(lambda: self._stop(job))
        except OSError as error:
            return _refused(job, error)

    async def monitor(self, job: Job) -> Outcome:
        """Tell whether the address is on its interface, that is up, and nobody else has it."""
        if job.key in self._claimants:  # it may be gone by now, and a group on hold stays here
            await self._ask_beside(job)
        found = await aside(lambda: self._monitor(job))
        if (other := self._claimants.get(job.key)) and found.ok:
            return failed(f"{_address(job)} is held by the host {other}, too")
        return found

    async def validate(self, job: Job) -> Outcome:
        """Tell whether the interface is there and the address is of its network."""
        problem = await aside(lambda: _examine(job)[1])
        if problem is None and job.key not in self._wanted:
            self._ahead.begin(job.key, _address(job), job.attachment.adapter)
        return problem or fine(_can(job))

    def close(self) -> None:
        """Take all addresses off that this agent put on."""
        self._ahead.close()
        for task in self._told.values():
            task.cancel()
        self._told, self._wanted, self._claimants = {}, {}, {}
        for one in placed.read_all(self._state_directory):
            if one.kind == placed.ADDRESS:
                with contextlib.suppress(OSError):
                    placed.take_back(one, CLOSE_SECONDS)
                    placed.remove(self._state_directory, one)

    def _start(self, job: Job, wanted: object, *, asks: bool) -> Outcome:
        interface, problem = _examine(job)
        if interface is None:
            return problem or failed("no interface")
        address, prefix = _address(job), _prefix(job)
        known = placed.read(self._state_directory, *job.key)
        held = _held(address)
        if known is not None and held is not None and held.index == interface.index:
            return fine(f"{address} is on {interface.name} already")
        if known is not None:
            self._forget(known)
            held = _held(address)
        if held is not None:
            text = f"{address} is on this machine already, and this agent did not put it there"
            return failed(text, code="held")
        if not interface.up:
            return failed(f"interface {interface.name} is down")
        if asks and (other := _other_host(address, interface)):
            return failed(f"{address} is held by the host {other}", code="held")
        if job.attachment.others:
            for name in (interface.name, *job.attachment.others):
                multihomed.prepare(name, address)
        mine = Placed(placed.ADDRESS, *job.key, f"{address}/{prefix}", interface.name)
        if not self._place(job, wanted, mine, interface):
            return failed("a stop was asked for", code="superseded")
        return self._settled(mine, address, interface, job.budget_s)

    def _place(self, job: Job, wanted: object, mine: Placed, interface: Interface) -> bool:
        """Add the address unless it is no longer wanted: nobody waits for this thread any more."""
        with self._placing:
            if self._wanted.get(job.key) is not wanted:
                return False
            placed.write(self._state_directory, mine)
            try:
                asks = not job.attachment.was_ours
                netlink.add(_address(job), _prefix(job), interface.index, asks=asks)
            except OSError:
                placed.remove(self._state_directory, mine)
                raise
            if job.attachment.others:
                _lead(_address(job), interface, job.attachment.others)
            return True

    def _settled(self, mine: Placed, address: str, interface: Interface, limit_s: float) -> Outcome:
        """Wait until the kernel knows that nobody else has an IPv6 address."""
        until = time.monotonic() + limit_s
        while (held := _held(address)) is not None and held.flags & netlink.IFA_F_TENTATIVE:
            if held.flags & netlink.IFA_F_DADFAILED:
                self._forget(mine)
                return failed(f"{address} is held by another host (RFC 4862)", code="held")
            if time.monotonic() > until or not interface.resolves:
                break
            time.sleep(DAD_LOOK_SECONDS)
        return fine(f"{address} is on {interface.name}")

    def _stop(self, job: Job) -> Outcome:
        with self._placing:
            known = placed.read(self._state_directory, *job.key)
        if known is None:
            return fine("is not held")
        there = self._forget(known)
        return fine(f"{known.what} is off {known.where}" if there else "was gone already")

    def _forget(self, known: Placed) -> bool:
        there = placed.take_back(known, CLOSE_SECONDS)
        placed.remove(self._state_directory, known)
        return there

    def _monitor(self, job: Job) -> Outcome:
        known = placed.read(self._state_directory, *job.key)
        if known is None:
            return failed("is not held", code="stopped")
        address = known.what.partition("/")[0]
        interface = netlink.interfaces().get(known.where)
        if interface is None:
            return failed(f"interface {known.where} is gone", code="stopped")
        held = _held(address)
        if held is None or held.index != interface.index:
            return failed(f"{address} is not on {known.where}: somebody removed it", code="stopped")
        if held.flags & netlink.IFA_F_DADFAILED:
            return failed(f"{address} is held by another host, too")
        if not interface.up:
            return failed(f"interface {known.where} is down")
        return fine(f"{address} is on {known.where}")

    def _announce(self, job: Job, *, asks: bool) -> None:
        old = self._told.pop(job.key, None)
        if old is not None:
            old.cancel()
        self._told[job.key] = asyncio.create_task(self._make_known(job, asks=asks))

    async def _make_known(self, job: Job, *, asks: bool) -> None:
        address, adapter = _address(job), job.attachment.adapter
        async with asyncio.TaskGroup() as both:
            both.create_task(_announce(address, adapter))
            if asks:
                both.create_task(self._ask_beside(job))

    async def _ask_beside(self, job: Job) -> None:
        """Look for a stranger that has what was handed over; then all use it, and that fails."""
        address, adapter = _address(job), job.attachment.adapter
        wanted = self._wanted.get(job.key)
        with contextlib.suppress(OSError):  # a link that went is the core's to judge
            other = await aside(lambda: _found_on(address, adapter))
            if self._wanted.get(job.key) is not wanted:
                return  # it is used elsewhere by now, and what was found there stands
            self._claimants.pop(job.key, None)
            if other:
                self._claimants[job.key] = other


def _found_on(address: str, adapter: str) -> str:
    interface = netlink.interfaces().get(adapter)
    return _other_host(address, interface, in_use=True) if interface is not None else ""


def _is_free(address: str, adapter: str) -> bool:
    """Return whether nobody answers a request for an IPv4 address.

    All nodes that could start it ask at the same time, so it is no probe: of those each would see
    the others' and believe that somebody wants the address.
    """
    interface = netlink.interfaces().get(adapter)
    asker = _neighbour_of(address, interface) if interface is not None else ""
    if interface is None or not interface.working or not asker:
        return False
    found = _other_host(address, interface, in_use=True, asker=socket.inet_aton(asker))
    after = netlink.interfaces().get(adapter)
    return not found and after is not None and after.working  # into a dead cable nobody answers


def _neighbour_of(address: str, interface: Interface) -> str:
    """Return the interface's own IPv4 address in the subnet of `address`, or "".

    Hosts that look at the way back (rp_filter) answer no request from another subnet.
    """
    target = ipaddress.ip_address(address)
    for held in netlink.addresses():
        if held.index != interface.index or ":" in held.address:
            continue
        if target in ipaddress.ip_network(f"{held.address}/{held.prefix}", strict=False):
            return held.address
    return ""


async def _announce(address: str, adapter: str) -> None:
    began = asyncio.get_running_loop().time()
    for after in ANNOUNCE_AFTER_S:
        await asyncio.sleep(began + after - asyncio.get_running_loop().time())
        # A lost announcement is what the others are for; a link that went is the core's to judge.
        with contextlib.suppress(OSError):
            await aside(lambda: _announce_once(address, adapter))


def _announce_once(address: str, adapter: str) -> None:
    interface, held = netlink.interfaces().get(adapter), _held(address)
    if interface is None or held is None or held.index != interface.index:
        return  # it was moved meanwhile: an announcement would call clients to the wrong place
    if interface.resolves:
        neighbours.announce(address, interface)


def _address(job: Job) -> str:
    assert isinstance(job.resource, ServiceAddress)
    return str(ipaddress.ip_address(job.resource.address))


def _prefix(job: Job) -> int:
    return ipaddress.ip_network(job.attachment.subnet, strict=False).prefixlen


def _examine(job: Job) -> tuple[Interface | None, Outcome | None]:
    """Return the interface, or why the address cannot be put on it."""
    at = job.attachment
    if not at.adapter or not at.subnet:
        text = f"this node has no adapter on the network of {_address(job)}"
        return None, failed(text, code="invalid")
    if ipaddress.ip_address(_address(job)) not in ipaddress.ip_network(at.subnet, strict=False):
        return None, failed(f"{_address(job)} is not in {at.subnet}", code="invalid")
    interface = netlink.interfaces().get(at.adapter)
    if interface is None:
        text = (
            f"this machine has no interface {at.adapter}: adapters are named as the interfaces of "
            "their node (ip link)"
        )
        return None, failed(text, code="invalid")
    if not _may_act():
        return None, failed(f"adding {_address(job)} {_NEEDS}", code="invalid")
    return interface, None


def _may_act() -> bool:
    """Return whether raw sockets may be opened, which goes with the right to add addresses."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except OSError:
        return False
    return True


def _can(job: Job) -> str:
    return f"{_address(job)} can be put on {job.attachment.adapter}"


def _lead(address: str, interface: Interface, others: Collection[str]) -> None:
    """Let answers leave by the interface of the address.

    Where this kernel has no rules, all works without them while no adapter is silent.
    """
    found = netlink.interfaces()
    with contextlib.suppress(OSError):
        indexes = {found[name].index for name in others if name in found}
        policy_routes.lead(address, interface.index, indexes)


def _held(address: str) -> Held | None:
    return next((one for one in netlink.addresses() if one.address == address), None)


def _other_host(
    address: str,
    interface: Interface,
    *,
    in_use: bool = False,
    asker: bytes = neighbours.NO_ADDRESS,
) -> str:
    if ":" in address or not interface.resolves:
        return ""  # IPv6: the kernel asks when it is added
    own = {one.hardware for one in netlink.interfaces().values()}
    return neighbours.who_has(address, interface, own, in_use=in_use, asker=asker)


def _refused(job: Job, error: OSError) -> Outcome:
    if error.errno in {errno.EPERM, errno.EACCES}:
        return failed(f"{_address(job)} {_NEEDS}")
    where = job.attachment.adapter or "its interface"
    return failed(f"{_address(job)} on {where}: {error.strerror or error}")
