"""Service addresses: the address that clients use, held by one owner on this machine.

Addresses of 127/8 are on every Linux machine already, so holding one needs no privilege: a
listening socket on (address, claim port) is the claim, and the kernel allows only one. The claim
is kept by a tiny process of its own that inherited the socket, so it ends like every other started
program: with the agent, by the deadman, or by a later agent's recovery, also when the agent is
frozen. All other addresses are put on the interface of an adapter (`interface`).
"""

import contextlib
import errno
import ipaddress
import signal
import socket
import time

from nodeagent.drivers.adopted import Adopted
from nodeagent.drivers.base import Context, Job, Key, Outcome, failed, fine
from nodeagent.drivers.child import Child
from nodeagent.drivers.interface import InterfaceDriver
from nodeagent.drivers.records import Record
from nodeagent.drivers.running import Run, environment, new_cookie, remaining
from nodeagent.model.configuration import ServiceAddress

_HOLDER = ("sleep", "2147483647")


class _Claim:
    def __init__(self, run: Run, child: Child | Adopted, address: str) -> None:
        self.run = run
        self.child = child
        self.address = address


class AddressDriver:
    """Holds service addresses: those of 127/8 by a claim, all others on an interface."""

    def __init__(self, context: Context) -> None:
        self._claims = ClaimDriver(context)
        self._interfaces = InterfaceDriver(context)

    async def start(self, job: Job) -> Outcome:
        """Take the address; code held when somebody else has it."""
        problem = _problem(_address(job))
        return problem or await self._of(job).start(job)

    async def stop(self, job: Job) -> Outcome:
        """Give the address back, whichever kind it was started as."""
        claim = await self._claims.stop(job)
        return await self._interfaces.stop(job) if claim.ok else claim

    async def monitor(self, job: Job) -> Outcome:
        """Tell whether the address is held here."""
        return await self._of(job).monitor(job)

    async def validate(self, job: Job) -> Outcome:
        """Tell whether the address could be held here."""
        problem = _problem(_address(job))
        return problem or await self._of(job).validate(job)

    def outlive(self, *, agent: bool) -> None:
        """Let claims that are made from now on outlive the agent, or end with it."""
        self._claims.outlives = agent

    def adopt(self, job: Job, record: Record | None) -> None:
        """Go on with an address that an earlier agent held; `record` is of its claim."""
        if record is not None and is_claimed(_address(job)):
            self._claims.adopt(job, record)

    def close(self) -> None:
        """Give all addresses back."""
        self._interfaces.close()
        self._claims.close()

    def _of(self, job: Job) -> "ClaimDriver | InterfaceDriver":
        return self._claims if is_claimed(_address(job)) else self._interfaces


class ClaimDriver:
    """Keeps the claims of one agent."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._claims: dict[Key, _Claim] = {}
        self.outlives = False

    def adopt(self, job: Job, record: Record) -> None:
        """Go on with a claim of an earlier agent."""
        run = Run(str(self._context.state_directory), job, record.cookie, record)
        self._claims[job.key] = _Claim(run, Adopted(record), _address(job))

    async def start(self, job: Job) -> Outcome:
        """Take the address; code held when another process has it."""
        address = _address(job)
        claim = self._claims.get(job.key)
        if claim is not None and claim.child.running and claim.address == address:
            return fine(f"{address} is held already")
        if claim is not None:
            await self._release(job, claim)
        try:
            listener = self._listen(address)
        except OSError as error:
            return self._refusal(address, error)
        with listener:
            return self._hold(job, address, listener)

    async def stop(self, job: Job) -> Outcome:
        """Give the address back."""
        claim = self._claims.get(job.key)
        if claim is None:
            return fine("is not held")
        try:
            await self._release(job, claim)
        except TimeoutError as error:
            return failed(f"the claim cannot be ended: {error}")
        return fine(f"{claim.address} is free")

    async def monitor(self, job: Job) -> Outcome:
        """Tell whether the claim stands."""
        claim = self._claims.get(job.key)
        if claim is None:
            return failed("is not held", code="stopped")
        if not claim.child.running:
            return failed("the claim was ended by somebody else")
        return fine(f"{claim.address} is held")

    async def validate(self, job: Job) -> Outcome:
        """Tell whether the address could be held here."""
        return fine(f"{_address(job)} can be held here")

    def close(self) -> None:
        """Give all claims back."""
        for claim in self._claims.values():
            claim.child.kill()
            with contextlib.suppress(TimeoutError):
                claim.run.end_now(1.0)
        self._claims = {}

    def _listen(self, address: str) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            # Without this a connection that a client once made would block the claim for a minute.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, self._context.claim_port))
            listener.listen(1)
        except OSError:
            listener.close()
            raise
        return listener

    def _hold(self, job: Job, address: str, listener: socket.socket) -> Outcome:
        cookie = new_cookie()
        run = Run(str(self._context.state_directory), job, cookie)
        variables = environment(self._context, job, cookie, {})
        run.keep(())  # whatever happens from here on, its cookie is known
        held = (listener.fileno(),)
        child = Child(_HOLDER, variables, "/", descriptors=held, outlives=self.outlives)
        try:
            run.keep((child.member,), child.pipe)
        except OSError:
            child.kill()
            raise
        self._claims[job.key] = _Claim(run, child, address)
        return fine(f"{address} is held")

    async def _release(self, job: Job, claim: _Claim) -> None:
        until = time.monotonic() + job.budget_s
        claim.child.signal(signal.SIGKILL)
        await claim.child.wait(remaining(until))
        await claim.run.end(remaining(until))
        if self._claims.get(job.key) is claim:
            del self._claims[job.key]

    def _refusal(self, address: str, error: OSError) -> Outcome:
        if error.errno == errno.EADDRINUSE:
            port = self._context.claim_port
            text = f"address {address} is held by another process (claim port {port})"
            return failed(text, code="held")
        return failed(f"address {address} cannot be held: {error.strerror}")


def is_claimed(address: str) -> bool:
    """Return whether an address is one of 127/8, held by a claim and not on an interface."""
    parsed = ipaddress.ip_address(address)
    return parsed.version == 4 and parsed.is_loopback


def _address(job: Job) -> str:
    assert isinstance(job.resource, ServiceAddress)
    return job.resource.address


def _problem(address: str) -> Outcome | None:
    """Return why `address` can be no service address anywhere, None if it can."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return failed(f"{address} is not an IPv4 or IPv6 address", code="invalid")
    if parsed.is_unspecified or parsed.is_multicast:
        return failed(f"{address} cannot be one node's address", code="invalid")
    return None
