"""Which of the administrator's commands run for what happens, and how long they may take."""

from collections.abc import Iterator

from nodeagent.config.instances import written_name
from nodeagent.model.configuration import Configuration, EventCommands
from nodeagent.model.happenings import Command, Happening, Stage


def bound(cfg: Configuration | None, happening: Happening) -> Iterator[tuple[str, EventCommands]]:
    """Yield each `[event.NAME]` that is meant by what happened, in the order of the file."""
    for name, commands in cfg.event.items() if cfg is not None else ():
        if happening.event not in commands.on:
            continue
        if commands.groups and written_name(happening.group) not in commands.groups:
            continue
        if commands.nodes and happening.node not in commands.nodes:
            continue
        yield name, commands


def command(
    name: str, commands: EventCommands, stage: Stage, happening: Happening, epoch: int
) -> Command | None:
    """Return what is to be run at `stage`, None where the administrator has nothing for it."""
    arguments: tuple[str, ...] = getattr(commands, stage)
    if not arguments:
        return None
    return Command(name, stage, arguments, commands.seconds, happening, epoch)


def longest_pre_s(cfg: Configuration | None, happening: Happening) -> float:
    """Return for how many seconds commands may hold up a step, a second try included."""
    total = 0.0
    for _, commands in bound(cfg, happening):
        tries = (2 if commands.recovery else 1) if commands.pre else 0
        total += commands.seconds * (tries + bool(commands.recovery))
    return total


def recovers(cfg: Configuration | None, happening: Happening) -> bool:
    """Return whether a start that failed here is tried once more, after a recovery command."""
    return any(commands.recovery for _, commands in bound(cfg, happening))
