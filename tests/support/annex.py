"""The rest of the walk of `gallery`: pages beside the sections, on a cluster with fence devices.

Here three agents answer for themselves (who asks to join, which devices answer, what an OCF agent
takes), and a colleague has a console open, too.
"""

from msgspec.structs import replace

from nodeagent.config.digest import file_digest
from nodeagent.model.agents import AgentDescription, AgentParameter
from nodeagent.model.configuration import Adapter
from nodeagent.wire.console import Answer, Done, Here, Neighbour, Refused, Request
from nodeagent.wire.fencing import FenceCheck, FenceChecks, GetFenceChecks
from nodeagent.wire.inventory import AgentFound, GetAgent, GetInventory, Inventory
from nodeagent.wire.joining import GetJoining, Guest, Invite, Invited, Joining
from nodeagent.wire.live import FenceLive
from tests.support import story
from tests.support.gallery import See, Walk, opened
from tests.support.screens import Clock, console, shows
from tests.support.story import WALL, StoryClient, key_of

ADDITIONS = """
[node.charlie.fence.board]
agent = "fence_ipmilan"
[node.charlie.fence.plug]
agent = "fence_apc"
level = 2
[node.alpha.fence.board]
agent = "fence_ipmilan"

[group.web.resource.cache]
type = "ocf:heartbeat:memory"
parameters = { mode = "fast", mib = "512" }
"""
TEXT = story.configuration_text() + ADDITIONS
SHOWN = "1111-2222-3333-4444-5555-6666-7777-8888"
ETH0 = Adapter(network="public1", role="service", address="10.10.1.14")
GUESTS = (
    Guest("delta", "asks", "ann", 800, key_of("delta"), SHOWN, "10.10.1.14", {"eth0": ETH0}),
    Guest("echo", "invited", "bob", 611),
)
CHECKS = (
    FenceCheck("charlie", "board", "failed", "connection timed out after 20 s", WALL - 320),
    FenceCheck("charlie", "plug", "ok", "", WALL - 318),
    FenceCheck("alpha", "board", "ok", "", WALL - 7_200),
)
MEMORY = AgentDescription(
    "memory",
    parameters=(
        AgentParameter("mib", "integer", "64", required=True, short="Size in MiB"),
        AgentParameter(
            "mode", "select", "safe", choices=("safe", "fast"), short="How writes are taken"
        ),
        AgentParameter("statistics", "boolean", "false", short="Whether it counts what it does"),
        AgentParameter("grace", "second", "10", short="How long clients may take to leave"),
    ),
)
BOB = Neighbour("night", Here("b" * 16, "bob@desk", "Groups", "group web", edits=True))


def answer(request: Request) -> Answer:
    """Answer what is asked of whichever agent."""
    if isinstance(request, Invite):
        return Invited("orders", key_of("alpha"), ("tcp://10.10.1.11:7415",), 900)
    return Done()


def answer_node(node: str, request: Request) -> Answer:
    """Answer as `node` does itself."""
    match request:
        case GetJoining():
            return Joining(node, GUESTS if node == "bravo" else ())
        case GetFenceChecks():
            return FenceChecks(node, CHECKS if node == "bravo" else ())
        case GetInventory():
            return Inventory(node, (), (), ("heartbeat:memory",))
        case GetAgent() if request.agent == "heartbeat:memory":
            return AgentFound(node, request.agent, MEMORY)
    return Refused("story", "nobody listens there")


async def beside(theme: str, see: See, *, resizes: bool = True) -> None:
    """Walk through the pages beside the sections, calling `see` at each stop."""
    client, clock = StoryClient(answer, answer_node), Clock()
    whole = story.three_nodes()
    fence = FenceLive("done", "alpha", "plug", "fence_apc off: done", WALL - 7_200)
    nodes = (*whole.nodes[:2], replace(whole.nodes[2], fence=fence))
    digest = file_digest(TEXT.encode())
    client.begin(replace(whole, nodes=nodes, active=TEXT, draft=TEXT, draft_base=digest))
    app = console(client, clock)
    async with opened(app, client, clock, theme, see, resizes=resizes) as walk:
        app.session.view = replace(app.session.view, others=(BOB,))
        for part in (_joining, _fencing, _parameters):
            await part(walk)


async def _joining(walk: Walk) -> None:
    await walk.stop("joining", "1 asks to be let in", "+bob", keys=["n"])
    await walk.stop("joining-guest", SHOWN, keys=["enter"])
    await walk.leave("1 asks to be let in")
    await walk.stop("joining-let-in", "Let delta in?", keys=["a"])
    await walk.leave("1 asks to be let in")
    await walk.pilot.press("i", *"foxtrot", "enter", "enter")
    # No picture of this one: its word is drawn anew each time.
    await shows(walk.pilot, "The invitation of foxtrot")
    await walk.leave("1 asks to be let in")


async def _fencing(walk: Walk) -> None:
    await walk.stop("fencing", "board, then plug", "FAILED", keys=["F", "down", "down"])
    await walk.stop("fencing-node", "Last checks", keys=["enter"])
    await walk.leave("board, then plug")
    await walk.stop("fencing-off", "Switch charlie off?", keys=["o"])
    await walk.leave("board, then plug")


async def _parameters(walk: Walk) -> None:
    walk.app.edit_object(("group", "web", "resource", "cache"))
    await walk.stop("agent-form", "Parameters of heartbeat:memory", keys=())
    await walk.field()
    await walk.leave("ALL RIGHT", keys=["escape", "1"])
