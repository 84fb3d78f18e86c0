"""Real agents: every step of a DARE under every fault, in namespaces of their own.

`make faults` runs the grid and prints its table. A cell is a process of its own: private network,
mounts and process numbers, where a fault can be as rude as it likes and nothing stays behind. Read
`grid` first (what there is), then `faults` (what is done to whom) and `trial` (what must hold).
"""
