"""The peer in the lab: Debian's corosync and pacemaker on hosts of the same kind.

Its daemons run in rooms as ours do, each with folders of its own in place of those of the machine.
It is driven by its own low-level programs (cibadmin, crm_resource), which are its quickest. There
is no fencing, as in the lab for ours; unlike ours it then promises nothing about two owners.
"""

import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import dedent

from tests.lab.lab import Poller
from tests.lab.needs import missing_packages
from tests.lab.plan import GROUPS, PLUGS, SERVICE_PORT, Plan, address_of
from tests.lab.room import Room, RoomError
from tests.lab.switch import Switch
from tui.demo import service

PACKAGES = {
    "corosync": "corosync",
    "corosync-cfgtool": "corosync",
    "pacemakerd": "pacemaker",
    "cibadmin": "pacemaker-cli-utils",
    "crm_resource": "pacemaker-cli-utils",
    "crm_mon": "pacemaker-cli-utils",
}
AGENTS = Path("/usr/lib/ocf/resource.d/heartbeat")
LIMIT_S = 60.0
LOOK_S = 0.05
_HIDDEN = {"etc": "/etc/corosync", "pacemaker": "/var/lib/pacemaker", "log": "/var/log"}
_HIDDEN |= {"corosync": "/var/lib/corosync"}
_BOOT = """
set -e
mkdir /run/lab /run/ocf /run/crm /run/resource-agents
mount --bind "$0" /run/lab
for pair in "$@"; do mount --bind "${pair%%=*}" "${pair#*=}"; done
cp -a /usr/lib/ocf/resource.d/. /run/ocf
mkdir /run/ocf/lab
cp "/run/lab/service-agent" /run/ocf/lab/service
mount --bind /run/ocf /usr/lib/ocf/resource.d
mount -t tmpfs none /dev/shm
chown hacluster:haclient /run/crm
"""
_AGENT = f"""\
#!/bin/sh
# The service of the lab as an OCF agent, as small as one can be.
pid="/run/$OCF_RESKEY_group.pid"
runs() {{ [ -s "$pid" ] && kill -0 "$(cat "$pid")" 2>/dev/null; }}
case "$1" in
meta-data)
    cat <<X
<?xml version="1.0"?>
<resource-agent name="service" version="1"><version>1.1</version>
<longdesc lang="en">lab</longdesc><shortdesc lang="en">lab</shortdesc>
<parameters><parameter name="group"><longdesc lang="en">g</longdesc>
<shortdesc lang="en">g</shortdesc><content type="string"/></parameter>
<parameter name="address"><longdesc lang="en">a</longdesc>
<shortdesc lang="en">a</shortdesc><content type="string"/></parameter></parameters>
<actions><action name="start" timeout="20s"/><action name="stop" timeout="20s"/>
<action name="monitor" timeout="20s" interval="1s"/><action name="meta-data" timeout="5s"/>
</actions></resource-agent>
X
    ;;
start)
    runs && exit 0
    CLUSTERTUI_NODE="$(hostname)" setsid {sys.executable} -I -S {service.__file__} \\
        "$OCF_RESKEY_group" "$OCF_RESKEY_address" {SERVICE_PORT} \\
        "/run/lab/shared/$OCF_RESKEY_group" </dev/null >/dev/null 2>&1 &
    echo $! > "$pid"
    ;;
stop)
    runs || {{ rm -f "$pid"; exit 0; }}
    kill "$(cat "$pid")"
    while runs; do sleep 0.01; done
    rm -f "$pid"
    ;;
monitor) runs || {{ [ -s "$pid" ] && exit 1; exit 7; }} ;;
*) exit 3 ;;
esac
exit 0
"""


def why_not() -> str:
    """Return why the peer cannot be shown here, "" if it can."""
    missing = missing_packages(PACKAGES)
    if not (AGENTS / "IPaddr2").exists():
        missing.append("resource-agents")
    if missing:
        return f"missing Debian packages: apt-get install {' '.join(missing)}"
    return ""


class Pacemaker:
    """A cluster of `members` of `plan`. `token_ms`: corosync's, 0 for its default."""

    def __init__(self, folder: Path, plan: Plan, members: Sequence[str], token_ms: int = 0) -> None:
        self.members = list(members)
        self.hosts: dict[str, Room] = {}
        self.pollers: dict[str, Poller] = {}
        self._plan, self._folder, self._token_ms = plan, folder, token_ms
        self._daemons: dict[str, list[subprocess.Popen[bytes]]] = {}
        self.switch = Switch()
        self.switch.connect_client()
        agent = folder / "service-agent"
        agent.write_text(_AGENT)
        agent.chmod(0o755)

    # -- hosts

    def start(self) -> None:
        """Boot all members and wait until each sees all."""
        for name in self.members:
            self.boot(name)
            self.run_daemons(name)
        self.until_online(self.members)
        self.run("crm_attribute", "-t", "crm_config", "-n", "stonith-enabled", "-v", "false")
        self.run("crm_attribute", "-t", "rsc_defaults", "-n", "resource-stickiness", "-v", "100")

    def boot(self, name: str) -> None:
        """Boot a host, with the file by which its daemons will know the others."""
        own = self._folder / "peer" / name
        if not own.exists():
            for part in ("etc", "log", "corosync"):
                (own / part).mkdir(parents=True)
            shutil.copytree("/var/lib/pacemaker", own / "pacemaker")
            for path in (own / "pacemaker", *(own / "pacemaker").rglob("*")):
                shutil.chown(path, "hacluster", "haclient")
            (own / "log" / "pacemaker").mkdir()
            shutil.chown(own / "log" / "pacemaker", "hacluster", "haclient")
        self._write_nodes(name)
        room = self.hosts[name] = Room(name)
        self.switch.connect(room, self._plan)
        pairs = [f"{own / part}={place}" for part, place in _HIDDEN.items()]
        room.run("sh", "-c", _BOOT, str(self._folder), *pairs)

    def run_daemons(self, name: str) -> None:
        """Start the daemons of a host that is up."""
        room = self.hosts[name]
        self._daemons[name] = [
            subprocess.Popen(
                [*room.entrance(), *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for words in (("corosync", "-f"), ("sh", "-c", _PACEMAKER))
        ]

    def power_off(self, name: str) -> None:
        """Take the power from a host."""
        self.hosts[name].freeze()
        self.switch.disconnect(name)
        for daemon in self._daemons.pop(name, []):
            daemon.kill()
            daemon.wait()
        self.hosts.pop(name).end()

    def forget(self, name: str) -> None:
        """Take away what a host that was removed has on its disk."""
        self.power_off(name)
        shutil.rmtree(self._folder / "peer" / name)

    def add(self, name: str) -> None:
        """Add a host that is up: the file on all nodes, a reload, and a start."""
        self.members.append(name)
        for one in self.members:
            self._write_nodes(one)
        self.run("corosync-cfgtool", "-R")
        self.run_daemons(name)
        self.until_online(self.members)

    def remove(self, name: str) -> None:
        """Remove a host: stop it, the file on all nodes, a reload, and forget it."""
        self.hosts[name].run("sh", "-c", _STOP)
        self.members.remove(name)
        for left in self.members:
            self._write_nodes(left)
        self.run("corosync-cfgtool", "-R")
        self.run("crm_node", "--force", "-R", name)
        self.until(lambda: name not in self.nodes(), f"{name} is forgotten")

    def _write_nodes(self, name: str) -> None:
        plugs = {plug.name: plug for plug in PLUGS}
        nodes = "".join(
            "node {\n"
            f"ring0_addr: {self._plan.address(one, plugs['priv1'])}\n"
            f"ring1_addr: {self._plan.address(one, plugs['pub2a'])}\n"
            f"name: {one}\nnodeid: {self._plan.hosts.index(one) + 1}\n}}\n"
            for one in self.members
        )
        token = f"token: {self._token_ms}\n" if self._token_ms else ""
        text = (
            f"totem {{\nversion: 2\ncluster_name: lab\ntransport: knet\n{token}"
            "crypto_cipher: none\ncrypto_hash: none\n}\n"
            f"nodelist {{\n{nodes}}}\n"
            "quorum {\nprovider: corosync_votequorum\n}\n"
            "logging {\nto_stderr: no\nto_syslog: no\nto_logfile: yes\n"
            "logfile: /var/log/corosync.log\n}\n"
        )
        (self._folder / "peer" / name / "etc" / "corosync.conf").write_text(text)

    # -- asking

    def run(self, *words: str) -> str:
        """Run one of its programs on the first living member."""
        first = next(name for name in self.members if name in self.hosts)
        return self.hosts[first].run(*words)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until it holds; RoomError when it does not in time."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                if holds():
                    return
            except (RoomError, ET.ParseError, StopIteration) as error:
                what = f"{what}: {error}"[:300]
            if time.monotonic() > deadline:
                raise RoomError(f"pacemaker: never came: {what}")
            time.sleep(LOOK_S)

    def status(self) -> ET.Element:
        """Return what its monitor shows."""
        return ET.fromstring(self.run("crm_mon", "-1", "--output-as=xml"))

    def nodes(self) -> dict[str, bool]:
        """Return the nodes it knows, and whether each is online."""
        found = self.status().findall("./nodes/node")
        return {one.attrib["name"]: one.attrib["online"] == "true" for one in found}

    def until_online(self, names: Sequence[str]) -> None:
        """Wait until all of these are online, and one of them leads."""

        def online() -> bool:
            status = self.status()
            leads = status.find("./summary/current_dc")
            led = leads is not None and leads.attrib.get("present") == "true"
            known = self.nodes()
            return led and all(known.get(name) for name in names)

        self.until(online, f"{', '.join(names)} online")

    def owner(self, group: str) -> str:
        """Return where the server of `group` runs, "" for nowhere."""
        path = f".//resource[@id='{group}-server'][@active='true']/node"
        found = self.status().findall(path)
        return found[0].attrib["name"] if len(found) == 1 else ""

    def until_idle(self) -> None:
        """Wait until its coordinator has nothing left to do."""
        self.run("crm_resource", "--wait", "--timeout", "60")

    # -- groups

    def add_group(self, group: str, prefers: str = "") -> None:
        """Add a group of service address and application."""
        folder = self._folder / "shared" / group
        folder.mkdir(parents=True, exist_ok=True)
        network = GROUPS[group][0]
        nic = next(p.name for p in PLUGS if (p.network, p.role) == (network, "service"))
        address = address_of(group)
        ip = {"ip": address, "cidr_netmask": "24", "nic": nic}
        server = {"group": group, "address": address}
        text = (
            f'<group id="{group}">'
            + _primitive(f"{group}-ip", "heartbeat", "IPaddr2", ip)
            + _primitive(f"{group}-server", "lab", "service", server)
            + "</group>"
        )
        self.run("cibadmin", "-C", "-o", "resources", "-X", text)
        if prefers:
            self.run(
                *("cibadmin", "-C", "-o", "constraints", "-X"),
                f'<rsc_location id="{group}-home" rsc="{group}" node="{prefers}" score="50"/>',
            )

    def remove_group(self, group: str) -> None:
        """Stop and delete a group."""
        self.run("crm_resource", "-r", group, "--meta", "-p", "target-role", "-v", "Stopped")
        self.until_idle()
        self.run("cibadmin", "-D", "-o", "resources", "-X", f'<group id="{group}"/>')

    def move(self, group: str, node: str) -> None:
        """Let `node` run `group`; the rule that this leaves is taken away later."""
        self.run("crm_resource", "-r", group, "--move", "--node", node, "--quiet")

    def clear(self, group: str) -> None:
        """Take away what a move left."""
        self.run("crm_resource", "-r", group, "--clear", "--quiet")
        self.until_idle()

    def watch_adapter(self) -> None:
        """Watch the service adapters by ethmonitor, as quickly as it can be set to."""
        values = {"interface": "pub1a", "repeat_count": "1", "repeat_interval": "1"}
        one = _primitive("watch", "heartbeat", "ethmonitor", values | {"link_status_only": "true"})
        self.run("cibadmin", "-C", "-o", "resources", "-X", f'<clone id="watches">{one}</clone>')
        rule = (
            '<rsc_location id="web-link" rsc="web"><rule id="web-link-r" score="-INFINITY" '
            'boolean-op="or"><expression id="web-link-1" attribute="ethmonitor-pub1a" '
            'operation="not_defined"/><expression id="web-link-2" attribute="ethmonitor-pub1a" '
            'operation="ne" value="1"/></rule></rsc_location>'
        )
        self.until_idle()
        self.run("cibadmin", "-C", "-o", "constraints", "-X", rule)
        self.until_idle()

    # -- the client

    def watch(self, group: str) -> None:
        """Let the client ask the service of `group` from now on."""
        file = self._folder / f"peer-{group}.jsonl"
        self.pollers[group] = Poller(address_of(group), SERVICE_PORT, file)

    def unwatch(self, group: str) -> None:
        """Ask no more."""
        self.pollers.pop(group).close()

    def close(self) -> None:
        """End everything."""
        for one in self.pollers.values():
            one.close()
        for room in self.hosts.values():
            room.end()
        for daemons in self._daemons.values():
            for daemon in daemons:
                daemon.kill()
                daemon.wait()
        self.switch.close()


_PACEMAKER = dedent(
    """\
    for try in $(seq 200); do
        corosync-cfgtool -s >/dev/null 2>&1 && exec pacemakerd -f
        sleep 0.05
    done
    """
)
_STOP = (
    "pkill -x pacemakerd; while pgrep -x pacemakerd >/dev/null; do sleep 0.05; done; "
    "corosync-cfgtool -H"
)


def _primitive(name: str, provider: str, kind: str, values: Mapping[str, str]) -> str:
    pairs = "".join(
        f'<nvpair id="{name}-{key}" name="{key}" value="{value}"/>' for key, value in values.items()
    )
    return (
        f'<primitive id="{name}" class="ocf" provider="{provider}" type="{kind}">'
        f'<instance_attributes id="{name}-values">{pairs}</instance_attributes>'
        f'<operations><op id="{name}-monitor" name="monitor" interval="1s" timeout="20s"/>'
        "</operations></primitive>"
    )
