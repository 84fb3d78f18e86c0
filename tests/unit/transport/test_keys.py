"""Key files: made once, read only by their owner, never replaced by accident."""

from pathlib import Path

import pytest

from nodeagent.transport import keys
from nodeagent.transport.keys import KeyFileError


def test_a_saved_pair_is_loaded(tmp_path: Path) -> None:
    pair = keys.generate()
    keys.save(pair, tmp_path / "node.key")

    assert keys.load(tmp_path / "node.key") == pair
    assert (tmp_path / "node.key").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["node.key"]


def test_an_identity_is_never_overwritten(tmp_path: Path) -> None:
    first = keys.generate()
    keys.save(first, tmp_path / "node.key")

    with pytest.raises(KeyFileError, match="exists already"):
        keys.save(keys.generate(), tmp_path / "node.key")
    assert keys.load(tmp_path / "node.key") == first
    assert [file.name for file in tmp_path.iterdir()] == ["node.key"]


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "node.key"
    keys.save(keys.generate(), file)
    file.chmod(0o640)

    with pytest.raises(KeyFileError, match=f"chmod 600 {file}"):
        keys.load(file)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    keys.save(keys.generate(), tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(KeyFileError, match="symbolic link"):
        keys.load(tmp_path / "link")


def broken() -> dict[str, str]:
    good, other = keys.generate(), keys.generate()
    return {
        "empty": "",
        "not toml": "public = ",
        "nothing of ours": "colour = 'red'",
        "numbers": "public = 1\nsecret = 2",
        "short": "public = 'abc'\nsecret = 'def'",
        "not Z85": f"public = '{'~' * 40}'\nsecret = '{'~' * 40}'",
        "two halves": f'public = "{other.public}"\nsecret = "{good.secret}"',
        "binary": "\0\1\2",
        "deep": "a = " + "[" * 3000,
    }


@pytest.mark.parametrize("case", sorted(broken()))
def test_a_broken_file_is_refused(tmp_path: Path, case: str) -> None:
    file = tmp_path / "node.key"
    file.write_text(broken()[case])
    file.chmod(0o600)

    with pytest.raises(KeyFileError, match=str(file)):
        keys.load(file)


def test_a_missing_file_or_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="does not exist"):
        keys.load(tmp_path / "node.key")
    with pytest.raises(KeyFileError, match="check the folder"):
        keys.save(keys.generate(), tmp_path / "missing" / "node.key")
    with pytest.raises(KeyFileError, match="not a regular file"):
        keys.load(tmp_path)


def test_the_secret_is_never_shown() -> None:
    pair = keys.generate()

    assert pair.secret not in repr(pair)
