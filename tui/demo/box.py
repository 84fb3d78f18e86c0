"""The box itself: a folder, keys, a configuration, and one agent process for each node.

Nothing of it outlives the process that made it: agents end when their pipe does, and the warden
ends what is left and removes the folder.
"""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import zmq

from nodeagent.client import access
from nodeagent.client.access import Access, AgentAddress
from tui.demo import warden
from tui.demo.agents import AGENT, Agent
from tui.demo.places import FEW, NODE_NAMES, Places, find_places
from tui.demo.recipe import Recipe, base_text, with_group

GRACE_S = 4.0
WARDEN_S = 15.0
NODES_MIN = 3
SPARE = 1
"""One more node than run has its key and address ready, so that it can be added."""


class BoxError(Exception):
    """The box cannot be made where it is wanted."""


class Box:
    """A cluster of `nodes` agents in `keep` (kept) or in a private folder of its own (removed).

    With less than `least` nodes it cannot do what it is wanted for.
    """

    def __init__(
        self, nodes: int = NODES_MIN, keep: Path | None = None, *, least: int = NODES_MIN
    ) -> None:
        if not least <= nodes <= len(NODE_NAMES) - SPARE:
            raise BoxError(f"{nodes} nodes: the box holds {least} to {len(NODE_NAMES) - SPARE}")
        self.names = list(NODE_NAMES[:nodes])
        self.places: Places = find_places(nodes=max(FEW, nodes + SPARE))
        self._keys = {name: _key_pair() for name in NODE_NAMES[: nodes + SPARE]}
        self._console = _key_pair()
        self.agents: dict[str, Agent] = {}
        self.program: tuple[str, ...] = AGENT
        self.mark = secrets.token_hex(12)
        # Nothing before this line leaves anything behind; everything after it is watched over.
        self.folder = _folder(keep)
        self._warden = _start_warden(self.mark, "" if keep else str(self.folder))
        self._parent_read, self._parent_write = os.pipe()
        self.recipe = Recipe(
            places=self.places,
            folder=self.folder,
            mark=self.mark,
            keys={name: public for name, (public, _) in self._keys.items()},
            console_key=self._console[0],
        )
        self.access_file = self.folder / "console.toml"
        self.first = base_text(self.recipe, self.names)

    # -- files

    @property
    def spare(self) -> str:
        """Return the node that has a key but does not run from the start."""
        return NODE_NAMES[len(self._keys) - 1]

    def access(self) -> Access:
        """Return the console's access to the agents that were started."""
        addresses = tuple(self._address(name) for name in self.names)
        return Access(self._console[0], self._console[1], addresses)

    def access_to(self, name: str) -> Access:
        """Return the console's access to one agent alone, the spare one included."""
        return self.access().to([self._address(name)])

    def _address(self, name: str) -> AgentAddress:
        host = self.places.node("public1", NODE_NAMES.index(name))
        _, _, admin, event = self.places.ports
        return AgentAddress(
            name, f"tcp://{host}:{admin}", f"tcp://{host}:{event}", self._keys[name][0]
        )

    def service_at(self, group: str) -> tuple[str, int]:
        """Return address and port at which clients find `group`."""
        return self.recipe.address_of(group), self.places.service_port

    @property
    def example_file(self) -> Path:
        """Return where the example of a change lies, a whole configuration."""
        return self.folder / "add-group.toml"

    def write(self) -> Path:
        """Write access file, configuration and an example of a change; return the configuration."""
        access.save(self.access(), self.access_file)
        configuration = self.folder / "cluster.toml"
        configuration.write_text(self.first)
        example = with_group(self.first, self.recipe, "mail", (self.names[1], self.names[0]))
        self.example_file.write_text(example)
        for group in ("web", "orders"):
            (self.folder / "shared" / group).mkdir(parents=True, exist_ok=True)
        return configuration

    # -- agents

    def start(self) -> None:
        """Set up and start every node; AgentError with an agent's words on failure."""
        self.set_up()
        self.run_all()

    def set_up(self) -> None:
        """Make every node's state directory; nothing runs yet."""
        configuration = self.write()
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: self._prepare(name, configuration), self.names))

    def run_all(self) -> None:
        """Start the agents of all nodes that are set up."""
        for name in self.agents:
            self.run(name)

    def _prepare(self, name: str, configuration: Path, *, join: bool = False) -> None:
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        agent = Agent(name, folder, self.mark, self.program)
        public, secret = self._keys[name]
        descriptor = os.open(agent.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f'public = "{public}"\nsecret = "{secret}"\n')
        self.agents[name] = agent
        agent.prepare(configuration, join=join)

    def run(self, name: str) -> None:
        """Start the agent of a node that is set up."""
        self.agents[name].start(self._parent_read)

    def join(self, name: str, text: str) -> None:
        """Set up and start a node that is to be added by changing to the configuration `text`."""
        configuration = self.folder / f"{name}-joins.toml"
        configuration.write_text(text)
        self._prepare(name, configuration, join=True)
        self.run(name)

    def adopt(self, name: str) -> None:
        """Count an added node in, for consoles too."""
        if name not in self.names:
            self.names.append(name)
            access.save(self.access(), self.access_file)

    def last_words(self) -> Sequence[str]:
        """Return the ends of all logs, each line with its node's name."""
        return [
            f"{name}: {line}" for name, agent in self.agents.items() for line in agent.last_words()
        ]

    # -- the end

    def close(self) -> None:
        """End everything: agents first by themselves, then by force; remove the folder."""
        if self._parent_write < 0:
            return
        os.close(self._parent_write)
        self._parent_write = -1
        for agent in self.agents.values():
            agent.thaw()
        deadline = time.monotonic() + GRACE_S
        while warden.marked(self.mark) and time.monotonic() < deadline:
            for agent in self.agents.values():
                agent.reap()
            time.sleep(0.02)
        os.close(self._parent_read)
        assert self._warden.stdin is not None
        self._warden.stdin.close()
        self._warden.wait(WARDEN_S)
        for agent in self.agents.values():
            agent.reap()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _folder(keep: Path | None) -> Path:
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="clustertui-demo-"))
    try:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(keep.iterdir()):
            raise BoxError(f"{keep} is not empty; name a new folder")
        keep.chmod(0o700)
    except OSError as error:
        raise BoxError(f"{keep}: {error.strerror}") from None
    return keep.resolve()


def _key_pair() -> tuple[str, str]:
    public, secret = zmq.curve_keypair()
    return public.decode("ascii"), secret.decode("ascii")


def _start_warden(mark: str, folder: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-I", "-S", warden.__file__, mark, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
