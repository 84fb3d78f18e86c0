"""Pages of the findings 4xx: times and ports."""

from nodeagent.config.pages.page import Page

PAGES: dict[str, Page] = {
    "E401": Page(
        "A node counts as dead after less than three missing heartbeats.",
        "Use a longer dead-after-ms, or a shorter heartbeat-ms.",
        "[timing]\nheartbeat-ms = 1000\ndead-after-ms = 2000",
    ),
    "E402": Page(
        "The lease by which a node owns groups ends before its death would be noticed.",
        "Make lease-ms longer than dead-after-ms.",
        "[timing]\ndead-after-ms = 5000\nlease-ms = 4000",
    ),
    "E403": Page(
        "A lease is renewed so seldom that one lost message ends it.",
        "Use a renew-ms of at most a third of lease-ms.",
        "[timing]\nlease-ms = 6000\nrenew-ms = 4000\nwatchdog-ms = 5000",
    ),
    "E404": Page(
        "One step of a DARE may take more than half of the time for which nodes are suspended.",
        "Use a shorter step-ms, or a longer suspend-ms.",
        "[timing]\nstep-ms = 25000\nsuspend-ms = 30000",
    ),
    "E405": Page(
        "The suspension ends before a lease does.",
        "Make suspend-ms longer than lease-ms.",
        "[timing]\nlease-ms = 9000\nsuspend-ms = 8000\nstep-ms = 3000",
    ),
    "E406": Page(
        "The watchdog would stop a healthy node between two renewals of its lease.",
        "Make watchdog-ms longer than renew-ms.",
        "[timing]\nrenew-ms = 1000\nwatchdog-ms = 1000",
    ),
    "W407": Page(
        "With this many nodes, single heartbeats come late more often.",
        "Use the dead-after-ms that the finding names.",
        "[timing]\nheartbeat-ms = 200\ndead-after-ms = 700\n# and ten nodes, each as\n[node]\n"
        'n{n} = { key = "{n}SCL-$S#YVg@{@3=cUFV:t++5xQk)7uATkXqaz]X", adapter.eth0 = '
        '{ network = "public1", role = "service", address = "10.10.1.2{n}" } }',
        times=10,
    ),
    "W409": Page(
        "Services are to outlive their agent for longer than its lease and the watchdog let them.",
        "Use at most the adopt-ms that the finding names, or a longer lease-ms.",
        "[timing]\nadopt-ms = 60000",
    ),
    "E408": Page(
        "Two of the four ports are the same number.",
        "Give each its own, or leave them all to their defaults.",
        "[cluster]\ncontrol-port = 7500\nadmin-port = 7500",
    ),
    "E410": Page(
        "With such a heartbeat-ms an agent does little else than heartbeats. With such a "
        "watchdog-ms a healthy node is stopped when its agent is kept waiting for a moment.",
        "Use at least what the finding names, or leave them to their defaults.",
        "[timing]\nheartbeat-ms = 10\nrenew-ms = 200\nwatchdog-ms = 400",
    ),
}
