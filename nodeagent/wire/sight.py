"""What an agent cannot see: networks on which it is itself cut off."""

from collections.abc import Iterable

from nodeagent.wire.live import NodeLive

_HEARD = frozenset({"up", "late"})


def blind_networks(nodes: Iterable[NodeLive], observer: str) -> frozenset[str]:
    """Return the networks on which `observer`, who tells all this, is cut off and hears nobody.

    Whether others are well there it cannot know: to it they all look down.
    """
    links = [(node.node, link) for node in nodes for link in node.links]
    own = {link.network for node, link in links if node == observer and link.state == "down"}
    return frozenset(own - {link.network for _, link in links if link.state in _HEARD})
