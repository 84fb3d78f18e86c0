"""The inventory: every class of bad input, its cases, and the test that judges them.

Where a class is judged: texts by the parser and by an agent that is asked to apply them; bytes by
the codec and the agent's loop; messages by a node of a small cluster, of which nothing may change;
journals by an agent's start and by `nodeagent check`; programs by the driver; lines by sockets.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.hostile import (
    clocks,
    drafts,
    frames,
    journals,
    peers,
    programs,
    sockets,
    texts,
)


@dataclass(frozen=True)
class Class:
    """A class of bad input: what it is, its cases by name, and the module that judges them."""

    name: str
    judged_in: str
    cases: Mapping[str, object]


def classes() -> dict[int, Class]:
    """Return all classes by number; some are made from a cluster's own words, which takes time."""
    return {
        1: Class("text that is no TOML", "test_texts", texts.CASES[1]),
        2: Class("TOML of another schema", "test_texts", texts.CASES[2]),
        3: Class("hostile TOML", "test_texts", texts.CASES[3]),
        4: Class("duplicate or dangling names", "test_texts", texts.CASES[4]),
        5: Class("addresses and subnets", "test_texts", texts.CASES[5]),
        6: Class("control, bidi and zero-width characters", "test_texts", texts.CASES[6]),
        7: Class("frames that are no message", "test_frames", frames.CASES[7]),
        8: Class("too many frames, oversized frames", "test_sockets", sockets.CASES[8]),
        9: Class("unknown types, versions and fields", "test_frames", frames.CASES[9]),
        10: Class("wrong keys, stolen names", "test_sockets", sockets.CASES[10]),
        11: Class("messages out of place and time", "test_peers", peers.replayed()),
        12: Class("messages of another cluster", "test_peers", peers.of_other_clusters()),
        13: Class("forged certificates, broken chains", "test_peers", peers.forged()),
        14: Class("journals torn, damaged, foreign", "test_journals", journals.CASES),
        15: Class("programs that misbehave", "test_programs", programs.CASES),
        16: Class("raw TCP", "test_sockets", sockets.CASES[16]),
        17: Class("clocks going backwards", "test_clocks", clocks.CASES),
        18: Class("draft edited during a DARE", "test_drafts", drafts.CASES),
    }
