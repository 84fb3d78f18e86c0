"""What all drivers share: the job they get, the outcome they give, and the four calls.

`start` of what runs and `stop` of what does not are fine; `monitor` tells the truth; `validate`
changes nothing. A driver may raise or hang: the registry turns both into an outcome.
"""

from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

from nodeagent.model.attachment import NOWHERE, Attachment
from nodeagent.model.configuration import Resource
from nodeagent.model.ownership import Token

Action = Literal["start", "stop", "monitor", "validate", "reload"]
Key = tuple[str, str]
"""Group and name of a resource."""

MARGIN_SECONDS = 0.5
MARGIN_PART = 0.1


class Context(Struct, frozen=True):
    """Where drivers work. `claim_port` is the TCP port on which service addresses are claimed.

    `ocf_root` is the folder of OCF agents and their library; `ocf_temporary` is where agents keep
    what must not outlive a boot. `system_bus` is the D-Bus address of systemd, `systemctl` the
    program that stops its units where this agent cannot.
    """

    node: str
    state_directory: Path
    claim_port: int
    ocf_root: Path = Path("/usr/lib/ocf")
    ocf_temporary: Path = Path("/run/resource-agents")
    system_bus: str = "unix:path=/run/dbus/system_bus_socket"
    systemctl: Path = Path("/usr/bin/systemctl")


class Job(Struct, frozen=True):
    """One action on one resource. `op` is the asker's own number; `limit_s` is in seconds.

    `attachment` says on which adapter a service address is to be; drivers of others ignore it.
    """

    op: int | str
    group: str
    name: str
    resource: Resource
    action: Action
    limit_s: float
    token: Token = Token()
    context: Context | None = None
    attachment: Attachment = NOWHERE

    @property
    def key(self) -> Key:
        """Return group and name."""
        return (self.group, self.name)

    @property
    def budget_s(self) -> float:
        """Seconds that the driver may use, so that its own words come before the deadline."""
        return self.limit_s - min(MARGIN_SECONDS, self.limit_s * MARGIN_PART)


class Outcome(Struct, frozen=True):
    """How it ended.

    `code` is stable: ok, failed, timeout, stopped (monitor: it does not run), unwell (monitor: it
    runs, but its own check complains), held (somebody else has it), invalid
    (validate), superseded (a stop came). `evidence` are lines of output, fit for a screen.
    `fact` (validate) marks the programs and devices that were found, to tell others from them.
    """

    ok: bool
    code: str
    text: str
    evidence: tuple[str, ...] = ()
    seconds: float = 0.0
    fact: str = ""


class Driver(Protocol):
    """Start, stop, watch and validate one kind of resource."""

    async def start(self, job: Job) -> Outcome:
        """Bring the resource up; done already is fine."""

    async def stop(self, job: Job) -> Outcome:
        """Bring the resource down; done already is fine."""

    async def monitor(self, job: Job) -> Outcome:
        """Tell whether it works: ok, or code stopped or failed."""

    async def validate(self, job: Job) -> Outcome:
        """Tell whether it could be started here, without any effect."""


def fine(text: str) -> Outcome:
    """Return the outcome of what went well."""
    return Outcome(True, "ok", text)


def failed(text: str, *, code: str = "failed", evidence: tuple[str, ...] = ()) -> Outcome:
    """Return the outcome of what did not."""
    return Outcome(False, code, text, evidence)
