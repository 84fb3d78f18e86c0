"""The commands that a page shows: those of its shell blocks, and code within its sentences."""

import re
from dataclasses import dataclass

SHELL = frozenset({"sh", "bash", "shell"})
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<word>[a-z]*)\n(?P<block>.*?)^ *```$", re.MULTILINE | re.DOTALL
)
_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_INNER = re.compile(r"\$\(([^()]+)\)")


@dataclass(frozen=True, slots=True)
class Shown:
    """A command as it is typed, comments included, and the line of the page where it begins."""

    text: str
    line: int


def languages(page: str) -> set[str]:
    """Return the words behind the fences of a page."""
    return {match["word"] for match in _FENCE.finditer(page)}


def blocks(page: str) -> list[list[Shown]]:
    """Return the commands of each shell block, in the order of the page."""
    return [_commands(page, match) for match in _FENCE.finditer(page) if match["word"] in SHELL]


def _commands(page: str, fence: re.Match[str]) -> list[Shown]:
    found: list[Shown] = []
    line = page.count("\n", 0, fence.start("block"))
    for row in fence["block"].splitlines():
        line += 1
        text = row.removeprefix(fence["indent"])
        if found and _is_open(found[-1].text):
            found[-1] = Shown(f"{found[-1].text}\n{text}", found[-1].line)
        elif text.strip():
            found.append(Shown(text, line))
    return found


def _is_open(command: str) -> bool:
    first, *rest = command.splitlines()
    return command.endswith("\\") or ("<<END" in first and "END" not in rest)


def spans(page: str) -> list[Shown]:
    """Return the code within sentences and tables, and what stands in `$(…)` there."""
    # Blocks are blanked, not cut: the lines behind them keep their numbers.
    prose = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), page)
    found = []
    for match in _SPAN.finditer(prose):
        text = " ".join(match[1].replace("\\|", "|").split())
        line = prose.count("\n", 0, match.start()) + 1
        found += [Shown(one, line) for one in (text, *_INNER.findall(text))]
    return found
