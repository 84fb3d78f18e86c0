"""Moments as people write them after `--since`: a time ago, a time of the day, or a date."""

import re
import time

SINCE_HELP = "30m, 2h, 1d, 14:30 or 2026-11-26T14:30 (local time)"
_SPAN = re.compile(r"(\d{1,6})([smhd])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d")


def read_since(text: str, now: float) -> float | None:
    """Return the moment that `text` means, seen from `now` in Unix seconds; None: not a time.

    A time of the day is the last one that was; times are local.
    """
    span = _SPAN.match(text)
    if span:
        return now - int(span[1]) * _SECONDS[span[2]]
    for form in _FORMS:
        try:
            return time.mktime(time.strptime(text, form))
        except (ValueError, OverflowError):
            continue
    try:
        clock = time.strptime(text, "%H:%M")
    except ValueError:
        return None
    today = time.localtime(now)
    fields = (*today[:3], clock.tm_hour, clock.tm_min, 0, 0, 0, -1)
    moment = time.mktime(fields)
    return moment if moment <= now else moment - 86_400
