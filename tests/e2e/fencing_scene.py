"""Fencing by real agents, run as a program in a mount namespace of its own, as root.

There /usr/sbin is a folder with one fence agent, which ends a machine of the box as a power switch
would. Prints one JSON object of what was seen; any failure is an exception.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from nodeagent.config import edit
from tests.e2e import support
from tests.e2e.support import until
from tui.demo.box import Box

LIMIT_S = 60.0
ROOT = Path(__file__).parents[2]
FENCE_AGENT = """#!{python} -I
import json, sys
sys.path.insert(0, {root!r})
given = dict(line.rstrip("\\n").split("=", 1) for line in sys.stdin if "=" in line)
if given["action"] == "metadata":
    print('<resource-agent name="fence_box"><parameters><parameter name="plug"/>'
          '<parameter name="mark"/><parameter name="password"/></parameters><actions>'
          '<action name="off"/><action name="monitor"/></actions></resource-agent>')
elif given["action"] == "monitor":
    sys.exit(0 if given["password"] == "hunter2" else 1)
elif given["action"] == "off":
    from tui.demo import warden
    if given["plug"] == "charlie":
        sys.exit("charlie's power switch is broken, hunter2")
    sys.exit(0 if warden.end_all(given["mark"], given["plug"]) else 1)
"""


def command(box: Box, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tui.cli", "--key", str(box.access_file), *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def status(box: Box) -> Any:
    return support.status(box.access_file)


def online_at(box: Box, group: str) -> str:
    """Return where a group is online, "" while it is not."""
    found = [g for g in status(box)["groups"] if g["group"] == group and g["state"] == "online"]
    return found[0]["owner"] if found else ""


def stand_in(folder: Path) -> Path:
    """Put the fence agent into /usr/sbin of this namespace; returns a secret's file."""
    programs = folder / "sbin"
    programs.mkdir(mode=0o755)
    agent = programs / "fence_box"
    agent.write_text(FENCE_AGENT.format(python=sys.executable, root=str(ROOT)))
    agent.chmod(0o755)
    subprocess.run(["mount", "--bind", str(programs), "/usr/sbin"], check=True)
    secret = folder / "secret"
    secret.touch(0o600)
    secret.write_text("hunter2\n")
    return secret


def with_devices(box: Box, secret: Path) -> Path:
    text = edit.set_value(box.first, ("cluster", "fence-required"), True)
    for name in box.names:
        parameters = {"plug": name, "mark": box.mark, "password-file": str(secret)}
        device = {"agent": "fence_box", "parameters": parameters, "seconds": 15.0}
        text = edit.add(text, ("node", name, "fence", "switch"), device)
    file = box.folder / "fenced.toml"
    file.write_text(text)
    return file


def play(box: Box, secret: Path) -> dict[str, object]:
    """Freeze owners, and see what becomes of their groups."""
    box.start()
    until(lambda: status(box)["cluster"].get("state") == "stable", LIMIT_S, "a stable cluster")
    applied = command(box, "apply", str(with_devices(box, secret)), "--json")
    assert applied.returncode == 0, applied
    verified = "fence device switch" in applied.stdout

    box.agents["alpha"].freeze()
    until(lambda: online_at(box, "web") == "bravo", LIMIT_S, "web is taken over")
    box.agents["alpha"].reap()
    alive = box.agents["alpha"].alive
    events = command(box, "events").stdout
    shown = command(box, "status").stdout

    box.run("alpha")
    until(lambda: status(box)["cluster"].get("state") == "stable", LIMIT_S, "alpha is back")
    box.agents["charlie"].power_off()
    until(lambda: "could not be fenced" in command(box, "events").stdout, LIMIT_S, "it failed")
    failed = command(box, "events").stdout
    blocked = online_at(box, "orders") == ""
    confirmed = command(box, "fence", "confirm", "charlie", "--yes", "charlie")
    until(lambda: online_at(box, "orders") != "", LIMIT_S, "orders is taken over")
    logs = "".join(agent.log.read_text() for agent in box.agents.values())
    return {
        "verified": verified,
        "alpha lives": alive,
        "fenced": "fenced by switch" in events,
        "shown": "fenced: switch" in shown,
        "failure told": "power switch is broken" in failed,
        "blocked": blocked,
        "confirmed": confirmed.returncode,
        "secret told": "hunter2" in failed + shown + events + logs,
    }


def main() -> None:
    """Play, and print what was seen."""
    with tempfile.TemporaryDirectory() as folder, Box() as box:
        secret = stand_in(Path(folder))
        print(json.dumps(play(box, secret)))


if __name__ == "__main__":
    main()
