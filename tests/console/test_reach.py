"""What is explained, begun on the command line, and mapped to other keys, on the screen."""

from tests.console.test_command_line import Script, on_script
from tests.support.screens import LARGE, console, running, shows
from tests.support.story import StoryClient, configuration_text
from tui.keymap import parse
from tui.screens.forms import bench_of

TEXT = configuration_text()


async def test_other_keys_work_and_are_shown_everywhere() -> None:
    app = on_script(Script())
    app.use_keys(parse("app.section-nodes = 'N'\nnodes.standby = 'S'\napp.help = 'f7'\n"
                       "nodes.edit = 'e'\nnetworks.edit = 'e'\ngroups.edit = 'e'\n"
                       "draft.as_text = 'T'\nverify.as_text = 'T'\n"))  # fmt: skip
    async with running(app, LARGE) as pilot:
        await shows(pilot, "web", "NNodes", "  F7 help")
        await pilot.press("N")
        await shows(pilot, "S standby")
        await pilot.press("f7")
        await shows(pilot, "Keys of Nodes", "standby: Let the node own nothing")
        await pilot.press("escape")
        await pilot.press("f9", *"standby")
        await shows(pilot, "standby (S)")
        await pilot.press("escape", "F")
        await shows(pilot, "Fencing of alpha", "no fence device")


async def test_help_begins_with_the_finding_under_the_cursor() -> None:
    client = StoryClient()
    client.begin()
    app = console(client)
    async with running(app, LARGE) as pilot:
        await shows(pilot, "web")
        bench = bench_of(app)
        bench.edit(bench.draft.typed(TEXT.replace('after = ["database"]', 'after = ["nobody"]')))
        await pilot.press("6")
        await shows(pilot, "E103", "w explain")
        await pilot.press("f1")
        await shows(
            pilot, "E103: unknown group", "What to do", "add the group", 'after = ["databse"]'
        )
        await pilot.press("escape", "w")
        await shows(pilot, "Finding E103", "Why it matters")
