"""What a node reports of itself to a console that fills in forms."""

from typing import Annotated

from msgspec import Meta, Struct

from nodeagent.model.agents import AgentDescription
from nodeagent.model.inventory import FoundDevice, FoundInterface
from nodeagent.model.names import AGENT_PATTERN

INTERFACES_MAX = 256
DEVICES_MAX = 512
AGENTS_MAX = 1_000
UNITS_MAX = 2_000
PARAMETERS_MAX = 300


class GetInventory(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask the agent what its machine has; answered by Inventory."""


class Inventory(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """What one machine has.

    `agents` are OCF agents as PROVIDER:NAME, `units` services that systemd could start. `troubles`
    tell what could not be found out, and why; what exceeds the limits of this module is left out,
    and told there, too.
    """

    node: str
    interfaces: tuple[FoundInterface, ...] = ()
    devices: tuple[FoundDevice, ...] = ()
    agents: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()


class GetAgent(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask what the OCF agent PROVIDER:NAME says of itself; answered by AgentFound."""

    agent: Annotated[str, Meta(max_length=130, pattern=AGENT_PATTERN)]


class AgentFound(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """What the OCF agent `agent` on `node` says of itself; at most 300 parameters."""

    node: str
    agent: str
    description: AgentDescription
