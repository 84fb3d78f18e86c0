"""The story of three hosts with the times of a real cluster, and a web server from elsewhere.

What depends on the default times is told here: an agent that dies and comes back before anybody
takes over, an adapter that falls silent, a host without a good one, and an agent that stays away.
"""

import asyncio
import time

from nodeagent.config import edit
from nodeagent.model.configuration import Timing
from tests.lab import changes, deaths
from tests.lab.needs import MissingError
from tests.lab.place import program
from tests.lab.plan import SERVICE_PORT, address_of
from tests.lab.stage import RECOVER_S, Stage, Steps
from tests.lab.tour import Tour
from tests.support.witness import services
from tui.demo.watch import require

NGINX = "mail"
"""The group that nginx serves, beside *web*, whose host it shares."""
RESTART_S = 0.1
"""So soon the systemd unit starts an agent again (`RestartSec`)."""
STARTED = "agent started"
STARTED_S = (Timing().dead_after_ms - 3 * Timing().heartbeat_ms) / 1000
"""An agent that takes longer to start may be heard too late: others take over what it ran."""
ADOPTED_S = (Timing().adopt_ms + 500) / 1000
"""By then the dead agent's deadman would have ended what it ran."""
_CONFIGURATION = """\
daemon off; pid /run/nginx.pid; error_log stderr; worker_processes 1; user root;
events {{}}
http {{
    access_log off; default_type application/json;
    client_body_temp_path /run/body; proxy_temp_path /run/proxy; fastcgi_temp_path /run/fastcgi;
    uwsgi_temp_path /run/uwsgi; scgi_temp_path /run/scgi;
    server {{
        listen {address}:{port};
        location / {{ return 200 '{{"node": "$hostname", "count": $msec}}'; }}
    }}
}}
"""


def steps(stage: Stage) -> Steps:
    """Return the steps in their order."""
    tour = Tour(stage)
    return (
        ("stable", lambda: changes.stable(stage)),
        ("add-nginx", lambda: add_nginx(stage)),
        ("agent-restarted", lambda: agent_restarted(stage)),
        ("adapter-silent", tour.adapter_silent),
        ("no-adapter", lambda: no_adapter(stage)),
        ("agent-killed", lambda: deaths.of_owner(stage, "web", deaths.agent_killed)),
    )


async def add_nginx(stage: Stage) -> str:
    """A DARE of resources under load: nginx, on the host of *web*."""
    server = program("nginx")
    if not server:
        raise MissingError("nginx is not installed (Debian: nginx-light)")
    file, address = stage.lab.folder / "nginx.conf", address_of(NGINX)
    file.write_text(_CONFIGURATION.format(address=address, port=SERVICE_PORT))
    resources = {
        "address": {"type": "service-address", "network": "public1", "address": address},
        "server": {
            "type": "application",
            "start": (server, "-c", str(file)),
            "process": "foreground",
            "interval-seconds": 1.0,
        },
    }
    group = {"nodes": stage.lab.cast.members, "resource": resources}
    text = edit.add(await changes.active(stage), ("group", NGINX), group)
    return await changes.change(stage, text, "add nginx")


async def agent_restarted(stage: Stage) -> str:
    """kill -9 of the agent, which is started again as the unit does: no service notices."""
    before, began = await stage.owners(), time.monotonic()
    host = before["web"]
    served = [group for group, owner in before.items() if owner == host]
    ran = await _running(stage, host)
    await asyncio.to_thread(stage.lab.agents[host].kill)
    await asyncio.sleep(RESTART_S)
    starts = stage.lab.told(host, STARTED)
    await asyncio.to_thread(stage.lab.run, host)

    async def started() -> None:
        require(stage.lab.told(host, STARTED) > starts, "it did not start")

    await stage.watch.until(started, RECOVER_S, f"the agent of {host} starts")
    started_s = time.monotonic() - began

    async def over() -> None:
        now = await _running(stage, host)
        require(now == ran, f"{ran} became {now}")
        require(time.monotonic() > began + ADOPTED_S, "it may still end")

    after = await stage.settled()
    seconds = time.monotonic() - began
    if after != before and started_s > STARTED_S:
        raise MissingError(f"others took over: the agent took {started_s:.1f} s to start here")
    await stage.watch.until(over, RECOVER_S, "the time in which they would have ended is over")
    require(await stage.settled() == before, "a group moved")
    kept = await stage.undisturbed(began, *before)
    return (
        f"the agent of {host} was back in charge of {' and '.join(served)} after {seconds:.1f} s, "
        f"and each process is the one that it was; {kept}"
    )


async def _running(stage: Stage, host: str) -> dict[str, str]:
    """Return the processes that serve on `host`, by what they serve."""
    found = {group: str(pid) for pid, group, node in services() if node == host}
    shown = await asyncio.to_thread(
        stage.lab.hosts[host].run, "sh", "-c", "cat /run/nginx.pid 2>/dev/null || true"
    )
    return {**found, "nginx": shown.strip()}


async def no_adapter(stage: Stage) -> str:
    """Both adapters of the owner on one network lose their links: its groups there leave."""
    before, began = await stage.owners(), time.monotonic()
    host = before["web"]
    leaving = [group for group in before if group != "orders"]
    ports = stage.lab.switch.ports(host, plugs=("pub1a", "pub1s"))

    async def left() -> None:
        now = await stage.owners()
        stay = [group for group in leaving if now[group] in {"", host}]
        require(not stay, f"{' and '.join(stay)} still with {host} or nobody")

    await asyncio.to_thread(stage.lab.switch.turn, ports, on=False)
    await stage.watch.until(left, RECOVER_S, f"{' and '.join(leaving)} leave {host}")
    after = await stage.settled()
    seconds = time.monotonic() - began
    kept = await stage.undisturbed(began, "orders")
    await asyncio.to_thread(stage.lab.switch.turn, ports, on=True)
    require(await stage.settled() == after, "a group moved back")
    moved = ", ".join(f"{group} on {after[group]}" for group in leaving)
    return f"{moved} after {seconds:.1f} s, and {host} is in; {kept}"
