"""The cluster manager: one daemon per node.

Something happens, it becomes an event, the pure core steps, effects come out, the daemon carries
them out, and their results are new events. Imports point down this list, never up:

    cli                             arguments of the command `nodeagent`
    daemon  | client                the one asyncio loop | what consoles use to talk to an agent
    transport | store | drivers     sockets and keys | files and journal | resources
    core                            every decision, without clock, file, socket or chance
    wire                            messages, limits, codec
    config                          text to model and back, verified and compared
    model                           the nouns

Read `nodeagent.core` first, then `nodeagent.daemon`.
"""
