"""What an OCF resource agent says of itself in its meta-data (OCF Resource Agent API 1.1)."""

from msgspec import Struct


class AgentParameter(Struct, frozen=True):
    """One parameter. `kind` is the agent's word: string, integer, boolean, select, and others.

    `unique_group`: parameters of one group together must differ between resources. `reloadable`: a
    change is taken over by the action reload-agent, without a restart.
    """

    name: str
    kind: str = "string"
    default: str = ""
    required: bool = False
    unique: bool = False
    unique_group: str = ""
    reloadable: bool = False
    choices: tuple[str, ...] = ()
    short: str = ""
    long: str = ""


class AgentAction(Struct, frozen=True):
    """One action with the times that its author advises, in seconds; 0 where nothing is said."""

    name: str
    timeout_s: float = 0.0
    interval_s: float = 0.0
    depth: int = 0
    role: str = ""


class AgentDescription(Struct, frozen=True):
    """A whole agent."""

    name: str
    version: str = ""
    parameters: tuple[AgentParameter, ...] = ()
    actions: tuple[AgentAction, ...] = ()
    short: str = ""
    long: str = ""

    def offers(self, action: str) -> bool:
        """Return whether the agent has this action."""
        return any(found.name == action for found in self.actions)

    def reloadable(self) -> frozenset[str]:
        """Return the parameters that can change without a restart; none without reload-agent."""
        if not self.offers("reload-agent"):
            return frozenset()
        return frozenset(found.name for found in self.parameters if found.reloadable)
