"""Pages of the findings on the administrator's commands for events."""

from nodeagent.config.pages.page import Page

_HEAD = "[event.tell]\nseconds = 10\n"

PAGES: dict[str, Page] = {
    "E360": Page(
        "A table of commands for events names no event.",
        "Name the events that the commands are for.",
        _HEAD + 'on = []\nnotify = ["/bin/true"]',
    ),
    "W361": Page(
        "A table of commands names events, and no command for them.",
        "Add pre, post or notify, or remove the table.",
        _HEAD + 'on = ["node-down"]',
    ),
    "E362": Page(
        "A command is to run before something that no node does on purpose.",
        "Use notify for it; pre goes with what a node does itself, as group-online.",
        _HEAD + 'on = ["node-down"]\npre = ["/bin/true"]',
    ),
    "W363": Page(
        "A command is to run after something that is only seen, so no node would run it.",
        "Use notify for it, which runs on each node.",
        _HEAD + 'on = ["node-down"]\npost = ["/bin/true"]',
    ),
    "W364": Page(
        "A recovery command follows nothing: there is no pre, and it is bound to no start.",
        "Add pre, or bind it to group-online too, or remove recovery.",
        _HEAD + 'on = ["group-offline"]\nrecovery = ["/bin/true"]\nnotify = ["/bin/true"]',
    ),
    "W365": Page(
        "Commands are limited to groups, and one of their events is of no group.",
        "Give that event a table of its own, without groups.",
        _HEAD + 'on = ["node-down"]\nnotify = ["/bin/true"]\ngroups = ["web"]',
    ),
    "E366": Page(
        "The list of a command begins with an empty text, so there is nothing to start.",
        "Write the program first, by its absolute path.",
        _HEAD + 'on = ["group-online"]\nnotify = ["", "now"]',
    ),
}
