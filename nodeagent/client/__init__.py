"""What consoles and scripts use to talk to an agent: ask, follow the stream, move on if it dies.

The face of `nodeagent` towards `tui`, which sees nothing else that acts. Leans on `wire` and
`model`; never on `core`. Start with `client.Client`; a `Link` is one agent of it, a `Line` one
socket of that. `access` is the file that says who we are and where the agents listen.
"""
