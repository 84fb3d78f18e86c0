"""What an agent's exit code means, in words and as an outcome (OCF Resource Agent API 1.1).

0 to 9 are the API's, 190 and 191 its extended ones; 189, 192 and 193 are what Pacemaker's tools
pass on for an agent that could not be asked.
"""

from nodeagent.drivers.base import Outcome, failed
from nodeagent.drivers.child import ending
from nodeagent.drivers.running import Ran

SUCCESS, ARGUMENTS, UNIMPLEMENTED = 0, 2, 3
NOT_INSTALLED, NOT_CONFIGURED, NOT_RUNNING = 5, 6, 7
PROMOTED, DEGRADED, DEGRADED_PROMOTED = 8, 190, 191

WORDS: dict[int, str] = {
    SUCCESS: "success",
    1: "generic error",
    ARGUMENTS: "invalid arguments",
    UNIMPLEMENTED: "action not implemented",
    4: "insufficient privileges",
    NOT_INSTALLED: "not installed",
    NOT_CONFIGURED: "not configured rightly",
    NOT_RUNNING: "not running",
    PROMOTED: "running in the promoted role",
    9: "failed in the promoted role",
    126: "it or its interpreter may not be run",
    127: "a program is missing, perhaps its interpreter",
    189: "connection to the agent's executor lost",
    DEGRADED: "running, degraded",
    DEGRADED_PROMOTED: "running in the promoted role, degraded",
    192: "could not be executed",
    193: "result unknown",
}
RUNS: dict[int, str] = {
    SUCCESS: "runs",
    PROMOTED: "runs in the promoted role",
    DEGRADED: "runs, degraded",
    DEGRADED_PROMOTED: "runs in the promoted role, degraded",
}
"""Answers of monitor by which the resource is at work."""


def told(code: int) -> str:
    """Return an exit code in words."""
    words = WORDS.get(code)
    return f"{words} ({code})" if words else ending(code)


def of_monitor(ran: Ran, seconds: float) -> Outcome:
    """Return what monitor's answer means."""
    if ran.code is None:
        return too_late("monitor", ran, seconds)
    if ran.code in RUNS:
        return Outcome(True, "ok", RUNS[ran.code], ran.lines)
    if ran.code == NOT_RUNNING:
        return failed("does not run", code="stopped", evidence=ran.lines)
    return failed(f"monitor: {told(ran.code)}", evidence=ran.lines)


def too_late(action: str, ran: Ran, seconds: float) -> Outcome:
    """Return the outcome of an action that did not end."""
    text = f"{action} did not return within {seconds:.1f} s"
    return failed(text, code="timeout", evidence=ran.lines)
