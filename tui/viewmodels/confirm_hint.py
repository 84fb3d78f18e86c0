"""What the line above a dialog's buttons says: what the next keys do, where the cursor is now."""

from dataclasses import dataclass

from nodeagent.model.text import clean

LEAVES = "Esc leaves without."


@dataclass(frozen=True, slots=True)
class Answers:
    """What a dialog asks, and what has been answered.

    `yes` is its button's label, `word` what has to be typed ("": nothing) and `typed` what was,
    `wrong` what is wrong with the note.
    """

    yes: str
    word: str = ""
    typed: str = ""
    note_needed: bool = False
    noted: str = ""
    wrong: str = ""

    @property
    def ready(self) -> bool:
        """Return whether the yes is open."""
        return (
            self.typed == self.word and not self.wrong and bool(self.noted or not self.note_needed)
        )


def hint_of(answers: Answers, place: str) -> str:
    """Return what Enter does, or what there is to do first, with the cursor at `place`.

    `place` is "note", "word", "yes" or "no".
    """
    if answers.wrong:
        return answers.wrong
    if place == "note":
        return _of_note(answers)
    if place == "word":
        return _of_word(answers)
    if not answers.ready:
        what = f"{clean(answers.word, 63)} is typed" if answers.word else "it is written"
        return f"Nothing can be done until {what}. {LEAVES}"
    keys = "Enter" if place == "yes" else "→ and Enter"
    return f"{keys}: {answers.yes}. {LEAVES}"


def _of_note(answers: Answers) -> str:
    if answers.note_needed and not answers.noted:
        return f"Once it is written, Enter twice: {answers.yes}. {LEAVES}"
    if answers.ready:
        keys = "Enter twice" if answers.noted else "→ and Enter"
        return f"{keys}: {answers.yes}. {LEAVES}"
    if answers.noted == answers.word:
        return f"This is the reason; Enter, then type {clean(answers.word, 63)} once more. {LEAVES}"
    return f"Enter goes on to what is to be typed. {LEAVES}"


def _of_word(answers: Answers) -> str:
    if answers.ready:
        return f"Enter: {answers.yes}. {LEAVES}"
    if answers.typed and not answers.word.startswith(answers.typed):
        return f"That is not {clean(answers.word, 63)}; Enter does nothing yet. Esc leaves."
    return f"Once it is typed, Enter does it: {answers.yes}. {LEAVES}"
