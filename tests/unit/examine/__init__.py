"""`nodeagent check` on state directories as agents leave them, and on bent ones."""
