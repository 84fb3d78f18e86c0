"""The agent around the core: identity, loop, hands."""
