"""The command `nodeagent`: set up a node, run it, examine what it wrote, make keys.

Data goes to stdout, talk to stderr, and exit codes are an interface: 0 done, 1 failed, 2 usage or a
file that is no TOML, 4 findings in a configuration. Leans on `daemon` to run and on `config` to
examine. Each subcommand loads what it needs when it is called: an agent that starts again is back
sooner by that.
"""

import sys
from pathlib import Path
from typing import Any

import click

from nodeagent.cli.unit import FOLDER as UNITS
from nodeagent.cli.unit import STATE
from nodeagent.manual import DISTRIBUTION, equip

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
WATCHDOG = click.option(
    "--watchdog",
    type=click.Path(path_type=Path),
    help="Hardware watchdog, as /dev/watchdog: resets this node if the agent dies or hangs.",
)
METRICS = click.option(
    "--metrics",
    default="",
    metavar="HOST:PORT",
    help="Answer Prometheus there, without a key: 127.0.0.1:9844, or behind a firewall.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=DISTRIBUTION, prog_name="nodeagent")
def cli() -> None:
    """Cluster manager of one node."""


@cli.command("init")
@click.option("--state", required=True, type=FOLDER, help="State directory to make.")
@click.option("--node", required=True, help="Name of this node in the configuration.")
@click.option("--config", "configuration", required=True, type=EXISTING, help="Cluster file.")
@click.option("--key", type=EXISTING, help="Key file made by 'nodeagent key'.")
@click.option("--join", "joining", is_flag=True, help="Wait to be added by a running cluster.")
def init(state: Path, node: str, configuration: Path, key: Path | None, *, joining: bool) -> None:
    """Make the state directory of a node.

    All first nodes of a cluster are given the same file, once; a node that joins is given the file
    that adds it. A first node that lost its state directory joins, too: its vote may still count.
    Exit codes: 0 done, 1 not done, 2 usage or a file that is no TOML, 4 a file with errors.
    """
    from nodeagent.daemon.identity import initialise

    public = initialise(state, node, configuration, key, joining=joining)
    click.echo(f"{node} {public}")


@cli.command("join")
@click.argument("invitation")
@click.option("--state", required=True, type=FOLDER, help="State directory to make.")
@click.option("--node", default="", help="Name of this node; default: the invited one.")
@click.option(
    "--adapter",
    "adapters",
    multiple=True,
    required=True,
    metavar="IFACE=NETWORK:ADDRESS:ROLE",
    help="An interface, as eth0=public1:10.10.1.14:service; once for each.",
)
def join_command(invitation: str, state: Path, node: str, adapters: tuple[str, ...]) -> None:
    """Ask a running cluster to take this machine in, with the INVITATION of an administrator.

    INVITATION is the word that 'clustertui invite' printed, or - to read it from stdin. Shows the
    fingerprints of both keys and waits until the administrator has confirmed this machine's; then
    start its agent. Interrupted, it may be called again in the same way.
    Exit codes: 0 done, 1 not taken in, 2 usage.
    """
    from nodeagent.cli.join import join

    sys.exit(join(invitation, state, node, adapters))


@cli.command("run")
@click.option("--state", required=True, type=FOLDER, help="State directory made by init.")
@click.option("--drills", is_flag=True, help="Allow administrators to practise faults here.")
@click.option("--parent-pipe", type=int, default=-1, help="End when this descriptor closes.")
@click.option("--log", "log_file", type=click.Path(path_type=Path), help="Log file; else stderr.")
@WATCHDOG
@METRICS
def run_command(
    state: Path,
    parent_pipe: int,
    log_file: Path | None,
    watchdog: Path | None,
    metrics: str,
    *,
    drills: bool,
) -> None:
    """Run the agent until it is told to end (TERM, INT, HUP)."""
    from nodeagent.daemon.run import Options, run

    sys.exit(run(Options(state, drills, parent_pipe, log_file, watchdog, metrics)))


@cli.command("key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def key_command(file: Path) -> None:
    """Make a key pair in FILE (mode 0600) and print its public half."""
    from nodeagent.transport import keys

    pair = keys.generate()
    keys.save(pair, file)
    click.echo(pair.public)


@cli.command("unit")
@click.option("--install", is_flag=True, help="Write it to the folder instead of printing it.")
@click.option("--folder", type=FOLDER, default=UNITS, show_default=True, help="For --install.")
@click.option("--state", type=FOLDER, default=STATE, show_default=True, help="As of 'run'.")
@WATCHDOG
@METRICS
def unit_command(
    folder: Path, state: Path, watchdog: Path | None, metrics: str, *, install: bool
) -> None:
    """Print the systemd unit that keeps this node's agent running.

    It runs this very program, starts it again whenever it ends, and ends it when its core hangs.
    The options of 'run' are those that it runs with.
    """
    from nodeagent.cli.unit import Run, unit

    if metrics:
        _look_at_door(metrics)
    watchdog = watchdog.absolute() if watchdog else None
    sys.exit(unit(Run(state.absolute(), metrics, watchdog), install=install, folder=folder))


def _look_at_door(metrics: str) -> None:
    """Raise UsageError where an agent could not be started with this."""
    from nodeagent.daemon.metrics import MetricsError, parse_door

    try:
        parse_door(metrics)
    except MetricsError as error:
        raise click.UsageError(f"--metrics: {error}") from None


@cli.command("check")
@click.option("--state", required=True, type=FOLDER, help="State directory to examine.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def check_command(state: Path, *, as_json: bool) -> None:
    """Examine a state directory offline, change nothing, and say what to do.

    Exit codes: 0 nothing is wrong, 1 something is wrong, 2 usage.
    """
    from nodeagent.cli.check import check

    sys.exit(check(state, as_json=as_json))


@cli.command("force-generation")
@click.option("--state", required=True, type=FOLDER, help="State directory of a stopped survivor.")
@click.option("--survivor", "survivors", multiple=True, help="Who is left; once for each node.")
@click.option("--reason", default="", help="Why, for those who read the history later.")
@click.option("--adopt", "file", type=EXISTING, help="Take over what another survivor opened.")
@click.option("--confirm", default="", metavar="CLUSTER", help="The cluster's name, for scripts.")
def force_generation_command(
    state: Path, survivors: tuple[str, ...], reason: str, file: Path | None, confirm: str
) -> None:
    """Go on without a majority of the voters, if it is lost for good.

    The survivors named become the only voters, in a new generation. Shows what that means first.
    Exit codes: 0 done, 1 not done, 2 usage.
    """
    from nodeagent.cli.generation import adopt_generation, open_generation

    if (file is None) == (not survivors):
        raise click.UsageError("name the survivors, or the file to adopt")
    if file is not None:
        sys.exit(adopt_generation(state, file, confirm))
    sys.exit(open_generation(state, survivors, reason, confirm))


equip(cli, "nodeagent")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    try:
        result: Any = cli.main(arguments, prog_name="nodeagent", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return 2
    except click.exceptions.Abort:
        return 130
    except _foreseen() as error:
        return _told(error)
    return result if isinstance(result, int) else 0


def _foreseen() -> tuple[type[Exception], ...]:
    """Return what may go wrong; asked for, and loaded, only when something has."""
    from nodeagent.cli.join import JoinError
    from nodeagent.client.errors import ClientError
    from nodeagent.core.generation import GenerationError
    from nodeagent.daemon.identity import SetupError
    from nodeagent.store.errors import StoreError
    from nodeagent.transport.errors import TransportError

    mine = (SetupError, JoinError, StoreError, TransportError, GenerationError, ClientError)
    return (*mine, OSError)


def _told(error: Exception) -> int:
    """Say what went wrong in a line, a configuration's findings below it; return its exit code."""
    from nodeagent.cli.join import JoinError
    from nodeagent.config.codes import UNREADABLE
    from nodeagent.daemon.identity import SetupError

    click.echo(f"nodeagent: {error}", err=True)
    reports = error.reports if isinstance(error, SetupError) else ()
    for report in reports:
        click.echo(f"  {report}", err=True)
    if isinstance(error, JoinError) or any(report.code in UNREADABLE for report in reports):
        return 2
    return 4 if reports else 1
