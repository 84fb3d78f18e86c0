"""Which schedule is known to notice which mutant: replayed by the suite, mutant on and mutant off.

When the core or the schedules change so much that one of these passes with its mutant on, hunt it
anew: `python -m tests.simulation.mutants --only NAME`.
"""

KNOWN: dict[str, tuple[str, int]] = {
    "terminator ignores what was accepted": ("decided and untold", 1),
    "answer before it is on disk": ("accepted by one", 1),
    "commit by the new majority alone": ("voters replaced behind a cut", 1),
    "half is a majority": ("even split", 1),
    "ballots are used again after a restart": ("ballot of an earlier life", 1),
    "answers are not matched with the ballot": ("acceptance of an earlier slot", 1),
    "refused proposer ignores the refusal's ballot": ("refused proposer", 1),
    "a second DARE is not refused": ("two administrators", 1),
    "view by one node's opinion": ("one bad link", 1),
    "abort after the point of no return": ("abort at the last moment", 1),
    "unilateral abort": ("removed and untold", 1),
    "draft activated at start": ("draft at start", 1),
    "repeated prepare extends the suspension": ("asked again and again", 1),
    "undo forgotten": ("undone acquire", 1),
    "a release goes on after the abort": ("abort before anything stopped", 1),
    "the temporary file is not compared": ("damaged file", 1),
    "a stale draft is taken": ("stale draft", 1),
    "a renamed group is another one": ("undone renaming", 1),
    "deaths seen while suspended are forgotten": ("death during a dare", 1),
    "no takeover wait": ("decided and untold", 1),
    "short takeover wait": ("silent holder", 1),
    "lease counted from the answer": ("late acknowledgements", 1),
    "voter grants a lease against its own acceptance": ("acknowledged by one that accepted", 1),
    "who missed a decree is counted in and granted a lease": ("back without the news", 1),
    "a group that was given away is adopted": ("back after its groups went", 4),
    "held on after the deadman's time": ("back and cut off", 1),
    "the deadman is told too long a lease": ("nobody comes back", 1),
    "a group that is being stopped is called whole": ("dies while it stops", 1),
    "what is adopted is written off": ("agent dies alone", 1),
    "a fence that failed counts as done": ("pair apart", 1),
    "a fence is good for ever": ("fenced once before", 1),
    "news of any fence count": ("old news of a fence", 1),
    "a life that is not in fences for a vote": ("pair apart", 4),
    "a fence is a vote for ever": ("pair apart again", 1),
    "no watchdog on a frozen node": ("frozen owner", 1),
    "confirmed by a minority": ("confirmed at one", 1),
    "probation forgotten after a restart": ("probation over restarts", 1),
    "another change during a probation": ("second change during a probation", 1),
}
"""Mutant to (directed schedule, seed)."""
