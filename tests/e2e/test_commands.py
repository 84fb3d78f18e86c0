"""The subcommands on a real cluster, as a script would call them."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from tests.e2e import support
from tests.e2e.support import until
from tui.demo.box import Box

pytestmark = [pytest.mark.xdist_group("cluster-in-a-box"), pytest.mark.timeout(180)]
LIMIT_S = 40.0


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box() as made:
        made.start()
        until(lambda: status(made)["cluster"].get("state") == "stable", LIMIT_S, "a stable cluster")
        yield made


def command(box: Box, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "tui.cli", "--key", str(box.access_file), *arguments]


def run(box: Box, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(box, *arguments),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def status(box: Box) -> Any:
    return support.status(box.access_file)


def owner(box: Box, group: str) -> str:
    return str(status(box)["cluster"]["owners"][group])


def test_example_of_a_change_is_right_and_can_be_applied(box: Box) -> None:
    example = str(box.folder / "add-group.toml")

    assert run(box, "check", example).returncode == 0
    assert "+ group.mail" in run(box, "diff", example).stdout
    planned = run(box, "plan", example)
    assert "mail    started    bravo" in planned.stdout, planned
    applied = run(box, "apply", example, "--json", "--reason", "example")

    assert applied.returncode == 0, applied
    lines = [json.loads(line) for line in applied.stdout.splitlines()]
    assert lines[-1]["result"] == "done"
    done = {(line["step"], line["node"]) for line in lines[:-1] if line["state"] == "done"}
    assert {("acquire", "bravo"), ("activate", "alpha"), ("activate", "charlie")} <= done
    assert owner(box, "mail") == "bravo"


def test_what_was_decided_is_told_and_taken_back(box: Box) -> None:
    said = run(box, "history", "2")
    assert "+ group.mail" in said.stdout
    assert "mail: nobody > " in said.stdout
    assert "same unbroken chain" in run(box, "history", "--verify").stdout
    assert "it starts, startup home-node" in run(box, "why", "mail").stdout

    taken_back = run(box, "rollback", "2", "--undo", "--yes")

    assert taken_back.returncode == 0, taken_back.stderr
    assert "mail" not in status(box)["cluster"]["owners"]
    again = run(box, "apply", str(box.folder / "add-group.toml"))
    assert again.returncode == 0, again.stderr


def test_group_is_moved(box: Box) -> None:
    moved = run(box, "move", "web", "bravo")

    assert moved.returncode == 0, moved
    assert moved.stdout.splitlines()[-1].startswith("done: ")
    assert owner(box, "web") == "bravo"
    assert run(box, "move", "web", "alpha").returncode == 0


def test_own_commands_run_before_and_after_a_move(box: Box) -> None:
    before = run(box, "export", "configuration").stdout
    script, notes, file = box.folder / "note.sh", box.folder / "notes", box.folder / "events.toml"
    words = "$CLUSTERTUI_STAGE $CLUSTERTUI_EVENT $CLUSTERTUI_GROUP $CLUSTERTUI_OBSERVER"
    script.write_text(
        f'#!/bin/sh\necho "{words}" >> {notes}\n'
        f'test "$CLUSTERTUI_STAGE" != pre || ! test -e {notes}.no || {{ echo not now; exit 3; }}\n'
    )
    script.chmod(0o755)
    table = {"on": ["group-online", "group-offline"], "seconds": 10, "groups": ["web"]}
    table |= {stage: [str(script)] for stage in ("pre", "post", "notify")}
    file.write_text(edit.add(before, ("event", "note"), table))
    assert run(box, "apply", str(file)).returncode == 0

    assert run(box, "move", "web", "bravo").returncode == 0

    def noted() -> set[str]:
        return set(notes.read_text().splitlines()) if notes.exists() else set()

    wanted = {f"{stage} group-offline web alpha" for stage in ("pre", "post")}
    wanted |= {f"{stage} group-online web bravo" for stage in ("pre", "post")}
    wanted |= {f"notify group-online web {node}" for node in ("alpha", "bravo", "charlie")}
    until(lambda: wanted <= noted(), LIMIT_S, f"commands on all nodes, {noted()}")
    Path(f"{notes}.no").touch()
    refused = run(box, "move", "web", "alpha")
    assert refused.returncode == 7, refused
    assert "pre command note" in refused.stdout + refused.stderr
    assert "not now" in refused.stdout + refused.stderr
    assert owner(box, "web") == "bravo"
    told = run(box, "events", "--group", "web", "--kind", "group-online", "--json").stdout
    lines = [json.loads(line) for line in told.splitlines()]
    assert ("group-online", "bravo") in {(line["event"], line["at"]) for line in lines}
    assert run(box, "events", "--kind", "group-onlin").returncode == 2
    Path(f"{notes}.no").unlink()
    assert run(box, "apply", str(file)).returncode == 0
    assert run(box, "move", "web", "alpha").returncode == 0


def test_change_on_probation_returns_by_itself_when_its_console_is_gone(box: Box) -> None:
    before = run(box, "export", "configuration").stdout
    file = box.folder / "on-probation.toml"
    file.write_text(edit.set_value(before, ("timing", "suspend-ms"), 12_000))

    applied = run(box, "apply", str(file), "--probation", "2s", "--health", "/bin/true")

    assert applied.returncode == 0, applied
    assert "clustertui confirm keeps it" in applied.stderr
    until(lambda: not status(box)["cluster"]["probation"], LIMIT_S, "the end of the probation")
    assert run(box, "export", "configuration").stdout == before
    digest = json.loads(run(box, "rehearse", str(file), "--json").stdout.splitlines()[-1])
    wanted = ("--rehearsed", digest["rehearsed"], "--probation", "1h")
    kept = run(box, "apply", str(file), *wanted)
    assert kept.returncode == 0, kept
    assert run(box, "move", "web", "bravo").returncode == 3
    assert (
        run(box, "confirm").stdout == f"confirmed: epoch {status(box)['cluster']['epoch']} stays\n"
    )
    assert run(box, "confirm").returncode == 1


def test_node_goes_to_standby_and_serves_again(box: Box) -> None:
    before = run(box, "export", "configuration").stdout

    idle = run(box, "node", "standby", "alpha", "--reason", "new disks")

    assert idle.returncode == 0, idle
    assert "alpha stays in and votes" in idle.stderr
    shown = status(box)
    assert shown["standby"] == ["alpha"]
    assert "alpha" in shown["cluster"]["view"]
    assert "alpha" not in shown["cluster"]["owners"].values()
    assert run(box, "move", "web", "alpha").returncode == 1
    assert run(box, "node", "resume", "alpha").returncode == 0
    assert run(box, "export", "configuration").stdout == before
    assert run(box, "move", "web", "alpha").returncode == 0


def test_group_is_held_taken_offline_and_brought_online(box: Box) -> None:
    assert run(box, "group", "hold", "web", "--for", "10m").returncode == 0
    refused = run(box, "group", "offline", "web")
    assert refused.returncode == 3
    assert "web is held" in refused.stdout
    (web,) = [group for group in status(box)["groups"] if group["group"] == "web"]
    assert (web["state"], web["held"][:10]) == ("online", "held until")
    assert run(box, "group", "unhold", "web").returncode == 0

    assert run(box, "group", "offline", "web").returncode == 0
    assert owner(box, "web") == ""
    assert run(box, "group", "online", "web").returncode == 0
    assert owner(box, "web") == "alpha"


def test_stale_base_is_6_and_touches_nothing(box: Box) -> None:
    before = status(box)["cluster"]
    changed = box.folder / "stale.toml"
    changed.write_text(box.first)

    assert run(box, "apply", str(changed), "--base", "0" * 64).returncode == 6
    assert status(box)["cluster"]["epoch"] == before["epoch"]


def test_file_that_was_overtaken_is_merged_and_applied(box: Box) -> None:
    """Both were made from the same text; agents remember it by its digest."""
    base = run(box, "export", "configuration").stdout
    digest = file_digest(base.encode())
    first, mine = box.folder / "first.toml", box.folder / "mine.toml"
    first.write_text(edit.set_value(base, ("group", "orders", "fallback"), "higher-priority"))
    mine.write_text("# mine\n" + edit.set_value(base, ("group", "web", "fallback"), "never"))
    merged = box.folder / "merged.toml"
    assert run(box, "apply", str(first)).returncode == 0

    refused = run(box, "apply", str(mine), "--base", digest)
    done = run(box, "merge", str(mine), "--base", digest, "--output", str(merged))

    assert refused.returncode == 6, refused
    assert "~ group.orders fallback" in refused.stderr
    assert done.returncode == 0, done
    assert run(box, "apply", str(merged)).returncode == 0
    active = run(box, "export", "configuration").stdout
    assert active.startswith("# mine\n")
    groups = tomllib.loads(active)["group"]
    assert (groups["orders"]["fallback"], groups["web"]["fallback"]) == ("higher-priority", "never")


def test_agent_that_dies_during_a_change_does_not_hide_its_end(box: Box) -> None:
    """The first agent of the access file coordinates; it is killed while the command follows."""
    text = box.first + "\n# a comment more\n"
    changed = box.folder / "comment.toml"
    changed.write_text(text)
    before = status(box)["cluster"]["epoch"]
    with subprocess.Popen(
        command(box, "apply", str(changed), "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        while '"stage"' not in process.stdout.readline():
            assert process.poll() is None
        box.agents["alpha"].power_off()
        out, err = process.communicate(timeout=60)
    last = json.loads(out.splitlines()[-1])
    try:
        # 1: undone, but the lost node could not prove it
        assert process.returncode in {"done": {0}, "aborted": {1, 7}}[last["result"]], (out, err)
        until(lambda: not status(box)["cluster"]["lock"], LIMIT_S, "a free lock")
        after = status(box)["cluster"]["epoch"]
        assert after == before + (last["result"] == "done"), (out, err)
    finally:
        box.run("alpha")
        until(lambda: status(box)["cluster"].get("state") == "stable", LIMIT_S, "a stable cluster")


def test_events_are_followed_until_interrupted(box: Box) -> None:
    with subprocess.Popen(
        command(box, "events", "--follow", "--json"),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["type"] == "EventLine"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)

    assert process.returncode == 130


def test_reader_that_goes_away_is_no_trouble(box: Box) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command(box, "status"),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)

    assert done.returncode == 1
    assert done.stderr == ""


def test_foreign_key_is_refused(box: Box, tmp_path: Path) -> None:
    from nodeagent.client import access
    from tests.unit.client.fake_agent import key_pair

    file = tmp_path / "stranger.toml"
    access.save(access.Access(*key_pair(), box.access().agents), file)
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", "--key", str(file), "status"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "no agent admits this key" in done.stderr
