"""Which agents a command turns to, and with which key."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nodeagent.model.text import clean

if TYPE_CHECKING:
    from nodeagent.client.access import Access

VARIABLE = "CLUSTERTUI_KEY"


@dataclass(frozen=True, slots=True)
class Way:
    """What the command line said about the way to the cluster."""

    connect: tuple[str, ...] = ()
    key: str | None = None
    read_only: bool = False
    keys: str | None = None
    """The file of keys, where one was named; what is asked of agents does not depend on it."""
    plain: bool = False
    """Whether a console is to be one of lines."""

    def options(self) -> list[str]:
        """Return the options that go the same way."""
        words = [word for endpoint in self.connect for word in ("--connect", endpoint)]
        return [*words, *(["--key", self.key] if self.key else [])]

    def command(self) -> str:
        """Return what a shell calls to go the same way."""
        return shlex.join(["clustertui", *self.options()])

    def file(self, environment: Mapping[str, str] | None = None) -> Path:
        """Return where the access file is, or should be."""
        return access_file(self.key, os.environ if environment is None else environment)

    def access(self, environment: Mapping[str, str] | None = None) -> "Access":
        """Return keys and agents; AccessError when there is no usable access file."""
        from nodeagent.client import access

        found = access.load(self.file(environment))
        if not self.connect:
            return found
        named = found.to(access.parse_endpoint(endpoint) for endpoint in self.connect)
        return replace(named, alone=True)


def access_file(key: str | None, environment: Mapping[str, str]) -> Path:
    """Return the access file: the one named, else the environment's, else the user's own."""
    named = key or environment.get(VARIABLE)
    if named:
        return Path(named)
    home = environment.get("XDG_CONFIG_HOME")
    folder = Path(home) if home else Path.home() / ".config"
    return folder / "clustertui" / "console.toml"


def author() -> str:
    """Return who acts, as user@host, for the cluster's records."""
    import getpass  # late, as the commands: few of them say who acts
    import socket

    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return clean(f"{user}@{socket.gethostname()}", 100)
