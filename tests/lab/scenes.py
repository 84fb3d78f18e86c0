"""Scenes with Debian's unmodified OCF agents; run one in a place of its own: NAME FOLDER.

Each starts, watches and stops a resource by our drivers, and looks itself at what the agent did.
"""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from nodeagent.drivers.leftovers import Leftovers
from nodeagent.drivers.watchdog import Watchdog
from nodeagent.model.configuration import Ocf
from tests.contract.agents import Agent
from tests.contract.waiting import until
from tests.lab.place import OCF, program

ADDRESS = "192.0.2.7"
Look = Callable[[], bool]


def run(*arguments: str) -> str:
    """Run a program to its end and return what it printed."""
    return subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=60).stdout


def ocf(name: str, **parameters: str) -> Ocf:
    """Return a resource of one of Debian's agents."""
    return Ocf(agent=f"heartbeat:{name}", parameters=parameters)


async def cycle(agent: Agent, resource: Ocf, up: Look, rounds: int = 2) -> None:
    """Start, watch and stop it `rounds` times; `up` is what an onlooker sees."""
    validated = await agent.run("validate", resource)
    assert validated.ok, validated
    for _ in range(rounds):
        before = await agent.run("monitor", resource)
        assert before.code == "stopped", before
        for _ in range(2):
            started = await agent.run("start", resource, limit_s=60)
            assert started.ok, started
            assert up()
        watched = await agent.run("monitor", resource)
        assert (watched.ok, watched.code) == (True, "ok"), watched
        for _ in range(2):
            stopped = await agent.run("stop", resource, limit_s=60)
            assert stopped.ok, stopped
            assert not up()
    assert agent.records() == []
    assert Leftovers(agent.context.state_directory).end_all() == []


# --- resources, each with what an onlooker sees of it ---


def veth_address() -> Ocf:
    """Make an interface that leads nowhere, and return an address on it."""
    run("ip", "link", "add", "lab0", "type", "veth", "peer", "name", "lab1")
    for name in ("lab0", "lab1", "lo"):
        run("ip", "link", "set", name, "up")
    return ocf("IPaddr2", ip=ADDRESS, cidr_netmask="24", nic="lab0", arp_count="1")


def has_address() -> bool:
    return ADDRESS in run("ip", "address", "show", "dev", "lab0")


def loop_disk(folder: Path) -> Ocf:
    """Make a file system in a file; where this kernel has no loop devices, bind a folder."""
    (folder / "mounted").mkdir()
    image = folder / "disk"
    with image.open("wb") as file:
        file.truncate(8 << 20)
    run("mkfs.ext4", "-q", "-F", str(image))
    try:
        device = run("losetup", "--find", "--show", str(image)).strip()
    except subprocess.CalledProcessError:
        device = ""
    if device:
        print(f"on {device}")
        return ocf("Filesystem", device=device, directory=str(folder / "mounted"), fstype="ext4")
    (folder / "source").mkdir()
    return ocf(
        "Filesystem",
        device=str(folder / "source"),
        directory=str(folder / "mounted"),
        fstype="none",
        options="bind",
    )


def is_mounted(folder: Path) -> bool:
    return f" {folder}/mounted " in Path("/proc/self/mounts").read_text()


def give_back(resource: Ocf) -> None:
    device = resource.parameters["device"]
    if device.startswith("/dev/loop"):
        run("losetup", "--detach", device)


def web_server(folder: Path) -> Ocf:
    """Return an nginx with a configuration of its own."""
    file = folder / "nginx.conf"
    file.write_text(
        f"pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        "events {}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body;\n"
        f"  proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;\n"
        f"  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n"
        "  server { listen 127.0.0.1:8080; location / { return 200 'hello'; } } }\n"
    )
    return ocf(
        "nginx",
        configfile=str(file),
        httpd=program("nginx"),
        status10url="http://127.0.0.1:8080/",
    )


def answers(port: int) -> bool:
    """Return whether somebody listens on a port of this network."""
    wanted = f":{port:04X}"
    lines = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(wanted) and line.split()[3] == "0A" for line in lines)


def database(folder: Path) -> Ocf:
    """Make a PostgreSQL cluster and return it as a resource."""
    place = folder / "pg"
    for made in (place, Path("/run/postgresql")):
        made.mkdir()
        shutil.chown(made, "postgres", "postgres")
    data = place / "data"
    run("runuser", "-u", "postgres", "--", program("initdb"), "-D", str(data), "-A", "trust")
    return ocf(
        "pgsql",
        pgctl=program("pg_ctl"),
        psql=program("psql"),
        pgdata=str(data),
        pgport="5433",
        socketdir=str(place),
        pghost="127.0.0.1",
        logfile=str(place / "log"),
    )


def runs(command: str) -> bool:
    """Return whether a process with this command line lives here."""
    found = (
        file.read_bytes().replace(b"\0", b" ") for file in Path("/proc").glob("[0-9]*/cmdline")
    )
    return any(line.decode(errors="replace").strip() == command for line in found)


# --- scenes ---


async def play_dummy(folder: Path, agent: Agent) -> None:
    state = agent.context.ocf_temporary / "Dummy-web.thing.state"
    await cycle(agent, ocf("Dummy"), state.exists)


async def play_stateful(folder: Path, agent: Agent) -> None:
    state = agent.context.ocf_temporary / "Stateful-web.thing.state"
    await cycle(agent, ocf("Stateful"), state.exists)


async def play_anything(folder: Path, agent: Agent) -> None:
    resource = ocf("anything", binfile="/bin/sleep", cmdline_options="987654.25")
    await cycle(agent, resource, lambda: runs("/bin/sleep 987654.25"))


async def play_symlink(folder: Path, agent: Agent) -> None:
    target, link = folder / "target", folder / "link"
    target.write_text("")
    await cycle(agent, ocf("symlink", target=str(target), link=str(link)), link.is_symlink)


async def play_delay(folder: Path, agent: Agent) -> None:
    state = agent.context.ocf_temporary / "Delay_web.thing"
    resource = ocf("Delay", startdelay="1", stopdelay="0", mondelay="0")
    await cycle(agent, resource, state.exists)


async def play_route(folder: Path, agent: Agent) -> None:
    veth_address()
    run("ip", "address", "add", "198.51.100.1/24", "dev", "lab0")
    resource = ocf("Route", destination="203.0.113.0/24", gateway="198.51.100.9", device="lab0")
    await cycle(agent, resource, lambda: "203.0.113.0/24" in run("ip", "route"))


async def play_address(folder: Path, agent: Agent) -> None:
    await cycle(agent, veth_address(), has_address)


async def play_filesystem(folder: Path, agent: Agent) -> None:
    resource = loop_disk(folder)
    try:
        await cycle(agent, resource, lambda: is_mounted(folder))
    finally:
        give_back(resource)


async def play_nginx(folder: Path, agent: Agent) -> None:
    run("ip", "link", "set", "lo", "up")
    await cycle(agent, web_server(folder), lambda: answers(8080))


async def play_pgsql(folder: Path, agent: Agent) -> None:
    run("ip", "link", "set", "lo", "up")
    await cycle(agent, database(folder), lambda: answers(5433))


async def play_death(folder: Path, agent: Agent) -> None:
    """The node agent is killed: address, mount and server are gone without it."""
    resources = {"disk": loop_disk(folder), "address": veth_address(), "server": web_server(folder)}
    up: tuple[Look, ...] = (lambda: is_mounted(folder), has_address, lambda: answers(8080))
    (folder / "resources").write_bytes(msgspec.json.encode(resources))
    words = [sys.executable, "-m", "tests.lab.scenes", "victim", str(folder)]
    agent_to_kill = subprocess.Popen(words)  # noqa: ASYNC220  # nothing else runs here
    await until((folder / "started").exists, "the victim's start")
    assert [look() for look in up] == [True, True, True]

    agent_to_kill.kill()

    await until(lambda: not any(look() for look in up), "the end of all that it had started")
    give_back(resources["disk"])


async def victim(folder: Path, agent: Agent) -> None:
    """Be an agent that starts its resources under a watchdog, and waits to be killed."""
    resources = msgspec.json.decode((folder / "resources").read_bytes(), type=dict[str, Ocf])
    watchdog = Watchdog.start(agent.context.state_directory, 60.0)
    for name, resource in resources.items():
        outcome = await agent.run("start", resource, name=name, limit_s=60)
        assert outcome.ok, (name, outcome)
    assert watchdog.pet()
    (folder / "started").write_text("")
    await asyncio.sleep(100)


SCENES: dict[str, Callable[[Path, Agent], Awaitable[None]]] = {
    name.removeprefix("play_"): scene
    for name, scene in globals().items()
    if name.startswith("play_")
} | {"victim": victim}


async def main(name: str, folder: Path) -> None:
    """Play one scene; /run is its own, for agents keep their process numbers there."""
    if name != "victim":
        run("mount", "-t", "tmpfs", "tmpfs", "/run")
    agent = Agent(folder / "state", ocf_root=OCF)
    try:
        await SCENES[name](folder, agent)
    finally:
        agent.drivers.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
