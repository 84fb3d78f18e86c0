"""The shipped core under virtual time with seeded faults; `--seed N` replays a run."""
