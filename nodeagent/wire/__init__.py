"""What nodes say to each other and to consoles, as tagged types, and their bytes.

No sockets here. Unknown fields are refused and every length has a limit, for bytes come from
outside. A message names no sender: the key of the connection does. Leans on `config` and `model`.
Start with the messages, then the limits, then the codec.
"""
