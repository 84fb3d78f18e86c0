"""Argument lists: a program named from the root, and no words that only a shell would split."""

from collections.abc import Iterator

from nodeagent.config.verify.scope import Path, Scope
from nodeagent.config.words import value_text
from nodeagent.model.reports import Report


def absolute(path: str) -> bool:
    """Return whether a path is written from the root, without ``.`` and ``..``."""
    return path.startswith("/") and not {".", ".."}.intersection(path.split("/"))


def program_reports(
    scope: Scope, path: Path, name: str, command: tuple[str, ...]
) -> Iterator[Report]:
    """Yield what is doubtful in a command; the last part of `path` is what it is for."""
    verb, program = path[-1], command[0]
    if " " in program and len(command) == 1:
        fix = value_text(program.split())
        text = f"{verb} of {name} is one word with spaces in it, and no shell splits it"
        yield scope.report("W319", path, text, f"write {verb} = {fix}", fix)
    elif "/" not in program:
        text = f"{verb} of {name} runs {program} from the agent's PATH"
        yield scope.report("W318", path, text, f"name its place, as /usr/bin/{program}")
    elif not absolute(program):
        text = f"{verb} of {name} runs {value_text(program)}, which is no absolute path"
        yield scope.report("E313", path, text, "write it from /, without . and ..")
