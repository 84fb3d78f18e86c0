"""OCF agents under a real cluster: added, refused, reloaded, moved, taken over."""

import tempfile
from pathlib import Path

import pytest

from tests.lab.place import lacks, play, why_not

pytestmark = [pytest.mark.xdist_group("another-cluster-in-a-box"), pytest.mark.timeout(180)]


def test_a_cluster_runs_unmodified_agents() -> None:
    if reason := why_not() or lacks("IPaddr2"):
        pytest.skip(reason)

    with tempfile.TemporaryDirectory(prefix="clustertui-lab-") as folder:
        Path(folder).chmod(0o755)
        play("tests.lab.cluster", folder)
