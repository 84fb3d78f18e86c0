"""A draft that the cluster overtook: what it was made from, and its merge by keys alone."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from textual.pilot import Pilot

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.wire.console import (
    Answer,
    Apply,
    ConfigurationFile,
    Done,
    GetConfiguration,
    Refused,
    Request,
    SaveDraft,
)
from nodeagent.wire.live import ConfigurationChanged
from tests.support.screens import LARGE, SMALL, Clock, console, running, screen_text, shows, until
from tests.support.story import StoryClient, configuration_text, run_succeeds, three_nodes
from tui.screens.forms import Bench, bench_of

TEXT = configuration_text()
WEB = ("group", "web")
DATABASE = ("group", "database")
MINE = edit.set_value(TEXT, (*WEB, "nodes"), ["alpha", "charlie"])
NEWER = edit.set_value(TEXT, (*DATABASE, "fallback"), "higher-priority")
RIVAL = edit.set_value(NEWER, (*WEB, "nodes"), ["charlie", "bravo"])
Act = Callable[[Pilot[int], StoryClient, Bench], Awaitable[None]]
BOTH = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])


def done(request: Request) -> Answer:
    return Done(text=type(request).__name__)


def play(
    act: Act,
    size: tuple[int, int] = SMALL,
    *,
    active: str = TEXT,
    draft: str = MINE,
    base: str = TEXT,
    answer: Callable[[Request], Answer] = done,
) -> None:
    """Run `act` against a console whose cluster holds `draft`, made from `base`."""
    begin = msgspec.structs.replace(
        three_nodes(), active=active, draft=draft, draft_base=file_digest(base.encode())
    )

    async def run() -> None:
        client = StoryClient(answer=answer)
        client.begin(begin)
        app = console(client, Clock())
        async with running(app, size) as pilot:
            await shows(pilot, "ALL RIGHT")
            bench = bench_of(app)
            await until(pilot, lambda: bench.judged and bench.draft.text, "the first verdict")
            await act(pilot, client, bench)

    asyncio.run(run())


def overtake(client: StoryClient, text: str) -> None:
    digest = file_digest(text.encode())
    client.say(ConfigurationChanged(draft=False, epoch=18, digest=digest, text=text))


def saved(client: StoryClient) -> list[tuple[str, str]]:
    return [(one.text, one.base) for one in client.asked if isinstance(one, SaveDraft)]


@BOTH
def test_disjoint_changes_are_merged_by_two_keys(size: tuple[int, int]) -> None:
    async def act(pilot: Pilot[int], client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "moved bravo > alpha")
        overtake(client, NEWER)
        await shows(pilot, "epoch 18 is active, this draft is of 17: m merges", "m merge")
        await pilot.press("m")
        await shows(pilot, "your draft of epoch 17 with epoch 18", "ready: ^S takes it")
        await shows(pilot, "Taken from epoch 18 1 change", "~ group.database fallback")
        await shows(pilot, "Kept of your draft 1 change", "~ group.web nodes")
        await pilot.press("ctrl+s")
        await shows(pilot, "1 change to epoch 18", "moved bravo > alpha")
        merged = edit.set_value(NEWER, (*WEB, "nodes"), ["alpha", "charlie"])
        assert bench.draft.text == merged
        wanted = (merged, file_digest(NEWER.encode()))
        await until(pilot, lambda: saved(client)[-1:] == [wanted], "the draft with its base")
        await pilot.press("ctrl+z")
        await until(pilot, lambda: bench.draft.text == MINE, "the text before the merge")

    play(act, size)


@BOTH
def test_each_conflict_is_decided_by_a_key(size: tuple[int, int]) -> None:
    async def act(pilot: Pilot[int], client: StoryClient, bench: Bench) -> None:
        overtake(client, RIVAL)
        await pilot.press("5")
        await shows(pilot, "m merges")
        await pilot.press("m")
        await shows(pilot, "1 to decide", "? group.web nodes", "was     [", "theirs  [")
        await pilot.press("ctrl+s")
        await shows(pilot, "this one is still to be decided: m or t")
        await pilot.press("m")
        await shows(pilot, "all decided", "> mine")
        await pilot.press("t")
        await shows(pilot, "> theirs")
        await pilot.press("enter")
        await shows(pilot, "> mine")
        await pilot.press("t")
        await shows(pilot, "> theirs", "ready: ^S takes it")
        assert bench.draft.text == MINE
        await pilot.press("ctrl+s")
        await until(pilot, lambda: not bench.stale, "the merged draft")
        assert bench.draft.text == RIVAL

    play(act, size)


def test_merge_names_who_made_the_newer_epochs() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, bench: Bench) -> None:
        client.say(*run_succeeds())
        overtake(client, NEWER)
        await pilot.press("5")
        await shows(pilot, "m merges")
        await pilot.press("m")
        await shows(pilot, "Taken from epoch 18 by ann 1 change")

    play(act)


def test_leaving_the_merge_leaves_the_draft() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, bench: Bench) -> None:
        overtake(client, RIVAL)
        await pilot.press("5")
        await shows(pilot, "m merges")
        await pilot.press("m")
        await shows(pilot, "1 to decide")
        await pilot.press("m", "escape")
        await shows(pilot, "m merges")
        assert (bench.draft.text, bench.draft.base) == (MINE, TEXT)

    play(act)


def test_draft_that_is_no_toml_is_not_merged_and_not_lost() -> None:
    broken = MINE + "[group.web\n"

    async def act(pilot: Pilot[int], client: StoryClient, bench: Bench) -> None:
        overtake(client, NEWER)
        await pilot.press("5")
        await shows(pilot, "m merges")
        await pilot.press("m")
        await shows(pilot, "not possible", "mine: the text is not valid TOML")
        await pilot.press("ctrl+s")
        await shows(pilot, "mend the text first")
        await pilot.press("escape")
        assert bench.draft.text == broken

    play(act, draft=broken)


def test_console_that_arrives_asks_what_the_draft_was_made_from() -> None:
    def answer(request: Request) -> Answer:
        if request == GetConfiguration(file_digest(TEXT.encode())):
            return ConfigurationFile(16, file_digest(TEXT.encode()), TEXT)
        return done(request)

    async def act(pilot: Pilot[int], client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "1 change to epoch 16", "epoch 17 is active, this draft is of 16")
        assert (bench.draft.base, bench.draft.base_epoch) == (TEXT, 16)
        assert "database" not in screen_text(pilot.app).split("What happens")[0]

    play(act, active=NEWER, answer=answer)


def test_base_that_nobody_remembers_is_told() -> None:
    def answer(request: Request) -> Answer:
        if isinstance(request, GetConfiguration):
            return Refused("unknown-digest", "no decided configuration here has the digest")
        return done(request)

    async def act(pilot: Pilot[int], client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "no agent remembers what this draft was made from")

    play(act, active=NEWER, answer=answer)


def test_no_dare_while_the_base_is_asked_for_and_the_next_answer_is_waited_for() -> None:
    silent: list[bool] = [True]

    def answer(request: Request) -> Answer:
        if isinstance(request, GetConfiguration):
            if silent:
                return Refused("TimedOut", "no answer")
            return ConfigurationFile(16, request.digest, TEXT)
        return done(request)

    async def act(pilot: Pilot[int], client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "fetching the configuration that this draft was made from")
        await pilot.press("g")
        await shows(pilot, "is being fetched")
        assert not [one for one in client.asked if isinstance(one, Apply)]
        silent.clear()
        await shows(pilot, "this draft is of 16: m merges")

    play(act, active=NEWER, answer=answer)


def test_refusal_as_stale_says_how_to_go_on() -> None:
    def answer(request: Request) -> Answer:
        if isinstance(request, Apply):
            return Refused("stale", "epoch 18 is active", 6)
        return done(request)

    async def act(pilot: Pilot[int], client: StoryClient, bench: Bench) -> None:
        await pilot.press("5")
        await shows(pilot, "moved bravo > alpha")
        await pilot.press("g")
        await shows(pilot, "Type orders")
        await pilot.press("enter", *"orders", "enter")
        await shows(pilot, "Refused: stale", "Key m on the draft's page merges it")

    play(act, answer=answer)


def test_active_text_is_one_key_away() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, bench: Bench) -> None:
        await pilot.press("5", "t")
        await shows(pilot, "The draft as text, against epoch 17", '-nodes = ["bravo", "charlie"]')
        await pilot.press("t")
        await shows(pilot, "Active configuration, epoch 17", "# Orders: two services")
        await pilot.press("t")
        await shows(pilot, "What happens to each group")

    play(act)


def test_help_tells_the_keys_of_the_merge() -> None:
    async def act(pilot: Pilot[int], client: StoryClient, bench: Bench) -> None:
        overtake(client, RIVAL)
        await pilot.press("5")
        await shows(pilot, "m merges")
        await pilot.press("m")
        await shows(pilot, "1 to decide")
        await pilot.press("f1")
        await shows(pilot, "Keys of this page", "Make the result the draft")

    play(act, LARGE)
