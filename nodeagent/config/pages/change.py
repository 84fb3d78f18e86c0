"""Pages of the findings 5xx: what a change would do to the cluster that runs.

Their examples change the sound configuration while it is in force.
"""

from nodeagent.config.pages.page import Page

PAGES: dict[str, Page] = {
    "E501": Page(
        "Two nodes that stay would have none of their present heartbeat paths any more. A path is "
        "two addresses; other names of adapters and networks do not end it.",
        "Do it in two changes: add the new network first, then remove the old one.",
        '[node.charlie]\nadapter.eth0 = { network = "public1", role = "service", '
        'address = "10.10.1.23" }\nadapter.eth1 = { network = "private1", role = "private", '
        'address = "192.168.50.23" }',
        away=(),
    ),
    "E502": Page(
        "Of those who are to vote from now on, too few are in.",
        "Bring them back first, or leave them out of the voters.",
        '[cluster]\nvoters = ["charlie"]',
        away=("charlie",),
    ),
    "E503": Page(
        "Of those who vote now, too few are in.",
        "Bring nodes back until a majority is in. Nothing can be changed before.",
        "[group.web]\npriority = 1",
        away=("bravo", "charlie"),
    ),
    "E504": Page(
        "The change gives the cluster another name.",
        "Keep the name. Another name is another cluster, made by `nodeagent init`.",
        '[cluster]\nname = "bookings"',
        away=(),
    ),
    "E505": Page(
        "The change gives the agents other ports.",
        "Keep the ports. To change them, stop all agents first.",
        "[cluster]\nadmin-port = 7500",
        away=(),
    ),
    "W506": Page(
        "A node that is in gets another key. Its groups move away with the change.",
        "Restart its agent with the new key afterwards.",
        '[node.charlie]\nkey = "4TTe1xOaG*}R5(=!DgpRz%V3&0pmk]>JbB:[-0Ze"',
        away=(),
    ),
    "E507": Page(
        "So many voters get another key at once that the others are no majority.",
        "Change one key after the other, and wait until each node is back.",
        '[node.bravo]\nkey = "4TTe1xOaG*}R5(=!DgpRz%V3&0pmk]>JbB:[-0Zf"\n'
        '[node.charlie]\nkey = "4TTe1xOaG*}R5(=!DgpRz%V3&0pmk]>JbB:[-0Ze"',
        away=(),
    ),
    "E508": Page(
        "A node that is not in gets a new adapter, or another address or network of one. Another "
        "name or role of an adapter at its address is nothing new.",
        "Bring the node back first, or change it in a second DARE once it is in.",
        '[network.public2]\nkind = "public"\nsubnet = "10.20.0.0/24"\n'
        '[node.charlie]\nadapter.eth2 = { network = "public2", role = "service", '
        'address = "10.20.0.13" }',
        away=("charlie",),
    ),
}
