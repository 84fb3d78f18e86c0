"""The help of one screen: its keys, and the words and letters it uses."""

from tui.viewmodels.panes import titled
from tui.viewmodels.spans import Line, Span, cut, line, put, wrap
from tui.viewmodels.steps import STEPS

Entry = tuple[str, str, str]
"""(keys, label, help) of an action."""

WORDS: tuple[tuple[str, str], ...] = (
    ("active", "the configuration in operation, decided by a majority; its number is the epoch"),
    ("draft", "the configuration you edit; nothing reaches the cluster before a DARE"),
    ("live", "what the agents say now; each value has its age, and old ones are called stale"),
    ("DARE", "the reconfiguration of a running cluster, step by step, with a way back"),
    ("epoch", "counts the active configurations; a node on another epoch catches up by itself"),
    (
        "U S J L R X A ?",
        "node: up, standby, joining, leaving, reconfiguring, down, amnesiac, not certain",
    ),
    ("standby", "a node that stays in and votes, and owns no group until it may serve again"),
    ("held", "a group that is watched, and neither restarted nor moved until its hold ends"),
    ("amnesiac", "a node that lost what it vouched for: remove it, then add it again"),
    ("U L D ? -", "adapter: up, late, down, not certain, none on this network"),
    ("| : .", "beats: heard on all paths, on some, on none; the newest at the right"),
    ("name!", "in a takeover order: this node could not take over now"),
    ("RW RO", "this console may change things, or only watch"),
)

CELLS: tuple[tuple[str, str], ...] = (
    ("OK  UNDO", "done; done, and so taken back"),
    ("RUN  .", "working, with the seconds so far; still to do"),
    ("FAIL  LOST", "failed, with its reason one key away; nobody heard how it ended"),
    ("skip  -", "the step concerns nobody, or was done without this voter; no part in it"),
)

BLOCKS = "numbers in the figures of US patent 5,822,531, which the steps come from"

MOVING: tuple[Entry, ...] = (
    ("↑ ↓ j k", "", "move"),
    ("PgUp PgDn g G", "", "page, first, last"),
    ("Tab", "", "next pane"),
)
SIDEWAYS: tuple[Entry, ...] = (("← → h l", "", "to another node's cell"),)


def help_lines(title: str, mine: list[Entry], common: list[Entry], width: int, *,
               steps: bool = False) -> list[Line]:  # fmt: skip
    """Return the help page for one screen."""
    lines = [titled([Span(f"Keys of {title}", "head")], width), *_entries(mine, width)]
    lines += [titled([Span("Keys everywhere", "head")], width), *_entries(common, width)]
    ways = [*MOVING, *(SIDEWAYS if steps else ())]
    lines += [titled([Span("Moving", "head")], width), *_entries(ways, width)]
    lines += [titled([Span("Words", "head")], width)]
    lines += _entries([(word, "", text) for word, text in WORDS], width)
    if steps:
        lines.append(titled([Span("Cells of a DARE", "head")], width))
        lines += _entries([(word, "", text) for word, text in CELLS], width)
        lines.append(titled([Span("Steps of a DARE", "head")], width))
        lines += _entries([("[ ]", "", BLOCKS)], width)
        for text in STEPS.values():
            words = f"{text.explanation} On failure: {text.failure} [{text.blocks}]"
            lines += _entries([(text.title, "", words)], width)
    return [cut(entry, width) for entry in lines]


def _entries(entries: list[Entry], width: int) -> list[Line]:
    lines = []
    for keys, label, text in entries:
        words = f"{label}: {text}" if label else text
        for index, part in enumerate(wrap(words, max(20, width - 20))):
            lines.append(line("  ", put(keys if not index else "", 16, "key"), " ", part))
    return lines
