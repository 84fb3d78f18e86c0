"""The operator's guide names what there is: subcommands, keys, and every command is played."""

import re

import click
import pytest
from textual.binding import Binding

from nodeagent.cli import cli as agent_command
from tests.e2e.test_guide import SCENES
from tests.support.guide import GUIDE, ROOT, Block, Scene, keys, parts
from tests.support.shown import blocks
from tui.actions import ACTIONS, shown
from tui.cli.command import cli as console_command
from tui.screens.forms.form import FormScreen
from tui.screens.forms.merge import MergeScreen
from tui.screens.forms.pick import OrderScreen

TEXT = GUIDE.read_text("utf-8")
READ = ("README.md", "configs/README.md")
RUN_BY = {
    "clustertui abort": "tests/unit/cli/test_abort.py",
    "clustertui demo": "tests/e2e/support.py",
    "nodeagent run": "tests/e2e/test_under_systemd.py",
}
"""Subcommands that no page shows as typed, and where they are run."""
WALKING = {"Tab", "Enter", "Esc"}


def subcommands(program: str, group: click.Group) -> list[str]:
    """Return each subcommand as it is typed, `export snapshot` as one."""
    found = []
    for name, command in group.commands.items():
        whole = f"{program} {name}"
        found += subcommands(whole, command) if isinstance(command, click.Group) else [whole]
    return found


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def known_keys() -> set[str]:
    """Return every key that an action has, or a form, its lists or a merge."""
    found = {shown(key) for action in ACTIONS for key in action.keys}
    for screen in (FormScreen, MergeScreen, OrderScreen):
        for binding in screen.BINDINGS:
            key = binding.key if isinstance(binding, Binding) else binding[0]
            found |= {shown(one) for one in key.split(",")}
    return found | WALKING


@pytest.mark.parametrize(
    "words",
    [*subcommands("clustertui", console_command), *subcommands("nodeagent", agent_command)],
)
def test_every_subcommand_is_told(words: str) -> None:
    assert re.search(rf"\b{re.escape(words)}\b", " ".join(TEXT.split())), words


def test_every_subcommand_is_run_by_a_page_or_a_named_test() -> None:
    """Each is typed in a block that `tests/e2e` plays, but for those of `RUN_BY`."""
    typed = [shown.text for name in READ for block in blocks(page(name)) for shown in block]
    typed += [one for part in parts(TEXT) if isinstance(part, Block) for one in part.commands]
    text = re.sub(r" --key \S+", "", "\n".join(typed))
    every = {*subcommands("clustertui", console_command), *subcommands("nodeagent", agent_command)}

    not_typed = {words for words in every if not re.search(rf"\b{re.escape(words)}\b", text)}

    assert not_typed == set(RUN_BY)
    for words, test in RUN_BY.items():
        assert f'"{words.split()[-1]}"' in page(test)


def test_every_key_that_is_shown_exists() -> None:
    assert set(keys(TEXT)) <= known_keys()


def test_every_block_is_played_and_every_scene_is_known() -> None:
    found = parts(TEXT)

    blocks = [part for part in found if isinstance(part, Block)]
    assert len(blocks) == TEXT.count("```") // 2
    assert {part.name for part in found if isinstance(part, Scene)} == set(SCENES)


def test_blocks_have_machines_exit_codes_and_lines_that_belong_together() -> None:
    page = "<!-- exit: 7 -->\n```console\nbravo$ cat <<END\n$ no\nEND\nbravo$ ls\nsaid\n```\n"

    (block,) = parts(page)

    assert block == Block(("cat <<END\n$ no\nEND", "ls"), "bravo", 7, 2)


def test_block_of_two_machines_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1: a block is typed on one machine"):
        parts("```console\n$ ls\nbravo$ ls\n```\n")


def test_the_readme_leads_to_the_guide() -> None:
    assert "(tui/GUIDE.md)" in (ROOT / "README.md").read_text("utf-8")
