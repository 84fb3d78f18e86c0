"""Pages of the findings 3xx: votes, groups, resources, fencing, rules, holds."""

from nodeagent.config.pages.page import Page

_FENCE = (
    '[node.alpha.fence.ipmi]\nagent = "fence_ipmilan"\nparameters = {{ ip = "10.10.1.211"{more} }}'
)

PAGES: dict[str, Page] = {
    "W301": Page(
        "The number of voters is even, so half of them can be cut off from the other half.",
        "Use one voter more or less, or name a tie-breaker.",
        '[cluster]\nvoters = ["alpha", "bravo"]',
    ),
    "W302": Page(
        "One node decides for a cluster of several.",
        "Let three nodes vote; with two nodes add a witness.",
        '[cluster]\nvoters = ["alpha"]',
    ),
    "N303": Page(
        "The cluster has one node.",
        "Nothing, while you build it up. Add a second node to have takeover.",
        '[cluster]\nvoters = ["alpha"]\n[node.bravo]\n# no table\n[node.charlie]\n# no table\n'
        '[group.web]\nnodes = ["alpha"]\n[group.mail]\nnodes = ["alpha"]',
    ),
    "N304": Page(
        "A tie-breaker is named, and the number of voters is odd.",
        "Leave the tie-breaker away.",
        '[cluster]\ntie-breaker = "alpha"',
    ),
    "E311": Page(
        "An application has an empty list as its start.",
        "Write the program with its whole path and its arguments.",
        "[group.web.resource.server]\nstart = []",
    ),
    "W312": Page(
        "The application goes to the background, and no command stops it or looks after it.",
        'Add stop and monitor, or let it stay in front with process = "foreground".',
        '[group.web.resource.server]\nprocess = "background"',
    ),
    "E313": Page(
        "A folder or device does not begin with /.",
        "Write the whole path.",
        '[group.web.resource.disk]\ndirectory = "srv/web"',
    ),
    "E314": Page(
        "Two groups use the same folder.",
        "Give each group a folder of its own, or put both resources into one group.",
        '[group.web.resource.disk]\ndirectory = "/srv/mail"',
    ),
    "E315": Page(
        "Two groups mount the same device.",
        "Give each group a device of its own, or put both resources into one group.",
        '[group.web.resource.disk]\ndevice = "/dev/disk/by-label/mail"',
    ),
    "W316": Page(
        "A folder lies inside the folder of another resource.",
        "Use folders beside each other, or let one group start after the other.",
        '[group.web.resource.disk]\ndirectory = "/srv/mail/web"',
    ),
    "W317": Page(
        "The group lists one node.",
        "List a second node, if the group shall survive the loss of the first.",
        '[group.web]\nnodes = ["alpha"]',
    ),
    "W318": Page(
        "The program is named without its folder.",
        "Write the whole path, as `command -v PROGRAM` prints it.",
        '[group.web.resource.server]\nstart = ["nginx"]',
    ),
    "W319": Page(
        "Program and arguments stand in one text.",
        'Write a list of texts: ["/usr/sbin/nginx", "-g", "daemon off;"].',
        '[group.web.resource.server]\nstart = ["/usr/sbin/nginx -c /srv/web/nginx.conf"]',
    ),
    "E320": Page(
        "The agent of a fence device is neither fence_NAME nor manual.",
        'Write agent = "fence_ipmilan", or whichever is installed for the device.',
        '[node.alpha.fence.ipmi]\nagent = "/usr/sbin/fence_ipmilan"',
    ),
    "E321": Page(
        "A password or another secret stands in the configuration.",
        "Put it into a file on each other node, and name the file by the parameter NAME-file.",
        _FENCE.format(more=', password = "secret"'),
    ),
    "E322": Page(
        "A parameter of a fence device has a bad name or value, or is given by the agent itself.",
        "Use the names that `fence_NAME -o metadata` tells, without action and nodename.",
        _FENCE.format(more=', nodename = "alpha"'),
    ),
    "E323": Page(
        "A node has two fence devices on one level, and one of them only reboots.",
        'Use action = "off" for both, or give each a level of its own.',
        '[node.alpha.fence.left]\nagent = "fence_apc"\nlevel = 1\naction = "reboot"\n'
        '[node.alpha.fence.right]\nagent = "fence_apc"\nlevel = 1\naction = "off"',
    ),
    "W324": Page(
        "The two voters can fence each other, and neither waits.",
        "Give a device of the node that shall win delay-seconds = 5.",
        '[cluster]\nvoters = ["alpha", "bravo"]\n[node.alpha.fence.ipmi]\nagent = "fence_ipmilan"\n'
        '[node.bravo.fence.ipmi]\nagent = "fence_ipmilan"',
    ),
    "W325": Page(
        "Fencing is required, and a node that may hold a group has no device that can do it.",
        "Add a table [node.NAME.fence.DEVICE]. Else run `clustertui fence confirm NODE` each time.",
        "[cluster]\nfence-required = true",
    ),
    "E330": Page(
        "with or apart-from names a group that the file does not define.",
        "Correct the name, or take it out of the rule.",
        '[group.web]\nwith = ["mial"]',
    ),
    "E331": Page(
        "A group names itself in with or apart-from.",
        "Take the group out of its own rule.",
        '[group.web]\napart-from = ["web"]',
    ),
    "E332": Page(
        "Two groups are to be on one node and on different ones at the same time.",
        "Remove one of the two rules.",
        '[group.web]\nwith = ["mail"]\napart-from = ["mail"]',
    ),
    "E333": Page(
        "Groups are to be together, and no node is in the lists of all of them.",
        "List one node in all of them, or remove the rule.",
        '[group.mail]\nnodes = ["charlie"]\nwith = ["web"]',
    ),
    "W334": Page(
        "Two groups are to be apart, and both can run on the same single node only.",
        "List another node in one of them.",
        '[group.mail]\nnodes = ["alpha"]\napart-from = ["web"]\n[group.web]\nnodes = ["alpha"]',
    ),
    "N335": Page(
        "A rule is written down that others say already.",
        "Leave one of them away: a rule counts for both of its groups.",
        '[group.mail]\nwith = ["web"]\n[group.web]\nwith = ["mail"]',
    ),
    "W337": Page(
        "The group has a time for its return, and never returns.",
        'Add fallback = "higher-priority", or leave the time away.',
        '[group.web]\nfallback-at = "02:00"',
    ),
    "E338": Page(
        "The text is no time of the day.",
        'Write hour and minute in UTC, as "02:00".',
        '[group.web]\nfallback = "higher-priority"\nfallback-at = "2 am"',
    ),
    "N339": Page(
        "The cluster waits for late nodes at its start, and no group makes use of it.",
        'Use startup = "first-available" for a group with several nodes, or leave the key away.',
        "[cluster]\nsettling-seconds = 10",
    ),
    "E340": Page(
        "The application must be well for longer than its whole start may take.",
        "Use a longer start-seconds, or a shorter stabilization-seconds.",
        "[group.web.resource.server]\nstart-seconds = 10\nstabilization-seconds = 20",
    ),
    "W341": Page(
        "Failures of a monitor are tolerated, and there is no monitor command.",
        "Add monitor, or leave failures-tolerated away.",
        "[group.web.resource.server]\nfailures-tolerated = 2",
    ),
    "W350": Page(
        "Every node of the group is on standby.",
        "Run `clustertui node resume NODE`, or list another node.",
        "[node.alpha]\nstandby = true\n[node.bravo]\nstandby = true",
    ),
    "N351": Page(
        "The time of the group's hold is over.",
        "Remove hold-until, or run `clustertui group hold GROUP` for another one.",
        "[group.web]\nhold-until = 2026-01-01T12:00:00Z",
    ),
    "W352": Page(
        "The group is held for more than 30 days.",
        "Use a nearer time. A hold can be made longer when it comes to its end.",
        "[group.web]\nhold-until = 2126-01-01T12:00:00Z",
    ),
    "N353": Page(
        "A witness is marked as on standby.",
        "Leave standby away.",
        '[node.charlie]\nrole = "witness"\nstandby = true\n'
        '[group.mail]\nnodes = ["bravo", "alpha"]',
    ),
    "E356": Page(
        "The name of an agent's parameter has a character that no variable's name may have.",
        "Use the names that the agent's meta-data tells: letters, digits and _.",
        '[group.web.resource.database]\ntype = "ocf:heartbeat:pgsql"\n'
        'parameters = { "pg-data" = "/srv/pg" }',
    ),
    "E357": Page(
        "GROUP.RESOURCE is the same text for two resources, because a name has a dot.",
        "Rename one of the two.",
        '[group.web.resource."shop.database"]\ntype = "ocf:heartbeat:pgsql"\n'
        '[group."web.shop"]\nnodes = ["alpha", "bravo"]\n'
        '[group."web.shop".resource.database]\ntype = "ocf:heartbeat:pgsql"',
    ),
}
