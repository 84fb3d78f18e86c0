"""An invitation travels as one word, through shells, mails and broken lines."""

import re

import pytest

from nodeagent.wire.joining import Invitation, invitation_text, read_invitation

INVITATION = Invitation(
    "delta", "plant", "k" * 40, "0123456789abcdef" * 2, ("tcp://10.10.1.11:7415", "tcp://[::1]:1")
)


def test_an_invitation_is_one_plain_word_and_read_again() -> None:
    word = invitation_text(INVITATION)

    assert re.fullmatch(r"[A-Za-z0-9._-]+", word)
    assert read_invitation(f"  {word[:60]}\n{word[60:]}\n") == INVITATION


@pytest.mark.parametrize(
    "word",
    [
        "",
        "join1.",
        "join2.abc",
        invitation_text(INVITATION)[:-9],
        "join1.!!!!",
        "join1." + "A" * 9_000,
    ],
)
def test_what_is_not_whole_is_refused_with_what_to_do(word: str) -> None:
    with pytest.raises(ValueError, match="whole"):
        read_invitation(word)
