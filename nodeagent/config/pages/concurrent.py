"""Pages of the findings on all-available groups, which run on all of their nodes at once."""

from nodeagent.config.pages.page import Page

_CACHE = '[group.cache]\nnodes = ["alpha", "bravo"]\nstartup = "all-available"\n'

PAGES: dict[str, Page] = {
    "E370": Page(
        "A group that runs on all of its nodes has something that one node has at a time: a "
        "service address, a folder, a file system, a volume group.",
        "Put it into a group of its own that is not all-available.",
        f'{_CACHE}[group.cache.resource.address]\ntype = "service-address"\n'
        'network = "public1"\naddress = "10.10.1.180"',
    ),
    "E371": Page(
        "with or apart-from names a group that runs on all of its nodes, or belongs to one.",
        "Remove the rule.",
        f'{_CACHE}[group.web]\nwith = ["cache"]',
    ),
    "E372": Page(
        "A group is to run after one that runs on all of its nodes.",
        "Remove it from after, or put what the group needs into the group itself.",
        f'{_CACHE}[group.web]\nafter = ["cache"]',
    ),
    "W373": Page(
        "A group that runs on all of its nodes has a policy for takeover or return.",
        "Leave fallover and fallback away: its instances neither move nor return.",
        f'{_CACHE}fallover = "least-loaded"',
    ),
    "E374": Page(
        "Groups that run on all of their nodes have more than 1,000 instances, other groups "
        "counted once each.",
        "List fewer nodes in such groups.",
        "# one table of this kind for each of 400 groups\n"
        'group.g{n} = { nodes = ["alpha", "bravo", "charlie"], startup = "all-available" }',
        times=400,
    ),
}
