"""The systemd unit: what it promises, and that systemd understands it."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nodeagent.cli import main
from nodeagent.cli.unit import NAME, Run, unit, unit_text
from nodeagent.core.commands import POST_AT_END_MS
from nodeagent.core.stopping import LEAVE_MS_MAX
from nodeagent.daemon.run import STOP_PATIENCE_S


def settings(section: str) -> "configparser.SectionProxy":
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit_text(["/usr/bin/nodeagent"]))
    return parser[section]


def test_the_agent_is_watched_by_its_own_word_and_always_wanted() -> None:
    service = settings("Service")

    assert service["ExecStart"] == "/usr/bin/nodeagent run --state /var/lib/nodeagent"
    assert (service["Type"], service["NotifyAccess"]) == ("notify", "main")
    assert service["Restart"] == "always"
    assert service["RestartSec"] == "100ms", "services go on for a few seconds only"
    assert settings("Unit")["StartLimitIntervalSec"] == "0", "and is never given up"
    assert service["WatchdogSignal"] == "SIGKILL", "one that is frozen takes no other"


def test_options_of_run_are_passed_through(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--metrics", "127.0.0.1:9844", "--watchdog", "/dev/watchdog")

    with pytest.raises(SystemExit, match="0"):
        main(["unit", *options])

    run = " run --state /var/lib/nodeagent --metrics 127.0.0.1:9844 --watchdog /dev/watchdog\n"
    text = capsys.readouterr().out
    assert run in text
    assert "StateDirectory=nodeagent\n" in text
    assert main(["unit", "--metrics", "nowhere"]) == 2
    assert "is no HOST:PORT" in capsys.readouterr().err


def test_another_state_directory_is_not_made_by_systemd() -> None:
    text = unit_text(["/usr/bin/nodeagent"], Run(Path("/srv/50% mine")))

    assert 'ExecStart=/usr/bin/nodeagent run --state "/srv/50%% mine"\n' in text
    assert "ConditionPathExists=/srv/50%% mine/node.toml\n" in text
    assert "StateDirectory" not in text


def test_nothing_runs_on_without_its_agent_and_the_agent_may_leave_in_order() -> None:
    service = settings("Service")

    assert service["KillMode"] == "process", "the deadman must be left to end what is left"
    leaves_within_s = (LEAVE_MS_MAX + POST_AT_END_MS) / 1000
    assert int(service["TimeoutStopSec"]) > leaves_within_s + STOP_PATIENCE_S
    assert service["OOMPolicy"] == "continue"


def test_what_applications_inherit_takes_nothing_from_them() -> None:
    service = settings("Service")

    for hides_mounts in ("ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices"):
        assert hides_mounts not in service
    assert "NoNewPrivileges" not in service
    capabilities = unit_text([]).split("CapabilityBoundingSet=", 1)[1]
    for needed in ("CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_KILL", "CAP_SETUID", "CAP_SYS_PTRACE"):
        assert needed in capabilities
    for dangerous in ("CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_TIME"):
        assert dangerous not in capabilities


def test_a_program_in_an_odd_place_is_written_as_systemd_reads_it() -> None:
    text = unit_text(["/opt/my tools/100%/nodeagent"])

    assert 'ExecStart="/opt/my tools/100%%/nodeagent" run' in text


def test_it_is_installed_whole_or_not_at_all(tmp_path: Path) -> None:
    assert unit(install=True, folder=tmp_path) == 0
    assert unit(install=True, folder=tmp_path) == 0

    assert [file.name for file in tmp_path.iterdir()] == [NAME]
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o644
    with pytest.raises(OSError, match="No such file"):
        unit(install=True, folder=tmp_path / "none")


def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    (tmp_path / NAME).write_text(unit_text([sys.executable, "-m", "nodeagent"]))

    done = subprocess.run(
        [program, "verify", "--man=no", str(tmp_path / NAME)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    complaints = [line for line in done.stderr.splitlines() if NAME in line or "Unknown" in line]
    assert (done.returncode, complaints) == (0, []), done.stderr
