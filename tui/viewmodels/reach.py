"""Where else than on its screen each action can be had: its subcommand, or why it has none.

What changes or reads the cluster has a subcommand; what only moves the console's own cursor or
shows it in another way has a reason instead. `tui/ACTIONS.md` is made from this, and a test fails
while an action, or a subcommand, is missing here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """The subcommand that does the same, with its arguments as help would write them."""

    words: str


@dataclass(frozen=True, slots=True)
class Only:
    """Why there is no subcommand, as half a sentence."""

    reason: str


Reach = Command | Only

_MOVES = Only("it moves within the console")
_SHOWS = Only("it changes what is shown, and output is filtered by the shell")
_DRAFT = Only("it edits the draft, as an editor edits FILE")
_PLAYS = Only("it steers what `replay` plays")

_ON_LISTS: dict[str, Reach] = {
    "open": Command("status"),
    "edit": _DRAFT,
    "add": _DRAFT,
    "remove": _DRAFT,
    "filter": _SHOWS,
    "problems": _SHOWS,
    "sort": _SHOWS,
    "freeze": _SHOWS,
}

REACH: dict[str, Reach] = {
    "app.help": Only("each subcommand has --help"),
    "app.quit": Only("a subcommand ends by itself"),
    "app.quit_now": Only("a subcommand ends by itself"),
    "app.palette": Only("it lists the actions of the console"),
    "app.command_line": Only("it is the command line"),
    "app.repaint": Only("it repairs the console's own screen"),
    "app.theme": Only("it colours the console's own screen"),
    "app.picture": Only("it is a picture of the console's own screen"),
    "app.drills": Command("demo --drill NAME"),
    "app.support_bundle": Command("support-bundle [FILE]"),
    "replay.play": _PLAYS,
    "replay.next_event": _PLAYS,
    "replay.event_before": _PLAYS,
    "replay.faster": _PLAYS,
    "replay.slower": _PLAYS,
    "app.back": _MOVES,
    "app.go_to_run": Command("events --follow"),
    "app.confirm": Command("confirm"),
    "app.go_back": Command("return"),
    "app.joining": Command("joining"),
    "app.fencing": Command("fence"),
    "app.section-dashboard": Command("status"),
    "app.section-nodes": Command("status"),
    "app.section-networks": Command("status"),
    "app.section-groups": Command("status"),
    "app.section-draft": Command("plan FILE"),
    "app.section-verify": Command("check FILE"),
    "app.section-dare": Command("events --follow"),
    "app.section-events": Command("events"),
    "app.section-past": Command("history"),
    "dashboard.open": _MOVES,
    "dashboard.freeze": _SHOWS,
    "dashboard.why": Command("why GROUP"),
    **{
        f"{scope}.{name}": reach
        for scope in ("nodes", "networks", "groups")
        for name, reach in _ON_LISTS.items()
    },
    "nodes.standby": Command("node standby NODE"),
    "nodes.resume": Command("node resume NODE"),
    "groups.move": Command("move GROUP NODE"),
    "groups.offline": Command("group offline GROUP"),
    "groups.online": Command("group online GROUP"),
    "groups.hold": Command("group hold GROUP --for TIME"),
    "groups.unhold": Command("group unhold GROUP"),
    "groups.why": Command("why GROUP"),
    "draft.open": _MOVES,
    "draft.edit": _DRAFT,
    "draft.add": _DRAFT,
    "draft.remove": _DRAFT,
    "draft.run_dare": Command("apply FILE"),
    "draft.rehearse": Command("rehearse FILE"),
    "draft.run_on_probation": Command("apply FILE --probation TIME"),
    "draft.merge": Command("merge FILE"),
    "draft.drop": _DRAFT,
    "draft.text": Command("diff [FILE]"),
    "draft.as_text": _DRAFT,
    "draft.command": Command("export configuration [FILE]"),
    "draft.undo": _DRAFT,
    "draft.redo": _DRAFT,
    "draft.start_again": _DRAFT,
    "verify.open": _MOVES,
    "verify.as_text": _DRAFT,
    "verify.explain": Command("explain [CODE]"),
    "dare.evidence": Command("history [EPOCH]"),
    "dare.abort": Command("abort [DARE]"),
    "dare.report": Command("history [EPOCH] --json"),
    "dare.older": _MOVES,
    "dare.newer": _MOVES,
    "past.open": Command("history [EPOCH]"),
    "past.take_back": Command("rollback EPOCH --only KEY"),
    "past.roll_back": Command("rollback EPOCH"),
    "past.everything": Command("history --all"),
    "past.compare": Command("diff --from EPOCH --to EPOCH"),
    "past.blame": Command("blame [KEY]"),
    "past.snapshot": Command("export snapshot FILE"),
    "events.filter": Command("events --node N --group G --kind K"),
    "events.since_left": Command("events --since TIME"),
    "events.problems": _SHOWS,
    "events.freeze": _SHOWS,
    "events.report": Command("events --json"),
    "joining.open": Command("joining"),
    "joining.invite": Command("invite NODE"),
    "joining.admit": Command("joining NODE"),
    "joining.withdraw": Command("joining NODE --withdraw"),
    "fencing.open": Command("fence"),
    "fencing.test": Command("fence test NODE [DEVICE]"),
    "fencing.fence": Command("fence NODE"),
    "fencing.down": Command("fence confirm NODE"),
}
"""By the action's id."""

SHELL_ONLY: dict[str, str] = {
    "demo": "it opens a console of its own",
    "replay": "it opens a console of its own, on the past",
    "inventory": "in the console the lists of forms (F4) offer it at the field",
    "agents": "in the console the form of a resource shows its agent's parameters",
    "completion": "it is for the shell's own settings",
    "man": "it installs manual pages",
    "keys": "it prints what a file of keys may hold, and the help shows the same",
}
"""Subcommands that no action does, with the reason."""
