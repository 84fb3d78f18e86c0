"""The words of the command line; what each of them does lies in the module of its name.

Those modules are imported late: a script that asks for one thing does not wait for all others.
"""

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import click

from nodeagent.client.errors import AccessError, ClientError
from nodeagent.manual import equip
from tui.cli import exits
from tui.cli.access import Way
from tui.cli.names import FENCED, FINDING, GROUP, NODE
from tui.cli.output import complain, put_json
from tui.cli.since import SINCE_HELP

F = TypeVar("F", bound=Callable[..., Any])


AS_JSON = "tui.cli.as_json"


def json_option(text: str = "One JSON object.") -> Callable[[F], F]:
    """Return the option that every subcommand has."""

    def kept(context: click.Context, _: click.Parameter, value: bool) -> bool:
        context.meta[AS_JSON] = value  # for whoever tells what went wrong
        return value

    return click.option("--json", "as_json", is_flag=True, help=text, callback=kept)


class Program(click.Group):
    """The whole command: where JSON was asked for, it tells every refusal, too.

    What is typed wrongly is not told so: who made the command has to read it.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Carry out; what went wrong goes on to `run`."""
        try:
            return super().invoke(ctx)
        except ClientError as error:
            if ctx.meta.get(AS_JSON):
                put_json({"result": "failed", "exit": exit_of(error), "text": str(error)})
            raise
        except click.UsageError:
            raise
        except click.ClickException as error:
            if ctx.meta.get(AS_JSON):
                _put_refusal(error)
            raise


def _put_refusal(error: click.ClickException) -> None:
    """Write what is wrong with a file as one JSON object, with the findings in it."""
    from tui.cli.dare import Result

    word = "failed" if error.exit_code == exits.FAILED else "refused"
    reports = getattr(error, "reports", ())
    put_json(Result(word, error.exit_code, text=error.format_message(), reports=reports))


def exit_of(error: ClientError) -> int:
    """Return the exit code of a cluster that could not be asked, or of a wrong access file."""
    return exits.USAGE if isinstance(error, AccessError) else exits.FAILED


FILE = click.Path()
"""Any path: it is opened where it is used, and what is wrong with it is said there."""
REASON = click.option("--reason", default="", help="Why, for the cluster's records.")
WAIVE = click.option(
    "--waive",
    "waived",
    metavar="FAILURE",
    multiple=True,
    help="A failure that need not be survived any more, such as node:alpha, as `plan` names it. "
    "Without it such a change is refused (exit code 4). May be given more than once.",
)
EACH_STEP = json_option("One JSON object for each step and node, the last for the result.")


@click.group(
    cls=Program,
    invoke_without_command=True,
    epilog=exits.HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--connect",
    metavar="ENDPOINT",
    multiple=True,
    help="Agent to turn to, as tcp://host:port#SERVERKEY; may be given several times.",
)
@click.option(
    "--key",
    metavar="FILE",
    help="Access file; default: $CLUSTERTUI_KEY, then ~/.config/clustertui/console.toml.",
)
@click.option(
    "--keys",
    metavar="FILE",
    help="Keys of the console; default: ~/.config/clustertui/keys.toml, if it is there.",
)
@click.option("--read-only", is_flag=True, help="Look only; nothing in this console can act.")
@click.option(
    "--plain",
    is_flag=True,
    help="The console line by line, for screen readers, pipes and logs: what is so, then a line "
    "for each change. Subcommands are typed as lines; it ends with the input.",
)
@click.version_option(package_name="clustertui", message="%(prog)s %(version)s")
@click.pass_context
def cli(
    context: click.Context,
    connect: tuple[str, ...],
    key: str | None,
    keys: str | None,
    read_only: bool,
    plain: bool,
) -> int | None:
    """Change the configuration of a running cluster, and see every step of it.

    Without a subcommand the console opens.
    """
    context.obj = Way(connect, key, read_only, keys, plain)
    if context.invoked_subcommand is not None:
        return None
    from tui.cli.console import open_console, open_plain

    return open_plain(context.obj) if plain else open_console(context.obj)


@cli.command()
@json_option()
@click.pass_obj
def status(way: Way, as_json: bool) -> int:
    """Print nodes, links, groups, and what is wrong.

    As one agent sees it, one that has quorum if any has; the exit code is 0 when one answered,
    whatever state the cluster is in. In the JSON "cluster" has the "observer", "no_quorum" names
    agents without quorum and "silent" those that did not answer, where one had to be doubted.
    """
    from tui.cli.status import run

    return run(way, as_json=as_json)


@cli.command()
@click.option("--follow", is_flag=True, help="Go on until interrupted (exit code 130).")
@click.option("--node", "nodes", multiple=True, metavar="NAME", help="Only on this node.")
@click.option("--group", "groups", multiple=True, metavar="NAME", help="Only about this group.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    metavar="KIND",
    help="Only these: group-online, node-down, …, all of group or node, or error, warning, note.",
)
@click.option("--since", default="", metavar="TIME", help=f"Only later ones: {SINCE_HELP}.")
@json_option("One JSON object for each event.")
@click.argument("words", nargs=-1)
@click.pass_obj
def events(way: Way, /, follow: bool, as_json: bool, **asked: Any) -> int:
    """Print what happened in the cluster, as all agents recorded it.

    What several tell of is printed once. Agents that cannot be asked are named on stderr; with
    --follow they are listened to as soon as they answer. With WORDS only lines that hold them all.
    """
    from tui.cli.events import run, wanted_of

    return run(way, wanted_of(**asked), follow=follow, as_json=as_json)


@cli.command()
@click.argument("file", type=FILE)
@json_option()
def check(file: str, as_json: bool) -> int:
    """Verify FILE; needs no cluster.

    Findings are written as file:line: key: what is wrong (what would be right). The exit code is
    4 when one is an error, and 2 when the file cannot be read as TOML.
    """
    from tui.cli.check import run

    return run(file, as_json=as_json)


@cli.command()
@click.argument("code", default="", type=FINDING)
@json_option("One JSON object for each finding.")
def explain(code: str, as_json: bool) -> int:
    """Tell what the finding CODE means, what gives it, why it matters, what to do.

    CODE is that of `clustertui check` or `nodeagent check`, such as E204. Without it all codes are
    listed. Needs no cluster.
    """
    from tui.cli.explain import run

    return run(code, as_json=as_json)


@cli.command()
@click.argument("file", type=FILE, required=False)
@click.option("--from", "old", type=int, metavar="EPOCH", help="Compare this epoch instead,")
@click.option("--to", "new", type=int, metavar="EPOCH", help="with this one; default: the last.")
@json_option()
@click.pass_obj
def diff(way: Way, file: str | None, old: int | None, new: int | None, as_json: bool) -> int:
    """Compare FILE, or the draft, with the active configuration, or two epochs.

    + is new, - goes, ~ changes. The exit code does not tell whether there are differences.
    """
    from tui.cli.diff import between, run

    if old is not None and file is None:
        return between(way, old, new, as_json=as_json)
    if old is not None or new is not None:
        raise click.UsageError("--from EPOCH, with or without --to EPOCH, goes without a FILE")
    return run(way, file, as_json=as_json)


@cli.command()
@click.argument("file", type=FILE)
@json_option()
@click.pass_obj
def plan(way: Way, file: str, as_json: bool) -> int:
    """Show what applying FILE would do to each group.

    The running cluster is asked who is in and who owns what; nothing is changed.
    """
    from tui.cli.plan import run

    return run(way, file, as_json=as_json)


@cli.command()
@click.argument("file", type=FILE)
@REASON
@click.option(
    "--base",
    metavar="DIGEST|FILE",
    default="",
    help="Refuse (exit code 6) unless this is the active configuration: its digest, or a file with "
    "the same text; default: whatever is active when the command starts.",
)
@WAIVE
@click.option(
    "--probation",
    metavar="TIME",
    default="",
    help="Return to what was before unless it is confirmed in time (90s, 10m, 1h30m) and all "
    "groups stay online: `clustertui confirm`.",
)
@click.option(
    "--health",
    metavar="COMMAND",
    default="",
    help="With --probation: a program with its whole path, and arguments; no shell. Every voter "
    "runs it each 5 s, and what was before returns when it fails or takes 10 s.",
)
@click.option(
    "--rehearsed",
    metavar="DIGEST",
    default="",
    help="Refuse (exit code 6) what drifted since the rehearsal that printed this digest.",
)
@click.option("--yes", is_flag=True, help="At a terminal: show what it would do, but do not ask.")
@EACH_STEP
@click.pass_obj
def apply(way: Way, /, file: str, as_json: bool, **wanted: Any) -> int:
    """Change the running cluster to FILE, step by step.

    At a terminal it first shows what `plan` does, and asks where a group is interrupted or
    something is removed; elsewhere, and with --json, it asks nothing. The last line is the
    result. Ctrl+C ends this command only; the cluster goes on.
    """
    from tui.cli.apply import Wanted, run

    return run(way, file, Wanted(**wanted), as_json=as_json)


@cli.command()
@click.argument("file", type=FILE)
@EACH_STEP
@click.pass_obj
def rehearse(way: Way, file: str, as_json: bool) -> int:
    """Ask all nodes whether they would take FILE, and change nothing.

    No lock is taken, nobody is suspended, nothing is written. The last line has a digest; with
    `clustertui apply FILE --rehearsed DIGEST` only what was rehearsed is carried out.
    """
    from tui.cli.rehearse import run

    return run(way, file, as_json=as_json)


@cli.command("keys")
@json_option()
@click.pass_obj
def keys_command(way: Way, as_json: bool) -> int:
    """Print the keys of all actions, as a file that can be edited.

    Put it where `--keys` looks for it, and keep in it what shall be different. An action's keys are
    one key, or a list.
    """
    from tui.cli.keys import run

    return run(way.keys, as_json=as_json)


@cli.command()
@click.argument("tx", default="", metavar="[DARE]")
@json_option()
@click.pass_obj
def abort(way: Way, tx: str, as_json: bool) -> int:
    """Abort the running DARE, until it decides.

    With DARE only if that is its name. The exit code is 0 when the coordinator was asked; who runs
    `apply`, and `clustertui events --follow`, show how everything returns to where it was.
    """
    from tui.cli.abort import run

    return run(way, tx, as_json=as_json)


@cli.command()
@json_option()
@click.pass_obj
def confirm(way: Way, as_json: bool) -> int:
    """Keep the configuration that is on probation.

    The exit code is 7 when its time, or another administrator, came first and it was returned.
    """
    from tui.cli.probation import run

    return run(way, "confirm", as_json=as_json)


@cli.command(name="return")
@json_option()
@click.pass_obj
def go_back(way: Way, as_json: bool) -> int:
    """Bring back what was before the configuration that is on probation, at once.

    A DARE as any other; `clustertui events --follow` shows it.
    """
    from tui.cli.probation import run

    return run(way, "return", as_json=as_json)


@cli.command()
@click.argument("file", type=FILE)
@click.option(
    "--base",
    metavar="DIGEST|FILE",
    default="",
    help="What FILE was made from; default: what the draft was made from, where FILE is the draft.",
)
@click.option(
    "--take",
    type=click.Choice(["mine", "theirs"]),
    help="Whose value counts where both sides changed the same.",
)
@click.option("--output", metavar="NEW", help="Write the result there; default: print it.")
@json_option()
@click.pass_obj
def merge(way: Way, /, as_json: bool, **wanted: Any) -> int:
    """Merge FILE with what was changed since it was made.

    FILE keeps its text and comments; what others changed meanwhile is edited in. The exit code
    is 1, and nothing is written, while both sides changed the same and --take says nothing.
    """
    from tui.cli.merge import run

    return run(way, as_json=as_json, **wanted)


@cli.group()
def export() -> None:
    """Keep what the cluster has."""


@export.command()
@click.argument("file", type=FILE, required=False)
@click.option("--draft", is_flag=True, help="The draft instead of the active configuration.")
@json_option()
@click.pass_obj
def configuration(way: Way, file: str | None, draft: bool, as_json: bool) -> int:
    """Print the active configuration, or write it to FILE, which must be new."""
    from tui.cli.export import configuration as run

    return run(way, file, draft=draft, as_json=as_json)


@export.command()
@click.argument("file", type=FILE)
@json_option()
@click.pass_obj
def snapshot(way: Way, file: str, as_json: bool) -> int:
    """Write what is in force to FILE, which must be new, with who owns what.

    It is the active configuration below a few lines of comment, and can be applied again.
    """
    from tui.cli.export import snapshot as run

    return run(way, file, as_json=as_json)


@cli.command()
@click.argument("epoch", type=int, required=False)
@click.option("--limit", default=20, show_default=True, metavar="N", help="How many, newest first.")
@click.option("--all", "everything", is_flag=True, help="Views, too: who was in, who owned what.")
@click.option("--verify", is_flag=True, help="Ask every agent whether it remembers the same.")
@json_option("One JSON object for each entry.")
@click.pass_obj
def history(way: Way, /, epoch: int | None, as_json: bool, **wanted: Any) -> int:
    """Show what was decided: when, by whom, and why; or EPOCH with what it changed.

    It is read from the hash-chained log by which the cluster decides, the same on every node. With
    --verify the exit code is 1 when two agents differ or a chain is broken.
    """
    from tui.cli.history import history as run

    return run(way, epoch, as_json=as_json, **wanted)


@cli.command()
@click.argument("key", default="")
@json_option("One JSON object for each field.")
@click.pass_obj
def blame(way: Way, key: str, as_json: bool) -> int:
    """Show for each field below KEY which epoch gave it its value, by whom and why.

    KEY is written as group.web, or group.web.nodes; without it all fields are shown.
    """
    from tui.cli.history import blame_of

    return blame_of(way, key, as_json=as_json)


@cli.command()
@click.argument("node", type=NODE, default="")
@json_option("One JSON object for each node.")
@click.pass_obj
def inventory(way: Way, node: str, as_json: bool) -> int:
    """Show what NODE, or each node, has: interfaces, block devices, OCF agents, units.

    Each node is asked itself, and looks it up anew. The exit code is 1 when none answered.
    """
    from tui.cli.inventory import inventory as run

    return run(way, node, as_json=as_json)


@cli.command()
@click.argument("agent", default="")
@click.option("--node", type=NODE, default="", help="Ask this node only.")
@json_option("One JSON object for each agent.")
@click.pass_obj
def agents(way: Way, agent: str, node: str, as_json: bool) -> int:
    """List the OCF agents of all nodes, or show what AGENT takes.

    AGENT is written as ocf:heartbeat:IPaddr2; what it says of itself is shown as the first node
    that has it tells: parameters with their type, whether they are required, default and help.
    """
    from tui.cli.inventory import agents as run

    return run(way, agent, node=node, as_json=as_json)


@cli.command()
@click.argument("group", type=GROUP)
@json_option()
@click.pass_obj
def why(way: Way, group: str, as_json: bool) -> int:
    """Tell why GROUP is where it is: event, rule, candidates, action, result.

    All of it was written down when it was decided; nothing is guessed afterwards.
    """
    from tui.cli.why import run

    return run(way, group, as_json=as_json)


@cli.command()
@click.argument("epoch", type=int)
@click.option("--only", metavar="KEY", default="", help="Take back only this change of EPOCH.")
@click.option(
    "--undo", is_flag=True, help="Take back what EPOCH changed, and keep what came since."
)
@REASON
@click.option("--yes", is_flag=True, help="Do not ask; without a terminal it must be given.")
@EACH_STEP
@click.pass_obj
def rollback(way: Way, /, epoch: int, as_json: bool, **wanted: Any) -> int:
    """Go back to the configuration of EPOCH, or take back one of its changes.

    A DARE like any other, and a new epoch: what it changes and interrupts is shown first. With
    --undo, or --only group.web.nodes, later changes stay; where they touch the same field nothing
    is done, and it is said where.
    """
    from tui.cli.rollback import Wanted, run

    return run(way, epoch, Wanted(**wanted), as_json=as_json)


@cli.command()
@click.argument("group", type=GROUP)
@click.argument("node", type=NODE)
@REASON
@EACH_STEP
@click.pass_obj
def move(way: Way, group: str, node: str, reason: str, as_json: bool) -> int:
    """Move GROUP to NODE.

    A DARE that leaves the configuration as it is: GROUP is released where it runs, and acquired
    on NODE. What follows is shown first. The last line is the result.
    """
    from tui.cli.move import run

    return run(way, group, node, reason=reason, as_json=as_json)


@cli.group()
def node() -> None:
    """Send nodes to standby, and let them serve again."""


@node.command()
@click.argument("node", type=NODE)
@REASON
@EACH_STEP
@click.pass_obj
def standby(way: Way, node: str, reason: str, as_json: bool) -> int:
    """Let NODE own nothing; it stays in and votes.

    A DARE that marks the node in the configuration: its groups move to their next nodes, which is
    shown first, and none comes to it until `node resume`, whatever is started anew.
    """
    from tui.cli.operate import run
    from tui.viewmodels.operations import standby as make

    return run(way, "node", node, partial(make, node=node), reason=reason, as_json=as_json)


@node.command()
@click.argument("node", type=NODE)
@REASON
@EACH_STEP
@click.pass_obj
def resume(way: Way, node: str, reason: str, as_json: bool) -> int:
    """Let NODE serve again.

    Groups come back to it only where their fallback policy says so.
    """
    from tui.cli.operate import run
    from tui.viewmodels.operations import resume as make

    return run(way, "node", node, partial(make, node=node), reason=reason, as_json=as_json)


@cli.group()
def group() -> None:
    """Take groups offline and bring them online, hold them and end the hold."""


@group.command()
@click.argument("group", type=GROUP)
@REASON
@EACH_STEP
@click.pass_obj
def offline(way: Way, group: str, reason: str, as_json: bool) -> int:
    """Take GROUP offline, with the groups that run after it.

    It stays offline until somebody acts, whichever nodes come and go.
    """
    from tui.cli.operate import run
    from tui.viewmodels.operations import offline as make

    return run(way, "group", group, partial(make, group=group), reason=reason, as_json=as_json)


@group.command()
@click.argument("group", type=GROUP)
@REASON
@EACH_STEP
@click.pass_obj
def online(way: Way, group: str, reason: str, as_json: bool) -> int:
    """Bring GROUP online where its policies start it.

    `clustertui move GROUP NODE` starts it on a node of one's choice.
    """
    from tui.cli.operate import run
    from tui.viewmodels.operations import online as make

    return run(way, "group", group, partial(make, group=group), reason=reason, as_json=as_json)


@group.command()
@click.argument("group", type=GROUP)
@click.option("--for", "length", metavar="TIME", required=True, help="As 90s, 30m, 2h or 1h30m.")
@REASON
@EACH_STEP
@click.pass_obj
def hold(way: Way, group: str, length: str, reason: str, as_json: bool) -> int:
    """Watch GROUP, but neither restart nor move it, for a while.

    For work on its application. A change that would touch the group is refused meanwhile. The
    hold ends by itself, and what is wrong then is dealt with.
    """
    from tui.cli.operate import hold as run

    return run(way, group, length, reason=reason, as_json=as_json)


@group.command()
@click.argument("group", type=GROUP)
@REASON
@EACH_STEP
@click.pass_obj
def unhold(way: Way, group: str, reason: str, as_json: bool) -> int:
    """End the hold of GROUP before its time."""
    from tui.cli.operate import run
    from tui.viewmodels.operations import unhold as make

    return run(way, "group", group, partial(make, group=group), reason=reason, as_json=as_json)


@cli.command()
@click.argument("words", nargs=-1, type=FENCED, metavar="[[confirm|test] NODE [DEVICE]]")
@click.option("--yes", metavar="NODE", default="", help="The node's name once more, for scripts.")
@json_option()
@click.pass_obj
def fence(way: Way, words: tuple[str, ...], yes: str, as_json: bool) -> int:
    """Switch NODE off by its fence devices, and see that it is off.

    With "confirm" no device is used: you say that you have seen NODE to be off, and what it held is
    taken over at once. Both ask for the node's name to be typed; --yes NODE says it in a script.
    With "test" every other node asks NODE's devices (or DEVICE) whether they answer, and nothing is
    switched. Without words it lists each node's devices, their last check and the last fencing.
    """
    from tui.cli.fence import run

    return run(way, words, yes=yes, as_json=as_json)


@cli.command()
@click.argument("node")
@click.option("--wait", is_flag=True, help="Wait for it, and ask whether it is the right one.")
@click.option("--yes", metavar="FINGERPRINT", default="", help="With --wait: of its key.")
@click.option("--apply", "to_apply", is_flag=True, help="With --wait: run the DARE that adds it.")
@json_option()
@click.pass_obj
def invite(way: Way, node: str, wait: bool, yes: str, to_apply: bool, as_json: bool) -> int:
    """Print an invitation with which one new machine may ask to join as NODE.

    It is one word for `nodeagent join` on that machine, good once and for 15 minutes. The machine
    is let in only after its key's fingerprint was confirmed, here or by `clustertui joining`.
    """
    from tui.cli.invite import run

    if (yes or to_apply) and not wait:
        raise click.UsageError("--yes and --apply go with --wait")
    return run(way, node, wait=wait, yes=yes, apply=to_apply, as_json=as_json)


@cli.command()
@click.argument("node", default="")
@click.option("--yes", metavar="FINGERPRINT", default="", help="The one that NODE itself shows.")
@click.option("--withdraw", is_flag=True, help="Take the invitation back instead.")
@click.option("--apply", "to_apply", is_flag=True, help="Run the DARE that adds NODE, too.")
@json_option()
@click.pass_obj
def joining(way: Way, node: str, yes: str, withdraw: bool, to_apply: bool, as_json: bool) -> int:
    """List who is invited and who asks to join, or let NODE in.

    Shows the fingerprint of the key of the machine that asks, and wants it confirmed; --yes
    FINGERPRINT says it in a script. NODE is then in the draft, and any DARE of the draft adds it.
    """
    from tui.cli.joining import run

    return run(way, node, yes=yes, withdraw=withdraw, apply=to_apply, as_json=as_json)


@cli.command()
@click.argument("file", type=FILE, required=False)
@click.option(
    "--since",
    default="1h",
    show_default=True,
    metavar="TIME",
    help="As 90m, 2h, 1d, 07:30, or a date and time.",
)
@click.option("--save", metavar="NEW", help="Write the records there instead; FILE plays them.")
@json_option("One JSON object for each record, instead of the screen.")
@click.pass_obj
def replay(way: Way, /, file: str | None, as_json: bool, **wanted: Any) -> int:
    """Show what was, in the screens of the console.

    Each agent records what it sees change. Space holds still, comma and full stop go from event to
    event, < and > change the speed.
    """
    from tui.cli.replay import run

    return run(way, file, as_json=as_json, **wanted)


@cli.command("support-bundle")
@click.argument("file", type=FILE, required=False)
@click.option("--state", type=FILE, help="Add what `nodeagent check` says of this directory.")
@click.option("--log", "logs", type=FILE, multiple=True, help="Add the end of this file.")
@json_option()
@click.pass_obj
def support_bundle(way: Way, /, as_json: bool, **wanted: Any) -> int:
    """Write what all agents know into one archive, for who is to help.

    Values that are secrets by their names are struck out, and no private key is in it. FILE must
    be new; without it the archive gets its name from the time. Agents that do not answer are left
    out, and the archive says why.
    """
    from tui.cli.bundle import run

    return run(way, as_json=as_json, **wanted)


@cli.command()
@click.option("--nodes", default=3, show_default=True, metavar="N", help="How many agents.")
@click.option("--headless", is_flag=True, help="No screen: go through the tour and prove it.")
@json_option("The tour as one JSON object for each step.")
@click.option("--keep", metavar="DIR", help="Put it there and keep it; default: leave nothing.")
@click.option(
    "--drill",
    type=click.Choice(["coordinator-death"]),
    help="No screen: kill the coordinator of a DARE at each step, and prove that it ends.",
)
@click.option("--step", "steps", metavar="STEP", multiple=True, help="With --drill: only there.")
@click.pass_obj
def demo(way: Way, /, **wanted: Any) -> int:
    """Start a real cluster on this machine and open the console on it.

    Agents are processes on loopback addresses and need no root. Without a terminal this is the
    tour, as with --headless: it ends with 0 only if all of it held. So does a drill.
    """
    from tui.cli.demo import run

    return run(way, **wanted)


equip(cli, "clustertui")


def run(arguments: Sequence[str] | None = None) -> int:
    """Parse and carry out; every failure becomes one line on stderr and an exit code."""
    try:
        result: Any = cli.main(arguments, prog_name="clustertui", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return exits.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter's own flush must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.FAILED
    except ClientError as error:
        complain(str(error))
        return exit_of(error)
    return result if isinstance(result, int) else exits.DONE
