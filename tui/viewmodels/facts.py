"""What is known of each node and each group at one moment, with its word, letter and tone.

The only place that decides whether a value may be called current. Everything that shows nodes or
groups builds on these facts, so no two screens can disagree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from nodeagent.config.holds import hold_end, is_held
from nodeagent.config.instances import is_instance, written_name
from nodeagent.model.configuration import Configuration, Group, ServiceAddress
from nodeagent.wire.live import GroupLive, LinkLive, NodeLive
from nodeagent.wire.sight import blind_networks
from tui.viewmodels.ages import Moment, age_text, coarse_age_text, moment_text
from tui.viewmodels.heirs import expected
from tui.viewmodels.spans import Tone
from tui.viewmodels.store import View

_NODE: dict[str, tuple[str, str, Tone]] = {
    "up": ("U", "up", "ok"),
    "down": ("X", "down", "bad"),
    "joining": ("J", "joining", "busy"),
    "leaving": ("L", "leaving", "busy"),
    "reconfiguring": ("R", "reconf", "busy"),
    "amnesiac": ("A", "amnesiac", "bad"),
    "unknown": ("?", "unknown", "warn"),
}
_ON_STANDBY: tuple[str, str, Tone] = ("S", "standby", "warn")
_LINK: dict[str, tuple[str, Tone]] = {
    "up": ("U", "ok"),
    "late": ("L", "warn"),
    "down": ("D", "bad"),
    "unknown": ("?", "warn"),
}
_GROUP: dict[str, tuple[str, Tone]] = {
    "online": ("online", "ok"),
    "offline": ("offline", "dim"),
    "acquiring": ("acquiring", "busy"),
    "releasing": ("releasing", "busy"),
    "error": ("ERROR", "bad"),
    "unknown": ("unknown", "warn"),
}


STANDBY = "standby"
CROWD = 16


@dataclass(frozen=True, slots=True)
class LinkFact:
    """One adapter of a node on one network. `letter` is U, L(ate), D(own), ? or - (not heard)."""

    node: str
    adapter: str
    network: str
    letter: str
    tone: Tone
    age: float = 0.0
    beats: int = 0
    address: str = ""
    live: LinkLive | None = None


@dataclass(frozen=True, slots=True)
class NodeFact:
    """One node. `stale`: what is known of it is too old to be called current."""

    name: str
    live: NodeLive | None
    letter: str
    word: str
    tone: Tone
    age: float
    stale: bool
    links: tuple[LinkFact, ...] = ()
    groups: tuple[str, ...] = ()
    standby: bool = False

    @property
    def heard(self) -> bool:
        """Return whether the node is heard now; others know only what it said before."""
        return (
            self.live is not None and self.live.state not in {"down", "unknown"} and not self.stale
        )

    @property
    def usable(self) -> bool:
        """Return whether the node is up, in, and that is known now; on standby it is, too."""
        words = {"up", STANDBY, "reconf"}
        return self.live is not None and self.word in words and not self.stale


@dataclass(frozen=True, slots=True)
class GroupFact:
    """One group: who owns it by decree, what its owner says of it, and who else could take it.

    `held`: "held until" and when; `by_order`: an administrator took it offline. `others`: of an
    instance of a group that runs on all of its nodes, where further ones are online.
    """

    name: str
    noun: Group | None
    owner: str
    word: str
    tone: Tone
    since: float = 0.0
    text: str = ""
    failures: int = 0
    live: GroupLive | None = None
    heirs: tuple[str, ...] = ()
    held: str = ""
    by_order: bool = False
    others: tuple[str, ...] = ()

    @property
    def is_instance(self) -> bool:
        """Return whether it is one of several that run at once, which no other node takes over."""
        return is_instance(self.name)

    @property
    def if_lost(self) -> str:
        """Return what becomes of it if its node fails, for "if it fails: web ..."."""
        if self.heirs:
            return f"goes to {self.heirs[0]}"
        return f"goes on on {self.others[0]}" if self.others else "has nowhere to go"

    @property
    def remark(self) -> str:
        """Return what an administrator ordered for it, "" where its policies decide."""
        return self.held or ("offline by order" if self.by_order else "")

    @property
    def has_failed(self) -> bool:
        """Return whether a part of it failed and nobody has dealt with that."""
        return self.live is not None and any(r.state == "failed" for r in self.live.resources)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the service addresses."""
        if self.noun is None:
            return ()
        nouns = self.noun.resource.values()
        return tuple(noun.address for noun in nouns if isinstance(noun, ServiceAddress))

    @property
    def order(self) -> tuple[str, ...]:
        """Return the takeover order."""
        return self.noun.nodes if self.noun else ()


def node_facts(view: View, now: Moment) -> tuple[NodeFact, ...]:
    """Return the configured nodes in the order of the file, then others that are heard."""
    configuration = view.active.configuration
    names = list(configuration.node) if configuration else []
    names += [name for name in view.nodes if name not in names]
    facts = tuple(node_fact(view, name, now) for name in names)
    observer = view.cluster.value.observer if view.cluster else ""
    fresh = (fact.live for fact in facts if fact.live is not None and not fact.stale)
    blind = blind_networks(fresh, observer)
    return tuple(_unseen(fact, blind) if fact.name != observer else fact for fact in facts)


def _unseen(node: NodeFact, blind: frozenset[str]) -> NodeFact:
    """Return the node with what is not known of it told as that."""
    links = tuple(
        replace(link, letter="?", tone="warn")
        if link.letter == "D" and link.network in blind
        else link
        for link in node.links
    )
    return node if links == node.links else replace(node, links=links)


def node_fact(view: View, name: str, now: Moment) -> NodeFact:
    """Return what is known of one node."""
    heard = view.nodes.get(name)
    owners = view.cluster.value.owners if view.cluster else {}
    groups = tuple(group for group, owner in owners.items() if owner == name)
    standby = _is_on_standby(view, name)
    if heard is None:
        return NodeFact(name, None, "?", "not heard", "warn", 0.0, stale=True, groups=groups,
                        links=_links(view, name, None, 0.0, stale=True),
                        standby=standby)  # fmt: skip
    stale = view.node_stale(name, now)
    idle = standby and heard.value.state == "up"
    letter, word, tone = _ON_STANDBY if idle else _NODE[heard.value.state]
    if stale:
        letter, word, tone = "?", f"stale {word}" if word == "down" else "stale", "warn"
    return NodeFact(
        name,
        heard.value,
        letter,
        word,
        tone,
        view.node_age(name, now),
        stale,
        _links(view, name, heard.value, heard.since(now), stale=stale),
        groups,
        standby,
    )


def _is_on_standby(view: View, name: str) -> bool:
    configuration = view.active.configuration
    noun = configuration.node.get(name) if configuration else None
    return noun is not None and noun.standby


def _links(
    view: View, name: str, live: NodeLive | None, since: float, *, stale: bool
) -> tuple[LinkFact, ...]:
    configuration = view.active.configuration
    noun = configuration.node.get(name) if configuration else None
    adapters = dict(noun.adapter) if noun else {}
    heard = {link.adapter: link for link in live.links} if live else {}
    facts = [
        _link(name, adapter, heard.get(adapter), since, stale=stale, network=spec.network,
              address=spec.address)
        for adapter, spec in adapters.items()
    ]  # fmt: skip
    facts += [
        _link(name, adapter, link, since, stale=stale)
        for adapter, link in heard.items()
        if adapter not in adapters
    ]
    return tuple(facts)


def _link(
    node: str,
    adapter: str,
    link: LinkLive | None,
    since: float,
    *,
    stale: bool,
    network: str = "",
    address: str = "",
) -> LinkFact:
    if link is None:
        return LinkFact(node, adapter, network, "?", "warn", address=address)
    letter, tone = _LINK["unknown" if stale else link.state]
    age = link.age_ms / 1000 + since
    return LinkFact(
        node,
        adapter,
        link.network or network,
        letter,
        tone,
        age,
        link.beats,
        address,
        link,
    )


def group_facts(
    view: View, now: Moment, nodes: tuple[NodeFact, ...] | None = None
) -> tuple[GroupFact, ...]:
    """Return the configured groups in the order of the file, then others that have an owner."""
    nodes = node_facts(view, now) if nodes is None else nodes
    configuration = view.active.running
    owners = view.cluster.value.owners if view.cluster else {}
    names = list(configuration.group) if configuration else []
    names += [name for name in owners if name not in names]
    nouns = configuration.group if configuration else {}
    by_name = {fact.name: fact for fact in nodes}
    bound = _bound(configuration, owners, by_name) if configuration else {}
    asked = view.cluster.value.asked if view.cluster else {}
    unix = now.wall - view.skew
    found = tuple(
        replace(
            _group(name, nouns.get(name), owners.get(name, ""), by_name, bound.get(name)),
            held=_held(nouns.get(name), unix),
            by_order=not owners.get(name) and asked.get(name) == "",
        )
        for name in names
    )
    serving = {fact.name: fact.owner for fact in found if fact.word == "online"}
    return tuple(
        replace(fact, others=_others(fact.name, serving)) if is_instance(fact.name) else fact
        for fact in found
    )


def _others(name: str, serving: Mapping[str, str]) -> tuple[str, ...]:
    """Return the nodes on which other instances of the same group are online."""
    group = written_name(name)
    return tuple(
        owner for other, owner in serving.items() if other != name and written_name(other) == group
    )


def _held(noun: Group | None, unix: float) -> str:
    if noun is None or not is_held(noun, unix):
        return ""
    return f"held until {moment_text(hold_end(noun), unix)}"


def _bound(
    configuration: Configuration, owners: Mapping[str, str], nodes: dict[str, NodeFact]
) -> dict[str, str]:
    """Return the heirs of groups for which rules or load count beside the takeover order."""
    up = [node for node in nodes.values() if node.usable and node.live]
    failed: dict[str, frozenset[str]] = {}
    for node in up:
        for group in node.live.groups if node.live else ():
            if group.state == "error":
                failed[group.group] = failed.get(group.group, frozenset()) | {node.name}
    return expected(configuration, owners, frozenset(node.name for node in up), failed)


def _group(
    name: str, noun: Group | None, owner: str, nodes: dict[str, NodeFact], heir: str | None
) -> GroupFact:
    order = noun.nodes if noun else ()
    heirs = tuple(n for n in order if n != owner and n in nodes and _may_take(nodes[n], name))
    if heir is not None and owner:
        heirs = (heir, *(node for node in heirs if node != heir)) if heir else ()
    if not owner:
        return GroupFact(name, noun, "", "offline", "warn", heirs=heirs)
    node = nodes.get(owner)
    live = _live_group(node, name)
    if node is None or node.live is None or node.stale:
        return GroupFact(name, noun, owner, "stale", "warn", live=live, heirs=heirs)
    if node.word == "down":
        return GroupFact(name, noun, owner, "lost", "bad", live=live, heirs=heirs)
    if live is None:
        # A node names the groups that it has something to say of; the others do not run there.
        return GroupFact(name, noun, owner, "offline", "warn", heirs=heirs)
    word, tone = _GROUP[live.state]
    if live.state == "offline":
        tone = "warn"
    return GroupFact(
        name,
        noun,
        owner,
        word,
        tone,
        live.since,
        live.text,
        0 if live.state == "online" else live.failures,  # what came before is over
        live,
        heirs,
    )


def _may_take(node: NodeFact, group: str) -> bool:
    """Return whether a node could take the group over: it is up, and has not just failed to."""
    live = _live_group(node, group)
    return node.usable and not node.standby and (live is None or live.state != "error")


def _live_group(node: NodeFact | None, name: str) -> GroupLive | None:
    if node is None or node.live is None:
        return None
    return next((group for group in node.live.groups if group.group == name), None)


class Look:
    """One look at the view at one moment; what it sees is worked out once and shared."""

    def __init__(self, view: View, now: Moment) -> None:
        self.view = view
        self.now = now

    @cached_property
    def nodes(self) -> tuple[NodeFact, ...]:
        """Return the facts of every node."""
        return node_facts(self.view, self.now)

    @cached_property
    def groups(self) -> tuple[GroupFact, ...]:
        """Return the facts of every group."""
        return group_facts(self.view, self.now, self.nodes)

    def knows_heirs(self, group: GroupFact) -> bool:
        """Return whether it is known who could take a group over: all that might are heard of."""
        others = (self.node(name) for name in group.order if name != group.owner)
        return bool(group.heirs) or not any(node is not None and node.stale for node in others)

    def age(self, seconds: float) -> str:
        """Return an age as text: to the tenth, but in whole seconds where nodes are many."""
        return coarse_age_text(seconds) if len(self.nodes) > CROWD else age_text(seconds)

    @cached_property
    def networks(self) -> tuple[str, ...]:
        """Return the configured networks, then others that adapters are heard on."""
        configuration = self.view.active.configuration
        names = list(configuration.network) if configuration else []
        heard = [link.network for node in self.nodes for link in node.links]
        names += [name for name in dict.fromkeys(heard) if name and name not in names]
        return tuple(names)

    def node(self, name: str) -> NodeFact | None:
        """Return one node's facts."""
        return next((fact for fact in self.nodes if fact.name == name), None)

    def group(self, name: str) -> GroupFact | None:
        """Return one group's facts."""
        return next((fact for fact in self.groups if fact.name == name), None)
