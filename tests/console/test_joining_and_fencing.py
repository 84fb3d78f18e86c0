"""The pages of joining and of fencing, by keyboard, on a cluster that is only a story."""

import asyncio

from msgspec.structs import replace

from nodeagent.model.configuration import Adapter, Configuration
from nodeagent.wire.console import Answer, Done, Fence, Refused, Request
from nodeagent.wire.fencing import FenceCheck, FenceChecks, GetFenceChecks, TestFence
from nodeagent.wire.joining import (
    Admit,
    Admitted,
    GetJoining,
    Guest,
    Invite,
    Invited,
    Joining,
    Withdraw,
)
from nodeagent.wire.live import FenceLive
from tests.support.screens import SMALL, Clock, console, running, shows, until
from tests.support.story import (
    NODES,
    WALL,
    StoryClient,
    configuration_text,
    key_of,
    node_live,
    three_nodes,
)
from tui.screens.confirm import ConfirmScreen

SHOWN = "1111-2222-3333-4444-5555-6666-7777-8888"
DEVICES = """
[node.charlie.fence.board]
agent = "fence_ipmilan"
[node.charlie.fence.plug]
agent = "fence_apc"
level = 2
"""


class Agents:
    """What each node answers for itself, and what it was asked to change."""

    def __init__(self) -> None:
        self.guests: dict[str, Guest] = {}
        self.checks: list[FenceCheck] = []
        self.asked: list[tuple[str, Request]] = []

    def cluster(self, request: Request) -> Answer:
        """Answer what is asked of whichever agent."""
        self.asked.append(("", request))
        if isinstance(request, Invite):
            guest = Guest(request.node, "invited", "ann", 900)
            self.guests[request.node] = guest
            return Invited("orders", key_of("alpha"), ("tcp://10.10.1.11:7415",), 900)
        return Done(f"fencing {getattr(request, 'node', '')}")

    def node(self, node: str, request: Request) -> Answer:
        """Answer what one node is asked."""
        match request:
            case GetJoining():
                return Joining(node, tuple(self.guests.values()) if node == "bravo" else ())
            case GetFenceChecks():
                return FenceChecks(node, tuple(self.checks) if node == "alpha" else ())
        self.asked.append((node, request))
        match request:
            case Admit() | Withdraw():
                del self.guests[request.node]
                return Admitted("", "") if isinstance(request, Admit) else Done("taken back")
            case TestFence() if node == "bravo":
                return Refused("inventory", "no such program")
            case TestFence():
                self.checks = [FenceCheck(request.node, "board", "failed", "no route", WALL)]
        return Done("asks board")


async def test_a_node_is_invited_compared_and_let_in_or_refused() -> None:
    agents = Agents()
    client = StoryClient(answer=agents.cluster, answer_node=agents.node)
    client.begin()
    app = console(client)
    async with running(app, SMALL) as pilot:
        await shows(pilot, "ALL RIGHT")
        await pilot.press("n")
        await shows(pilot, "nobody is invited; i makes an invitation")
        await pilot.press("i", *"alpha", "enter", "enter")
        await shows(pilot, "alpha is a node of the cluster already")
        await pilot.press("ctrl+u", *"delta", "enter", "enter")
        text = await shows(pilot, "The invitation of delta", "'join1.", "it must be")
        assert "--adapter IFACE=private1:ADDRESS:private \\" in text
        eth0 = Adapter(network="public1", role="service", address="10.10.1.14")
        guest = Guest("delta", "asks", "ann", 800, key_of("delta"), SHOWN, "10.10.1.14",
                      {"eth0": eth0})  # fmt: skip
        agents.guests["delta"] = guest
        await pilot.press("escape")
        app.screen.ask_all()  # type: ignore[attr-defined]
        await shows(pilot, "1 asks to be let in", "delta  asks      13:20  ann         10.10.1.14")
        await pilot.press("enter")
        await shows(pilot, SHOWN, "eth0: 10.10.1.14 on public1, service")
        await pilot.press("a")
        await shows(pilot, "Let delta in?", SHOWN)
        await pilot.press("enter")  # on arrival it does nothing
        await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen), "the dialog is left")
        assert agents.asked == [("", agents.asked[0][1])]
        await pilot.press("a")
        await shows(pilot, "Let delta in?")
        await pilot.press("right", "enter")
        await shows(pilot, "delta is in the draft")
        assert agents.asked[1:] == [("bravo", Admit("delta", SHOWN))]
        agents.guests["delta"] = guest
        app.screen.ask_all()  # type: ignore[attr-defined]
        await pilot.press("escape")
        await shows(pilot, "1 asks to be let in")
        await pilot.press("x", "right", "enter")
        await shows(pilot, "the invitation of delta is taken back")
        assert agents.asked[2:] == [("bravo", Withdraw("delta"))]


async def test_help_lies_over_an_invitation_and_comes_back_to_it() -> None:
    client = StoryClient(answer=Agents().cluster)
    client.begin()
    async with running(console(client), SMALL) as pilot:
        await shows(pilot, "ALL RIGHT")
        await pilot.press("n", "i", *"delta", "enter", "enter")
        await shows(pilot, "The invitation of delta")
        await pilot.press("f1")
        await shows(pilot, "Keys of this dialog", "write the command to a new file")
        await pilot.press("f1")
        await shows(pilot, "The invitation of delta", "'join1.")


class Stuck(StoryClient):
    """A client that never hears from alpha, which others hear."""

    async def ask_node(
        self, node: str, request: Request, *, configuration: Configuration | None = None
    ) -> Answer:
        if node == "alpha":
            await asyncio.Event().wait()
        return await super().ask_node(node, request, configuration=configuration)


async def test_who_joins_is_known_although_the_first_node_does_not_answer() -> None:
    agents, clock = Agents(), Clock()
    agents.guests["delta"] = Guest("delta", "asks", "ann", 800, key_of("delta"), SHOWN)
    client = Stuck(answer=agents.cluster, answer_node=agents.node)
    draft = configuration_text(nodes=(*NODES, "delta"))
    client.begin(replace(three_nodes(), draft=draft))
    app = console(client, clock)
    async with running(app, SMALL) as pilot:
        await shows(pilot, "ALL RIGHT")
        await pilot.press("5")
        await shows(pilot, "delta cannot answer yet: it asks to be let in (n)")


async def test_who_joins_is_not_told_by_an_agent_that_is_away() -> None:
    agents, clock = Agents(), Clock()
    agents.guests["delta"] = Guest("delta", "asks", "ann", 800, key_of("delta"), SHOWN)
    client = StoryClient(answer=agents.cluster, answer_node=agents.node)
    draft = configuration_text(nodes=(*NODES, "delta"))
    client.begin(replace(three_nodes(), draft=draft))
    app = console(client, clock)
    async with running(app, SMALL) as pilot:
        await shows(pilot, "ALL RIGHT")
        await pilot.press("5")
        await shows(pilot, "delta cannot answer yet: it asks to be let in (n)")
        client.say(node_live("bravo", state="down"))
        await until(pilot, lambda: app.session.view.nodes["bravo"].value.state == "down")
        clock.passed += 30.0
        await shows(pilot, "delta must answer, or the DARE fails")


async def test_a_fence_device_is_tested_and_a_node_switched_off_by_its_typed_name() -> None:
    agents = Agents()
    client = StoryClient(answer=agents.cluster, answer_node=agents.node)
    fence = FenceLive("done", "alpha", "plug", "fence_apc off: done", WALL - 7_200)
    text, whole = configuration_text() + DEVICES, three_nodes()
    nodes = (*whole.nodes[:2], replace(whole.nodes[2], fence=fence))
    client.begin(replace(whole, nodes=nodes, active=text, draft=text))
    app = console(client)
    async with running(app, SMALL) as pilot:
        await shows(pilot, "ALL RIGHT")
        await pilot.press("F")
        await shows(pilot, "board, then plug", "not checked yet", "fenced 2h", "no fence")
        await pilot.press("down", "down", "t")
        await shows(pilot, "Test which fence device of charlie?", "all of them")
        await pilot.press("down", "enter")
        await shows(pilot, "1 of 1 FAILED", "bravo: no such program")
        asked = TestFence("charlie", "board")
        assert agents.asked == [("alpha", asked), ("bravo", asked)]
        await pilot.press("enter")
        await shows(pilot, "level 2", "board      from alpha FAILED", "no route")
        await pilot.press("c")
        await shows(pilot, "charlie is heard, so it is not off")
        await pilot.press("o")
        await shows(pilot, "Switch charlie off?", "Type charlie to allow it")
        await pilot.press(*"charlie", "enter")
        await shows(pilot, "fencing charlie")
        assert agents.asked[2:] == [("", Fence("charlie", "charlie"))]
