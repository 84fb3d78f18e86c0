"""The confirmation dialog, by keyboard alone: nothing happens without a deliberate yes."""

import asyncio

import pytest
from textual.app import App
from textual.events import Key, Paste
from textual.widgets import Button

from tests.support.screens import shows, until
from tui.screens.confirm import ConfirmScreen
from tui.widgets.text import Note

HOSTILE = "[/b] \x1b]0;owned\x07 [@click=app.quit]x[/]"


class Asking(App[None]):
    def __init__(self, screen: ConfirmScreen) -> None:
        super().__init__()
        self.dialog = screen
        self.answers: list[bool | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.dialog, self.answers.append)


def answer_after(screen: ConfirmScreen, *keys: str) -> list[bool | None]:
    app = Asking(screen)

    async def story() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press(*keys)
            await pilot.pause()

    asyncio.run(story())
    return app.answers


@pytest.mark.parametrize("keys", [["escape"], ["f3"], ["escape", "escape"]])
@pytest.mark.parametrize("word", ["", "orders"])
def test_leaving_is_a_no(word: str, keys: list[str]) -> None:
    assert answer_after(ConfirmScreen("Run", ["one"], word), *keys) == [False]


@pytest.mark.parametrize(("word", "answers"), [("", [False]), ("orders", [])])
def test_enter_on_arrival_does_nothing(word: str, answers: list[bool]) -> None:
    assert answer_after(ConfirmScreen("Run", ["one"], word), "enter") == answers


def test_plain_question_takes_a_walk_to_the_button() -> None:
    assert answer_after(ConfirmScreen("Run", ["one"]), "right", "enter") == [True]


@pytest.mark.parametrize("before", [[], ["tab"], ["up", "pagedown"]])
def test_word_is_typed_at_once_and_enter_does_it(before: list[str]) -> None:
    screen = ConfirmScreen("Run", ["one"], "orders")

    assert answer_after(screen, *before, *"orders", "enter") == [True]


def test_line_below_says_what_enter_does() -> None:
    app = Asking(ConfirmScreen("Run", ["one"], "ab", yes="Run it"))

    async def story() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            for keys, told in (
                ([], "Once it is typed, Enter does it: Run it."),
                (["a", "x"], "That is not ab; Enter does nothing yet."),
                (["backspace", "b"], "Enter: Run it."),
            ):
                await pilot.press(*keys)
                await pilot.pause()
                assert str(app.screen.query_one("#hint", Note).render()).startswith(told)
            await pilot.click(".lines")
            assert app.focused is app.screen.query_one("#word")

    asyncio.run(story())


@pytest.mark.parametrize(
    ("asked", "steps"),
    [
        (
            ("ab", "Reason:"),
            [
                ([], "Enter goes on to what is to be typed."),
                ([*"ab"], "This is the reason; Enter, then type ab once more."),
                (["enter"], "Once it is typed, Enter does it: Run it."),
                ([*"ab"], "Enter: Run it."),
                (["shift+tab"], "Enter twice: Run it."),
                (["tab", "tab"], "→ and Enter: Run it."),
                (["right"], "Enter: Run it."),
                (["left", "x"], "That is not ab; Enter does nothing yet."),
                (["tab"], "Nothing can be done until ab is typed."),
            ],
        ),
        (
            ("", "Reason:"),
            [
                ([], "→ and Enter: Run it."),
                ([*"why"], "Enter twice: Run it."),
                (["tab"], "→ and Enter: Run it."),
            ],
        ),
        (("", ""), [([], "→ and Enter: Run it."), (["right"], "Enter: Run it.")]),
    ],
)
def test_line_below_is_true_wherever_the_cursor_is(
    asked: tuple[str, str], steps: list[tuple[list[str], str]]
) -> None:
    word, note = asked
    app = Asking(ConfirmScreen("Run", ["one"], word, yes="Run it", note=note))

    async def story() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            for keys, told in steps:
                await pilot.press(*keys)
                await pilot.pause()
                assert str(app.screen.query_one("#hint", Note).render()).startswith(told)

    asyncio.run(story())


def test_cursor_starts_in_the_first_field_and_what_is_typed_on_a_button_goes_to_the_last() -> None:
    screen = ConfirmScreen("Run", ["one"], "orders", note="Reason:")

    assert answer_after(screen, *"why", "enter", "tab", *"orders", "enter") == [True]
    assert screen.noted == "why"


def test_note_is_typed_on_a_button_and_goes_with_the_yes() -> None:
    screen = ConfirmScreen("Run", ["one"], note="Reason:")

    assert answer_after(screen, "right", *"why not", "enter", "right", "enter") == [True]
    assert screen.noted == "why not"


@pytest.mark.parametrize(
    "walk", [["right", "enter"], ["enter", "enter"], ["enter", "right", "right", "enter"]]
)
def test_note_goes_with_the_yes_however_one_walks_there(walk: list[str]) -> None:
    screen = ConfirmScreen("Run", ["one"], note="Reason:")

    assert answer_after(screen, *"a mail group", *walk) == [True]
    assert screen.noted == "a mail group"


def test_two_enters_on_arrival_leave_without() -> None:
    screen = ConfirmScreen("Run", ["one"], note="Reason:")

    assert answer_after(screen, "enter", "enter") == [False]


@pytest.mark.parametrize("before", [[], ["tab"], ["tab", "tab"]])
def test_text_that_comes_at_once_keeps_its_spaces(before: list[str]) -> None:
    """As a terminal sends what is pasted without brackets: all keys before any is handled."""
    app = Asking(ConfirmScreen("Run", ["one"], note="Reason:"))

    async def story() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press(*before)
            for letter in "a mail group":
                app.post_message(Key("space" if letter == " " else letter, letter))
            await until(pilot, lambda: app.dialog.noted == "a mail group", "the whole text")

    asyncio.run(story())


def test_text_pasted_on_a_button_is_the_note() -> None:
    app = Asking(ConfirmScreen("Run", ["one"], note="Reason:"))

    async def story() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("tab")
            app.post_message(Paste("a mail\ngroup"))
            await until(pilot, lambda: app.dialog.noted == "a mail group", "the whole text")

    asyncio.run(story())


def test_help_tells_the_keys_and_leads_back() -> None:
    app = Asking(ConfirmScreen("Run", ["one"], note="Reason:"))

    async def story() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("f1")
            await shows(pilot, "Keys of this dialog", "leave without doing it")
            await pilot.press("f1")
            await until(pilot, lambda: app.screen is app.dialog, "the dialog again")

    asyncio.run(story())


@pytest.mark.parametrize("typed", ["order", "orders2", "Orders"])
def test_wrong_word_does_nothing(typed: str) -> None:
    assert answer_after(ConfirmScreen("Run", ["one"], "orders"), *typed, "enter") == []


def test_yes_stays_shut_until_the_word_is_right() -> None:
    app = Asking(ConfirmScreen("Run", ["one"], "ab"))

    async def story() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            seen = []
            for keys in ([], ["a", "b"], ["x"]):
                await pilot.press(*keys)
                await pilot.pause()
                seen.append(app.screen.query_one("#yes", Button).disabled)
            assert seen == [True, False, True]

    asyncio.run(story())


def test_foreign_text_is_shown_and_not_obeyed() -> None:
    screen = ConfirmScreen(HOSTILE, [HOSTILE] * 60, "w", yes=HOSTILE, no=HOSTILE)

    assert answer_after(screen, "pagedown", "w", "enter") == [True]
