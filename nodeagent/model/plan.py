"""What a change is, and what it does to each resource group."""

from typing import Literal

from msgspec import Struct

from nodeagent.model.health import GroupEffectKind

ChangeKind = Literal["add", "remove", "change"]
Part = Literal["topology", "resources"]


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    """One difference between two configurations.

    `object` is a dotted path such as "node.alpha.adapter.eth0" or "group.web.resource.server";
    `key` is the field for a change, empty where the whole object comes or goes. `old` and `new`
    are TOML-like text for people.
    """

    kind: ChangeKind
    part: Part
    object: str
    key: str = ""
    old: str = ""
    new: str = ""


class GroupEffect(Struct, frozen=True, forbid_unknown_fields=True):
    """What a change does to one group: `source` owner before, `target` owner after ("": none)."""

    group: str
    kind: GroupEffectKind
    source: str = ""
    target: str = ""
    reason: str = ""


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """The consequences of going from one configuration to another under a given standing.

    `owners` is the ownership after the change; `release` and `acquire` are (group, node) in the
    order in which they are carried out.
    """

    changes: tuple[Change, ...] = ()
    effects: tuple[GroupEffect, ...] = ()
    owners: dict[str, str] = {}
    release: tuple[tuple[str, str], ...] = ()
    acquire: tuple[tuple[str, str], ...] = ()
    topology: bool = False
    resources: bool = False
    added_nodes: tuple[str, ...] = ()
    removed_nodes: tuple[str, ...] = ()
    added_adapters: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        """Return "topology", "resources", "both" or "none"."""
        if self.topology and self.resources:
            return "both"
        if self.topology:
            return "topology"
        return "resources" if self.resources or self.release or self.acquire else "none"
