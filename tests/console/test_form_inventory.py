"""A group from a template, by keyboard: lists from what nodes report, parameters as fields."""

from nodeagent.model.agents import AgentDescription, AgentParameter
from nodeagent.model.inventory import FoundDevice
from nodeagent.wire.console import Answer, Refused, Request
from nodeagent.wire.inventory import AgentFound, GetAgent, GetInventory, Inventory
from tests.console.test_form_screens import Keys, enter_text, form, in_field, play, value
from tests.support.screens import LARGE, screen_text, shows, until
from tests.support.story import StoryClient
from tui.screens.forms import Bench
from tui.viewmodels.form_kinds import specs_of

PGSQL = AgentDescription(
    "pgsql",
    parameters=(
        AgentParameter("pgdata", required=True, short="folder of the data"),
        AgentParameter("pgport", "integer", "5432"),
    ),
)
AGENTS = ("heartbeat:IPaddr2", "heartbeat:nginx", "heartbeat:pgsql")


def report(node: str, request: Request) -> Answer:
    """What the nodes of the story answer; charlie does not."""
    if node == "charlie":
        return Refused("NoAgent", "nobody listens there")
    if isinstance(request, GetAgent) and request.agent == "heartbeat:pgsql":
        return AgentFound(node, request.agent, PGSQL)
    if isinstance(request, GetInventory):
        disk = FoundDevice("/dev/sdb1", ("/dev/disk/by-label/shop",), "shop", "", "ext4", 1 << 30)
        return Inventory(node, (), (disk,), AGENTS)
    return Refused("inventory", "is not installed")


def test_database_from_a_template_is_filled_in_from_what_nodes_report() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        client.answer_node = report
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")
        await pilot.press("a")
        await shows(pilot, "What the new group is")
        await pilot.press("down", "down")
        await form(pilot, "enter", title="group database2")
        await pilot.press(*["tab"] * (len(specs_of("group")) + 1), "down")
        await shows(pilot, "! data", "E026 device is empty", "heartbeat:pgsql")
        await form(pilot, "enter", title="database2 / data (file system)")
        await pilot.press("tab", "f4")
        await shows(pilot, "by-label/shop", "charlie did not answer: nobody listens there")
        await pilot.press("enter")
        await until(
            pilot,
            lambda: (
                value(bench, "group", "database2", "resource", "data", "device")
                == "/dev/disk/by-label/shop"
            ),
            "the device",
        )
        await pilot.press("ctrl+s")
        await shows(pilot, "editing group database2")
        await pilot.press("down")
        await form(pilot, "enter", title="database2 / server (OCF agent)")
        await shows(pilot, "Parameters of heartbeat:pgsql, as it is on alpha", "5432", "pgdata")
        await in_field(pilot)
        await pilot.press("tab", "tab")
        await enter_text(pilot, "")
        await shows(pilot, "! F07 required parameter pgdata (folder of the data) is missing")
        await pilot.press("shift+tab", "shift+tab", "tab", "f4")
        await shows(pilot, "type a part")
        await pilot.press(*"ipad")
        await until(pilot, lambda: "heartbeat:nginx" not in screen_text(pilot.app), "fewer offers")
        await pilot.press("enter")
        await until(
            pilot,
            lambda: (
                value(bench, "group", "database2", "resource", "server", "type")
                == "ocf:heartbeat:IPaddr2"
            ),
            "the agent",
        )

    play(act, LARGE)


def test_no_key_is_lost_while_fields_come_and_go_around_the_cursor() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        client.answer_node = report
        text = bench.draft.text + (
            '\n[group.web.resource.pg]\ntype = "ocf:heartbeat:pgsql"\n'
            'parameters = { pgdata = "/srv/pg", odd = "1" }\n'
        )
        bench.edit(bench.draft.typed(text))
        pilot.app.edit_object(("group", "web", "resource", "pg"))  # type: ignore[attr-defined]
        await shows(pilot, "editing web / pg (OCF agent)", "Parameters of heartbeat:pgsql")
        await in_field(pilot)
        await pilot.press(*"postgres")
        await shows(pilot, "editing web / postgres (OCF agent)", "Parameters of heartbeat:pgsql")
        await pilot.press("down", "end", *["backspace"] * 5)  # an agent that nobody knows
        await until(pilot, lambda: "pgdata  " not in screen_text(pilot.app), "one field for all")
        await pilot.press(*"pgsql")
        await shows(pilot, "Parameters of heartbeat:pgsql", "pgdata", "odd")
        await pilot.press("down", "down", "down")
        await enter_text(pilot, "")  # which takes the unknown one out of the file
        await until(pilot, lambda: "odd" not in bench.draft.text, "it is out")
        await pilot.press(*"27")
        wanted = {"pgdata": "/srv/pg", "odd": "27"}
        await until(
            pilot,
            lambda: (
                value(bench, "group", "web", "resource", "postgres")
                == {"type": "ocf:heartbeat:pgsql", "parameters": wanted}
            ),
            "all that was typed",
        )

    play(act, LARGE)
