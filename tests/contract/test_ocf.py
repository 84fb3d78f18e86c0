"""OCF agents: what they are handed, what their answers mean, and agents that misbehave."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from nodeagent.drivers import undo
from nodeagent.drivers.base import Job
from nodeagent.drivers.deadman import fire
from nodeagent.drivers.leftovers import Leftovers
from nodeagent.drivers.registry import Drivers
from nodeagent.model.configuration import Ocf
from tests.contract.agents import Agent, install, marker, sleeping, thing
from tests.contract.waiting import until

META = """#!/bin/sh
[ "$1" = meta-data ] || exit 0
cat <<'END'
{}
END
"""


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    made = Agent(tmp_path / "state")
    yield made
    made.drivers.close()


def calls(file: Path) -> list[tuple[str, dict[str, str]]]:
    """Return (action, OCF variables) for each call that the agent wrote down."""
    found = []
    for block in file.read_text().split("\n\n"):
        if block.strip():
            action, *lines = block.strip().split("\n")
            found.append((action, dict(line.split("=", 1) for line in lines)))
    return found


# --- what it is handed ---


async def test_an_agent_gets_what_the_api_names(agent: Agent, tmp_path: Path) -> None:
    told = tmp_path / "calls"
    resource = thing(tmp_path, calls=str(told), folder="$(touch /x) `id` ; \"'")

    await agent.run("start", resource)

    action, variables = calls(told)[0]
    assert action == "start"
    assert variables == variables | {
        "OCF_ROOT": str(tmp_path / "ocf"),
        "OCF_RA_VERSION_MAJOR": "1",
        "OCF_RA_VERSION_MINOR": "1",
        "OCF_RESOURCE_INSTANCE": "web.thing",
        "OCF_RESOURCE_TYPE": "thing",
        "OCF_RESOURCE_PROVIDER": "test",
        "OCF_RESKEY_needed": "yes",
        "OCF_RESKEY_folder": "$(touch /x) `id` ; \"'",
    }
    assert "OCF_CHECK_LEVEL" not in variables


async def test_monitor_is_a_probe_until_it_was_started_here(agent: Agent, tmp_path: Path) -> None:
    told = tmp_path / "calls"
    plain = thing(tmp_path, calls=str(told))
    resource = Ocf(agent=plain.agent, parameters=plain.parameters, check_level=10)

    for action in ("monitor", "start", "monitor"):
        await agent.run(action, resource)

    monitors = [variables for action, variables in calls(told) if action == "monitor"]
    assert [found["OCF_RESKEY_CRM_meta_interval"] for found in monitors][0::2] == ["0", "10000"]
    assert {found["OCF_CHECK_LEVEL"] for found in monitors} == {"10"}


# --- what its answers mean ---


@pytest.mark.parametrize(
    ("code", "ok", "outcome", "words"),
    [
        (0, True, "ok", "runs"),
        (1, False, "failed", "generic error (1)"),
        (2, False, "failed", "invalid arguments (2)"),
        (3, False, "failed", "action not implemented (3)"),
        (4, False, "failed", "insufficient privileges (4)"),
        (5, False, "failed", "not installed (5)"),
        (6, False, "failed", "not configured rightly (6)"),
        (7, False, "stopped", "does not run"),
        (8, True, "ok", "runs in the promoted role"),
        (9, False, "failed", "failed in the promoted role (9)"),
        (42, False, "failed", "exit code 42"),
        (189, False, "failed", "executor lost (189)"),
        (190, True, "ok", "runs, degraded"),
        (191, True, "ok", "runs in the promoted role, degraded"),
        (192, False, "failed", "could not be executed (192)"),
        (193, False, "failed", "result unknown (193)"),
    ],
)
async def test_each_answer_of_monitor_has_its_meaning(
    agent: Agent, tmp_path: Path, code: int, ok: bool, outcome: str, words: str
) -> None:
    assert (await agent.run("start", thing(tmp_path))).ok

    found = await agent.run("monitor", thing(tmp_path, monitor_code=str(code)))

    assert (found.ok, found.code) == (ok, outcome)
    assert words in found.text


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6, 7, 8, 190, 193])
async def test_a_start_that_does_not_succeed_is_told_and_can_be_stopped(
    agent: Agent, tmp_path: Path, code: int
) -> None:
    resource = thing(tmp_path, start_code=str(code))

    outcome = await agent.run("start", resource)

    assert not outcome.ok
    assert f"({code})" in outcome.text
    assert outcome.evidence == ("start words",)
    assert (await agent.run("stop", resource)).ok
    assert agent.records() == []


async def test_stop_is_content_with_success_and_not_running(agent: Agent, tmp_path: Path) -> None:
    for code in (0, 7):
        assert (await agent.run("start", thing(tmp_path))).ok
        assert (await agent.run("stop", thing(tmp_path, stop_code=str(code)))).ok


async def test_a_stop_that_fails_stays_to_be_done_but_kills(agent: Agent, tmp_path: Path) -> None:
    mark = marker()
    await agent.run("start", thing(tmp_path, mark=mark))
    assert sleeping(mark)

    outcome = await agent.run("stop", thing(tmp_path, mark=mark, stop_code="1"))

    assert (outcome.ok, outcome.code) == (False, "failed")
    assert "generic error (1)" in outcome.text
    assert "killed" in outcome.text
    assert not sleeping(mark)
    assert len(agent.records()) == 1
    assert (await agent.run("stop", thing(tmp_path, mark=mark))).ok
    assert agent.records() == []


async def test_software_that_is_not_there_is_stopped(agent: Agent, tmp_path: Path) -> None:
    gone = """#!/bin/sh
exit 5
"""
    install(tmp_path, "gone", gone)
    resource = Ocf(agent="test:gone")

    assert "not installed" in (await agent.run("start", resource)).text
    assert (await agent.run("stop", resource)).ok
    assert (await agent.run("monitor", resource)).code == "stopped"


async def test_a_start_that_returns_too_early_is_waited_for(agent: Agent, tmp_path: Path) -> None:
    resource = thing(tmp_path, late="3")

    assert (await agent.run("start", resource)).ok
    assert (await agent.run("monitor", resource)).ok


async def test_success_that_monitor_does_not_confirm_fails(agent: Agent, tmp_path: Path) -> None:
    resource = thing(tmp_path, late="100000")

    outcome = await agent.run("start", resource, limit_s=6)

    assert (outcome.ok, outcome.code) == (False, "timeout")
    assert "start returned success, but it is not well: monitor: generic error" in outcome.text


# --- reload ---


async def test_a_reload_hands_over_new_parameters_and_restarts_nothing(
    agent: Agent, tmp_path: Path
) -> None:
    told = tmp_path / "calls"
    assert (await agent.run("start", thing(tmp_path, calls=str(told)))).ok
    changed = thing(tmp_path, calls=str(told), mark="7")

    assert (await agent.run("reload", changed)).ok

    action, variables = calls(told)[-1]
    assert (action, variables["OCF_RESKEY_mark"]) == ("reload-agent", "7")
    Leftovers(tmp_path / "state").end_all()
    assert calls(told)[-1][1]["OCF_RESKEY_mark"] == "7"


async def test_only_what_the_agent_reloads_may_be_called_reloadable(
    agent: Agent, tmp_path: Path
) -> None:
    plain = thing(tmp_path)
    right, wrong = (
        Ocf(agent=plain.agent, parameters=plain.parameters, reloadable=names)
        for names in (("mark",), ("mark", "folder"))
    )

    assert (await agent.run("validate", right)).ok
    refused = await agent.run("validate", wrong)

    assert refused.code == "invalid"
    assert "its agent cannot reload folder; it reloads mark" in refused.text


# --- what it leaves behind ---


async def test_a_daemon_lives_on_after_start_and_ends_with_stop(
    agent: Agent, tmp_path: Path
) -> None:
    mark = marker()
    resource = thing(tmp_path, mark=mark)

    await agent.run("start", resource)
    for _ in range(3):
        assert (await agent.run("monitor", resource)).ok
    assert len(sleeping(mark)) == 1

    await agent.run("stop", resource)
    assert not sleeping(mark)


async def test_what_an_agent_forgets_to_stop_is_ended(agent: Agent, tmp_path: Path) -> None:
    mark = marker()
    await agent.run("start", thing(tmp_path, mark=mark))

    outcome = await agent.run("stop", thing(tmp_path))  # without mark it kills nothing

    assert outcome.ok
    assert "that it left were ended" in outcome.text
    assert not sleeping(mark)


async def test_the_next_agent_stops_through_the_agent(tmp_path: Path) -> None:
    told, mark = tmp_path / "calls", marker()
    dead = Agent(tmp_path / "state")
    assert (await dead.run("start", thing(tmp_path, calls=str(told), mark=mark))).ok

    following = Agent(tmp_path / "state")
    lines = Leftovers(tmp_path / "state").end_all()

    assert lines == ["web.thing: stopped by its own agent after the death of an earlier one"]
    assert calls(told)[-1][0] == "stop"
    assert calls(told)[-1][1]["OCF_RESKEY_mark"] == mark
    assert not sleeping(mark)
    assert following.records() == []
    assert Leftovers(tmp_path / "state").end_all() == []


async def test_the_next_agent_kills_where_stop_fails(tmp_path: Path) -> None:
    mark = marker()
    dead = Agent(tmp_path / "state")
    resource = thing(tmp_path, mark=mark, stop_code="1")
    assert (await dead.run("start", resource)).ok

    left = Leftovers(tmp_path / "state")
    lines = left.end_all()

    assert left.keys == (("web", "thing"),)
    assert "its stop ended with generic error (1)" in lines[0]
    assert "ended 1 processes" in lines[1]
    assert not sleeping(mark)
    following = Drivers(dead.context, lambda *_: None, left)
    job = Job(1, "web", "thing", thing(tmp_path), "stop", 20.0)
    assert (await following.run(job)).code == "held"
    install(tmp_path, "thing", "#!/bin/sh\nexit 0\n")
    assert (await following.run(job)).ok
    assert not left.keys


async def test_the_deadman_kills_and_undoes_newest_first(tmp_path: Path) -> None:
    told, mark = tmp_path / "calls", marker()
    agent = Agent(tmp_path / "state")
    for name in ("first", "second"):
        outcome = await agent.run("start", thing(tmp_path, calls=str(told), mark=mark), name=name)
        assert outcome.ok, outcome

    fire(str(tmp_path / "state"), os.getpid())

    assert not sleeping(mark)
    stops = [given for action, given in calls(told) if action == "stop"]
    assert [found["OCF_RESOURCE_INSTANCE"] for found in stops] == ["web.second", "web.first"]
    assert undo.carry_out_all(str(tmp_path / "state")) == []


async def test_the_deadman_of_a_dead_agent_leaves_the_next_agents_alone(tmp_path: Path) -> None:
    agent = Agent(tmp_path / "state")
    resource = thing(tmp_path)
    await agent.run("start", resource)

    fire(str(tmp_path / "state"), os.getpid() + 1)

    assert (await agent.run("monitor", resource)).ok
    agent.drivers.close()
    assert (await agent.run("monitor", resource)).code == "stopped"


async def test_an_undo_that_hangs_is_ended_in_time(agent: Agent, tmp_path: Path) -> None:
    await agent.run("start", thing(tmp_path, hang="stop"))

    told = undo.carry_out_all(str(tmp_path / "state"), seconds=0.5)

    assert told == [("web:thing", None)]
    assert (await agent.run("stop", thing(tmp_path))).ok


# --- agents that misbehave ---


@pytest.mark.parametrize("action", ["start", "stop", "monitor"])
async def test_an_agent_that_hangs_is_ended_by_the_deadline(
    agent: Agent, tmp_path: Path, action: str
) -> None:
    if action != "start":
        await agent.run("start", thing(tmp_path))
    outcome = await agent.run(action, thing(tmp_path, hang=action), limit_s=4)  # type: ignore[arg-type]

    assert (outcome.ok, outcome.code) == (False, "timeout")
    assert f"{action} did not return within" in outcome.text
    assert (await agent.run("stop", thing(tmp_path))).ok


async def test_a_stop_cuts_a_hanging_start_short(agent: Agent, tmp_path: Path) -> None:
    told = tmp_path / "calls"
    hanging = thing(tmp_path, calls=str(told), hang="start")
    starting = asyncio.create_task(agent.run("start", hanging, limit_s=60))
    await until(told.exists, "the start")

    assert (await agent.run("stop", hanging)).ok
    assert (await starting).code == "superseded"
    assert agent.records() == []


async def test_a_stop_waits_for_nothing_that_is_still_to_come(agent: Agent, tmp_path: Path) -> None:
    told = tmp_path / "calls"
    hanging = thing(tmp_path, calls=str(told), hang="start")
    waiting = [asyncio.create_task(agent.run("start", hanging, limit_s=60))]
    await until(told.exists, "the start")
    waiting += [asyncio.create_task(agent.run("monitor", hanging, limit_s=60)) for _ in range(3)]
    await asyncio.sleep(0)

    assert (await agent.run("stop", hanging)).ok
    assert {(await one).code for one in waiting} == {"superseded"}
    assert "monitor" not in told.read_text().split()


async def test_nobody_waits_for_a_validation(agent: Agent, tmp_path: Path) -> None:
    told = tmp_path / "calls"
    plain, changed = thing(tmp_path), thing(tmp_path, calls=str(told), hang="validate-all")
    assert (await agent.run("start", plain)).ok
    validating = asyncio.create_task(agent.run("validate", changed, limit_s=60))
    await until(lambda: told.exists() and "validate-all" in told.read_text(), "it validates")

    assert (await agent.run("monitor", plain)).ok
    assert (await agent.run("stop", plain)).ok
    assert not validating.done()
    validating.cancel()


async def test_an_agent_that_prints_without_end_is_not_stored(agent: Agent, tmp_path: Path) -> None:
    outcome = await agent.run("monitor", thing(tmp_path, chatter="true"))

    assert outcome.code == "stopped"
    assert len(outcome.evidence) <= 20


# --- agents that are not there, or not to be trusted ---


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("test:think", "agent think is not installed"),
        ("test:think", "; thing is there"),
        ("tset:thing", "there is no provider tset"),
        ("tset:thing", "; test is there"),
        ("test:..", "is not PROVIDER:NAME"),
        ("..:thing", "is not PROVIDER:NAME"),
        ("test:a/b", "is not PROVIDER:NAME"),
        ("test", "is not PROVIDER:NAME"),
        ("test:\x1b[31m", "is not PROVIDER:NAME"),
    ],
)
async def test_an_agent_that_is_not_there_is_named(
    agent: Agent, tmp_path: Path, name: str, words: str
) -> None:
    install(tmp_path)
    resource = Ocf(agent=name)

    for action in ("validate", "start"):
        outcome = await agent.run(action, resource)
        assert not outcome.ok
        assert words in outcome.text
        assert "\x1b" not in outcome.text
    assert (await agent.run("stop", resource)).ok
    assert (await agent.run("monitor", resource)).code == "stopped"


async def test_an_agent_that_others_may_write_to_is_refused(agent: Agent, tmp_path: Path) -> None:
    file = install(tmp_path)
    resource = Ocf(agent="test:thing", parameters={"needed": "yes"})
    for loose in (file, file.parent, file.parents[2]):
        loose.chmod(0o775)
        outcome = await agent.run("start", resource)
        assert not outcome.ok
        assert f"{loose} may be written to by others than root" in outcome.text
        loose.chmod(0o755)
    assert (await agent.run("start", resource)).ok


async def test_an_agent_behind_a_link_is_looked_at_where_it_is(
    agent: Agent, tmp_path: Path
) -> None:
    file = install(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    file.rename(elsewhere / "thing")
    file.symlink_to("../../../elsewhere/thing")
    resource = Ocf(agent="test:thing", parameters={"needed": "yes"})
    assert (await agent.run("start", resource)).ok
    assert (await agent.run("stop", resource)).ok

    elsewhere.chmod(0o777)

    outcome = await agent.run("start", resource)
    assert f"{elsewhere} may be written to by others than root" in outcome.text
    elsewhere.chmod(0o755)
    file.unlink()
    file.symlink_to("thing")
    assert "too many symbolic links" in (await agent.run("start", resource)).text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_an_agent_of_another_user_is_refused(agent: Agent, tmp_path: Path) -> None:
    file = install(tmp_path)
    os.chown(file, 65534, 65534)

    outcome = await agent.run("validate", Ocf(agent="test:thing"))

    assert outcome.code == "invalid"
    assert f"{file} belongs to user 65534; chown root {file}" in outcome.text


async def test_stop_is_fine_when_the_agent_was_uninstalled(agent: Agent, tmp_path: Path) -> None:
    mark = marker()
    resource = thing(tmp_path, mark=mark)
    await agent.run("start", resource)
    (tmp_path / "ocf" / "resource.d" / "test" / "thing").unlink()

    outcome = await agent.run("stop", resource)

    assert outcome.ok
    assert "not installed" in outcome.text
    assert not sleeping(mark)
    assert agent.records() == []


# --- validate ---


async def test_parameters_are_held_against_the_description(agent: Agent, tmp_path: Path) -> None:
    install(tmp_path)
    wrong = {"need": "yes", "start_code": "many", "chatter": "perhaps", "hang": "up"}

    outcome = await agent.run("validate", Ocf(agent="test:thing", parameters=wrong))

    assert (outcome.ok, outcome.code) == (False, "invalid")
    for words in (
        "there is no parameter need; needed is meant?",
        "start_code is many, which is no whole number",
        "chatter is perhaps, which is neither true nor false",
        "hang is up, which is none of start, stop, monitor, validate-all",
        "required parameter needed (what is needed) is missing",
    ):
        assert words in outcome.text


@pytest.mark.parametrize("code", [1, 2, 4, 5, 6, 190])
async def test_what_validate_all_refuses_is_invalid(
    agent: Agent, tmp_path: Path, code: int
) -> None:
    outcome = await agent.run("validate", thing(tmp_path, validate_code=str(code)))

    assert outcome.code == "invalid"
    assert f"({code})" in outcome.text
    assert outcome.evidence == ("looked at ",)


async def test_validate_all_that_is_not_implemented_is_no_objection(
    agent: Agent, tmp_path: Path
) -> None:
    assert (await agent.run("validate", thing(tmp_path, validate_code="3"))).ok


async def test_a_folder_that_comes_with_the_group_cannot_be_looked_at_elsewhere(
    agent: Agent, tmp_path: Path
) -> None:
    there, not_there = str(tmp_path), str(tmp_path / "not mounted")

    elsewhere = await agent.run("validate", thing(tmp_path, validate_code="5", folder=not_there))
    here = await agent.run("validate", thing(tmp_path, validate_code="5", folder=there))

    assert elsewhere.ok
    assert f"{not_there} is not on this node now" in elsewhere.text
    assert here.code == "invalid"


async def test_a_hanging_validate_all_is_told(agent: Agent, tmp_path: Path) -> None:
    outcome = await agent.run("validate", thing(tmp_path, hang="validate-all"), limit_s=5)

    assert (outcome.ok, outcome.code) == (False, "timeout")


BOMB = """<?xml version="1.0"?>
<!DOCTYPE resource-agent [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<resource-agent name="thing"><longdesc>&b;</longdesc></resource-agent>"""
FETCH = """<!DOCTYPE resource-agent [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<resource-agent name="thing"><longdesc>&a;</longdesc></resource-agent>"""


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (META.format("not xml \x1b[31m"), "is no XML"),
        (META.format(""), "is no XML"),
        (META.format("<resource-agent>"), "is no XML"),
        (META.format("<html></html>"), "begins with <html>"),
        (META.format(BOMB), "declares an entity"),
        (META.format(FETCH), "declares an entity"),
        (META.format('<?xml version="1.0" encoding="no-such"?><a/>'), "is no"),
        (META.format("<a>" * 40), "nested too deeply"),
        ("#!/bin/sh\nyes '<a></a>' | head -c 3000000\n", "is larger than 1024 KiB"),
        ("#!/bin/sh\nexec yes\n", "did not come within"),
        ("#!/bin/sh\nexec sleep 1000\n", "did not come within"),
        ("#!/bin/sh\nexit 1\n", "generic error (1)"),
        ("#!/no/such/shell\n", "a program is missing, perhaps its interpreter (127)"),
        ("#!/bin/sh\nkill -9 $$\n", "signal SIGKILL"),
    ],
)
async def test_meta_data_that_cannot_be_used_is_told(
    agent: Agent, tmp_path: Path, script: str, words: str
) -> None:
    install(tmp_path, "bad", script)
    before = set(psutil.Process().children())

    limit_s = 3 if "come within" in words else 60
    outcome = await agent.run("validate", Ocf(agent="test:bad"), limit_s=limit_s)

    assert (outcome.ok, outcome.code) == (False, "invalid")
    assert words in outcome.text
    assert "\x1b" not in outcome.text
    await until(lambda: set(psutil.Process().children()) <= before, "what was killed is gone")


async def test_an_agent_that_was_exchanged_is_read_anew(agent: Agent, tmp_path: Path) -> None:
    one = '<resource-agent><parameters><parameter name="{}"/></parameters></resource-agent>'
    install(tmp_path, "bad", META.format(one.format("port")))
    resource = Ocf(agent="test:bad", parameters={"port": "80"})
    assert (await agent.run("validate", resource)).ok

    install(tmp_path, "bad", META.format(one.format("address")))

    assert "no parameter port" in (await agent.run("validate", resource)).text
