"""The table of mutants, for the terminal and for MUTANTS.md."""

from tests.simulation.mutants_hunt import Hunted, Kill, Kind

_KINDS: tuple[Kind, ...] = ("core", "whole", "directed")


def _kill(hunted: Hunted, kind: Kind) -> Kill | None:
    return next((kill for kill in hunted.kills if kill.kind == kind), None)


def _short(hunted: Hunted, kind: Kind) -> str:
    kill = _kill(hunted, kind)
    return str(kill.tried) if kill is not None else f">{hunted.budget.of(kind)}"


def _how(hunted: Hunted) -> tuple[str, str]:
    """Return the last kind that found it, and the rule that the first one told."""
    if not hunted.kills:
        return "nobody: it SURVIVES", ""
    last = hunted.kills[-1]
    return f"{last.kind}: {last.what}", hunted.kills[0].rule


def row(hunted: Hunted) -> str:
    """Return a mutant's line for the terminal."""
    counts = " ".join(f"{_short(hunted, kind):>5}" for kind in _KINDS)
    return f"{hunted.name:55} {counts}  {'; '.join(_how(hunted))}"


def page(found: list[Hunted], names: list[str], before: str) -> str:
    """Return the document with the figures that were seen.

    `before` is the document as it was: rows of mutants that were not hunted now are kept.
    """
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in before.splitlines()}
    rows |= {hunted.name: _line(hunted) for hunted in found}
    known = [rows[name] for name in names if name in rows]
    caught = sum("SURVIVES" not in line for line in known)
    lines = [
        "# Mutants: what the suite notices when a safeguard is missing",
        "",
        "Made by `python -m tests.simulation.mutants --write`:",
        f"{len(known)} of {len(names)} mutants were hunted, {caught} of these were found.",
        "Each line is a slip that somebody could make in the core, put in by a switch for the",
        "length of a run. The figures are how many schedules were played until one failed that",
        "passes without the mutant: short (*core*) and long (*whole*) seeded ones, and *directed*",
        "ones; `>500` means that it lived through 500 of them. Where it lived through all, single",
        "faults and the unit stories are tried; *story* means that a unit test found it.",
        "",
        "| Mutant | The safeguard | core | whole | directed | Found by | Rule |",
        "|---|---|--:|--:|--:|---|---|",
        *known,
    ]
    return "\n".join(lines) + "\n"


def _line(hunted: Hunted) -> str:
    counts = " | ".join(_short(hunted, kind) for kind in _KINDS)
    how, rule = _how(hunted)
    return f"| {hunted.name} | {hunted.breaks} | {counts} | {how} | {rule} |"
