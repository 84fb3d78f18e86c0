"""The parts of the box that need no agent: where it is put, what it is made of, who tidies up."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from socket import socket

import msgspec
import pytest

from nodeagent.config.load import load
from nodeagent.config.plan import plan
from nodeagent.model.reports import has_errors
from tests.support import story
from tui.demo import warden
from tui.demo.agents import Agent
from tui.demo.places import NODE_NAMES, NoPlace, Places, find_places, taken
from tui.demo.recipe import Recipe, base_text, with_adapter, with_group, with_node
from tui.demo.report import Report
from tui.demo.scene import Proof
from tui.demo.warden import MARK, NODE
from tui.demo.watch import NotHeld, stable

LIMIT_S = 10.0
PLACES = Places(77, 10)
KEYS = {name: f"{index:040d}" for index, name in enumerate(NODE_NAMES)}
RECIPE = Recipe(PLACES, Path("/box"), "mark", KEYS, "c" * 40)
NODES = NODE_NAMES[:3]


def wait(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_places_are_three_networks_next_to_each_other() -> None:
    assert PLACES.subnet("public1") == "127.77.10.0/24"
    assert PLACES.node("public2", 1) == "127.77.11.12"
    assert PLACES.service("private", 0) == "127.77.12.101"
    assert PLACES.ports == (7410, 7411, 7412, 7413)


def test_no_address_is_used_twice() -> None:
    uses = list(PLACES.uses())

    assert len(uses) == len(set(uses))


def test_free_places_are_found() -> None:
    assert taken(find_places(random.Random(1))) == ""


def test_taken_places_are_passed_over() -> None:
    first = find_places(random.Random(2))
    with closing(socket()) as other:
        other.bind((first.node("public1", 0), first.ports[0]))
        other.listen()

        assert taken(first).startswith(f"{first.node('public1', 0)}:7410")
        assert find_places(random.Random(2)) != first


def test_other_ports_are_used_where_the_usual_ones_are_taken_everywhere() -> None:
    def judge(places: Places) -> str:
        return "taken" if 7412 in places.ports else ""

    assert 7412 not in find_places(random.Random(3), judge).ports


def test_no_place_is_told_with_the_reason() -> None:
    with pytest.raises(NoPlace, match=r"in 127\.0\.0\.0/8 \(full house\)"):
        find_places(random.Random(4), lambda _: "full house")


@pytest.mark.parametrize("nodes", [3, 4, 5, 7])
def test_configuration_has_no_errors(nodes: int) -> None:
    parsed = load(base_text(RECIPE, NODE_NAMES[:nodes]), "cluster.toml")

    assert not has_errors(parsed.reports), parsed.reports
    assert parsed.configuration is not None
    assert list(parsed.configuration.node) == list(NODE_NAMES[:nodes])
    assert list(parsed.configuration.group) == ["web", "orders"]


def test_groups_start_on_different_nodes() -> None:
    configuration = load(base_text(RECIPE, NODES)).configuration
    assert configuration is not None

    assert configuration.group["web"].nodes[0] != configuration.group["orders"].nodes[0]


def test_changes_of_the_tour_are_planned_as_what_they_are_called() -> None:
    owners = {"web": "alpha", "orders": "charlie"}
    first = base_text(RECIPE, NODES)
    with_reports = with_group(first, RECIPE, "reports", ("bravo", "alpha"))
    with_delta = with_node(with_reports, RECIPE, "delta", ("eth0", "eth2"))
    with_both = with_adapter(with_delta, RECIPE, "delta", "eth1")
    with_both = with_group(with_both, RECIPE, "archive", ("delta", "alpha"))

    kinds = []
    for old, new in ((first, with_reports), (with_reports, with_delta), (with_delta, with_both)):
        before, after = load(old).configuration, load(new).configuration
        assert before is not None
        assert after is not None
        planned = plan(before, after, view=tuple(before.node), owners=owners)
        owners = dict(planned.owners)
        kinds.append(planned.kind)

    assert kinds == ["resources", "topology", "both"]
    assert owners == {
        "web": "alpha",
        "orders": "charlie",
        "reports": "bravo",
        "archive": "delta",
    }


def sleeper(mark: str, node: str = "alpha") -> "subprocess.Popen[bytes]":
    environment = {**os.environ, MARK: mark, NODE: node}
    return subprocess.Popen(["sleep", "600"], env=environment, start_new_session=True)


def test_only_marked_processes_are_found_and_ended() -> None:
    ours, other_node, others = sleeper("one"), sleeper("one", "bravo"), sleeper("two")
    try:
        wait(lambda: set(warden.marked("one")) == {ours.pid, other_node.pid})
        assert warden.marked("one", "alpha") == [ours.pid]

        assert warden.end_all("one", "alpha")
        assert ours.wait(LIMIT_S) == -signal.SIGKILL
        assert warden.marked("one") == [other_node.pid]
        assert warden.end_all("one")
        assert others.poll() is None
    finally:
        for process in (ours, other_node, others):
            process.kill()
            process.wait()


def test_children_without_the_mark_are_ended_too() -> None:
    script = "env -i sleep 600 & echo $!; wait"
    with subprocess.Popen(
        ["sh", "-c", script],
        env={**os.environ, MARK: "three"},
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        wait(lambda: warden.environment_of(child) in ([b""], [b"", b""]))

        assert warden.end_all("three")

    wait(
        lambda: (
            not Path(f"/proc/{child}/environ").exists() or not Path(f"/proc/{child}/exe").exists()
        )
    )


def test_frozen_processes_are_ended() -> None:
    process = sleeper("four")
    wait(lambda: bool(warden.marked("four")))
    process.send_signal(signal.SIGSTOP)

    assert warden.end_all("four")
    assert process.wait(LIMIT_S) == -signal.SIGKILL


def test_warden_tidies_up_when_its_input_ends_and_heeds_no_signal(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    (folder / "deep").mkdir(parents=True)
    process = sleeper("five")
    with subprocess.Popen(
        [sys.executable, "-I", "-S", warden.__file__, "five", str(folder)], stdin=subprocess.PIPE
    ) as keeper:
        assert keeper.stdin is not None
        wait(lambda: _ignores(keeper.pid, signal.SIGTERM))
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            keeper.send_signal(number)
        assert folder.exists()
        assert process.poll() is None
        keeper.stdin.close()
        assert keeper.wait(LIMIT_S) == 0

    assert process.wait(LIMIT_S) == -signal.SIGKILL
    assert not folder.exists()


def _ignores(pid: int, number: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    ignored = next(line for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(ignored.split()[1], 16) >> (number - 1) & 1)


def test_report_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(as_json=True)
    report.step("stable", ok=True, seconds=1.0, proof=Proof("all \x1b in"))
    report.end(ok=False, requests=3, failed=1, gap_s=0.25, seconds=2.0)

    step, tour = map(json.loads, capsys.readouterr().out.splitlines())

    assert step == {
        "step": "stable",
        "ok": True,
        "detail": "all \\x1b in",
        "seconds": 1.0,
        "nodes": {},
        "rows": [],
    }
    assert tour == {
        "step": "tour",
        "ok": False,
        "requests": 3,
        "failed": 1,
        "longest_gap_ms": 250,
        "seconds": 2.0,
    }


def test_report_for_people_names_what_does_not_hold(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(as_json=False)
    report.step("abort", ok=False, seconds=1.0, proof=Proof("bravo is on another epoch"))
    report.end(ok=False, requests=3, failed=1, gap_s=0.25, seconds=2.0)

    first, last = capsys.readouterr().out.splitlines()

    assert first.startswith("FAIL  abort")
    assert "bravo is on another epoch" in first
    assert last.startswith("tour: it did not hold")


def test_cluster_that_is_not_stable_is_told_with_what_is_not_as_it_should_be() -> None:
    whole = story.three_nodes(cluster=story.cluster_live(state="unstable"))
    releasing = story.node_live("bravo", groups=(story.group_live("web", "releasing"),))
    down = story.node_live("charlie", state="down")
    view = msgspec.structs.replace(whole, nodes=(whole.nodes[0], releasing, down))

    with pytest.raises(NotHeld, match="unstable: charlie is down, web is releasing on bravo"):
        stable(dict.fromkeys(story.NODES, view))


def test_last_words_of_an_agent_are_told_for_people(tmp_path: Path) -> None:
    agent = Agent("alpha", tmp_path, "mark")
    entry = {"level": "warning", "subject": "web", "text": "is away", "event": "event"}
    logged = json.dumps({**entry, "timestamp": "2026-11-26T23:24:18.99Z"})
    agent.log.write_text(f"Traceback: odd\n{logged}\n")

    assert agent.last_words() == ("Traceback: odd", "23:24:18 warning web: is away")
