"""The confirmation dialog, by keyboard alone: nothing happens without a deliberate yes."""

import asyncio

import pytest
from textual.app import App
from textual.widgets import Button

from tui.screens.confirm import ConfirmScreen

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


@pytest.mark.parametrize("keys", [["enter"], ["escape"], ["f3"], ["escape", "escape"]])
@pytest.mark.parametrize("word", ["", "orders"])
def test_everything_but_a_yes_is_a_no(word: str, keys: list[str]) -> None:
    assert answer_after(ConfirmScreen("Run", ["one"], word), *keys) == [False]


def test_plain_question_takes_a_walk_to_the_button() -> None:
    assert answer_after(ConfirmScreen("Run", ["one"]), "right", "enter") == [True]


def test_word_is_typed_while_cancel_has_the_focus() -> None:
    assert answer_after(ConfirmScreen("Run", ["one"], "orders"), *"orders", "enter") == [True]


def test_note_is_typed_on_a_button_and_goes_with_the_yes() -> None:
    screen = ConfirmScreen("Run", ["one"], note="Reason:")

    assert answer_after(screen, "right", *"why not", "enter", "right", "enter") == [True]
    assert screen.noted == "why not"


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
