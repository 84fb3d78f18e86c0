"""The file of keys: what it may hold, what is refused and where, and what is printed of it."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tui import actions
from tui.cli import main
from tui.cli.keys import load, own_file
from tui.keymap import KeysError, as_file, parse

WRONG = [
    (
        "[groups]\nmvoe = 'm'\n",
        "k.toml:2: groups.mvoe: there is no action groups.mvoe",
        "groups.move?",
    ),
    ("[gruops]\nmove = 'm'\n", "k.toml:2: gruops.move: there is no action", "groups.move?"),
    ("[nodes]\n\nstandby = 'entr'\n", "k.toml:3: nodes.standby: there is no key entr", "enter?"),
    ("[groups]\nmove = 'o'\n", "k.toml:2: groups.move: o is the key of groups.offline already", ""),
    ("[groups]\nmove = 'q'\n", "q is the key of app.quit already", ""),
    ("[app]\nhelp = ['f1', 'm']\n", "k.toml:2: app.help: m is the key of", ""),
    ("[groups]\nmove = 'j'\n", "k.toml:2: groups.move: j moves the cursor", ""),
    ("[groups]\nmove = []\n", "k.toml:2: groups.move: write a key", ""),
    ("move = 'm'\n", "k.toml:1: move: there is no action move", ""),
    ("[groups\n", "k.toml:1", ""),
]


@pytest.mark.parametrize(("text", "words", "near"), WRONG, ids=[case[0] for case in WRONG])
def test_what_is_wrong_is_said_with_its_place(text: str, words: str, near: str) -> None:
    with pytest.raises(KeysError) as refused:
        parse(text, "k.toml")

    assert words in str(refused.value)
    assert near in str(refused.value)


def test_two_actions_may_change_their_keys_with_each_other() -> None:
    found = parse("groups.move = 'o'\ngroups.offline = ['m']\n")

    assert found == {"groups.move": ("o",), "groups.offline": ("m",)}


def test_keys_are_named_as_people_type_them() -> None:
    found = parse("nodes.standby = ['$', 'S', 'ctrl+x', 'ä']")

    assert found == {"nodes.standby": ("dollar_sign", "S", "ctrl+x", "ä")}


def test_what_is_printed_can_be_used_again(run: Run) -> None:
    assert parse(run("keys").out) == {action.id: action.keys for action in actions.ACTIONS}
    assert parse(as_file({"groups.move": ("M",)}))["groups.move"] == ("M",)
    assert run("keys", "--json").json["groups.move"] == ["m"]


def test_own_file_counts_and_the_named_one_must_be_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert load(None, environment) == {}
    own = own_file(environment)
    own.parent.mkdir()
    own.write_text("[groups]\nmove = 'M'\n")
    assert load(None, environment) == {"groups.move": ("M",)}

    own.write_text("[groups]\nmvoe = 'M'\n")
    codes = [main(["--keys", str(path), "keys"]) for path in (own, tmp_path / "none.toml")]

    assert codes == [4, 2]
    said = capsys.readouterr().err
    assert f"{own}:2: groups.mvoe" in said
    assert "none.toml: No such file" in said
