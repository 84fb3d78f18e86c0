"""Start, stop, watch and validate one resource on this node.

One driver per kind of resource (`application`, `address`, `folder`), all behind the same few calls
and the same contract tests. A driver knows no other driver, no group and no cluster. Leans on
`model`. Start with `base`, the interface that all share; `registry` is what the daemon calls;
`child`, `procs` and `records` start, find and end processes; `watchdog` ends them when the agent
cannot.
"""
