"""Bad input on a real cluster: a clear error, nothing changed, nothing lost, no agent down."""

import base64
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nodeagent.model.ownership import Ballot
from nodeagent.model.run import DareRun, RunStarted
from nodeagent.wire.codec import encode
from nodeagent.wire.console import Abort, Apply, Ask, GetSnapshot, Refused, Request, SaveDraft
from nodeagent.wire.live import Snapshot
from nodeagent.wire.peer import (
    Accept,
    CatchUp,
    Decided,
    Decree,
    Prepare,
    ProgressNote,
    StepOrder,
    ViewChange,
)
from tests.e2e.hostile import LIMIT_S, Victim, answer_on, packed, said, stranger
from tests.e2e.support import until
from tests.support.uninvited import offer
from tui.demo.box import Box

pytestmark = [pytest.mark.xdist_group("another-cluster-in-a-box"), pytest.mark.timeout(180)]
ESCAPE = "\x1b]52;c;aGk=\x07"
SHELL = "/bin/sh"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Victim]:
    with Box() as box:
        box.start()
        victim = Victim(box)
        try:
            victim.settle()
            yield victim
        finally:
            victim.close()


@pytest.fixture
def unharmed(cluster: Victim) -> Iterator[Victim]:
    """The cluster; afterwards the same agents run, on the same decided configuration."""
    before, pids = cluster.settle()["alpha"].cluster, cluster.pids()
    yield cluster
    after = cluster.settle()["alpha"].cluster
    assert cluster.pids() == pids
    assert (after.epoch, after.digest, after.owners) == (before.epoch, before.digest, before.owners)
    assert not any("Traceback" in cluster.log(node) for node in pids)


# -- strangers


def test_raw_connections_hurt_nobody(unharmed: Victim) -> None:
    with unharmed.raw(25):
        unharmed.settle()


@pytest.mark.parametrize("port", [0, 2])
def test_strangers_are_not_heard(unharmed: Victim, port: int) -> None:
    question = encode(Ask(1, GetSnapshot()))
    with unharmed.dealer(None, port) as plain, unharmed.dealer(stranger(), port) as unknown:
        offer(plain, question)
        offer(unknown, question)
        until(lambda: '"stranger"' in unharmed.log("alpha"), LIMIT_S, "a line in the log")
        assert not plain.poll(0)
        assert not unknown.poll(0)


# -- the right key, and wrong words


def test_garbage_of_a_console_is_told_and_dropped(unharmed: Victim) -> None:
    with unharmed.console() as console:
        for data in (b"", b"\xc1", os.urandom(200), b"\x91" * 100_000, b"\xdd\xff\xff\xff\xff"):
            console.send(data)
        console.send_multipart([b""] * 20_000)
        assert isinstance(answer_on(console, encode(Ask(2, GetSnapshot()))), Snapshot)
        console.send(bytes(10 << 20))
    until(lambda: "unreadable request dropped" in unharmed.log("alpha"), LIMIT_S, "a line")


def test_unknown_request_is_answered(unharmed: Victim) -> None:
    with unharmed.console() as console:
        answer = answer_on(console, packed({"id": 7, "request": {"type": "Explode" + ESCAPE}}))

    assert isinstance(answer, Refused)
    assert answer.code == "unreadable"
    assert "\x1b" not in answer.text


def test_requests_that_may_not_be_are_refused(unharmed: Victim) -> None:
    view = unharmed.settle()["alpha"]
    text, base = view.active, view.cluster.digest
    noise = base64.b85encode(random.Random(1).randbytes(800_000)).decode()
    refused: dict[str, Request] = {
        "stale": Apply(text, ESCAPE),
        "verify": Apply(".".join(["a"] * 20_000) + " = 1", base),
        "too-large": Apply(f"{text}\n# {noise}\n", base),
        "move": Apply(text, base, owners={"web": ESCAPE}),
        "no-run": Abort(ESCAPE),
    }
    for code, request in refused.items():
        answer = unharmed.ask("alpha", request)
        assert isinstance(answer, Refused)
        assert (answer.code, "\x1b" in answer.text) == (code, False)
    assert isinstance(unharmed.ask("alpha", SaveDraft(noise)), Refused)
    assert {view.draft for view in unharmed.settle().values()} == {text}


def test_flood_of_requests_starves_nobody(unharmed: Victim) -> None:
    with unharmed.console() as console:
        for number in range(2_000):
            console.send(encode(Ask(number, GetSnapshot())))
        until(lambda: '"flood"' in unharmed.log("alpha"), LIMIT_S, "a line in the log")
        unharmed.settle()


def test_stolen_key_of_a_node_decides_nothing(unharmed: Victim) -> None:
    slot = unharmed.settle()["alpha"].cluster.slot + 1
    taken = ViewChange({"bravo": 1}, {"web": "bravo", "orders": "bravo"}, ESCAPE)
    forged = Decree(slot, taken, Ballot(9, "bravo"), "0" * 64, ("alpha", "bravo", "charlie"))
    fake = DareRun(tx=ESCAPE, coordinator=ESCAPE, nodes=(ESCAPE,), text=ESCAPE, began=1e300)
    far = Ballot(2**62, "bravo")
    with unharmed.peer() as peer:
        for data in (
            *(os.urandom(99) for _ in range(50)),
            *(said(CatchUp(0), version=9) for _ in range(300)),
            said(CatchUp(0), cluster=ESCAPE),
            said(Prepare(0, Ballot(9, "bravo"), "view")),
            said(Prepare(slot, far, "view")),
            said(Accept(slot, far, taken)),
            said(Decided(forged)),
            said(StepOrder("6.6.bravo.1", slot, Ballot(9, "bravo"), "acquire", 100)),
            said(ProgressNote(RunStarted(fake))),
        ):
            peer.send(data)
        until(lambda: "does not continue" in unharmed.log("alpha"), LIMIT_S, "the decree refused")
    assert unharmed.log("alpha").count("another cluster or version") < 10
    assert "\x1b" not in unharmed.log("alpha")
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", "--key", str(unharmed.box.access_file), "status"],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr


# -- applications


@pytest.mark.parametrize(
    ("start", "fields", "state", "words"),
    [
        (["/no/such/program"], {}, "refused", "is not a program"),
        ([SHELL, "-c", "printf '\\033[2Jlast'; exit 3"], {}, "aborted", "exit code 3"),
        (["/bin/sleep", "901"], {"monitor": ["/bin/sleep", "902"]}, "aborted", "not content"),
        (["/bin/sleep", "903"], {"process": "background"}, "aborted", ""),
    ],
    ids=["missing", "ends", "monitor-hangs", "never-returns"],
)
def test_application_that_cannot_start_changes_nothing(
    unharmed: Victim, start: list[str], fields: dict[str, Any], state: str, words: str
) -> None:
    run = unharmed.apply(unharmed.with_application(start, **fields))

    assert isinstance(run, DareRun), run
    assert run.state == state
    assert words in run.text
    assert "\x1b" not in run.text


def test_folder_that_cannot_be_made_changes_nothing(unharmed: Victim) -> None:
    run = unharmed.apply(
        unharmed.with_mail({"data": {"type": "data-folder", "directory": "/proc/none/data"}})
    )

    assert isinstance(run, DareRun), run
    assert (run.state, "/proc/none" in run.text) == ("refused", True)


def test_application_that_prints_for_ever_and_ignores_term_is_ended(cluster: Victim) -> None:
    before = cluster.active()
    loud = "trap '' TERM INT HUP; while :; do printf '\\033[2J\\377%099d' 0; done"
    started = cluster.apply(cluster.with_application([SHELL, "-c", loud]))
    cluster.settle()
    ended = cluster.apply(before)

    assert isinstance(started, DareRun), started
    assert isinstance(ended, DareRun), ended
    assert (started.state, ended.state) == ("done", "done")
    assert not any(loud.encode() in line for line in command_lines())


def command_lines() -> list[bytes]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes())
        except OSError:
            continue
    return found


# -- two at once, frozen, killed, spoiled


def test_of_two_changes_at_once_at_most_one_is_made(cluster: Victim) -> None:
    before = cluster.settle()["alpha"]
    text, base = before.active, before.cluster.digest
    requests = {node: Ask(1, Apply(f"{text}\n# by {node}\n", base)) for node in ("alpha", "bravo")}
    access = cluster.box.access()
    pair = (access.public, access.secret)
    with cluster.dealer(pair, 2, "alpha") as first, cluster.dealer(pair, 2, "bravo") as second:
        first.send(encode(requests["alpha"]))
        answer_on(second, encode(requests["bravo"]))
    after = cluster.settle()["alpha"]

    assert after.cluster.epoch - before.cluster.epoch in {0, 1}
    assert after.active.removeprefix(text) in {"", "\n# by alpha\n", "\n# by bravo\n"}


def test_frozen_agent_gives_up_what_others_took_over(cluster: Victim) -> None:
    owner = cluster.settle()["alpha"].cluster.owners["web"]
    others = sorted(set(cluster.box.names) - {owner})
    cluster.box.agents[owner].freeze()
    try:
        until(
            lambda: answer_of(cluster, others[0]).cluster.owners["web"] in others,
            LIMIT_S,
            "takeover",
        )
    finally:
        cluster.box.agents[owner].thaw()
    cluster.settle()


def answer_of(cluster: Victim, node: str) -> Snapshot:
    answer = cluster.ask(node, GetSnapshot())
    assert isinstance(answer, Snapshot)
    return answer


def _torn(state: Path) -> None:
    journal = state / "journal"
    data = journal.read_bytes().rstrip(b"\0")
    journal.write_bytes(data[:-5])


def _edited(state: Path) -> None:
    (state / "active.toml").write_text("edited by hand " + ESCAPE)


def _no_files(state: Path) -> None:
    for name in ("default.toml", "active.toml"):
        (state / name).unlink()
        (state / name).mkdir()


@pytest.mark.parametrize("spoil", [_torn, _edited, _no_files])
def test_spoiled_state_comes_back_with_what_was_decided(
    cluster: Victim, spoil: Callable[[Path], None]
) -> None:
    before = cluster.settle()["alpha"].cluster
    agent = cluster.box.agents["bravo"]
    agent.power_off()
    spoil(agent.state)
    cluster.box.run("bravo")
    until(lambda: answers(cluster, "bravo"), LIMIT_S, "bravo to answer again")
    after = cluster.settle()["bravo"]

    assert (after.cluster.epoch, after.cluster.digest) == (before.epoch, before.digest)
    assert (agent.state / "active.toml").read_text() == after.active


def answers(cluster: Victim, node: str) -> bool:
    with cluster.dealer(
        (cluster.box.access().public, cluster.box.access().secret), 2, node
    ) as console:
        console.send(encode(Ask(1, GetSnapshot())))
        return bool(console.poll(1_000))


def test_damaged_journal_keeps_its_agent_from_voting(cluster: Victim) -> None:
    cluster.settle()
    agent = cluster.box.agents["bravo"]
    agent.power_off()
    journal = agent.state / "journal"
    whole = journal.read_bytes()
    journal.write_bytes(whole[:60] + bytes([whole[60] ^ 0xFF]) + whole[61:])
    cluster.box.run("bravo")
    try:
        until(lambda: not agent.alive, LIMIT_S, "the agent to refuse")
        assert "is damaged" in cluster.log("bravo")
        assert "Traceback" not in cluster.log("bravo")
        cluster.settle()
    finally:
        journal.write_bytes(whole)
        cluster.box.run("bravo")
        until(lambda: answers(cluster, "bravo"), LIMIT_S, "bravo to answer again")
        cluster.settle()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_change_goes_on_without_the_command_that_asked(cluster: Victim, number: int) -> None:
    before = cluster.settle()["alpha"]
    changed = cluster.box.folder / "interrupted.toml"
    changed.write_text(f"{before.active}\n# signal {number}\n")
    key = str(cluster.box.access_file)
    with subprocess.Popen(
        [sys.executable, "-m", "tui.cli", "--key", key, "apply", str(changed), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        while '"stage"' not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(number)
        process.communicate(timeout=LIMIT_S)
    after = cluster.settle()["alpha"].cluster

    assert process.returncode in {130, -signal.SIGKILL, 0}
    assert after.epoch == before.cluster.epoch + 1


def test_after_all_that_a_change_is_made(cluster: Victim) -> None:
    before = cluster.settle()["alpha"].cluster
    run = cluster.apply(cluster.active() + "\n# still there\n")

    assert isinstance(run, DareRun), run
    assert run.state == "done"
    assert cluster.settle()["charlie"].cluster.epoch == before.epoch + 1
