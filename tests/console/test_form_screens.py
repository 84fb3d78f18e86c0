"""The forms and the draft, by keyboard alone, on a cluster that is only a story."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from nodeagent.config.digest import file_digest
from nodeagent.model.reports import Place, Report
from nodeagent.model.run import DareRun, RunChanged, RunStarted
from nodeagent.wire.console import Answer, Apply, Done, Refused, Rehearse, Request, SaveDraft
from nodeagent.wire.live import ConfigurationChanged, ProgressMade, Snapshot
from tests.support import story
from tests.support.screens import (
    LARGE,
    SMALL,
    Clock,
    console,
    paste,
    rest,
    running,
    screen_text,
    shows,
    until,
)
from tests.support.story import StoryClient, configuration_text, key_of, three_nodes
from tui.app import ClusterApp
from tui.screens.forms import Bench, bench_of, open_form
from tui.screens.forms.form import FormScreen
from tui.viewmodels import draft_data as raw
from tui.viewmodels.rights import OBSERVES
from tui.widgets.form_choice import Choice

TEXT = configuration_text()
HOSTILE = "[/b] [@click=app.quit]x[/] \u202edlrow"
Keys = Pilot[int]
Act = Callable[[Keys, StoryClient, Bench], Awaitable[None]]
BOTH = pytest.mark.parametrize("size", [SMALL, LARGE])
# Long ways through forms are walked once; test_form_pictures looks at both sizes.
ON_SMALL = pytest.mark.parametrize("size", [SMALL])
ON_LARGE = pytest.mark.parametrize("size", [LARGE])


def play(
    act: Act,
    size: tuple[int, int] = SMALL,
    *,
    snapshot: Snapshot | None = None,
    answer: Callable[[Request], Answer] | None = None,
    read_only: bool = False,
) -> None:
    """Run `act` against a console on three nodes."""

    async def run() -> None:
        client = StoryClient(answer=answer) if answer else StoryClient()
        client.begin(snapshot)
        app = console(client, Clock(), read_only=read_only)
        async with running(app, size) as pilot:
            await shows(pilot, "ALL RIGHT")
            bench = bench_of(app)
            await until(pilot, lambda: bench.judged and bench.draft.text, "the first verdict")
            await act(pilot, client, bench)

    asyncio.run(run())


async def form(pilot: Keys, *keys: str, title: str) -> None:
    """Press keys and wait for the form that they open."""
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(pilot.app.screen, FormScreen), f"the form of {title}")
    await shows(pilot, f"editing {title}", "marks:")
    await in_field(pilot)


async def in_field(pilot: Keys) -> None:
    """Wait until the cursor stands in a field."""
    await until(pilot, lambda: isinstance(pilot.app.focused, Input), "the cursor in a field")


async def enter_text(pilot: Keys, text: str) -> None:
    """Replace what stands in the field."""
    await pilot.press("ctrl+e", "ctrl+u")
    if text:
        await paste(pilot, text)


async def judged(pilot: Keys, bench: Bench) -> None:
    await until(pilot, lambda: bench.judged, "the verdict")


def saved(client: StoryClient) -> list[str]:
    return [one.text for one in client.asked if isinstance(one, SaveDraft)]


def value(bench: Bench, *path: str) -> object:
    return raw.at(raw.data_of(bench.draft.text), path)


@ON_SMALL
def test_group_with_address_and_application_is_added_by_keys(size: tuple[int, int]) -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")
        await pilot.press("a")
        await shows(pilot, "What the new group is", "web server", "NFS server")
        await form(pilot, "enter", title="group group1")
        await pilot.press(*"shop")
        await shows(pilot, "editing group shop")
        await pilot.press("tab")
        await enter_text(pilot, "charlie>alpha")
        await pilot.press("tab", "right")
        await until(pilot, lambda: value(bench, "group", "shop", "startup") == "first-available")
        pilot.app.screen.query_one("#children").focus()  # however many fields come before it
        await pilot.press("a")
        await shows(pilot, "Type of the new resource")
        await pilot.press("enter")
        await shows(pilot, "editing shop / address (service address)", "10.10.1.101")
        await pilot.press("ctrl+s")
        await shows(pilot, "editing group shop", "10.10.1.101  on public1")
        await pilot.press("a")
        await shows(pilot, "Type of the new resource")
        await pilot.press("down", "down", "down", "enter")
        await shows(pilot, "editing shop / server (application)", "E311")
        await pilot.press("tab")
        await paste(pilot, "/bin/serve --name 'a b'")
        await judged(pilot, bench)
        await pilot.press("ctrl+s")
        await pilot.press("down")
        await shows(pilot, "editing group shop", "service address", "/bin/serve")
        await pilot.press("ctrl+s")

        assert value(bench, "group", "shop") == {
            "nodes": ["charlie", "alpha"],
            "startup": "first-available",
            "resource": {
                "address": {
                    "type": "service-address",
                    "network": "public1",
                    "address": "10.10.1.101",
                },
                "server": {"type": "application", "start": ["/bin/serve", "--name", "a b"]},
            },
        }
        await until(pilot, lambda: saved(client)[-1:] == [bench.draft.text], "the draft is kept")
        await pilot.press("5")
        await shows(pilot, "+ group.shop", "shop", "started on", "untouched on alpha")
        assert not [one for one in client.asked if isinstance(one, Apply)]

    play(act, size)


@ON_SMALL
def test_error_stands_at_the_field_while_it_is_wrong(size: tuple[int, int]) -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")
        await form(pilot, "down", "e", title="group web")
        await pilot.press("tab")
        await enter_text(pilot, "bravo > charly")
        await shows(pilot, "! E102 group web lists node charly", "^R takes charlie")
        await enter_text(pilot, "bravo > charlie > alpha")
        await until(pilot, lambda: "E102" not in screen_text(pilot.app), "the error is gone")
        await shows(pilot, "was bravo > charlie", '"charlie", "alpha"]')

    play(act, size)


def test_fix_list_reset_and_undo_have_their_keys() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")
        await form(pilot, "down", "e", title="group web")
        await pilot.press("tab")
        await enter_text(pilot, "bravo > charly")
        await shows(pilot, "^R takes charlie")
        await pilot.press("f5")
        await until(pilot, lambda: bench.draft.text == TEXT, "the field is as it was")
        await pilot.press("f4")
        await shows(pilot, "Space in or out")
        await pilot.press("f1")
        await shows(pilot, "Keys of this dialog", "up or down in the order")
        await pilot.press("f1")
        await shows(pilot, "Space in or out")
        await pilot.press("down", "J", "K", "enter")
        await until(
            pilot,
            lambda: value(bench, "group", "web", "nodes") == ["charlie", "bravo"],
            "the order",
        )
        await pilot.press("ctrl+z")
        await until(pilot, lambda: bench.draft.text == TEXT, "undone")
        await pilot.press("ctrl+y")
        await shows(pilot, "charlie > bravo", "was bravo > charlie")
        await pilot.press("f6")
        await shows(pilot, "clustertui apply draft.toml")
        await pilot.press("escape", "f3")
        await shows(pilot, "Groups 2 online")

    play(act)


def test_fix_key_takes_what_would_be_right() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")
        await form(pilot, "down", "e", title="group web")
        await pilot.press(*["tab"] * 5)
        await enter_text(pilot, "databas")
        await shows(pilot, "^R takes database")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: bench.draft.text == TEXT, "the fix")

    play(act)


def test_every_object_is_reached_from_the_draft() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "The draft is the active configuration")
        await pilot.press("e")
        await shows(pilot, "Edit", "timing", "network.public1")
        await pilot.press("down", "enter")
        await shows(pilot, "editing timing", "Heartbeat")
        await pilot.press("escape")
        await shows(pilot, "The draft is the active configuration")
        await pilot.press("a")
        await shows(pilot, "a console's key", "commands of your own")
        await pilot.press("end", "up")
        await form(pilot, "enter", title="administrator admin1")
        await pilot.press("tab")
        await paste(pilot, key_of("ann"))
        await pilot.press("tab", "left", "ctrl+s")
        await shows(pilot, "+ admin.admin1", 'role = "oper')
        await pilot.press("x")
        await shows(pilot, "Remove", "network.public1")
        await pilot.press("end", "enter")
        await shows(pilot, "Remove administrator admin1?")
        await pilot.press("right", "enter")
        await shows(pilot, "The draft is the active configuration")

    play(act)


def test_a_time_that_agents_cannot_keep_is_told_with_what_they_can() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        app = pilot.app
        assert isinstance(app, ClusterApp)
        app.edit_object(("timing",))
        await shows(pilot, "editing timing", "Heartbeat")
        await in_field(pilot)
        await enter_text(pilot, "10")
        await shows(pilot, "! E410 heartbeat-ms is 10", "at least 20")
        await pilot.press("f1")
        await shows(pilot, "from 20 to 86,400,000 ms")
        await pilot.press("escape", "ctrl+r")
        await until(pilot, lambda: value(bench, "timing", "heartbeat-ms") == 20, "what is right")

    play(act)


def test_what_cannot_be_read_stays_in_the_field_and_out_of_the_draft() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        app = pilot.app
        assert isinstance(app, ClusterApp)
        app.edit_object(("timing",))
        await shows(pilot, "editing timing", "Heartbeat")
        await in_field(pilot)
        await enter_text(pilot, "soon")
        await shows(pilot, "! F01 not a number: soon", " soon ")
        assert bench.draft.text == TEXT
        await enter_text(pilot, "100")
        await until(pilot, lambda: value(bench, "timing", "heartbeat-ms") == 100, "the number")
        await until(pilot, lambda: "F01" not in screen_text(app), "the error is gone")
        await enter_text(pilot, "")
        await until(pilot, lambda: value(bench, "timing", "heartbeat-ms") is None, "the default")

    play(act)


@ON_LARGE
def test_node_is_added_with_its_adapters_on_one_page(size: tuple[int, int]) -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("2")
        await shows(pilot, "Nodes 3")
        await form(pilot, "a", title="node node4")
        await pilot.press(*"delta", "tab")
        await paste(pilot, key_of("delta"))
        await shows(pilot, "delta / eth0 (adapter)")
        await until(
            pilot, lambda: value(bench, "node", "delta", "key") == key_of("delta"), "the key"
        )
        await judged(pilot, bench)
        assert not bench.review.errors
        await pilot.press("ctrl+s")
        await pilot.press("5")
        await shows(pilot, "+ node.delta ", "+ node.delta.adapter.eth2")
        assert bench.review.plan.added_nodes == ("delta",)
        await shows(pilot, "delta must answer, or the DARE fails: start its agent there")
        await pilot.press("g")
        await shows(pilot, "Run the DARE on orders?", "delta must answer, or the DARE fails")
        client.say(story.node_live("delta"))
        await pilot.press("escape")
        await until(pilot, lambda: not bench.review.unheard, "the node is heard")
        await until(pilot, lambda: "must answer" not in screen_text(pilot.app), "no warning")

    play(act, size)


def test_arrow_keys_lead_through_a_form_that_is_longer_than_the_screen() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")
        await form(pilot, "down", "e", title="group web")
        await pilot.press(*["down"] * 12)
        await shows(pilot, "── Failures expire: After so long")
        await pilot.press("up")
        await shows(pilot, "── Fallback at ─", "Return only at")

    play(act)


def test_untouched_new_object_leaves_no_trace() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("3")
        await shows(pilot, "Networks 3")
        await form(pilot, "a", title="network private2")
        await pilot.press("escape")
        await shows(pilot, "Networks 3")
        assert bench.draft.text == TEXT

    play(act)


def test_keys_that_can_do_nothing_for_a_field_say_why() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("3")
        await shows(pilot, "Networks 3")
        await form(pilot, "a", title="network private2")
        await pilot.press("down", "f5")
        await shows(pilot, "nothing to go back to: the active configuration has no object of")
        await pilot.press("escape")
        await shows(pilot, "Networks 3")
        address = ("group", "database", "resource", "address")
        open_form(pilot.app, address, focus=".".join((*address, "address")))
        await shows(pilot, "editing database / address")
        await in_field(pilot)
        await pilot.press("f5")
        await shows(pilot, "it is as the active configuration has it")
        await enter_text(pilot, "10.10.1.0")
        await shows(pilot, "! E203")
        await pilot.press("ctrl+r")
        await shows(pilot, "by hand only: hosts have 10.10.1.1")
        await enter_text(pilot, "10.10.2.9")
        await shows(pilot, "! E201")
        await pilot.press("ctrl+r")
        await shows(pilot, 'address = "10.10.1.9"')

    play(act)


def test_new_network_fills_an_adapter_on_each_node() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("3")
        await shows(pilot, "Networks 3")
        await form(pilot, "a", title="network private2")
        await pilot.press(*"backup", *["tab"] * 3, "a")
        await shows(pilot, "10.10.10.3")
        adapter = value(bench, "node", "charlie", "adapter", "eth3")
        assert adapter == {"network": "backup", "role": "service", "address": "10.10.10.3"}

    play(act)


def test_removing_asks_and_names_what_refers_to_it() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")
        await pilot.press("x")
        await shows(pilot, "Remove group database?", "group.web.after")
        await pilot.press("enter")
        await shows(pilot, "Groups 2 online")
        assert bench.draft.text == TEXT
        await pilot.press("x")
        await shows(pilot, "Remove group database?")
        await pilot.press("right", "enter")
        await until(pilot, lambda: value(bench, "group", "database") is None, "it is gone")
        await pilot.press("6")
        await shows(pilot, "E103", "group.web.after")
        await pilot.press("enter")
        await shows(pilot, "editing group web", "! E103")

    play(act)


def test_resources_are_put_into_order_and_removed() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")
        await form(pilot, "e", title="group database")
        pilot.app.screen.query_one("#children").focus()  # however many fields come before it
        await pilot.press("J")
        data = ("group", "database", "resource")
        await until(
            pilot,
            lambda: (
                list(raw.names(raw.data_of(bench.draft.text), data))
                == ["data", "address", "server"]
            ),
            "the order",
        )
        await pilot.press("x")
        await shows(pilot, "Remove database / address (service address)?")
        await pilot.press("right", "enter")
        await until(pilot, lambda: value(bench, *data, "address") is None, "it is gone")
        await shows(pilot, "editing group database")
        await pilot.press("u", "u")
        await until(pilot, lambda: bench.draft.text == TEXT, "both steps are undone")

    play(act)


def test_list_of_a_form_is_reached_by_one_key_and_shows_what_was_added() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")
        await pilot.press("a")
        await shows(pilot, "What the new group is")
        await form(pilot, "enter", title="group group1")
        await shows(pilot, "^N add resource")
        await pilot.press("ctrl+n")
        await shows(pilot, "Type of the new resource")
        await pilot.press("escape")
        await shows(pilot, "Acquired from top to bottom", "K/J move")  # the cursor is in the list
        await pilot.press("ctrl+n", "enter")
        await shows(pilot, "editing group1 / address (service address)")
        await pilot.press("ctrl+s")
        await shows(pilot, "editing group group1", "~ address ")
        await pilot.press("ctrl+n", "down", "enter")
        await shows(pilot, "editing group1 / data (data folder)")
        await pilot.press("ctrl+s")
        await shows(pilot, "editing group group1", "~ address ", "~ data ")
        await pilot.press("K")  # the one that was just added is under the cursor

        kept = ("group", "group1", "resource")
        await until(
            pilot,
            lambda: list(raw.names(raw.data_of(bench.draft.text), kept)) == ["data", "address"],
            "the new resource in front",
        )

    play(act)


def test_letters_typed_into_a_choice_choose_and_do_nothing_else() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")
        await form(pilot, "e", title="group database")
        await pilot.press("tab", "tab")
        await until(pilot, lambda: isinstance(pilot.app.focused, Choice), "the cursor in a choice")
        await pilot.press("f")
        await until(
            pilot, lambda: value(bench, "group", "database", "startup") == "first-available"
        )
        await pilot.press(*"3exu/q:")  # elsewhere these lead away, edit, remove, undo and leave

        screen = await shows(pilot, "editing group database", "< first-available >")
        assert "Remove" not in screen
        assert value(bench, "group", "database", "startup") == "first-available"

    play(act)


def test_form_whose_object_goes_while_another_section_is_seen_is_left_later() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")
        await form(pilot, "down", "e", title="group web")
        pilot.app.screen.query_one("#children").focus()
        await pilot.press("5")  # in a list digits are keys of the console
        await shows(pilot, "What happens")
        bench.edit(bench.draft.remove(("group", "web")))
        await shows(pilot, "- group.web")
        await pilot.press("4")
        await shows(pilot, "Groups 2 online", "the object is not in the draft any more")

    play(act)


def test_form_whose_object_goes_under_a_list_is_left_with_it() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")
        await form(pilot, "down", "e", title="group web")
        await pilot.press("tab", "f4")
        await shows(pilot, "Space in or out")
        bench.edit(bench.draft.remove(("group", "web")))
        await pilot.press("escape")
        await shows(pilot, "Groups 2 online", "the object is not in the draft any more")

    play(act)


def test_draft_survives_its_console() -> None:
    mine = TEXT.replace('["bravo", "charlie"]', '["bravo", "alpha"]')

    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "group.web", '["bravo", "charlie"] > ["bravo", "alpha"]', "1 change")
        await pilot.press("u")
        await shows(pilot, "The draft is the active configuration")
        assert bench.draft.text == TEXT
        await pilot.press("ctrl+z")
        await shows(pilot, "1 change")
        assert bench.draft.text == mine

    play(act, snapshot=msgspec.structs.replace(three_nodes(), draft=mine))


MOVING = TEXT.replace('["bravo", "charlie"]', '["alpha", "charlie"]')


@ON_LARGE
def test_dare_takes_the_cluster_name_and_asks_exactly_this(size: tuple[int, int]) -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "moved bravo > alpha", "untouched on alpha", "1 interrupted")
        await pilot.press("g")
        await shows(pilot, "Run the DARE on orders?", "moved bravo > alpha", "Type orders")
        await pilot.press("enter", "escape")
        await shows(pilot, "What happens to each group")
        await pilot.press("g")
        await shows(pilot, "Type orders")
        await pilot.press(*"web to alpha", "enter", *"orders", "enter")
        await until(pilot, lambda: any(isinstance(one, Apply) for one in client.asked), "Apply")
        await shows(pilot, "DARE 41")

        asked = [one for one in client.asked if isinstance(one, Apply)]
        assert asked == [
            Apply(MOVING, file_digest(TEXT.encode()), reason="web to alpha", author="ann")
        ]

    play(act, size, snapshot=msgspec.structs.replace(three_nodes(), draft=MOVING))


LONELY = TEXT.replace('["bravo", "charlie"]', '["bravo"]')


def test_dare_after_which_less_is_survived_takes_the_name_of_the_failure() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "! node:bravo: web has no node left to run on")
        await pilot.press("f6")
        await shows(pilot, "apply draft.toml", "--waive node:bravo")
        await pilot.press("escape", "g")
        await shows(pilot, "Waive node:bravo?", "does not survive a failure")
        await pilot.press("enter", *"node:bravo", "enter")
        await shows(pilot, "Run the DARE on orders?")
        assert not client.asked
        await pilot.press("right", "enter")
        await until(pilot, lambda: any(isinstance(one, Apply) for one in client.asked), "Apply")

        (asked,) = [one for one in client.asked if isinstance(one, Apply)]
        assert asked.reason == "(not survived any more, waived: node:bravo)"

    play(act, snapshot=msgspec.structs.replace(three_nodes(), draft=LONELY))


def test_dare_that_interrupts_nobody_takes_a_plain_yes() -> None:
    calm = TEXT + "\n[timing]\nheartbeat-ms = 250\n"

    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "none interrupted", "heartbeat-ms")
        await pilot.press("g")
        await shows(pilot, "Run the DARE on orders?")
        assert "Type orders" not in screen_text(pilot.app)
        await pilot.press("right", "enter")
        await until(pilot, lambda: Apply(calm, file_digest(TEXT.encode()), author="ann")
                    in client.asked, "Apply")  # fmt: skip

    play(act, snapshot=msgspec.structs.replace(three_nodes(), draft=calm))


def test_draft_is_rehearsed_and_its_run_on_probation_takes_the_digest() -> None:
    calm = TEXT + "\n[timing]\nheartbeat-ms = 250\n"
    base, target = file_digest(TEXT.encode()), file_digest(calm.encode())
    tx, digest = "rehearsal.1.alpha.7", "d" * 64
    begun = DareRun(tx, "alpha", base_digest=base, target_digest=target, nodes=("alpha",))

    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "none interrupted", "h rehearse")
        await pilot.press("h")
        asked = Rehearse(calm, base, "ann")
        await until(pilot, lambda: asked in client.asked, "Rehearse")
        end = RunChanged(tx, "done", rehearsed=digest)
        client.say(ProgressMade(RunStarted(begun)), ProgressMade(end))
        await pilot.press("5", "p")
        await shows(pilot, "Return unless it is confirmed within")
        await pilot.press("enter")
        await shows(pilot, "It returns after 2m by itself", "Rehearsed (dddddddddddd)")
        await pilot.press("right", "enter")
        apply = Apply(calm, base, author="ann", probation_seconds=120, rehearsed=digest)
        await until(pilot, lambda: apply in client.asked, "Apply")

    play(act, snapshot=msgspec.structs.replace(three_nodes(), draft=calm))


def test_refusal_is_shown_with_its_reports() -> None:
    report = Report(
        "E901", "error", f"port 80 is in use {HOSTILE}", Place(key="group.web"), "free the port"
    )

    def answer(request: Request) -> Answer:
        if isinstance(request, Apply):
            return Refused("verify", f"charlie said no {HOSTILE}", 4, (report,))
        return Done()

    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "1 interrupted")
        await pilot.press("g")
        await shows(pilot, "Type orders")
        await pilot.press("enter", *"orders", "enter")
        await shows(pilot, "Refused: verify", "charlie said no [/b]", "E901", "free the port")
        await pilot.press("escape")
        await shows(pilot, "moved bravo > alpha")

    play(act, snapshot=msgspec.structs.replace(three_nodes(), draft=MOVING), answer=answer)


@pytest.mark.parametrize(
    ("draft", "why"),
    [
        (TEXT, "nothing to do"),
        (TEXT.replace('after = ["database"]', 'after = ["nobody"]'), "verify found 1 error"),
        ("format = [", "verify found 1 error"),
    ],
)
def test_no_dare_without_change_or_with_errors(draft: str, why: str) -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "Nothing reaches the cluster")
        await pilot.press("g")
        await shows(pilot, why)
        assert not [one for one in client.asked if isinstance(one, Apply)]

    play(act, snapshot=msgspec.structs.replace(three_nodes(), draft=draft))


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ('fallback = "sometimes"', ('fallback       (nothing) > "sometimes"', "E023  group.web")),
        ("[x", ("unread changes to epoch 17", "-nodes = [", "+[x", "error   E010  line")),
    ],
)
def test_draft_that_is_no_configuration_lists_its_changes_beside_its_errors(
    more: str, shown: tuple[str, ...]
) -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        text = await shows(pilot, "What is wrong: 1 error; what it would do is unknown", *shown)
        assert "interrupted" not in text

    nodes = 'nodes = ["bravo", "charlie"]'
    draft = TEXT.replace(nodes, f'nodes = ["charlie"]\n{more}')
    play(act, snapshot=msgspec.structs.replace(three_nodes(), draft=draft))


EVE = f'[admin.eve]\nkey = "{key_of("eve")}"\nrole = "observer"\n'
"""The cluster knows her; a console has her key as soon as the test says so."""


def test_text_that_is_typed_when_the_key_loses_its_role_is_kept_and_stays_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5", "f7")
        await shows(pilot, "DRAFT as text")
        area = pilot.app.screen.query_one(TextArea)
        await paste(pilot, "# before\n")
        await until(pilot, lambda: "# before" in bench.draft.text, "the draft")
        client.public = key_of("eve")
        area.insert("# after\n")  # typed before anybody has seen it
        await shows(pilot, "DRAFT as text", "can be read only", "Not in the draft")
        await pilot.press("x", "y")
        assert area.text.startswith("# before\n# after\n# Orders")
        await pilot.press("escape")
        await shows(pilot, "│ RO observer", "Changes")
        assert bench.draft.text.startswith("# before\n# Orders")

    play(act, snapshot=three_nodes(active=TEXT + EVE, draft=TEXT + EVE))
    file = tmp_path / "draft-orders.toml"
    assert file.read_text() == f"# before\n# after\n{TEXT}{EVE}"


def test_text_that_is_open_takes_what_another_console_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    started, theirs = TEXT + EVE, "# bob was here\n" + TEXT + EVE

    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5", "f7")
        await shows(pilot, "DRAFT as text")
        area = pilot.app.screen.query_one(TextArea)
        await pilot.press("down", "down")
        client.say(ConfigurationChanged(True, 17, "", theirs, "bob"))
        await shows(pilot, "# bob was here")
        assert area.cursor_location == (3, 0)
        assert client.asked == []
        await pilot.press("#")
        await until(pilot, lambda: "#\n[cluster]" in bench.draft.text, "the letter")
        assert bench.draft.text == theirs.replace("\n[cluster]", "#\n[cluster]")
        await until(pilot, lambda: bench.saved == "kept", "our draft is kept")
        client.say(ConfigurationChanged(True, 17, "", theirs, "bob"))
        await until(pilot, lambda: area.text == theirs, "the text of the other console")
        client.public = key_of("eve")
        page = await shows(pilot, "can be read only")
        assert "Not in the draft" not in page

    play(act, snapshot=three_nodes(active=started, draft=started))
    assert not list(tmp_path.iterdir())


def test_form_that_is_open_when_the_key_loses_its_role_takes_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await form(pilot, "4", "down", "e", title="group web")
        before, field = bench.draft.text, pilot.app.focused
        assert isinstance(field, Input)
        client.public = key_of("eve")
        field.value = "mail"
        await shows(pilot, "Not in the draft", "is in")
        await until(pilot, lambda: all(i.disabled for i in pilot.app.screen.query(Input)), "locks")
        await pilot.press("z", "escape")
        await shows(pilot, "│ RO observer", "Groups 2")
        assert bench.draft.text == before

    play(act, snapshot=three_nodes(active=TEXT + EVE, draft=TEXT + EVE))
    file = tmp_path / "draft-orders.toml"
    assert "[group.mail]" in file.read_text()


def test_form_offers_what_can_be_done_without_the_role_and_goes_on_with_it() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await form(pilot, "4", "down", "e", title="group web")
        before, field = bench.draft.text, pilot.app.focused
        assert isinstance(field, Input)
        client.public = key_of("eve")
        await until(pilot, lambda: field.disabled, "the lock")
        text = await shows(pilot, "F7 look at the text", "Enter look", OBSERVES)
        assert not [key for key in ("F4", "F5", "^R", "^Z", "^Y", "^N") if f"{key} " in text]
        for count, key in enumerate(("f4", "ctrl+z"), 2):
            await pilot.press(key)
            await until(pilot, lambda: screen_text(pilot.app).count(OBSERVES) == count, key)  # noqa: B023
        client.public = ""
        await until(pilot, lambda: pilot.app.focused is field, "the cursor where it was")
        await shows(pilot, "F4 list")
        assert bench.draft.text == before
        await enter_text(pilot, "mail")
        await shows(pilot, "editing group mail")

    play(act, LARGE, snapshot=three_nodes(active=TEXT + EVE, draft=TEXT + EVE))


def test_read_only_console_changes_nothing() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "moved bravo > alpha")
        await pilot.press("g", "u", "ctrl+z", "r", "enter")
        await shows(pilot, "read-only")
        app = pilot.app
        assert isinstance(app, ClusterApp)
        app.add_object("group")
        app.remove_object(("group", "web"))
        await pilot.press("4", "x", "a", "5")
        await shows(pilot, "moved bravo > alpha")
        assert bench.draft.text == MOVING
        assert client.asked == []

    play(act, snapshot=msgspec.structs.replace(three_nodes(), draft=MOVING), read_only=True)


def test_draft_overtaken_by_the_cluster_says_so_and_starts_again() -> None:
    newer = TEXT + "# eighteen\n"

    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "moved bravo > alpha")
        client.say(ConfigurationChanged(draft=False, epoch=18, digest="18" * 32, text=newer))
        await shows(pilot, "epoch 18 is active, this draft is of 17")
        pilot.app.edit_object(("group", "web"))  # type: ignore[attr-defined]
        await shows(pilot, "DRAFT of epoch 17 | editing group web")
        await pilot.press("escape")
        await shows(pilot, "epoch 18 is active, this draft is of 17")
        await pilot.press("g")
        await shows(pilot, "the draft is of an older one")
        await pilot.press("r")
        await shows(pilot, "Start the draft again?", "1 change of this draft will be lost")
        await pilot.press("right", "enter")
        await shows(pilot, "The draft is the active configuration", "to epoch 18")
        assert bench.draft.text == newer

    play(act, snapshot=msgspec.structs.replace(three_nodes(), draft=MOVING))


def test_draft_whose_dare_was_done_is_no_draft_any_more() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "moved bravo > alpha")
        client.say(ConfigurationChanged(draft=False, epoch=18, digest="18" * 32, text=MOVING))
        await shows(pilot, "The draft is the active configuration", "to epoch 18")

    play(act, snapshot=msgspec.structs.replace(three_nodes(), draft=MOVING))


def test_draft_of_somebody_else_is_taken_only_where_nothing_is_lost() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "The draft is the active configuration")
        client.say(ConfigurationChanged(True, 17, "", MOVING, "bob"))
        await shows(pilot, "moved bravo > alpha")
        await pilot.press("u")
        await until(pilot, lambda: bench.saved == "kept", "our draft is kept")
        bench.edit(bench.draft.set_value(("timing", "renew-ms"), 400))
        client.say(ConfigurationChanged(True, 17, "", MOVING + "# more\n", "bob"))
        await shows(pilot, "bob has kept another draft")
        assert value(bench, "timing", "renew-ms") == 400

    play(act)


def test_text_of_the_draft_is_edited_with_findings_below() -> None:
    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "The draft is the active configuration")
        await pilot.press("f7")
        await shows(pilot, "DRAFT as text", "# Orders", "W312")
        await pilot.press("ctrl+home", *"x = ")
        await shows(pilot, "1 finding", "E010")
        await pilot.press(*["backspace"] * 4)
        await until(pilot, lambda: bench.draft.text == TEXT, "the text is as before")
        await pilot.press("escape")
        await shows(pilot, "The draft is the active configuration")

    play(act)


@ON_LARGE
def test_foreign_text_is_shown_and_not_obeyed(size: tuple[int, int]) -> None:
    evil = TEXT + (
        f'\n[group."{HOSTILE}"]\nnodes = ["{HOSTILE}", "alpha"]\nstartup = "{HOSTILE}"\n'
        f'[group."{HOSTILE}".resource."{HOSTILE}"]\ntype = "{HOSTILE}"\nstart = ["{HOSTILE}"]\n'
    )

    async def act(pilot: Keys, client: StoryClient, bench: Bench) -> None:
        await pilot.press("6")
        await shows(pilot, "error", "[/b]")
        for _ in range(4):
            await pilot.press("down")
        await pilot.press("5", "t", "t")
        app = pilot.app
        assert isinstance(app, ClusterApp)
        app.edit_object(("group", HOSTILE))
        await shows(pilot, "editing group [/b]", "\\u202e")
        await pilot.press(*["tab"] * 2, "f4")
        await shows(pilot, "first-available")
        await pilot.press("escape", "f6")
        await shows(pilot, "clustertui apply")
        await pilot.press("escape", "escape")
        app.edit_object(("group", HOSTILE, "resource", HOSTILE))
        await shows(pilot, "editing [/b]")
        await pilot.press("escape")
        app.remove_object(("group", HOSTILE))
        await shows(pilot, "Remove group [/b]")
        await pilot.press("escape", "5", "f7")
        await shows(pilot, "DRAFT as text")
        assert "\u202e" not in screen_text(app)

    play(act, size, snapshot=msgspec.structs.replace(three_nodes(), draft=evil))


@pytest.mark.parametrize("way", ["q", "f10", "signal"])
def test_quitting_keeps_the_last_letters(way: str) -> None:
    mine = TEXT + "# a last thought\n"
    client = StoryClient()

    async def run() -> None:
        client.begin()
        app = console(client, Clock())
        async with running(app) as pilot:
            await shows(pilot, "ALL RIGHT")
            bench = bench_of(app)
            await until(pilot, lambda: bench.draft.text, "the draft")
            bench.edit(bench.draft.typed(mine))
            if way == "signal":
                app.exit(143, return_code=143)
            else:
                await pilot.press(way)

    asyncio.run(run())

    assert saved(client)[-1] == mine
    assert client.closed


def test_quitting_while_no_agent_takes_the_draft_leaves_it_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mine = TEXT + "# a last thought\n"

    async def run() -> None:
        client = StoryClient(answer=lambda _: Refused("TimedOut", "no answer"))
        client.begin()
        app = console(client, Clock())
        async with running(app) as pilot:
            await shows(pilot, "ALL RIGHT")
            bench = bench_of(app)
            await until(pilot, lambda: bench.draft.text, "the draft")
            bench.edit(bench.draft.typed(mine))
            await pilot.press("q")

    asyncio.run(run())

    assert (tmp_path / "draft-orders.toml").read_text("utf-8") == mine


def test_pages_that_are_resized_look_as_if_opened_in_that_size() -> None:
    async def text_of_page(pilot: Keys, _client: StoryClient, _bench: Bench) -> None:
        await pilot.press("5", "f7")
        whole = await shows(pilot, "findings ──", " ^S done")
        assert f"{'─' * 2} 2 findings " in whole
        await pilot.resize_terminal(*LARGE)
        await until(pilot, lambda: f"findings {'─' * 100}" in screen_text(pilot.app), "a wide line")

    async def form_under_help(pilot: Keys, _client: StoryClient, _bench: Bench) -> None:
        await form(pilot, "4", "e", title="group")
        await pilot.press("f1")
        await shows(pilot, "Keys")
        await pilot.resize_terminal(*LARGE)
        await pilot.press("escape")
        await in_field(pilot)
        resized = await shows(pilot, "This object as TOML, live ──")
        name = "web" if "editing group web" in resized else "database"
        await pilot.press("escape")
        await shows(pilot, "Groups 2 online")
        await form(pilot, "e", title=f"group {name}")
        assert screen_text(pilot.app) == resized

    async def page_of_a_finding(pilot: Keys, _client: StoryClient, _bench: Bench) -> None:
        await pilot.press("6")
        await shows(pilot, "E103")
        await pilot.press("w")
        small = await shows(pilot, "Finding E103")
        await pilot.resize_terminal(*LARGE)
        await until(pilot, lambda: "─" * 50 + " │" in screen_text(pilot.app), "a wide rule")
        resized = await rest(pilot)
        await pilot.press("escape", "w")
        assert await shows(pilot, "Finding E103") == resized != small

    wrong = TEXT.replace('after = ["database"]', 'after = ["nobody"]')
    play(text_of_page)
    play(form_under_help)
    play(page_of_a_finding, snapshot=msgspec.structs.replace(three_nodes(), draft=wrong))
