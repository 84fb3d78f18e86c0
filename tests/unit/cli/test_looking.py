import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from nodeagent.model.health import GroupState
from nodeagent.wire.console import Answer, Request
from nodeagent.wire.live import EventLine, GroupLive, NodeLive, Snapshot
from tests.support import story
from tests.unit.cli.conftest import ACTIVE, KEY, Run, snapshot
from tests.unit.client.fake_agent import FakeAgent, cluster
from tests.unit.tui.test_gathering import Town
from tui.cli import main
from tui.cli.events import Record, go_on
from tui.cli.status import awaits_news

Agents = tuple[FakeAgent, FakeAgent]
HOSTILE = "\x1b]0;owned\x07\u202e\x9b31m"


def test_status_says_who_owns_what_and_what_is_wrong(run: Run) -> None:
    ran = run("status")

    assert ran.code == 0
    assert "cluster orders: stable, quorum, epoch 1" in ran.out
    assert "web  online  on alpha" in ran.out
    assert "eth0/public1 down 12s" in ran.out
    assert "bravo/eth0 public1 down 12s" in ran.out.partition("problems")[2]


def behind(*, for_good: bool) -> Callable[[Request], Answer]:
    """Return an agent that has just ended a DARE: it hears of bravo's new epoch later, or never."""
    asked = []

    def handle(request: Request) -> Answer:
        asked.append(request)
        found = snapshot("alpha")
        alpha, bravo = found.nodes
        old = replace(bravo, epoch=0)
        return found if len(asked) > 2 and not for_good else replace(found, nodes=(alpha, old))

    return handle


def test_what_has_not_been_heard_yet_after_a_change_is_no_problem(agents: Agents, run: Run) -> None:
    agents[0].handler = behind(for_good=False)
    assert not any("epoch" in problem for problem in run("status", "--json").json["problems"])

    agents[0].handler = behind(for_good=True)
    assert "bravo is on epoch 0, the cluster on 1" in run("status").out


def test_status_waits_for_news_of_a_group_but_not_of_one_that_is_in_error() -> None:
    def owned(state: GroupState) -> Snapshot:
        found = snapshot("alpha")
        alpha, bravo = found.nodes
        return replace(found, nodes=(replace(alpha, groups=(GroupLive("web", state),)), bravo))

    assert awaits_news(owned("acquiring"))
    assert not awaits_news(owned("error"))
    assert not awaits_news(owned("online"))
    down = replace(snapshot("alpha").nodes[0], state="down", epoch=0)
    assert not awaits_news(replace(snapshot("alpha"), nodes=(down,)))


def cut_off(observer: str) -> Snapshot:
    found = snapshot(observer)
    return replace(found, cluster=replace(found.cluster, state="no-quorum", quorum=False))


def test_status_is_that_of_an_agent_with_quorum_where_the_first_is_cut_off(
    agents: Agents, run: Run
) -> None:
    agents[0].snapshot = cut_off("alpha")

    text, found = run("status").out, run("status", "--json").json

    assert "stable, quorum, epoch 1" in text
    assert "seen by bravo" in text
    assert "alpha has no quorum, so bravo was asked" in text
    assert (found["cluster"]["observer"], found["no_quorum"], found["silent"]) == (
        "bravo", ["alpha"], [])  # fmt: skip


def test_status_without_quorum_says_how_many_say_so(agents: Agents, run: Run) -> None:
    agents[0].snapshot, agents[1].snapshot = cut_off("alpha"), cut_off("bravo")
    both = run("status")
    assert "NO QUORUM" in both.out
    assert "no quorum: nothing can be decided (2 of 2 agents say so)" in both.out

    agents[1].snapshot = Snapshot(cluster("zulu", cluster="another cluster"))
    assert "NO QUORUM" in run("status").out

    agents[1].silent.set()
    alone = run("status", "--json").json
    assert (alone["no_quorum"], alone["silent"]) == (["alpha"], ["bravo"])


def test_status_as_json_is_one_object(run: Run) -> None:
    found = run("status", "--json").json

    assert found["cluster"]["epoch"] == 1
    assert [node["node"] for node in found["nodes"]] == ["alpha", "bravo"]
    assert found["groups"][0]["owner"] == "alpha"
    assert (found["no_quorum"], found["silent"]) == ([], [])
    assert "eth0" in found["problems"][0]


@pytest.mark.parametrize("arguments", [["status"], ["status", "--json"], ["events"], ["diff"]])
def test_terminal_obeys_nobody(agents: Agents, run: Run, arguments: list[str]) -> None:
    agents[0].snapshot = snapshot(
        "alpha",
        cluster=cluster(HOSTILE, cluster=HOSTILE, lock=HOSTILE, owners={HOSTILE: HOSTILE}),
        nodes=(NodeLive(HOSTILE, "down", phase=HOSTILE),),
        events=(EventLine(1, 0.0, HOSTILE, "error", HOSTILE, HOSTILE, HOSTILE),),
        draft=ACTIVE.replace("orders", HOSTILE),
    )

    ran = run(*arguments)

    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(ran.out + ran.err)


def test_events_are_printed_oldest_first(agents: Agents, run: Run) -> None:
    events = tuple(
        EventLine(n, 1_700_000_000.0 + n, "alpha", "warning", "web", f"news {n}") for n in (1, 2)
    )
    agents[0].snapshot = snapshot("alpha", events=events)

    assert [line["text"] for line in run("events", "--json").lines] == ["news 1", "news 2"]
    assert "warning alpha: web: news 2" in run("events").out


def test_kind_that_is_none_is_told_with_all_there_are_once(run: Run) -> None:
    bogus, slip = run("events", "--kind", "bogus"), run("events", "--kind", "node-dwn")

    assert (bogus.code, slip.code) == (2, 2)
    assert "--kind: bogus is none; known: " in bogus.err
    assert bogus.err.count("group-online") == 1
    assert "did you mean node-down? known: " in slip.err


def test_what_several_agents_tell_is_printed_once_and_who_tells_nothing_is_named(
    agents: Agents, run: Run
) -> None:
    def told(number: int, node: str, subject: str, text: str) -> EventLine:
        return EventLine(number, 1_700_000_000.0 + number, node, "note", subject, text)

    begins, ends = told(1, "alpha", "cluster", "is at epoch 2"), told(4, "alpha", "web", "online")
    also, between = told(2, "bravo", "cluster", "is at epoch 2"), told(3, "bravo", "eth0", "is up")
    agents[0].snapshot = snapshot("alpha", events=(begins, ends))
    agents[1].snapshot = snapshot("bravo", events=(also, between))

    whole = run("events", "--json")
    agents[1].allowed = set()
    part = run("events", "--json")

    assert [line["number"] for line in whole.lines] == [1, 3, 4]
    assert whole.err == ""
    assert [line["number"] for line in part.lines] == [1, 4]
    assert part.code == 0
    assert part.err.startswith("bravo told nothing: ")


async def test_what_happens_is_shown_whichever_agent_tells_it_first() -> None:
    town, shown = Town(), asyncio.Queue[str]()
    record = Record(Snapshot(cluster=story.cluster_live(), active=story.configuration_text()))
    going = go_on(town, record, set(), lambda event: shown.put_nowait(event.node))
    task = asyncio.create_task(going)
    seen = [story.event(9, "is at epoch 18", node=node, subject="cluster") for node in story.NODES]

    town.say(seen[0])
    town.peers["bravo"].events_of.put_nowait(seen[1])
    town.peers["charlie"].events_of.put_nowait(story.event(5, "is up", node="charlie"))
    async with asyncio.timeout(20):
        first = {await shown.get(), await shown.get()}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert "charlie" in first
    assert first & {"alpha", "bravo"}
    assert shown.empty()


def test_nobody_there_is_one_line_and_1(agents: Agents, run: Run) -> None:
    for agent in agents:
        agent.stop()

    ran = run("status")

    assert ran.code == 1
    assert ran.out == ""
    assert ran.err.startswith("clustertui: no agent answers (alpha at tcp://127.0.0.1:")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("words", [("status",), ("apply", "/none"), ("events",), ("why", "web")])
def test_nobody_there_is_one_object_where_json_is_asked_for(
    agents: Agents, run: Run, new_file: Callable[[str], Path], words: tuple[str, ...]
) -> None:
    for agent in agents:
        agent.stop()
    file = str(new_file(ACTIVE))

    ran = run(*(file if word == "/none" else word for word in words), "--json")

    assert ran.code == 1
    assert (ran.json["result"], ran.json["exit"]) == ("failed", 1)
    assert ran.json["text"].startswith("no agent answers (alpha at tcp://127.0.0.1:")
    assert ran.err.startswith("clustertui: no agent answers")


def test_missing_access_file_is_one_object_where_json_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--key", str(tmp_path / "none.toml"), "status", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert (told["result"], told["exit"], "--key" in told["text"]) == ("failed", 2, True)


def test_unadmitted_key_is_told_with_its_remedy(agents: Agents, run: Run) -> None:
    for agent in agents:
        agent.allowed = set()

    ran = run("status")

    assert ran.code == 1
    assert "[admin.NAME]" in ran.err


def test_missing_access_file_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--key", str(tmp_path / "none.toml"), "status"]) == 2
    assert "--key" in capsys.readouterr().err


def test_access_comes_from_the_environment(
    key_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLUSTERTUI_KEY", str(key_file))

    assert main(["status"]) == 0
    assert "cluster orders" in capsys.readouterr().out


def test_access_comes_from_the_users_own_folder(
    key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLUSTERTUI_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "clustertui").mkdir()
    key_file.rename(tmp_path / "clustertui" / "console.toml")

    assert main(["status"]) == 0


def test_console_without_a_terminal_is_refused(run: Run) -> None:
    ran = run()

    assert ran.code == 2
    assert "terminal" in ran.err


def test_unknown_word_is_wrong_usage(run: Run) -> None:
    assert run("frobnicate").code == 2


def test_good_file_has_no_errors(run: Run, new_file: Callable[[str], Path]) -> None:
    file = new_file(ACTIVE)

    found = run("check", file, "--json")

    assert found.code == 0
    assert found.json["ok"] is True
    assert found.json["errors"] == 0


def test_findings_point_to_file_and_line(run: Run, new_file: Callable[[str], Path]) -> None:
    file = new_file(ACTIVE.replace('nodes = ["alpha"', 'nodes = ["alfa"'))

    ran = run("check", file)

    assert ran.code == 4
    assert f"{file}:20: group.web.nodes" in ran.out
    assert "alfa" in ran.out
    reports = run("check", file, "--json").json["reports"]
    assert [report["code"] for report in reports if report["severity"] == "error"] == ["E102"]


@pytest.mark.parametrize("text", ["a = ", "[a", "\x00", ACTIVE + "[cluster]\n"])
def test_text_that_is_no_toml_is_2(run: Run, new_file: Callable[[str], Path], text: str) -> None:
    assert run("check", new_file(text)).code == 2


def test_what_is_no_file_is_2(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert run("check", tmp_path / "none").code == 2
    assert run("check", tmp_path).code == 2
    assert run("check", tmp_path / "pipe").code == 2


def test_check_needs_no_cluster(agents: Agents, run: Run, new_file: Callable[[str], Path]) -> None:
    assert run("check", new_file(ACTIVE)).code == 0
    assert not agents[0].requests


def test_file_is_compared_with_the_active_one(run: Run, new_file: Callable[[str], Path]) -> None:
    file = new_file(ACTIVE.replace("10.10.1.100", "10.10.1.101"))

    assert "~ group.web.resource.address address: 10.10.1.100 -> 10.10.1.101" in (
        run("diff", file).out.replace('"', "")
    )
    (change,) = run("diff", file, "--json").json["changes"]
    assert change["key"] == "address"


def test_draft_is_compared_when_no_file_is_named(agents: Agents, run: Run) -> None:
    agents[0].snapshot = snapshot("alpha", draft=ACTIVE.replace('"alpha", "bravo"]', '"bravo"]'))

    assert "~ group.web nodes" in run("diff").out
    agents[0].snapshot = snapshot("alpha")
    same = run("diff")
    assert (same.code, same.out) == (0, "")
    assert "the same as epoch 1" in same.err


def test_plan_tells_who_is_moved(run: Run, new_file: Callable[[str], Path]) -> None:
    file = new_file(ACTIVE.replace('nodes = ["alpha", "bravo"]', 'nodes = ["bravo"]'))

    ran = run("plan", file)

    assert ran.code == 0
    assert "web  moved  alpha -> bravo" in ran.out
    assert run("plan", file, "--json").json["plan"]["owners"] == {"web": "bravo"}


def test_plan_says_that_an_added_node_must_answer(
    run: Run, new_file: Callable[[str], Path]
) -> None:
    delta = f'[node.delta]\nkey = "{KEY[:-1]}9"\n[node.delta.adapter.eth0]\n'
    delta += 'network = "public1"\nrole = "service"\naddress = "10.10.1.14"\n'

    ran = run("plan", new_file(ACTIVE + delta))

    told = "delta must answer, or the DARE fails: start its agent there"
    assert told in ran.out


def test_wrong_file_is_not_planned(run: Run, new_file: Callable[[str], Path]) -> None:
    file = new_file(ACTIVE.replace('nodes = ["alpha"', 'nodes = ["alfa"'))

    ran = run("plan", file)

    assert (ran.code, ran.out) == (4, "")
    assert "alfa" in ran.err
