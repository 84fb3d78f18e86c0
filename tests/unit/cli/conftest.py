import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nodeagent.client import access
from nodeagent.config.digest import file_digest
from nodeagent.wire.live import GroupLive, LinkLive, NodeLive, Snapshot
from tests.unit.client.fake_agent import FakeAgent, access_to, cluster
from tui.cli import main

KEY = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
ACTIVE = f"""\
format = 1
[cluster]
name = "orders"
[network.public1]
kind = "public"
subnet = "10.10.1.0/24"
[node.alpha]
key = "{KEY}"
[node.alpha.adapter.eth0]
network = "public1"
role = "service"
address = "10.10.1.11"
[node.bravo]
key = "{KEY[:-1]}8"
[node.bravo.adapter.eth0]
network = "public1"
role = "service"
address = "10.10.1.12"
[group.web]
nodes = ["alpha", "bravo"]
[group.web.resource.address]
type = "service-address"
network = "public1"
address = "10.10.1.100"
"""
DIGEST = file_digest(ACTIVE.encode())


def snapshot(observer: str, **values: object) -> Snapshot:
    live = cluster(
        observer,
        digest=DIGEST,
        voters=("alpha", "bravo"),
        view=("alpha", "bravo"),
        owners={"web": "alpha"},
    )
    web = GroupLive("web", "online", since=1.0)
    nodes = (
        NodeLive("alpha", "up", incarnation=1, epoch=1, digest=DIGEST, groups=(web,)),
        NodeLive("bravo", "up", incarnation=1, epoch=1, digest=DIGEST,
                 links=(LinkLive("eth0", "public1", "down", age_ms=12_000),)),
    )  # fmt: skip
    plain = {"cluster": live, "nodes": nodes, "active": ACTIVE, "draft": ACTIVE}
    return Snapshot(**{**plain, **values})  # type: ignore[arg-type]


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


@pytest.fixture
def agents() -> Iterator[tuple[FakeAgent, FakeAgent]]:
    with ExitStack() as stack:
        pair = tuple(stack.enter_context(FakeAgent(name)) for name in ("alpha", "bravo"))
        for agent in pair:
            agent.snapshot = snapshot(agent.name)
        yield pair[0], pair[1]


@pytest.fixture
def key_file(agents: tuple[FakeAgent, FakeAgent], tmp_path: Path) -> Path:
    file = tmp_path / "console.toml"
    access.save(access_to(agents), file)
    return file


@pytest.fixture
def run(key_file: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main(["--key", str(key_file), *map(str, arguments)])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return call


@pytest.fixture
def new_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        file = tmp_path / "new.toml"
        file.write_text(text)
        return file

    return write
