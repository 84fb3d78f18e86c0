"""Exit codes of `clustertui`. They are an interface: scripts tell by them what happened."""

DONE = 0
FAILED = 1
USAGE = 2
BUSY = 3
"""Another DARE is open, a group is held, or there is no quorum: try again."""
INVALID = 4
"""The configuration has errors."""
STALE = 6
"""The ground is another one: a newer configuration is active, or it drifted since the rehearsal."""
ABORTED = 7
"""The DARE was aborted, and everything is as before."""
IN_DOUBT = 8
"""Whether the change is in force is not known yet."""
INTERRUPTED = 130

HELP = (
    "Exit codes: 0 done, 1 failed, 2 usage, 3 busy or no quorum, 4 verification errors, "
    "6 draft based on an older epoch or drifted since its rehearsal, 7 aborted and undone, "
    "8 in doubt, 130 interrupted."
)
