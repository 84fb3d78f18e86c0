"""The one asyncio place of an agent: events in, effects out, signals, logs.

`agent` takes one event at a time to the core and starts all its effects before it takes the next
one; there is no `await` in between. `hands` carries effects out, `identity` is the node's state
directory as an agent needs it, `run` puts it all together. Read `agent` first.
"""
