"""The one list of everything a person can do: name, keys, label, help, where, who may.

Bindings, footer, command palette and help screen are made from it, so that none of them can
promise what another does not keep. `scope` is "app" for everywhere, else the name of a section.
An action's name is the method `action_<name>` of the app or of the section's screen.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

from textual.binding import Binding, BindingType

_ID = re.compile(r"\W+")

Role = Literal["observer", "operator", "admin"]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do. `priority` orders the footer: low stays longest, 0 is unshown.

    `role` is the least role that may do it; a read-only console offers only what an observer may.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    scope: str = "app"
    role: Role = "observer"
    priority: int = 0

    @property
    def id(self) -> str:
        """Return the name by which it can be given other keys, as ``groups.move``."""
        return f"{self.scope}.{_ID.sub('-', self.name).rstrip('-')}"

    @property
    def key(self) -> str:
        """Return the key as it is shown."""
        return shown(self.keys[0]) if self.keys else ""


SHOWN = {
    "question_mark": "?",
    "slash": "/",
    "exclamation_mark": "!",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "colon": ":",
    "enter": "Enter",
    "escape": "Esc",
    "tab": "Tab",
    "space": "Space",
    "full_stop": ".",
    "comma": ",",
    "greater_than_sign": ">",
    "less_than_sign": "<",
}


def shown(key: str) -> str:
    """Return a key's name as people know it."""
    if key in SHOWN:
        return SHOWN[key]
    if key.startswith("ctrl+"):
        return f"^{key[5:].upper()}"
    return key.upper() if key.startswith("f") and key[1:].isdigit() else key


SECTIONS: tuple[tuple[str, str, str], ...] = (
    ("dashboard", "Dash", "One look at the whole cluster"),
    ("nodes", "Nodes", "Every node, its adapters, groups and epoch"),
    ("networks", "Nets", "Networks and adapters: nodes across, state and age"),
    ("groups", "Groups", "Resource groups, their resources, order and owner"),
    ("draft", "Draft", "The configuration you edit, beside the active one"),
    ("verify", "Verify", "What is wrong with the draft, and what would be right"),
    ("dare", "DARE", "The reconfiguration: steps down, nodes across"),
    ("events", "Events", "What happened, newest last"),
    ("past", "Past", "What was decided, by whom and why, and the way back"),
)
"""(mode, tab's word, help) in the order of the keys 1 to 9."""

PAGES: tuple[tuple[str, str, str], ...] = (
    ("joining", "Joining", "Who asks to join, with which key; invite, let in, refuse"),
    ("fencing", "Fencing", "How each node can be switched off, and whether that works"),
)
"""(mode, word, help) of the pages that are like sections but have no tab."""

OF_PROBATION = frozenset(("confirm", "go_back"))
"""What would do nothing while nothing is on probation."""
_LIST = ("nodes", "networks", "groups")

ACTIONS: tuple[Action, ...] = (
    Action("help", ("f1", "question_mark"), "help", "Keys and words of this screen", priority=1),
    Action("quit", ("f10", "q"), "quit", "Leave; nothing that runs is stopped", priority=8),
    Action("quit_now", ("ctrl+q",), "quit now", "Leave at once, without a question"),
    Action("palette", ("f9", "ctrl+p"), "palette", "Find any action by name", priority=9),
    Action("command_line", ("colon",), "command", "Type a subcommand, as in a shell", priority=9),
    Action("repaint", ("f2",), "repaint", "Paint the whole screen anew"),
    Action("theme", ("ctrl+t",), "light or dark", "Colours for a light background, or a dark one"),
    Action("picture", ("f8",), "picture", "Save the screen as a picture (SVG)"),
    Action("support_bundle", ("f12",), "bundle", "Write what all agents know, for who is to help"),
    Action("drills", ("D", "f11"), "drills", "Practise a fault on the demonstration", priority=7),
    Action(
        "play", ("space",), "play", "Hold the past still, or let it go on", "replay", priority=1
    ),
    Action(
        "next_event",
        ("full_stop",),
        "next",
        "Go to the next event of the past",
        "replay",
        priority=2,
    ),
    Action(
        "event_before",
        ("comma",),
        "before",
        "Go to the event before of the past",
        "replay",
        priority=3,
    ),
    Action("faster", ("greater_than_sign",), "faster", "Let the past go on faster", "replay"),
    Action("slower", ("less_than_sign",), "slower", "Let the past go on slower", "replay"),
    Action("back", ("escape", "f3"), "back", "Back to the list, or to the dashboard"),
    Action("go_to_run", ("R",), "to the DARE", "Go to the DARE that is going on"),
    Action(
        "confirm", ("K",), "keep", "Confirm what is on probation: it stays", "app", "operator", 5
    ),
    Action(
        "go_back",
        ("B",),
        "go back",
        "End the probation: bring back what was before",
        "app",
        "operator",
        5,
    ),
    Action("joining", ("n",), "joining", PAGES[0][2]),
    Action("fencing", ("F",), "fencing", PAGES[1][2]),
    *(
        Action(f"section('{mode}')", (str(number),), word, text)
        for number, (mode, word, text) in enumerate(SECTIONS, 1)
    ),
    Action("open", ("enter",), "open", "Open what the cursor is on", "dashboard", priority=2),
    Action(
        "freeze",
        ("f",),
        "freeze",
        "Hold the screen still, and count what waits",
        "dashboard",
        priority=6,
    ),
    *(
        action
        for scope in _LIST
        for action in (
            Action("open", ("enter",), "open", "Open what the cursor is on", scope, priority=2),
            Action("edit", ("e", "f7"), "edit", "Change it in the draft", scope, "operator", 3),
            Action("add", ("a",), "add", "Add one to the draft", scope, "operator", 4),
            Action("remove", ("x",), "remove", "Remove it from the draft", scope, "operator", 5),
            Action(
                "filter", ("slash",), "filter", "Show only lines with a text", scope, priority=6
            ),
            Action(
                "problems",
                ("exclamation_mark",),
                "problems",
                "Show only what has a problem",
                scope,
                priority=7,
            ),
            Action("sort", ("s",), "sort", "Sort by the next column", scope),
            Action("freeze", ("f",), "freeze", "Hold the screen still", scope),
        )
    ),
    Action(
        "standby",
        ("o",),
        "standby",
        "Let the node own nothing; it still votes",
        "nodes",
        "operator",
        4,
    ),
    Action("resume", ("O",), "resume", "Let the node own groups again", "nodes", "operator", 4),
    Action("move", ("m",), "move", "Move the group to another node", "groups", "operator", 3),
    Action("offline", ("o",), "offline", "Take the group offline", "groups", "operator", 4),
    Action(
        "online",
        ("O",),
        "online",
        "Bring the group online by its policies",
        "groups",
        "operator",
        4,
    ),
    Action(
        "hold",
        ("h",),
        "hold",
        "Watch the group for a while, but neither restart nor move it",
        "groups",
        "operator",
        5,
    ),
    Action("unhold", ("H",), "end hold", "End the hold of the group", "groups", "operator", 5),
    Action("open", ("enter",), "edit", "Open the form at the change", "draft", priority=2),
    Action(
        "edit", ("e",), "any object", "Open any object's form: timing, …", "draft", "operator", 7
    ),
    Action("add", ("a",), "add", "Add a group, node, network or admin", "draft", "operator", 7),
    Action("remove", ("x",), "remove", "Remove any object from the draft", "draft", "operator", 8),
    Action(
        "run_dare",
        ("g",),
        "run the DARE",
        "Show what it does, ask, then run it",
        "draft",
        "operator",
        3,
    ),
    Action(
        "rehearse",
        ("h",),
        "rehearse",
        "Ask all nodes whether they would take it, and change nothing",
        "draft",
        "operator",
        4,
    ),
    Action(
        "run_on_probation",
        ("p",),
        "on probation",
        "Run the DARE; it returns unless you confirm it in time",
        "draft",
        "operator",
        4,
    ),
    Action(
        "merge",
        ("m",),
        "merge",
        "Merge it with the configuration that overtook it",
        "draft",
        "operator",
        3,
    ),
    Action(
        "drop",
        ("u",),
        "drop change",
        "Take the change under the cursor back",
        "draft",
        "operator",
        4,
    ),
    Action(
        "text",
        ("t",),
        "text",
        "The difference as text, the active text, or the changes again",
        "draft",
        priority=5,
    ),
    Action(
        "as_text", ("f7",), "edit as text", "Edit the whole draft as a file", "draft", "operator", 6
    ),
    Action("command", ("f6",), "command", "The commands that do the same, to copy", "draft"),
    Action("undo", ("ctrl+z",), "undo", "Take the last edit back", "draft", "operator", 7),
    Action("redo", ("ctrl+y", "U"), "redo", "Do what was undone again", "draft", "operator", 8),
    Action(
        "start_again",
        ("r",),
        "start again",
        "Give the draft up for the active configuration",
        "draft",
        "operator",
        9,
    ),
    Action(
        "open", ("enter",), "go to field", "Go to the field that is meant", "verify", priority=2
    ),
    Action(
        "as_text",
        ("f7",),
        "edit as text",
        "Go to the finding's line of the text",
        "verify",
        "operator",
        3,
    ),
    Action(
        "explain",
        ("w",),
        "explain",
        "What the finding means, what gives it, and what to do",
        "verify",
        priority=4,
    ),
    Action("evidence", ("enter",), "evidence", "The selected cell in full", "dare", priority=2),
    Action("abort", ("a",), "abort", "Abort the DARE, until it decides", "dare", "operator", 3),
    Action("report", ("y",), "report", "Write the report as a text file", "dare", priority=4),
    Action(
        "older", ("left_square_bracket",), "older", "The DARE before this one", "dare", priority=5
    ),
    Action(
        "newer", ("right_square_bracket",), "newer", "The DARE after this one", "dare", priority=6
    ),
    Action("why", ("w",), "why here", "Why the group is where it is", "groups", priority=6),
    Action("why", ("w",), "why here", "Why the group is where it is", "dashboard", priority=6),
    Action("open", ("enter",), "open", "The entry with more room", "past", priority=2),
    Action(
        "take_back",
        ("u",),
        "take back",
        "Put one change of the epoch back into the draft",
        "past",
        "operator",
        3,
    ),
    Action(
        "roll_back", ("b",), "go back", "Put the whole epoch into the draft", "past", "operator", 4
    ),
    Action(
        "everything",
        ("v",),
        "views",
        "Show views, too: who was in, who owned what",
        "past",
        priority=5,
    ),
    Action(
        "compare",
        ("d",),
        "compare",
        "Compare the epoch with the newest one, or any two",
        "past",
        priority=5,
    ),
    Action("blame", ("w",), "blame", "Which epoch gave a field its value", "past"),
    Action("snapshot", ("s",), "snapshot", "Keep what is in force in a file", "past"),
    Action(
        "filter",
        ("slash",),
        "filter",
        "Show only lines with words, or of node:NAME, group:NAME, kind:group-online",
        "events",
        priority=2,
    ),
    Action(
        "problems",
        ("exclamation_mark",),
        "problems",
        "Show only warnings and errors",
        "events",
        priority=3,
    ),
    Action(
        "freeze",
        ("f",),
        "freeze",
        "Hold the list still, and count what waits",
        "events",
        priority=4,
    ),
    Action(
        "since_left",
        ("m",),
        "since you left",
        "Go to what happened since the console was last closed",
        "events",
        priority=5,
    ),
    Action("report", ("y",), "save", "Write the events as JSON lines", "events", priority=5),
    Action("open", ("enter",), "open", "All that is known of it", "joining", priority=4),
    Action(
        "invite", ("i",), "invite", "Make an invitation for a new node", "joining", "operator", 2
    ),
    Action(
        "admit",
        ("a",),
        "let in",
        "Compare the key of who asks, and let it in",
        "joining",
        "operator",
        3,
    ),
    Action("withdraw", ("x",), "refuse", "Take the invitation back", "joining", "operator", 3),
    Action("open", ("enter",), "open", "All that is known of it", "fencing", priority=4),
    Action(
        "test",
        ("t",),
        "test",
        "Ask its fence devices from each node, and switch nothing",
        "fencing",
        "operator",
        2,
    ),
    Action(
        "fence",
        ("o",),
        "switch off",
        "Switch the node off by its fence devices; its name is typed once more",
        "fencing",
        "operator",
        3,
    ),
    Action(
        "down",
        ("c",),
        "it is off",
        "Say that you have seen that the node is off; its name is typed once more",
        "fencing",
        "operator",
        3,
    ),
)


ACTING = frozenset(action.name for action in ACTIONS if action.role != "observer")
"""What a console that may only look does not offer."""


def of(scope: str) -> tuple[Action, ...]:
    """Return what can be done in one section, without what can be done everywhere."""
    return tuple(action for action in ACTIONS if action.scope == scope)


def offered(scope: str) -> tuple[Action, ...]:
    """Return everything that can be done in `scope`: its own actions, then those of the app."""
    return (*of(scope), *of("app"))


def beside_text(offered: tuple[Action, ...]) -> tuple[Action, ...]:
    """Return what can be done where letters and digits are typed as text: by the other keys."""
    left = []
    for action in offered:
        keys = tuple(key for key in action.keys if key not in SHOWN and len(key) > 1)
        if keys:
            left.append(replace(action, keys=keys))
    return tuple(left)


def bindings(scope: str) -> list[BindingType]:
    """Return the key bindings of a scope, each with an id by which it can be remapped."""
    return [
        Binding(
            ",".join(action.keys),
            action.name,
            action.label,
            show=bool(action.priority),
            id=action.id,
            tooltip=action.help,
            priority=action.keys[0] == "ctrl+q",
        )
        for action in of(scope)
    ]
