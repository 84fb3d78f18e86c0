"""The table of mutants, for the terminal and for MUTANTS.md."""

from tests.simulation.mutants_hunt import Budget, Hunted, Kill, Kind

_KINDS: tuple[Kind, ...] = ("core", "whole", "directed")


def _kill(hunted: Hunted, kind: Kind) -> Kill | None:
    return next((kill for kill in hunted.kills if kill.kind == kind), None)


def _short(kill: Kill | None) -> str:
    return str(kill.tried) if kill is not None else "-"


def row(hunted: Hunted) -> str:
    """Return a mutant's line for the terminal."""
    counts = " ".join(f"{_short(_kill(hunted, kind)):>5}" for kind in _KINDS)
    last = hunted.kills[-1] if hunted.kills else None
    how = f"{last.kind}: {last.what}; {hunted.kills[0].rule}" if last else "SURVIVES"
    return f"{hunted.name:52} {counts}  {how}"


def page(found: list[Hunted], budget: Budget) -> str:
    """Return the document with the figures that were seen."""
    caught = sum(bool(hunted.kills) for hunted in found)
    lines = [
        "# Mutants: what the suite notices when a safeguard is missing",
        "",
        f"Made by `python -m tests.simulation.mutants --write`: {caught} of {len(found)} found.",
        "Each line is a slip that somebody could make in the core, put in by a switch for the",
        "length of a run. The figures are how many schedules of a kind were played until one of",
        f"them failed; a dash means that {budget.core} short (*core*) or {budget.whole} long",
        "(*whole*) seeded schedules let it live, and then the directed schedule, the single fault",
        "or the unit story that is named found it.",
        "",
        "| Mutant | The safeguard | core | whole | directed | Found by | Rule |",
        "|---|---|--:|--:|--:|---|---|",
    ]
    lines += [_line(hunted) for hunted in found]
    return "\n".join(lines) + "\n"


def _line(hunted: Hunted) -> str:
    counts = " | ".join(_short(_kill(hunted, kind)) for kind in _KINDS)
    best = _best(hunted)
    how, rule = (f"{best.kind}: {best.what}", best.rule) if best else ("**nobody**", "")
    return f"| {hunted.name} | {hunted.breaks} | {counts} | {how} | {rule} |"


def _best(hunted: Hunted) -> Kill | None:
    return hunted.kills[-1] if hunted.kills else None
