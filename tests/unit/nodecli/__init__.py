"""Commands of `nodeagent` that write: what they refuse, and what they leave behind."""
