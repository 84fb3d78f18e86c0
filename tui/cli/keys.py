"""The file of keys: where it lies, reading it, and `clustertui keys`."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

from tui.actions import ACTIONS
from tui.cli import exits
from tui.cli.output import put_json, put_text
from tui.keymap import Keymap, KeysError, as_file, mapped, parse

NAME = "keys.toml"
SIZE_MAX = 64 * 1024


class KeysFileError(click.ClickException):
    """The file of keys cannot be used; each line of the message says where and why."""

    exit_code = exits.INVALID


class UnreadableKeysError(KeysFileError):
    """The file of keys is not there, or no TOML."""

    exit_code = exits.USAGE


def load(named: str | None, environment: Mapping[str, str] | None = None) -> Keymap:
    """Return the keys of the file `named`, else of the person's own, which need not be there.

    Raises KeysFileError with the exit code of a bad configuration, or that of an unreadable one.
    """
    path = Path(named) if named else own_file(os.environ if environment is None else environment)
    if not named and not path.exists():
        return {}
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_MAX + 1)
        if len(data) > SIZE_MAX:
            raise _error(f"{path}: at most {SIZE_MAX // 1024} KiB are read", exits.USAGE)
        return parse(data.decode("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise _error(f"{path}: {reason}", exits.USAGE) from None
    except KeysError as error:
        code = exits.INVALID if error.readable else exits.USAGE
        raise _error(str(error), code) from None


def own_file(environment: Mapping[str, str]) -> Path:
    """Return the person's own file of keys."""
    home = environment.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "clustertui" / NAME


def run(named: str | None, *, as_json: bool) -> int:
    """Print the keys that count, as a file that can be edited and used."""
    keymap = load(named)
    if as_json:
        put_json({action.id: action.keys for action in mapped(ACTIONS, keymap)})
    else:
        put_text(as_file(keymap))
    return exits.DONE


def _error(text: str, code: int) -> KeysFileError:
    return (KeysFileError if code == exits.INVALID else UnreadableKeysError)(text)
