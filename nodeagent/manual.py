"""What a shell and `man` want to know of a program: its completion script and its manual pages.

Both programs of the distribution are given the same two subcommands here, so that what is
installed can hand out what belongs to it, without a build step and in the version that runs.
"""

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from click.shell_completion import get_completion_class

DISTRIBUTION = "clustertui"
SHELLS = ("bash", "zsh", "fish")
SECTION = "1"
DIRECTORY = click.Path(file_okay=False, path_type=Path)
_UNSAFE = re.compile(r"^(?=[.'](?!(TH|SH|PP|TP|B)\b))", re.MULTILINE)


def equip(group: click.Group, program: str) -> None:
    """Give `group`, the command `program`, the subcommands `completion` and `man`.

    To be called when it has all others, for their lines in lists are completed as well.
    """

    @group.command("completion")
    @click.argument("shell", type=click.Choice(SHELLS))
    def completion_command(shell: str) -> int:
        click.echo(completion(group, program, shell))
        return 0

    @group.command("man")
    @click.argument("directory", type=DIRECTORY)
    @click.option("--json", "as_json", is_flag=True, help="One JSON object with the files' names.")
    def man_command(directory: Path, *, as_json: bool) -> int:
        return _write(dict(pages(group, program)), directory, as_json=as_json)

    completion_command.help = (
        f"Print what lets a shell complete the words of {program}.\n\n"
        f'bash: eval "$({program} completion bash)" in ~/.bashrc. zsh: the same in ~/.zshrc, after '
        f"compinit. fish: {program} completion fish >~/.config/fish/completions/{program}.fish"
    )
    man_command.help = (
        f"Write the manual pages of {program} into DIRECTORY, one for each subcommand.\n\n"
        "As /usr/local/share/man/man1; pages that are there are replaced."
    )
    _shorten(group)


def _shorten(group: click.Group) -> None:
    """Let lists of commands show whole first sentences, where click would cut them at 45."""
    for command in group.commands.values():
        command.short_help = command.short_help or _first_sentence(command.help or "")
        if isinstance(command, click.Group):
            _shorten(command)


def completion(group: click.Group, program: str, shell: str) -> str:
    """Return the script by which `shell` (one of SHELLS) completes the words of `program`."""
    made = get_completion_class(shell)
    assert made is not None, "click knows bash, zsh and fish"
    return made(group, {}, program, f"_{program.upper()}_COMPLETE").source()


def pages(group: click.Group, program: str) -> Iterator[tuple[str, str]]:
    """Yield file name and text of each manual page, that of the program itself first."""
    root = click.Context(group, info_name=program)
    yield _name(root), _page(root)
    yield from _below(root, group)


def _below(parent: click.Context, group: click.Group) -> Iterator[tuple[str, str]]:
    for name, command in sorted(group.commands.items()):
        context = click.Context(command, info_name=name, parent=parent)
        yield _name(context), _page(context)
        if isinstance(command, click.Group):
            yield from _below(context, command)


def _name(context: click.Context) -> str:
    return f"{context.command_path.replace(' ', '-')}.{SECTION}"


def _page(context: click.Context) -> str:
    from click_man.core import generate_man_page  # late: only who writes pages waits for it

    command = context.command
    command.short_help = command.short_help or _first_sentence(command.help or "")
    from importlib.metadata import version  # slow to load, and every command loads this module

    text = generate_man_page(context, version=version(DISTRIBUTION), date=_date())
    # The generator leaves lines of prose that begin as a request of roff does.
    text = _UNSAFE.sub(r"\\&", text)
    parts = [text.rstrip("\n")]
    epilog = command.epilog or context.find_root().command.epilog
    if epilog:
        parts += [".SH EXIT STATUS", epilog]
    if context.parent is not None:
        root = context.find_root().info_name
        parts += [".SH SEE ALSO", rf"\fB{root}\fP({SECTION})"]
    return "\n".join(parts) + "\n"


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.split("\n\n", maxsplit=1)[0].split())
    return paragraph.split(". ")[0].rstrip(".")


def _date() -> str:
    """Return the day on which this program was installed: equal programs make equal pages."""
    changed = Path(__file__).stat().st_mtime
    return datetime.fromtimestamp(changed, UTC).strftime("%Y-%m-%d")


def _write(made: dict[str, str], directory: Path, *, as_json: bool) -> int:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (directory / name).write_text(text, "utf-8")
    except OSError as error:
        raise click.FileError(str(directory), error.strerror or str(error)) from None
    if as_json:
        sys.stdout.write(json.dumps({"directory": str(directory), "files": list(made)}) + "\n")
    else:
        click.echo(f"{len(made)} pages are in {directory}", err=True)
    return 0
