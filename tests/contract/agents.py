"""What the drivers' suites share: an agent's drivers, jobs, and looking at processes."""

import random
import shutil
from pathlib import Path

from nodeagent.drivers.base import Action, Context, Job, Outcome
from nodeagent.drivers.registry import Drivers
from nodeagent.model.configuration import Application, Ocf, Resource
from nodeagent.model.ownership import Token

SHELL = "/bin/sh"
LIMIT_SECONDS = 20.0


class Agent:
    """The drivers of one node, with what they told."""

    def __init__(
        self,
        directory: Path,
        node: str = "alpha",
        claim_port: int = 17414,
        ocf_root: Path | None = None,
        system_bus: str = "unix:path=/nowhere",
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.context = Context(
            node,
            directory,
            claim_port,
            ocf_root=ocf_root or directory.parent / "ocf",
            ocf_temporary=directory / "temporary",
            system_bus=system_bus,
            systemctl=directory / "systemctl",
        )
        self.context.ocf_temporary.mkdir(exist_ok=True)
        self.exits: list[tuple[str, str, str]] = []
        self.talk: list[tuple[int | str, str]] = []
        self.drivers = Drivers(
            self.context,
            lambda *told: self.exits.append(told),
            on_talk=lambda *told: self.talk.append(told),
        )

    async def run(
        self,
        action: Action,
        resource: Resource,
        *,
        limit_s: float = LIMIT_SECONDS,
        slot: int = 1,
        name: str = "thing",
    ) -> Outcome:
        job = Job(1, "web", name, resource, action, limit_s, Token(slot=slot))
        return await self.drivers.run(job)

    def records(self) -> list[Path]:
        folder = self.context.state_directory / "running"
        return sorted(folder.iterdir()) if folder.exists() else []


def shell(
    script: str, *, background: bool = False, stop: str = "", monitor: str = "", seconds: float = 15
) -> Application:
    """Return an application whose programs are lines of shell."""
    return Application(
        start=(SHELL, "-c", script),
        stop=(SHELL, "-c", stop) if stop else (),
        monitor=(SHELL, "-c", monitor) if monitor else (),
        process="background" if background else "foreground",
        start_seconds=seconds,
        stop_seconds=seconds,
        monitor_seconds=seconds,
    )


def install(place: Path, name: str = "thing", script: str = "") -> Path:
    """Put an OCF agent below `place` as its owner would; return its file."""
    file = place / "ocf" / "resource.d" / "test" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    for folder in file.parents[:3]:
        folder.chmod(0o755)
    if script:
        file.write_text(script)
    else:
        shutil.copyfile(Path(__file__).parent / "ocf" / "thing", file)
    file.chmod(0o755)
    return file


def thing(place: Path, **parameters: str) -> Ocf:
    """Return a resource of the agent whose answers its parameters choose."""
    install(place)
    return Ocf(agent="test:thing", parameters={"needed": "yes", **parameters})


def marker() -> str:
    """Return a number of seconds to sleep that tells a process apart from all others."""
    return f"{random.randint(10**6, 10**8)}.{random.randint(1, 10**6)}"


def sleeping(mark: str) -> list[int]:
    """Return the living processes that sleep for `mark` seconds."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            continue
        if words[:2] == [b"sleep", mark.encode()] and state != "Z":
            found.append(int(folder.name))
    return found
