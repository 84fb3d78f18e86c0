"""Real agents in network namespaces; skipped with a reason where there is no root."""
