"""Examines a whole state directory: every thing in it, what it is, and what is wrong with it."""

from msgspec import Struct

from nodeagent.cli.examine import chain, copies, memory, person, place
from nodeagent.cli.examine.codes import Finding
from nodeagent.cli.examine.reading import Look


class Thing(Struct, frozen=True):
    """One part of a state directory, in a line, with its findings."""

    name: str
    about: str
    findings: tuple[Finding, ...]


class Examination(Struct, frozen=True):
    """What a state directory is. `ok`: nothing in it needs anybody (notes do not)."""

    state: str
    node: str
    ok: bool
    things: tuple[Thing, ...]


def examine(look: Look, user: int) -> Examination:
    """Return what is in `look` and what is wrong with it; `user` is who the agent runs as."""
    who = person.judge(look)
    known = memory.read_memory(look, joining=who.joining is not None)
    log, about, decrees = memory.judge_decrees(known, who.name)
    belonging = person.judge_belonging(who, log.configuration, decided=bool(log.decrees))
    records = list(memory.judge_records(known, who.name))
    records += memory.judge_groups(known, runs=look.holder > 0)
    judged: tuple[tuple[str, tuple[str, list[Finding]]], ...] = (
        ("directory", place.judge(look, user)),
        ("node", (who.about, [*who.findings, *belonging])),
        ("journal", (known.about, [*known.findings, *records])),
        ("decrees", (about, decrees)),
        ("ledger", chain.judge_chain(known.durable.decrees, memory.JOURNAL)),
        ("active", copies.judge_active(look, log)),
        ("temporary", copies.judge_temporary(look, known)),
        ("draft", copies.judge_draft(look, known, log)),
        ("history", copies.judge_history(look, log)),
    )
    things = tuple(Thing(name, text, tuple(found)) for name, (text, found) in judged)
    return Examination(
        state=str(look.path),
        node=who.name,
        ok=not any(f.severity != "note" for thing in things for f in thing.findings),
        things=things,
    )
