"""Pages of the findings 1xx: objects that name each other."""

from nodeagent.config.pages.page import Page

PAGES: dict[str, Page] = {
    "E101": Page(
        "An adapter or a service address is on a network that the file does not define.",
        "Correct the name, or add a table [network.NAME].",
        '[group.web.resource.address]\nnetwork = "pubic1"',
    ),
    "E102": Page(
        "A group lists a node that the file does not define.",
        "Correct the name, or add a table [node.NAME].",
        '[group.web]\nnodes = ["alhpa", "bravo"]',
    ),
    "E103": Page(
        "A group starts after a group that the file does not define.",
        "Correct the name, add the group, or take it out of after.",
        '[group.web]\nafter = ["databse"]',
    ),
    "E104": Page(
        "The voters name somebody who is no node of the cluster.",
        "Correct the name, or add the node. A removed node must go from the voters, too.",
        '[cluster]\nvoters = ["alpha", "bravo", "delta"]',
    ),
    "E105": Page(
        "A node stands twice in the takeover order of a group.",
        "Remove one of the two. The first in the list is the home node.",
        '[group.web]\nnodes = ["alpha", "bravo", "alpha"]',
    ),
    "E106": Page(
        "A node stands twice among the voters.",
        "Remove one of the two. Nobody gets a second vote by it.",
        '[cluster]\nvoters = ["alpha", "bravo", "bravo"]',
    ),
    "E107": Page(
        "A group names the same parent twice.",
        "Remove one of the two.",
        '[group.web]\nafter = ["mail", "mail"]',
    ),
    "E108": Page(
        "A group is to start after itself.",
        "Take the group out of its own after.",
        '[group.web]\nafter = ["web"]',
    ),
    "E109": Page(
        "Each of these groups waits for the next, and the last for the first.",
        "Remove one of the after keys: the one whose group can start alone.",
        '[group.mail]\nafter = ["web"]\n[group.web]\nafter = ["mail"]',
    ),
    "E110": Page(
        "Two nodes, or a node and an admin, have the same public key.",
        "Run `nodeagent key` on each node. A copied machine needs a key of its own.",
        '[node.bravo]\nkey = "sCL-$S#YVg@{@3=cUFV:t++5xQk)7uATkXqaz]Xr"',
    ),
    "E111": Page(
        "The group's list of nodes is empty.",
        "List the nodes that may run it, the home node first.",
        "[group.web]\nnodes = []",
    ),
    "W112": Page(
        "The group has no resources yet. It is placed and moved, but nothing runs.",
        "Add a table [group.NAME.resource.NAME], or remove the group.",
        '[group.spare]\nnodes = ["alpha", "bravo"]',
    ),
    "E113": Page(
        "The file defines no node.",
        "Add a table [node.NAME] for each machine; `nodeagent key` prints its key.",
        "[node.alpha]\n# no table\n[node.bravo]\n# no table\n[node.charlie]\n# no table\n"
        "[group.mail]\n# no table\n[group.mail.resource.disk]\n# no table\n"
        "[group.web]\n# no table\n"
        "[group.web.resource.address]\n# no table\n[group.web.resource.disk]\n# no table\n"
        "[group.web.resource.server]\n# no table\n[cluster]\n# no voters",
    ),
    "E114": Page(
        "A group lists a node whose role is witness.",
        'Take the node out of the list, or give it role = "member".',
        '[node.bravo]\nrole = "witness"',
    ),
    "E115": Page(
        "The tie-breaker is none of the voters.",
        "Name one of the voters, or leave the key away.",
        '[cluster]\nvoters = ["alpha", "bravo"]\ntie-breaker = "charlie"',
    ),
}
