"""The processes that are measured."""

import psutil

from tui.demo import warden
from tui.demo.box import Box


def agent_of(box: Box, name: str) -> psutil.Process:
    """Return the agent of a node, without its deadman and what it runs."""
    found = [psutil.Process(pid) for pid in warden.marked(box.mark, name)]
    (agent,) = (p for p in found if {"nodeagent", "run"} <= set(p.cmdline()))
    return agent


def cpu_s(process: psutil.Process) -> float:
    """Return the seconds of processor time that it has used."""
    times = process.cpu_times()
    return times.user + times.system
