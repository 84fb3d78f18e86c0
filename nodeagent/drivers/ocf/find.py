"""Where an agent's file is, and whether nobody but root could have put something else there.

Each step of the way is looked at, also behind symbolic links: whoever may write to one of these
folders could exchange the agent, and what is exchanged would run as root. Because no step can be
changed by anybody who is not trusted, the file that is started is the file that was looked at.
"""

import difflib
import os
import re
import stat
from collections import deque
from pathlib import Path

from nodeagent.model.names import AGENT_PATTERN
from nodeagent.model.text import clean

LINKS_MAX = 32
FOLDER = "resource.d"
_AGENT = re.compile(AGENT_PATTERN)


class AgentError(Exception):
    """An agent that cannot be used here; the text says why and what to do.

    `missing` is set where there is no such agent at all.
    """

    def __init__(self, text: str, *, missing: bool = False) -> None:
        super().__init__(text)
        self.missing = missing


def find(root: Path, agent: str) -> str:
    """Return the file of `agent` (PROVIDER:NAME) below the OCF folder `root`; AgentError if none.

    It is returned as it is called, not resolved: agents look at their own name.
    """
    if not _AGENT.match(agent):
        raise AgentError(f"{clean(agent, 140)} is not PROVIDER:NAME, as heartbeat:pgsql")
    provider, name = agent.split(":")
    folder = root / FOLDER / provider
    path = str(folder / name)
    try:
        mode = _walk(path)
    except (FileNotFoundError, NotADirectoryError):
        raise AgentError(_missing(root, provider, name), missing=True) from None
    except OSError as error:
        raise AgentError(f"{path} cannot be looked at: {error.strerror}") from error
    if not stat.S_ISREG(mode) or not mode & 0o111:
        raise AgentError(f"{path} is not a program", missing=stat.S_ISDIR(mode))
    return path


def _walk(path: str) -> int:
    """Follow `path` step by step; return the mode of what it ends at."""
    todo = deque(path.split("/"))
    here, mode, links = "/", os.lstat("/").st_mode, 0
    while todo:
        part = todo.popleft()
        if part in {"", "."}:
            continue
        if part == "..":
            here = os.path.dirname(here)  # noqa: PTH120  # already resolved up to here
            continue
        step = f"{here.rstrip('/')}/{part}"
        found = os.lstat(step)
        _trust(step, found)
        if not stat.S_ISLNK(found.st_mode):
            here, mode = step, found.st_mode
            continue
        links += 1
        if links > LINKS_MAX:
            raise AgentError(f"{path} goes through too many symbolic links")
        target = str(Path(step).readlink())
        here = "/" if target.startswith("/") else here
        todo.extendleft(reversed(target.split("/")))
    return mode


def _trust(step: str, found: os.stat_result) -> None:
    """Refuse what somebody else owns or may write to.

    In a folder with the sticky bit only the owner can exchange an entry, and the entry is looked
    at too. An agent that is not root trusts its own files as it trusts itself.
    """
    if found.st_uid not in {0, os.geteuid()}:
        raise AgentError(f"{step} belongs to user {found.st_uid}; chown root {step}")
    if stat.S_ISLNK(found.st_mode):
        return
    sticky_folder = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    if found.st_mode & 0o022 and not sticky_folder:
        raise AgentError(f"{step} may be written to by others than root; chmod go-w {step}")


def _missing(root: Path, provider: str, name: str) -> str:
    folder = root / FOLDER
    providers = _names(folder)
    if provider not in providers:
        near = _near(provider, providers)
        return f"there is no provider {provider} in {folder} on this node{near}"
    near = _near(name, _names(folder / provider))
    return f"agent {name} is not installed in {folder / provider} on this node{near}"


def _names(folder: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))  # noqa: PTH208
    except OSError:
        return []


def _near(word: str, words: list[str]) -> str:
    found = nearest(word, words)
    return f"; {found} is there" if found else ""


def nearest(word: str, words: list[str]) -> str:
    """Return the word that was probably meant, empty if none is near; fit for a screen."""
    lower = {known.lower(): known for known in words}
    found = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    return clean(lower[found[0]], 80) if found else ""
