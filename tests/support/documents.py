"""The parts of documents that are made from the code: tables and diagrams.

`make documents` rewrites what stands between `<!-- made: NAME -->` and `<!-- end: NAME -->`;
`tests/house/test_documents.py` fails while a part is out of date.
"""

import ast
import itertools
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import click
import msgspec

from nodeagent.cli import cli as agent_command
from nodeagent.config.pages.sound import SOUND
from nodeagent.config.schema import fields
from nodeagent.core.table import STEPS, UNDO_STEPS, Audience, OnFailure, Part, Step
from nodeagent.model.configuration import Timing
from nodeagent.model.moves import GROUP_MOVES, NODE_MOVES, RUN_MOVES, Move
from nodeagent.wire.peer import Aborted, Commit, Confirmed, Forget, ViewChange
from tests.simulation.conftest import CORE, WHOLE
from tests.support import reference
from tests.support.reached import actions_table, commands_table
from tests.support.tables import table
from tui.cli import exits
from tui.cli.command import cli as console_command
from tui.viewmodels.steps import step_text

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    "README.md",
    "ARCHITECTURE.md",
    "configs/README.md",
    "configs/FINDINGS.md",
    "tests/simulation/README.md",
    "tui/ACTIONS.md",
)
_PART = re.compile(r"<!-- made: (?P<name>[a-z-]+) -->\n.*?<!-- end: (?P=name) -->", re.DOTALL)

# -- small helpers


def mermaid(lines: Iterable[str]) -> str:
    """Return a diagram block."""
    return "\n".join(("```mermaid", *lines, "```"))


def first_sentence(text: str) -> str:
    """Return the first sentence of a docstring, on one line."""
    paragraph = " ".join(text.split("\n\n", maxsplit=1)[0].split())
    return paragraph.split(". ")[0].rstrip(".") + "."


def _docstring(path: Path) -> str:
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


# -- rooms and walls


def rooms_of(package: str) -> list[str]:
    """Return the rooms of a package: its layers from the top, then the folders beside them."""
    contracts = _project()["tool"]["importlinter"]["contracts"]
    (floors,) = (c for c in contracts if c.get("containers") == [package])
    named = [re.findall(r"\w+", layer) for layer in floors["layers"]]
    inside = [room for layer in named for room in layer]
    folders = sorted(p.parent.name for p in (ROOT / package).glob("*/__init__.py"))
    return [*inside, *(name for name in folders if name not in inside)]


def _rooms(package: str) -> str:
    rows = []
    for room in rooms_of(package):
        path = ROOT / package / room
        name = f"{package}/{room}/" if path.is_dir() else f"{package}/{room}.py"
        link = f"[`{room}`]({name})"
        rows.append((link, first_sentence(_docstring(path))))
    return table(("Room", "Holds"), rows)


def _suites() -> str:
    folders = sorted(file.parent for file in (ROOT / "tests").glob("*/__init__.py"))
    filled = [folder for folder in folders if len(list(folder.rglob("*.py"))) > 1]
    rows = [(f"`tests/{f.name}`", first_sentence(_docstring(f))) for f in filled]
    return table(("Suite", "Holds"), rows)


def _schedules() -> str:
    return (
        f"`make test` plays {WHOLE} whole and {CORE} core schedules, the same ones each time, and "
        "the regressions."
    )


def _walls() -> str:
    contracts = _project()["tool"]["importlinter"]["contracts"]
    return "\n".join(f"- {contract['name']}" for contract in contracts)


# -- the DARE

ASKED: dict[Audience, str] = {
    "everybody": "every participant",
    "releasing": "owners of what is released",
    "acquiring": "new owners",
    "voters": "a majority of the old and of the new voters",
}
NEEDED: dict[Part, str] = {"any": "every", "topology": "topology", "resources": "resources"}
FAILS: dict[OnFailure, str] = {
    "refuse": "refused, nothing to undo",
    "abort": "abort, then undo",
    "finish": "in doubt, finished by any voter",
    "forward": "rolls forward; who missed it catches up",
    "report": "named in the result",
}


def _dare_row(step: Step) -> tuple[str, ...]:
    text = step_text(step.name)
    undo = f"`{step.undo}`" if step.undo else ""
    return (
        f"`{step.name}`",
        text.explanation,
        ASKED[step.audience],
        NEEDED[step.part],
        FAILS[step.on_failure],
        undo,
        "yes" if step.rehearsed else "",
        step.blocks,
    )


def _dare_table() -> str:
    head = (
        "Step",
        "What happens",
        "Asked of",
        "Kind",
        "On failure",
        "Undone by",
        "Rehearsed",
        "Blocks",
    )
    return table(head, (_dare_row(step) for step in (*STEPS, *UNDO_STEPS)))


def _box(step: Step) -> str:
    kind = "" if step.part == "any" else f"<br/><i>{step.part} only</i>"
    label = f'"<b>{step.name}</b>{kind}"'
    if step.on_failure == "finish":
        return f'{_id(step.name)}{{{{"<b>{step.name}</b><br/><i>point of no return</i>"}}}}'
    return f"{_id(step.name)}[{label}]"


def _id(name: str) -> str:
    return name.replace("-", "_")


def _chain(steps: Sequence[Step]) -> list[str]:
    pairs = itertools.pairwise(steps)
    return [f"    {_id(one.name)} --> {_id(next_one.name)}" for one, next_one in pairs]


def _dare_flow() -> str:
    lines = ["flowchart TD", "    start([draft]) --> verify"]
    lines += [f"    {_box(step)}" for step in (*STEPS, *UNDO_STEPS)]
    lines += [*_chain(STEPS), "    resume --> done([done, next epoch])"]
    ends: dict[OnFailure, str] = {
        "refuse": "refused([refused, nothing changed])",
        "abort": 'abort["decree ABORT"]',
        "finish": "doubt([in doubt])",
    }
    for kind, end in ends.items():
        failing = " & ".join(_id(step.name) for step in STEPS if step.on_failure == kind)
        word = "no majority answers" if kind == "finish" else "fails"
        lines.append(f"    {failing} -. {word} .-> {end}")
    lines += [
        "    doubt -. a voter finishes COMMIT .-> activate",
        "    doubt -. a voter finishes ABORT .-> abort",
        f"    abort --> {_id(UNDO_STEPS[0].name)}",
        *_chain(UNDO_STEPS),
        f"    {_id(UNDO_STEPS[-1].name)} --> aborted([aborted, as before])",
    ]
    return mermaid(lines)


# -- states


def _states(moves: Sequence[Move[Any]], *, first: str, ends: Sequence[str] = ()) -> str:
    names = dict.fromkeys(state for move in moves for state in (move.before, move.after))
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{name.replace("-", " ")}" as {_id(name)}' for name in names]
    lines.append(f"    [*] --> {_id(first)}")
    lines += [f"    {_id(m.before)} --> {_id(m.after)}: {m.why.replace(':', ' -')}" for m in moves]
    lines += [f"    {_id(end)} --> [*]" for end in ends]
    return mermaid(lines)


def _decrees() -> str:
    old, both = "majority of the old voters", "majority of the old and of the new voters"
    who = {Commit: both, Aborted: old, ViewChange: old, Confirmed: old, Forget: old}
    rows = [
        (kind.__name__.upper(), first_sentence((kind.__doc__ or "").removeprefix("Decree: ")), need)
        for kind, need in who.items()
    ]
    names = {"ABORTED": "ABORT", "VIEWCHANGE": "VIEW", "CONFIRMED": "CONFIRM"}
    rows = [(names.get(name, name), text[0].upper() + text[1:], need) for name, text, need in rows]
    return table(("Decree", "Says", "Decided by"), rows)


def _timing() -> str:
    defaults = Timing()
    rows = [
        (f"`{spec.key}`", f"{getattr(defaults, spec.attribute)} ms", spec.help)
        for spec in fields(Timing)
    ]
    return table(("Key of `[timing]`", "Default", "Meaning"), rows)


# -- commands


def _usage(name: str, command: click.Command) -> str:
    words = [name]
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            word = parameter.make_metavar(click.Context(command))
            words.append(word)
    return " ".join(words)


def _commands(program: str, group: click.Group) -> str:
    rows = [
        (f"`{_usage(name, command)}`", first_sentence(command.help or ""))
        for name, command in _each_command(program, group)
    ]
    return table(("Command", "Does"), rows)


def _each_command(program: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _each_command(f"{program} {name}", command)
        else:
            yield f"{program} {name}", command


MEANINGS = {
    exits.DONE: "done",
    exits.FAILED: "failed; also aborted, but something named could not be restored",
    exits.USAGE: "used wrongly, or the file is not readable TOML",
    exits.BUSY: "busy (another DARE is open, a change is on probation, a group is held) or no "
    "quorum: try again",
    exits.INVALID: "the configuration has errors",
    exits.STALE: "the change was made from an older epoch (`clustertui merge` puts both into one), "
    "or something drifted since its rehearsal",
    exits.ABORTED: "aborted, and undone; of `confirm`: it was returned before",
    exits.IN_DOUBT: "in doubt, or aborted without proof that all is as before: look at `status`",
    exits.INTERRUPTED: "interrupted; the cluster goes on",
}


def exit_codes() -> set[int]:
    """Return all exit codes that the code knows."""
    return {value for value in vars(exits).values() if isinstance(value, int)}


def _exits() -> str:
    return table(("Code", "Meaning"), ((str(code), text) for code, text in MEANINGS.items()))


PARTS: dict[str, Callable[[], str]] = {
    "agent-rooms": lambda: _rooms("nodeagent"),
    "console-rooms": lambda: _rooms("tui"),
    "suites": _suites,
    "walls": _walls,
    "dare-table": _dare_table,
    "dare-flow": _dare_flow,
    "decrees": _decrees,
    "group-states": lambda: _states(GROUP_MOVES, first="offline"),
    "run-states": lambda: _states(RUN_MOVES, first="running", ends=("done", "refused", "aborted")),
    "node-states": lambda: _states(NODE_MOVES, first="joining", ends=("leaving",)),
    "timing": _timing,
    "commands": lambda: _commands("clustertui", console_command),
    "agent-commands": lambda: _commands("nodeagent", agent_command),
    "exits": _exits,
    "examples": lambda: reference.examples(ROOT / "configs"),
    "configuration-keys": reference.keys,
    "finding-codes": reference.codes,
    "finding-pages": reference.finding_pages,
    "schedules": _schedules,
    "actions": actions_table,
    "action-commands": commands_table,
    "sound": lambda: f"```toml\n{SOUND}```",
}


def renewed(text: str) -> str:
    """Return a document with all its made parts as the code says now; KeyError for unknown ones."""

    def fill(match: re.Match[str]) -> str:
        name = match["name"]
        return f"<!-- made: {name} -->\n{PARTS[name]()}\n<!-- end: {name} -->"

    return _PART.sub(fill, text)


def parts_in(text: str) -> list[str]:
    """Return the names of the made parts of a document."""
    return [match["name"] for match in _PART.finditer(text)]


def main() -> int:
    """Rewrite the documents and say which changed."""
    for name in DOCUMENTS:
        path = ROOT / name
        before = path.read_text("utf-8")
        after = renewed(before)
        if after != before:
            path.write_text(after, "utf-8")
            sys.stdout.write(f"{name} rewritten\n")
    return 0


assert set(ASKED) == set(get_args(Audience)), "every audience has its words"
assert msgspec.structs.fields(Timing), "timing has fields"

if __name__ == "__main__":
    sys.exit(main())
