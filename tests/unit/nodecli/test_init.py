"""`nodeagent init`: what is wrong with its file ends it as it ends `clustertui check`."""

from pathlib import Path

import pytest

from nodeagent.cli import main
from tests.unit.core.story import Story
from tui.cli import main as console


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a = [", 2),
        ("a = 1\na = 2\n", 2),
        ("format = 1\n", 4),
        (Story().shape.text.replace("format = 1", "format = 99"), 4),
    ],
    ids=["no TOML", "key twice", "nothing in it", "another format"],
)
def test_wrong_file_has_the_exit_code_of_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: int
) -> None:
    file = tmp_path / "cluster.toml"
    file.write_text(text)
    state = tmp_path / "state"

    ended = main(["init", "--state", str(state), "--node", "alpha", "--config", str(file)])

    assert ended == console(["check", str(file)]) == code
    assert "has errors" in capsys.readouterr().err
    assert not state.exists()
