"""Real agents and a fence agent: a frozen owner is switched off, and only then taken over from."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.xdist_group("cluster-in-a-box"),
    pytest.mark.timeout(240),
    pytest.mark.skipif(os.geteuid() != 0, reason="a fence agent in /usr/sbin needs root"),
    pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed"),
]


def test_a_frozen_owner_is_switched_off_and_a_broken_switch_needs_an_operator() -> None:
    played = subprocess.run(
        ["unshare", "--mount", sys.executable, "-m", "tests.e2e.fencing_scene"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert played.returncode == 0, played.stderr
    assert json.loads(played.stdout) == {
        "verified": True,
        "alpha lives": False,
        "fenced": True,
        "shown": True,
        "failure told": True,
        "blocked": True,
        "confirmed": 0,
        "secret told": False,
    }
