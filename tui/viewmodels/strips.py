"""Heartbeats as a strip: one character for each interval, the newest at the right end."""

from collections.abc import Iterable
from functools import lru_cache

from tui.viewmodels.facts import LinkFact, NodeFact
from tui.viewmodels.spans import Span, Tone

INTERVALS = 30
ALL, SOME, NONE = "|", ":", "."


def beats_strip(links: Iterable[LinkFact], length: int) -> str:
    """Return `|` where all paths were heard, `:` where some were, `.` where none was."""
    return _marks(tuple(link.beats for link in links if link.live is not None), length)


@lru_cache(maxsize=2_048)
def _marks(beats: tuple[int, ...], length: int) -> str:
    marks = []
    for age in range(min(length, INTERVALS) - 1, -1, -1):
        heard = sum([beat >> age & 1 for beat in beats])
        marks.append(ALL if beats and heard == len(beats) else SOME if heard else NONE)
    return "".join(marks)


def node_strip(node: NodeFact, length: int) -> Span:
    """Return a node's strip with the tone of its worst recent beats."""
    text = beats_strip(node.links, length)
    tone: Tone = "ok"
    if node.stale or node.word == "down":
        tone = "dim"
    elif SOME in text or NONE in text:
        tone = "warn"
    return Span(text, tone)
