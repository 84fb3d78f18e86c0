"""What an access file learns from a configuration: agents it does not name, keys that changed.

The file belongs to a person: all else in it stays as it is.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from nodeagent.client.access import Access, AgentAddress, load, rewrite, tables, ways_to
from nodeagent.client.errors import AccessError
from nodeagent.config import edit
from nodeagent.model.configuration import Configuration


@dataclass(frozen=True, slots=True)
class Learnt:
    """The agents that an access file names since now, and those whose key was another one."""

    new: tuple[AgentAddress, ...] = ()
    renewed: tuple[AgentAddress, ...] = ()


def learn(path: Path, configuration: Configuration) -> Learnt:
    """Add the agents of all nodes that an access file does not name; return what is new in it.

    A node that it names with a key of nobody's was removed and came back with another key, which is
    put in the place of the old one; where it listens stays as it was written. One that knows no
    node of the configuration is of another cluster, and learns nothing. AccessError when it cannot
    be read or written, or tables cannot be added to it.
    """
    access = load(path)
    keys = {noun.key for noun in configuration.node.values()}
    known = {agent.key for agent in access.agents}
    if not keys & known:
        return Learnt()
    named = {agent.name: agent for agent in access.agents}
    missing = [node for node, noun in configuration.node.items() if noun.key not in known]
    renewed = tuple(
        replace(named[node], key=configuration.node[node].key)
        for node in missing
        if node in named and named[node].key not in keys
    )
    near = [_near(access, node, configuration) for node in missing if node not in named]
    learnt = Learnt(tuple(agent for agent in near if agent is not None), renewed)
    if learnt != Learnt():
        _keep(learnt, path.resolve())
    return learnt


def _keep(learnt: Learnt, path: Path) -> None:
    text = path.read_text("utf-8")
    try:
        for agent in learnt.renewed:
            text = edit.set_value(text, ("agent", agent.name, "key"), agent.key)
    except edit.EditError as error:
        raise AccessError(f"{path}: {error}") from None
    if learnt.new:
        text = "\n".join((text.rstrip("\n"), *tables(learnt.new))) + "\n"
    rewrite(text, path)


def _near(access: Access, node: str, configuration: Configuration) -> AgentAddress | None:
    """Return the way to a node on a network on which the file has others, else the first way."""
    hosts = {agent.admin.removeprefix("tcp://").rpartition(":")[0] for agent in access.agents}
    networks = {
        adapter.network
        for noun in configuration.node.values()
        for adapter in noun.adapter.values()
        if adapter.address in hosts or f"[{adapter.address}]" in hosts
    }
    ways = ways_to(node, access.to(()), configuration)
    near = [adapter.network in networks for adapter in configuration.node[node].adapter.values()]
    return next((way for way, is_near in zip(ways, near, strict=False) if is_near), None) or next(
        iter(ways), None
    )
