"""One of a few words, on one line: Left and Right walk through them, Enter opens the list.

A letter takes the next word that begins with it. Delete takes the word away again, where none need
stand there.

Holds any text, also one that is not among the words (a file may say anything); the finding at the
field says so, and the first step leads to a right one.
"""

from collections.abc import Sequence

from textual.binding import Binding
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from nodeagent.model.text import clean

NOTHING = "not set"


class Choice(Widget, can_focus=True):
    """A field for one of `words`."""

    BINDINGS = [
        Binding("right,space", "step(1)", "next word", show=False),
        Binding("left", "step(-1)", "word before", show=False),
        Binding("enter", "wish_for_list", "list", show=False),
        Binding("delete,backspace", "clear", "no word", show=False),
    ]
    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; background: $boost; }
    Choice:focus { background: $primary 35%; text-style: bold; }
    Choice:focus:nocolor { text-style: bold reverse; }
    """

    value: reactive[str] = reactive("")

    class Changed(Message):
        """Another word was chosen by the person."""

        def __init__(self, choice: "Choice", value: str) -> None:
            super().__init__()
            self.choice = choice
            self.value = value

    class ListWanted(Message):
        """The person asked for the list of words."""

    def __init__(
        self,
        words: Sequence[str],
        value: str = "",
        *,
        needed: bool = True,
        disabled: bool = False,
    ) -> None:
        super().__init__(disabled=disabled)
        self.words = tuple(words)
        self._needed = needed
        self.set_reactive(Choice.value, value)

    def render(self) -> Content:
        """Return the word between the two arrows that change it."""
        return Content(f"< {clean(self.value, 60) or NOTHING} >")

    def on_key(self, event: Key) -> None:
        """Keep what is typed to itself: a letter is never a key of the screens below the form."""
        letter = event.character
        if not event.is_printable or letter is None or letter == " ":
            return
        event.stop()
        event.prevent_default()
        if not self.is_disabled:
            self._take_next(letter)

    def _take_next(self, letter: str) -> None:
        """Take the next word that begins with `letter`, if there is one."""
        start = self.words.index(self.value) + 1 if self.value in self.words else 0
        for word in (*self.words[start:], *self.words[:start]):
            if word.lower().startswith(letter.lower()):
                self.choose(word)
                return

    def action_step(self, by: int) -> None:
        """Take the next word, round and round."""
        if not self.words:
            return
        known = self.value in self.words
        index = self.words.index(self.value) + by if known else 0
        self.choose(self.words[index % len(self.words)])

    def action_clear(self) -> None:
        """Take no word, which leaves it to the default."""
        if not self._needed and self.words:
            self.post_message(self.Changed(self, ""))

    def action_wish_for_list(self) -> None:
        """Ask whoever owns the field for the list."""
        self.post_message(self.ListWanted())

    def choose(self, word: str) -> None:
        """Take `word` as the person's choice."""
        if word != self.value:
            self.value = word
            self.post_message(self.Changed(self, word))
