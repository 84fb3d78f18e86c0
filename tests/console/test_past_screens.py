"""The past on the screen: what was decided, why a group is where it is, and the way back."""

from collections.abc import AsyncGenerator

import msgspec
import pytest

from nodeagent.config import edit
from nodeagent.wire.console import (
    Answer,
    ConfigurationFile,
    Done,
    GetConfiguration,
    Refused,
    Request,
)
from nodeagent.wire.ledger import GetLedger, Ledger
from tests.support import history
from tests.support.screens import (
    LARGE,
    SMALL,
    Clock,
    console,
    running,
    screen_text,
    shows,
    until,
)
from tests.support.story import StoryClient, configuration_text
from tui.screens.forms.bench import bench_of
from tui.screens.past import AGAIN_S
from tui.viewmodels.past_page import entry_page
from tui.viewmodels.spans import joined

NOW = configuration_text()
OLD = edit.set_value(NOW, ("group", "web", "fallback"), "higher-priority")
TEXTS = history.texts(OLD, NOW)
OLD_DIGEST, NOW_DIGEST = TEXTS
ENTRIES = history.entries(OLD_DIGEST, NOW_DIGEST)


def answer(request: Request) -> Answer:
    if isinstance(request, GetLedger):
        wanted = [one for one in ENTRIES if not (request.changes and one.kind == "view")]
        if request.group:
            wanted = [one for one in wanted if one.moved]
        return Ledger(tuple(wanted[: request.limit]))
    if isinstance(request, GetConfiguration) and request.digest in TEXTS:
        epoch, text = TEXTS[request.digest]
        return ConfigurationFile(epoch, request.digest, text)
    return Done()


@pytest.fixture
def client() -> StoryClient:
    made = StoryClient(answer)
    made.begin()
    return made


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_an_epoch_is_read_and_one_change_of_it_goes_back_into_the_draft(
    client: StoryClient, size: tuple[int, int]
) -> None:
    app = console(client)
    async with running(app, size) as pilot:
        await shows(pilot, "web")
        await pilot.press("9")
        text = await shows(pilot, "home first", "~ group.web fallback")
        assert "bravo is down" not in text

        await pilot.press("v")
        await shows(pilot, "bravo is down")

        await pilot.press("v", "u")
        await shows(pilot, "Take back of epoch 17")
        await pilot.press("down", "enter")
        await shows(pilot, "1 change", "fallback")
        assert bench_of(app).draft.text == OLD


async def test_the_whole_epoch_goes_into_the_draft(client: StoryClient) -> None:
    app = console(client)
    async with running(app, SMALL) as pilot:
        await shows(pilot, "web")
        await pilot.press("9")
        await shows(pilot, "~ group.web fallback")
        await pilot.press("down", "b")
        await until(pilot, lambda: bench_of(app).draft.text == OLD, "the old text in the draft")

        bench_of(app).edit(bench_of(app).draft.typed(f"{OLD}# mine\n"))
        await pilot.press("9", "b")
        await shows(pilot, "Give up the draft?", "will be lost")
        await pilot.press("escape")
        assert "# mine" in bench_of(app).draft.text


def test_text_of_an_entry_that_is_folded_keeps_its_column() -> None:
    why = "one word and another " * 6
    entry = msgspec.structs.replace(ENTRIES[-1], reason=why)

    told = [joined(one).rstrip() for one in entry_page(entry, None, (), 60)]

    index = next(number for number, text in enumerate(told) if text.startswith("  why      one"))
    assert told[index + 1].startswith("           ")
    assert told[index + 1].strip()


async def test_the_first_epoch_is_fetched_when_one_goes_back_to_it() -> None:
    first = ENTRIES[-1]

    def only_the_first(request: Request) -> Answer:
        return Ledger((first,)) if isinstance(request, GetLedger) else answer(request)

    client = StoryClient(only_the_first)
    client.begin()
    app = console(client)
    async with running(app, SMALL) as pilot:
        await shows(pilot, "web")
        await pilot.press("9")
        await shows(pilot, "1 decided")
        await pilot.press("b")
        await until(pilot, lambda: bench_of(app).draft.text == OLD, "the old text in the draft")


async def test_past_is_asked_for_again_a_while_after_it_got_no_answer() -> None:
    refused = [True]

    def late(request: Request) -> Answer:
        if isinstance(request, GetLedger) and refused:
            return Refused("timeout", "no answer in time")
        return answer(request)

    client, clock = StoryClient(late), Clock()
    client.begin()
    app = console(client, clock)
    async with running(app, SMALL) as pilot:
        await shows(pilot, "web")
        await pilot.press("9")
        await shows(pilot, "Not done (timeout): no answer in time")
        for _ in range(3):
            app.tick(at_once=True)
            await pilot.pause()
        assert len(client.asked) == 1
        refused.clear()
        clock.passed += AGAIN_S
        app.tick(at_once=True)
        await shows(pilot, "2 decided", "~ group.web fallback")


async def test_text_that_is_refused_is_asked_for_again_when_the_cursor_comes_back() -> None:
    def without_the_old(request: Request) -> Answer:
        if isinstance(request, GetConfiguration) and request.digest == OLD_DIGEST:
            return Refused("unknown-digest", "it is not kept here")
        return answer(request)

    client = StoryClient(without_the_old)
    client.begin()
    app = console(client)

    def fetched() -> int:
        return client.asked.count(GetConfiguration(OLD_DIGEST))

    async with running(app, SMALL) as pilot:
        await shows(pilot, "web")
        await pilot.press("9")
        await shows(pilot, "the difference could not be fetched: it is not kept here")
        for _ in range(3):
            app.tick(at_once=True)
            await pilot.pause()
        assert fetched() == 1
        assert "Not done" not in screen_text(app)
        await pilot.press("down", "up")
        await until(pilot, lambda: fetched() == 2, "another question")
        await pilot.press("down", "b")
        await shows(pilot, "Not done (unknown-digest): it is not kept here")


async def test_going_back_to_what_is_in_force_says_so_and_stays(client: StoryClient) -> None:
    app = console(client)
    async with running(app, SMALL) as pilot:
        await shows(pilot, "web")
        await pilot.press("9")
        await shows(pilot, "~ group.web fallback")
        await pilot.press("b")
        await shows(pilot, "epoch 17 is what is in force", "2 decided")


class Shell:
    """Says what it was given."""

    async def run(self, words: list[str]) -> AsyncGenerator[str, None]:
        """Say the words again."""
        yield f"ran {' '.join(words)}"

    async def offers(self, words: list[str]) -> list[str]:
        """Offer nothing."""
        del words
        return []


@pytest.mark.parametrize("keys", [(), ("down",)])
async def test_two_epochs_are_compared(client: StoryClient, keys: tuple[str, ...]) -> None:
    app = console(client)
    app.shell = Shell()
    async with running(app, SMALL) as pilot:
        await shows(pilot, "web")
        await pilot.press("9")
        await shows(pilot, "~ group.web fallback", "d compare")
        await pilot.press(*keys, "d", "enter")
        await shows(pilot, "ran diff --from 16 --to 17")


async def test_why_a_group_is_where_it_is(client: StoryClient) -> None:
    app = console(client)
    async with running(app, SMALL) as pilot:
        await shows(pilot, "web")
        await pilot.press("4")
        await shows(pilot, "Groups 2 online")
        await pilot.press("down", "w")
        text = await shows(pilot, "Why is web", "bravo: out, is not in")
        assert "bravo is not in; fallover next-node" in text


async def test_who_only_looks_takes_nothing_back(client: StoryClient) -> None:
    app = console(client, read_only=True)
    async with running(app, SMALL) as pilot:
        await shows(pilot, "web")
        await pilot.press("9")
        await shows(pilot, "~ group.web fallback")
        await pilot.press("u")
        await shows(pilot, "read-only")
