"""Names of the cluster's objects as arguments: text like any other, that a shell can complete.

For that the cluster is asked once, with a short deadline. A shell that completes must neither wait
nor be talked to, so whatever goes wrong there means no proposals.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from nodeagent.client.errors import ClientError
from tui.cli.access import Way

if TYPE_CHECKING:  # every command loads this module, and few ask a cluster
    from nodeagent.wire.live import Snapshot

WITHIN_S = 1.0


class Name(click.ParamType[str]):
    """A name that `known` finds in a snapshot; which of them is right is the command's business."""

    def __init__(self, name: str, known: "Callable[[Snapshot], Iterable[str]]") -> None:
        self.name = name
        self._known = known

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click hands it over
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return the cluster's names that begin as `incomplete` does; none without an answer."""
        snapshot = _look(ctx.find_root())
        if snapshot is None:
            return []
        names = sorted(name for name in self._known(snapshot) if name.startswith(incomplete))
        return [CompletionItem(name) for name in names]


class Code(click.ParamType[str]):
    """The code of a finding, which a shell can complete without a cluster."""

    name = "code"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click hands it over
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return the codes that begin as `incomplete` does, with their titles."""
        from nodeagent.config.pages.sheets import all_codes, sheet

        begun = [code for code in all_codes() if code.startswith(incomplete.upper())]
        pages = [page for code in begun if (page := sheet(code))]
        return [CompletionItem(page.code, help=page.title) for page in pages]


def _look(root: click.Context) -> "Snapshot | None":
    from tui.cli.asking import ask_snapshot

    way = Way(connect=root.params.get("connect") or (), key=root.params.get("key"))
    try:
        return ask_snapshot(way, within_s=WITHIN_S)
    except (ClientError, OSError):
        return None


def _nodes(snapshot: "Snapshot") -> Iterable[str]:
    return (node.node for node in snapshot.nodes)


NODE = Name("node", _nodes)
GROUP = Name("group", lambda snapshot: snapshot.cluster.owners)
FENCED = Name("node", lambda snapshot: ("confirm", "test", *_nodes(snapshot)))
FINDING = Code()
