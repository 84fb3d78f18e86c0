"""ZeroMQ sockets and CURVE keys: bytes in, bytes out, and whose key they came with.

Decides nothing and knows nothing of what the messages lead to. Leans on `wire` and `model`. Start
with `keys`, for they are the identity of every node; `gate` lets in by key; `peers` is the traffic
between agents (`local`: what is bound, `path`: what is dialled), `admin` the door for consoles.
Every call returns at once and belongs to the thread of the loop that was running at `open`.
"""
