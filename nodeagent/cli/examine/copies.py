"""Judges the configurations beside the journal: active, temporary, draft and history."""

import re
from collections.abc import Iterator

from nodeagent.cli.examine.codes import Finding, finding
from nodeagent.cli.examine.memory import Memory
from nodeagent.cli.examine.reading import Look
from nodeagent.config.digest import file_digest
from nodeagent.config.load import load
from nodeagent.core.log import DecreeLog
from nodeagent.wire.peer import Commit

_KEPT = re.compile(r"history/(\d{1,19})-([0-9a-f]{64})\.toml\Z")


def epochs(log: DecreeLog) -> dict[str, int]:
    """Return the newest epoch of every decided configuration, by file digest."""
    commits = [d.value for d in log.decrees if isinstance(d.value, Commit)]
    return {commit.digest: commit.epoch for commit in commits}


def _called(digest: str, log: DecreeLog) -> str:
    """Return which configuration a digest is, for people."""
    epoch = epochs(log).get(digest)
    return f"that of epoch {epoch}" if epoch is not None else f"{digest[:12]}, never decided here"


def judge_active(look: Look, log: DecreeLog) -> tuple[str, list[Finding]]:
    """Return which configuration is active by file and by decree."""
    standing, name = log.standing, "active.toml"
    if not log.decrees:
        return "none decided", []
    about = f"epoch {standing.epoch}, {standing.digest[:12]}"
    data = look.data(name)
    if data is None:
        missing = name not in look.entries
        return about, [finding("W651", name, "there is none")] if missing else []
    if file_digest(data) == standing.digest:
        return about, []
    text = f"it is {_called(file_digest(data), log)}; in force is epoch {standing.epoch}"
    return about, [finding("W652", name, text)]


def judge_temporary(look: Look, memory: Memory) -> tuple[str, list[Finding]]:
    """Return what is staged by file and by journal."""
    name, staged, data = "temporary.toml", memory.durable.staged, look.data("temporary.toml")
    if staged is None:
        if data is None:
            return "none", []
        text = "no DARE is open here; one ended while this agent did not run, or ended with it"
        return "left over", [finding("W662", name, text)]
    about = f"staged by {staged.tx} for slot {staged.slot}"
    if data is None or file_digest(data) != staged.digest:
        found = "it is missing" if data is None else f"it has digest {file_digest(data)[:12]}"
        text = f"{found}; {staged.tx} staged {staged.digest[:12]}"
        return about, [finding("W663", name, text)]
    return about, [finding("N661", name, f"{staged.tx} is open in slot {staged.slot}")]


def judge_draft(look: Look, memory: Memory, log: DecreeLog) -> tuple[str, list[Finding]]:
    """Return what the draft is, and from which configuration it was made."""
    name, data = "default.toml", look.data("default.toml")
    if data is None:
        missing = name not in look.entries
        return "none", [finding("N675", name, "there is none")] if missing else []
    if file_digest(data) == log.standing.digest:
        return "same as active", []
    return "edited", [*_contents(name, data), *_origin(name, memory.durable.draft_base, log)]


def _contents(name: str, data: bytes) -> Iterator[Finding]:
    loaded = load(data, name)
    errors = [str(r) for r in loaded.reports if r.severity == "error"]
    if loaded.configuration is None:
        yield finding("W671", name, errors[0] if errors else "it is no configuration")
    elif errors:
        yield finding("N672", name, f"{len(errors)} errors, the first: {errors[0]}")


def _origin(name: str, base: str, log: DecreeLog) -> Iterator[Finding]:
    if not log.decrees or base == log.standing.digest:
        return
    epoch = epochs(log).get(base)
    if epoch is None:
        yield finding("N674", name, "nobody noted which configuration it was made from")
        return
    text = f"it was made from epoch {epoch}, and {log.standing.epoch} is in force"
    yield finding("W673", name, text)


def judge_history(look: Look, log: DecreeLog) -> tuple[str, list[Finding]]:
    """Return what is kept of earlier configurations, each compared with its name and its decree."""
    names = sorted(name for name in look.entries if name.startswith("history/"))
    findings = [found for name in names for found in _kept(look, name, log)]
    return f"{len(names)} kept", findings


def _kept(look: Look, name: str, log: DecreeLog) -> Iterator[Finding]:
    match, data = _KEPT.match(name), look.data(name)
    if match is None:
        if not name.startswith("history/."):
            yield finding("N683", name, "agents make no file of this name")
        return
    if data is None:
        return
    epoch, digest = int(match[1]), match[2]
    if file_digest(data) != digest:
        yield finding("W681", name, f"it has digest {file_digest(data)[:12]}")
    elif log.decrees and not _was_decided(log, epoch, digest):
        yield finding("W682", name, f"no decree says that this was epoch {epoch}")


def _was_decided(log: DecreeLog, epoch: int, digest: str) -> bool:
    values = (decree.value for decree in log.decrees)
    return any(
        isinstance(value, Commit) and (value.epoch, value.digest) == (epoch, digest)
        for value in values
    )
