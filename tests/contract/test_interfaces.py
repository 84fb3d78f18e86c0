"""Service addresses on real interfaces: a network of its own with another host on it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nodeagent.drivers import neighbours, netlink
from nodeagent.drivers.base import Action, Job, Outcome
from nodeagent.drivers.leftovers import Leftovers
from nodeagent.drivers.links import LinkWatcher
from nodeagent.drivers.watchdog import Watchdog
from nodeagent.model.attachment import Attachment
from nodeagent.model.configuration import ServiceAddress
from tests.contract.agents import LIMIT_SECONDS, Agent
from tests.contract.waiting import until
from tests.support import namespaces
from tests.support.namespaces import Host, run

pytestmark = pytest.mark.skipif(
    bool(namespaces.why_not("setpriv", "ping", "sysctl")),
    reason=namespaces.why_not("setpriv", "ping", "sysctl") or "private places can be made",
)

SUBNET, SERVICE = "10.77.1.0/24", "10.77.1.100"
SUBNET6, SERVICE6 = "fd00:77::/64", "fd00:77::100"
ETH0, ETH1 = Attachment("eth0", SUBNET, ("eth1",)), Attachment("eth1", SUBNET, ("eth0",))
UNPRIVILEGED = """
import asyncio, sys
from pathlib import Path
from tests.contract.agents import Agent
from tests.contract.test_interfaces import do
outcome = asyncio.run(do(Agent(Path(sys.argv[1])), "validate"))
print(f"{outcome.code}: {outcome.text}")
"""


@pytest.fixture
def client() -> Iterator[Host]:
    """Return a client that is joined to eth0 and eth1 of this machine by one switch."""
    with namespaces.private(namespaces.NET):
        host = Host()
        try:
            host.run("ip", "link", "add", "switch", "type", "bridge")
            host.run("ip", "address", "add", "10.77.1.1/24", "dev", "switch")
            host.run("ip", "address", "add", "fd00:77::1/64", "dev", "switch", "nodad")
            for here, there in (("eth0", "port0"), ("eth1", "port1")):
                host.plug(here, there)
                host.run("ip", "link", "set", there, "master", "switch")
            host.run("ip", "link", "set", "switch", "up")
            run("ip", "address", "add", "10.77.1.11/24", "dev", "eth0")
            run("ip", "address", "add", "10.77.1.12/24", "dev", "eth1")
            yield host
        finally:
            host.close()


@pytest.fixture
async def agent(client: Host, tmp_path: Path) -> AsyncIterator[Agent]:
    made = Agent(tmp_path / "state")
    yield made
    made.drivers.close()


async def do(
    agent: Agent, action: Action, at: Attachment = ETH0, address: str = SERVICE
) -> Outcome:
    resource = ServiceAddress(network="public", address=address)
    job = Job(1, "web", "address", resource, action, LIMIT_SECONDS, attachment=at)
    return await agent.drivers.run(job)


def where(address: str = SERVICE) -> list[str]:
    """Return the interfaces that have the address, by ip(8)."""
    told = json.loads(run("ip", "-j", "address"))
    return [one["ifname"] for one in told for a in one["addr_info"] if a["local"] == address]


def reaches(client: Host, address: str = SERVICE, *options: str) -> bool:
    words = client.words("ping", "-c", "1", "-W", "1", *options, address)
    return subprocess.run(words, capture_output=True).returncode == 0


def neighbour(client: Host, address: str) -> str:
    """Return the hardware address that the client has for an address."""
    told = json.loads(client.run("ip", "-j", "neighbour", "show", "to", address) or "[]")
    return str(told[0].get("lladdr", "")) if told else ""


async def test_an_address_comes_and_goes(agent: Agent, client: Host) -> None:
    before = await do(agent, "monitor")
    first, again = await do(agent, "start"), await do(agent, "start")
    running, place = await do(agent, "monitor"), where()
    stopped, gone = await do(agent, "stop"), await do(agent, "stop")

    assert (first.code, again.code, running.code) == ("ok", "ok", "ok"), (first, again, running)
    assert place == ["eth0"]
    assert (stopped.ok, gone.ok, where()) == (True, True, [])
    assert before.code == (await do(agent, "monitor")).code == "stopped"
    assert list((agent.context.state_directory / "placed").iterdir()) == []


async def test_it_has_the_prefix_of_its_network(agent: Agent) -> None:
    await do(agent, "start")

    assert [held.prefix for held in netlink.addresses() if held.address == SERVICE] == [24]


async def test_clients_learn_of_a_move_at_once(agent: Agent, client: Host) -> None:
    """A client that has the old hardware address sends to the new one without asking."""
    await do(agent, "start")
    client.run("sysctl", "-qw", "net.ipv4.conf.switch.arp_accept=1")
    assert reaches(client)
    old = netlink.interfaces()["eth0"].hardware.hex(":")
    await until(lambda: neighbour(client, SERVICE) == old)

    client.run("ip", "link", "set", "port0", "down")
    await do(agent, "stop")
    moved = await do(agent, "start", Attachment("eth1", SUBNET, ("eth0",), moves=True))

    assert (moved.ok, where()) == (True, ["eth1"]), moved
    new = netlink.interfaces()["eth1"].hardware.hex(":")
    await until(lambda: neighbour(client, SERVICE) == new)
    assert reaches(client), "answers leave by the adapter that works"


FAMILIES = pytest.mark.parametrize(
    ("address", "subnet"), [(SERVICE, SUBNET), (SERVICE6, SUBNET6)], ids=["ipv4", "ipv6"]
)


@FAMILIES
async def test_answers_leave_by_its_adapter_while_a_silent_one_keeps_its_link(
    agent: Agent, client: Host, address: str, subnet: str
) -> None:
    """From its own network and from behind a router, whose route is by the silent adapter."""
    far, router = ("198.51.100.9", "10.77.1.1") if ":" not in address else ("fd99::9", "fd00:77::1")
    client.run("ip", "address", "add", far, "dev", "lo")
    if ":" in address:
        run("ip", "address", "add", "fd00:77::11/64", "dev", "eth0", "nodad")
        run("ip", "address", "add", "fd00:77::12/64", "dev", "eth1", "nodad")
    run("ip", "route", "add", "default", "via", router, "dev", "eth0")
    rules = run("ip", "rule") + run("ip", "-6", "rule")
    routes = run("ip", "route", "show", "table", "all") + run("ip", "-6", "route")
    client.run("ip", "link", "set", "port0", "nomaster", "arp", "off")
    client.run("ip", "link", "set", "port0", "address", "02:00:00:00:00:99")  # it hears nothing

    at = Attachment("eth1", subnet, ("eth0",), handed=True)
    started = await do(agent, "start", at, address)

    assert (started.ok, where(address)) == (True, ["eth1"]), started
    await until(lambda: reaches(client, address))
    assert reaches(client, address, "-I", far), "from behind a router"
    await do(agent, "stop", at, address)
    assert run("ip", "rule") + run("ip", "-6", "rule") == rules, "nothing stays of it"
    assert run("ip", "route", "show", "table", "all") + run("ip", "-6", "route") == routes


@FAMILIES
async def test_an_address_of_another_host_is_refused(
    agent: Agent, client: Host, address: str, subnet: str
) -> None:
    prefix = subnet.partition("/")[2]
    at_once = ("nodad",) if ":" in address else ()
    client.run("ip", "address", "add", f"{address}/{prefix}", "dev", "switch", *at_once)

    refused = await do(agent, "start", Attachment("eth0", subnet), address)

    assert (refused.ok, refused.code) == (False, "held"), refused
    assert where(address) == []


async def test_what_was_handed_over_is_used_at_once_and_a_stranger_still_found(
    agent: Agent, client: Host
) -> None:
    client.run("ip", "address", "add", f"{SERVICE}/24", "dev", "switch")
    at = Attachment("eth0", SUBNET, handed=True)

    started = await do(agent, "start", at)

    assert (started.ok, where()) == (True, ["eth0"]), started
    stranger = json.loads(client.run("ip", "-j", "link", "show", "switch"))[0]["address"]

    async def told() -> bool:
        return stranger in (await do(agent, "monitor", at)).text

    deadline = asyncio.get_running_loop().time() + 10
    while not await told():
        assert asyncio.get_running_loop().time() < deadline, "the stranger is not told of"
        await asyncio.sleep(0.02)
    client.run("ip", "address", "del", f"{SERVICE}/24", "dev", "switch")
    assert (await do(agent, "monitor", at)).ok, "a stranger that is gone is held against nobody"
    await do(agent, "stop", at)
    assert (await do(agent, "start", at)).ok
    assert (await do(agent, "monitor", at)).ok, "nor is it after another start"


ASKED = """
import socket
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
wire.bind(("switch", 0x0003))
print("ready", flush=True)
while True:
    frame = wire.recv(2048)
    if frame[12:14] == bytes((8, 6)):
        print(socket.inet_ntoa(frame[28:32]), socket.inet_ntoa(frame[38:42]), flush=True)
"""


@asynccontextmanager
async def overheard(client: Host) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Give a way to wait until the client heard ARP of "SENDER TARGET"."""
    words = client.words(sys.executable, "-c", ASKED)
    listening = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert listening.stdout is not None
    lines = listening.stdout

    async def heard(words: str) -> None:
        async with asyncio.timeout(10):
            while (await lines.readline()).decode().strip() != words:
                pass

    try:
        await heard("ready")
        yield heard
    finally:
        listening.kill()
        await listening.communicate()


async def told_of_a_stranger(agent: Agent) -> None:
    deadline = asyncio.get_running_loop().time() + 10
    while (await do(agent, "monitor")).ok:
        assert asyncio.get_running_loop().time() < deadline, "the stranger is not told of"
        await asyncio.sleep(0.02)


async def test_who_was_asked_for_while_it_was_prepared_is_not_waited_for_again(
    agent: Agent, client: Host
) -> None:
    """A stranger that comes later is not seen by the start: it is found beside."""
    async with overheard(client) as heard:
        assert (await do(agent, "validate")).ok
        for _ in range(neighbours.PROBES):
            await heard(f"10.77.1.11 {SERVICE}")
    client.run("ip", "address", "add", f"{SERVICE}/24", "dev", "switch")

    started = await do(agent, "start")

    assert (started.ok, where()) == (True, ["eth0"]), started
    await told_of_a_stranger(agent)


async def test_a_stranger_that_answered_ahead_is_asked_again(agent: Agent, client: Host) -> None:
    client.run("ip", "address", "add", f"{SERVICE}/24", "dev", "switch")
    assert (await do(agent, "validate")).ok
    refused = await do(agent, "start")
    await do(agent, "stop")
    async with overheard(client) as heard:
        assert (await do(agent, "validate")).ok
        await heard(f"10.77.1.11 {SERVICE}")
        await heard(f"{SERVICE} 10.77.1.11")
    client.run("ip", "address", "del", f"{SERVICE}/24", "dev", "switch")

    started = await do(agent, "start")

    assert (refused.code, started.code, where()) == ("held", "ok", ["eth0"]), (refused, started)
    assert (await do(agent, "monitor")).ok


async def test_it_is_asked_ahead_in_the_name_of_an_address_of_its_subnet(
    agent: Agent, client: Host
) -> None:
    """A host that looks at the way back answers no request from another network."""
    client.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1")
    client.run("sysctl", "-qw", "net.ipv4.conf.switch.rp_filter=1")
    client.run("ip", "address", "add", f"{SERVICE}/24", "dev", "switch")
    run("ip", "address", "del", "10.77.1.11/24", "dev", "eth0")
    run("ip", "address", "add", "192.0.2.5/24", "dev", "eth0")
    assert (await do(agent, "validate")).ok
    alone = await do(agent, "start")
    await do(agent, "stop")
    run("ip", "address", "add", "10.77.1.11/24", "dev", "eth0")
    assert (await do(agent, "validate")).ok

    beside = await do(agent, "start")

    assert (alone.code, beside.code) == ("held", "held"), (alone, beside)


async def test_silence_in_a_dead_cable_is_no_answer(agent: Agent, client: Host) -> None:
    client.run("ip", "address", "add", f"{SERVICE}/24", "dev", "switch")
    client.run("ip", "link", "set", "port0", "down")
    await until(lambda: not netlink.interfaces()["eth0"].working)
    assert (await do(agent, "validate")).ok
    client.run("ip", "link", "set", "port0", "up")
    await until(lambda: netlink.interfaces()["eth0"].working)

    assert (await do(agent, "start")).code == "held"


async def test_what_no_start_used_stands_for_no_later_one(agent: Agent, client: Host) -> None:
    assert (await do(agent, "validate")).ok
    handed = Attachment("eth0", SUBNET, handed=True)
    client.run("ip", "address", "add", f"{SERVICE}/24", "dev", "switch")
    assert (await do(agent, "start", handed)).ok
    await do(agent, "stop", handed)

    assert (await do(agent, "start")).code == "held"


PROBER = """
import socket, sys
from nodeagent.drivers import netlink, neighbours
interface = netlink.interfaces()["switch"]
print("ready", flush=True)
sys.stdin.readline()
print(neighbours.who_has(sys.argv[1], interface, {interface.hardware}), flush=True)
"""


async def test_who_only_wants_what_was_handed_over_is_no_stranger(
    agent: Agent, client: Host
) -> None:
    words = client.words(sys.executable, "-c", PROBER, SERVICE)
    pipe = subprocess.PIPE
    prober = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe)
    assert prober.stdout is not None
    assert await prober.stdout.readline() == b"ready\n"
    at = Attachment("eth0", SUBNET, handed=True)

    started = await do(agent, "start", at)
    found, _ = await prober.communicate(b"go\n")

    assert started.ok
    assert found.strip(), "the prober is told who has it"
    watched = await do(agent, "monitor", at)
    assert watched.ok, watched


async def test_clients_learn_of_a_move_of_an_ipv6_address(agent: Agent, client: Host) -> None:
    first = await do(agent, "start", Attachment("eth0", SUBNET6, ("eth1",)), SERVICE6)
    assert (first.ok, where(SERVICE6)) == (True, ["eth0"]), first
    assert reaches(client, SERVICE6)
    old = netlink.interfaces()["eth0"].hardware.hex(":")
    assert neighbour(client, SERVICE6) == old

    await do(agent, "stop", address=SERVICE6)
    at = Attachment("eth1", SUBNET6, ("eth0",), moves=True)
    moved = await do(agent, "start", at, SERVICE6)

    assert (moved.ok, where(SERVICE6)) == (True, ["eth1"]), moved
    new = netlink.interfaces()["eth1"].hardware.hex(":")
    await until(lambda: neighbour(client, SERVICE6) == new)


async def test_an_address_that_is_here_already_is_not_taken(agent: Agent) -> None:
    run("ip", "address", "add", f"{SERVICE}/24", "dev", "eth1")

    refused = await do(agent, "start")

    assert (refused.code, where()) == ("held", ["eth1"])


async def test_monitor_notices_what_others_do(agent: Agent) -> None:
    await do(agent, "start")
    run("ip", "address", "del", f"{SERVICE}/24", "dev", "eth0")

    outcome = await do(agent, "monitor")

    assert (outcome.ok, outcome.code) == (False, "stopped")
    assert "removed" in outcome.text
    assert (await do(agent, "stop")).ok


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (Attachment("eth7", SUBNET), "no interface eth7"),
        (Attachment("eth0", "10.78.0.0/16"), "not in 10.78.0.0/16"),
        (Attachment(), "no adapter on the network"),
    ],
    ids=["no interface", "other network", "no adapter"],
)
async def test_validate_tells_what_is_wrong(agent: Agent, at: Attachment, words: str) -> None:
    outcome = await do(agent, "validate", at)

    assert (outcome.ok, outcome.code) == (False, "invalid")
    assert words in outcome.text
    assert (await do(agent, "validate")).ok
    assert where() == []


async def test_a_stop_overtakes_a_start(agent: Agent) -> None:
    """The probe goes on in its thread; what it finds must not add the address any more."""
    starting = asyncio.create_task(do(agent, "start"))
    for _ in range(5):
        await asyncio.sleep(0)  # until it is at work

    stopped = await do(agent, "stop")
    assert (stopped.ok, (await starting).code) == (True, "superseded")

    again = await do(agent, "start", ETH1)
    assert (again.ok, where()) == (True, ["eth1"])


async def test_the_next_agent_takes_off_what_a_dead_one_left(agent: Agent, tmp_path: Path) -> None:
    await do(agent, "start")

    told = Leftovers(tmp_path / "state").end_all()

    assert ["taken back" in line for line in told] == [True]
    assert where() == []
    assert Leftovers(tmp_path / "state").end_all() == []


async def test_the_deadman_takes_addresses_off(agent: Agent, tmp_path: Path) -> None:
    await do(agent, "start")
    deadman = Watchdog.start(tmp_path / "state", 0.2)  # nobody feeds it

    await until(lambda: where() == [])

    await until(lambda: not deadman.pet())
    deadman.stop()
    assert (await do(agent, "stop")).ok


async def test_the_end_of_the_agent_takes_addresses_off(agent: Agent) -> None:
    await do(agent, "start")

    agent.drivers.close()

    assert where() == []


async def test_links_tell_when_they_go_and_come(client: Host) -> None:
    with netlink.open_watch() as watch:
        client.run("ip", "link", "set", "port0", "down")
        heard: list[tuple[str, bool]] = []

        def listen() -> bool:
            try:
                data = watch.recv(1 << 16)
            except BlockingIOError:
                return ("eth0", False) in heard
            for kind, body in netlink.messages(data):
                one = netlink.link_of(kind, body)
                if one is not None:
                    heard.append((one.name, one.working))
            return ("eth0", False) in heard

        await until(listen)
    assert not netlink.interfaces()["eth0"].working
    assert netlink.interfaces()["eth0"].up
    assert netlink.interfaces()["eth1"].working


async def test_only_adapters_that_are_interfaces_are_watched(client: Host) -> None:
    """A name alone says nothing: the adapters of a demonstration on loopback have names, too."""
    told: list[tuple[str, bool]] = []
    watcher = LinkWatcher(lambda adapter, up: told.append((adapter, up)))
    watcher.open()
    try:
        watcher.watch({"eth0": "10.77.1.11", "eth1": "127.9.9.9", "eth7": "10.77.1.17"})
        assert told == []
        for port in ("port0", "port1"):
            client.run("ip", "link", "set", port, "down")
        await until(lambda: told == [("eth0", False)])
        for port in ("port1", "port0"):
            client.run("ip", "link", "set", port, "up")
        await until(lambda: told == [("eth0", False), ("eth0", True)])
        client.run("ip", "link", "set", "port0", "down")
        await until(lambda: len(told) == 3)
        run("ip", "link", "del", "eth0")
        watcher.watch({"eth0": "10.77.1.11"})
        assert told[-1] == ("eth0", False)
    finally:
        watcher.close()


async def test_what_is_down_when_watching_begins_is_told(client: Host) -> None:
    client.run("ip", "link", "set", "port0", "down")
    await until(lambda: not netlink.interfaces()["eth0"].working)
    told: list[tuple[str, bool]] = []

    LinkWatcher(lambda adapter, up: told.append((adapter, up))).watch({"eth0": "10.77.1.11"})

    assert told == [("eth0", False)]


async def test_settings_are_changed_only_where_adapters_share_a_network(agent: Agent) -> None:
    def settings(name: str) -> list[str]:
        keys = ("arp_ignore", "ignore_routes_with_linkdown")
        return [run("sysctl", "-n", f"net.ipv4.conf.{name}.{key}").strip() for key in keys]

    await do(agent, "start", Attachment("eth0", SUBNET))
    alone = settings("eth0")
    await do(agent, "stop")
    await do(agent, "start", ETH0)

    assert alone == ["0", "0"]
    assert settings("eth0") == settings("eth1") == ["1", "1"]


async def test_without_privilege_it_says_what_it_needs(agent: Agent, tmp_path: Path) -> None:
    words = ("setpriv", "--bounding-set", "-net_admin,-net_raw", sys.executable, "-c", UNPRIVILEGED)

    told = run(*words, str(tmp_path))

    assert told.startswith("invalid: "), told
    assert "needs CAP_NET_ADMIN" in told
