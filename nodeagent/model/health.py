"""States of components, with the words of the glossary; one word for one thing everywhere."""

from typing import Literal

NodeState = Literal["up", "down", "joining", "leaving", "reconfiguring", "amnesiac", "unknown"]
LinkState = Literal["up", "late", "down", "unknown"]
GroupState = Literal["online", "offline", "acquiring", "releasing", "error", "unknown"]
ClusterState = Literal["stable", "unstable", "reconfiguring", "error", "no-quorum", "unknown"]
ResourceState = Literal["started", "stopped", "starting", "stopping", "failed", "unknown"]
CellState = Literal["waiting", "running", "done", "failed", "skipped", "uninvolved", "lost"]
RunState = Literal["running", "aborting", "done", "refused", "aborted", "in-doubt"]
RestoreState = Literal["", "restored", "restored-except", "unknown"]
GroupEffectKind = Literal["untouched", "reloaded", "restarted", "moved", "started", "stopped"]
