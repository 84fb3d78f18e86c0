"""What all rooms agree on about fence devices: names, order of trying, delay.

The interface is that of the fence-agents project: NAME=VALUE lines on standard input, `off` and
`status` known to every agent, exit code 0 for done and verified.
"""

from collections.abc import Iterator

from nodeagent.model.configuration import Fence, Node

AGENT_PATTERN = r"fence_[a-z0-9_]+\Z"
PARAMETER_PATTERN = r"[A-Za-z0-9_]+(-file)?\Z"
FILE_SUFFIX = "-file"
"""A parameter NAME-file is handed over as NAME, with what stands in that file."""
MANUAL = "manual"
"""The agent that is a person: nothing is run, an operator confirms."""

Device = tuple[str, Fence]


def levels(node: Node) -> Iterator[tuple[Device, ...]]:
    """Yield the devices of each level, lowest level first; in a level in the order of the file."""
    for level in sorted({fence.level for fence in node.fence.values()}):
        yield tuple((name, fence) for name, fence in node.fence.items() if fence.level == level)


def delay_s(node: Node) -> float:
    """Return how many seconds to wait before fencing this node: the longest of its devices'."""
    return max((fence.delay_seconds for fence in node.fence.values()), default=0.0)
