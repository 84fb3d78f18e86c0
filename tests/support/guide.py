"""The commands of a page for people, as a test plays them.

A fenced block `console` holds what is typed: `$ ` before a command where the console is, `bravo$ `
before one on that node. Lines that follow belong to it while it has an open `<<END` or ends in a
backslash, else they are what it says. Every command of a block ends with 0. Comments that are not
rendered tell the rest: `<!-- exit: 7 -->` before a block is how its last command ends, and
`<!-- scene: NAME -->` is what happens to the cluster there.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "tui" / "GUIDE.md"
_PART = re.compile(
    r"^<!-- (?P<word>exit|scene): (?P<value>[^>]+?) -->$"
    r"|^(?P<indent> *)```console\n(?P<block>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_PROMPT = re.compile(r"^(?:(?P<node>[a-z]+))?\$ (?P<command>.*)$")
_KEY = re.compile(r"<kbd>(.+?)</kbd>")


@dataclass(frozen=True, slots=True)
class Scene:
    """Something that happens to the cluster."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """Commands typed on one machine ("" is where the console is), and the last one's exit code."""

    commands: tuple[str, ...]
    node: str
    exit_code: int
    line: int


def parts(text: str) -> list[Scene | Block]:
    """Return scenes and blocks of a page in its order; ValueError for a block that is none."""
    found: list[Scene | Block] = []
    code = 0
    for match in _PART.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if match["word"] == "exit":
            code = int(match["value"])
        elif match["word"] == "scene":
            found.append(Scene(match["value"], line))
        else:
            found.append(_block(match["block"], len(match["indent"]), code, line))
            code = 0
    return found


def _block(text: str, indent: int, code: int, line: int) -> Block:
    commands: list[str] = []
    nodes: set[str] = set()
    for row in (row[indent:] for row in text.splitlines()):
        match = _PROMPT.match(row)
        if match and not (commands and _is_open(commands[-1])):
            commands.append(match["command"])
            nodes.add(match["node"] or "")
        elif commands and _is_open(commands[-1]):
            commands[-1] += f"\n{row}"
    if len(nodes) != 1:
        raise ValueError(f"line {line}: a block is typed on one machine, not on {sorted(nodes)}")
    return Block(tuple(commands), nodes.pop(), code, line)


def _is_open(command: str) -> bool:
    """Return whether the next line belongs to the command whatever it begins with."""
    first, *rest = command.splitlines()
    return command.endswith("\\") or ("<<END" in first and "END" not in rest)


def keys(text: str) -> list[str]:
    """Return the keys that a page shows."""
    return _KEY.findall(text)
