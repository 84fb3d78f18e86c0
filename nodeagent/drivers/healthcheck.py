"""An administrator's own check of a change on probation: an argument list, no shell, a deadline."""

from nodeagent.drivers.base import Outcome, failed, fine
from nodeagent.drivers.running import SEARCH_PATH, command
from nodeagent.model.text import clean

_ENVIRONMENT = {"PATH": SEARCH_PATH, "LANG": "C.UTF-8"}
TEXT_LENGTH_MAX = 200


async def check(arguments: tuple[str, ...], limit_s: float) -> Outcome:
    """Run it to its end; anything but exit code 0 within `limit_s` seconds is a failure."""
    try:
        ran = await command(arguments, _ENVIRONMENT, "/", limit_s)
    except (OSError, ValueError) as error:
        return failed(clean(f"cannot run {arguments[0]}: {error}", TEXT_LENGTH_MAX))
    if ran.code is None:
        return failed(f"took longer than {limit_s:g} s", code="timeout")
    if ran.code == 0:
        return fine("exit code 0")
    last = ran.lines[-1] if ran.lines else ""
    return failed(clean(f"exit code {ran.code} {last}".strip(), TEXT_LENGTH_MAX))
