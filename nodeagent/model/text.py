r"""The one sanitiser: text from outside becomes model data only through `clean`.

Names, agent output, file contents and peers' messages are written by strangers. Escape
sequences, C1 controls, bidirectional overrides and zero-width characters would reach the
administrator's terminal unchanged, so they are turned into a visible form (``\x1b``) here,
once, at the edge.
"""

import re
import unicodedata

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_PLAIN = re.compile(r"[ -~]*\Z")

TEXT_LENGTH_MAX = 2_000


def _harmless(char: str) -> str:
    """Return a blank for any kind of blank, and what a terminal may interpret in escaped form."""
    category = unicodedata.category(char)
    if category == "Zs":
        return " "
    return _visible(char) if category in _UNSAFE_CATEGORIES else char


def _visible(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    return f"\\U{code:08x}"


def clean(text: str, limit: int = TEXT_LENGTH_MAX) -> str:
    """Return `text` as one line that no terminal interprets, at most `limit` characters.

    Control, format, surrogate and unassigned characters become their escaped form, all kinds of
    blanks the plain one; what is cut off is replaced by an ellipsis.
    """
    clipped = text[: limit + 1]
    if not _PLAIN.match(clipped):
        clipped = "".join(map(_harmless, clipped))
    if len(clipped) > limit:
        return clipped[: limit - 1] + "…"
    return clipped


def clean_lines(text: str, *, lines: int = 20, limit: int = 200) -> tuple[str, ...]:
    """Return the last `lines` lines of `text`, each through `clean`."""
    tail = text.replace("\r\n", "\n").split("\n")[-lines:]
    return tuple(clean(line, limit) for line in tail if line.strip())
