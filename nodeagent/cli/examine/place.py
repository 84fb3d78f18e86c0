"""Judges the folder and its files as files: kinds, modes, owners, what lies about, space."""

import re
from collections.abc import Iterator

from nodeagent.cli.examine.codes import Finding, finding
from nodeagent.cli.examine.reading import LIMITS, Entry, Look

FULL_BYTES = 4 << 20
"""Three files of 1 MiB and a piece of journal: less stops a DARE half-way."""
LOW_BYTES = 64 << 20

_ASIDE = re.compile(r"\.[a-z0-9.-]+\.[0-9a-f]{12}\Z")
_SET_ASIDE = re.compile(r"(journal\.damaged|(default|active|temporary)\.toml\.unusable)-\d+\Z")


def judge(look: Look, user: int) -> tuple[str, list[Finding]]:
    """Return what the folder is and what is wrong with it; `user` is who the agent runs as."""
    count = sum(entry.kind == "file" for entry in look.entries.values())
    about = f"{count} files"
    if look.free_bytes >= 0:
        about += f", {look.free_bytes >> 20} MiB free"
    if look.holder:
        about += f", in use by process {look.holder}"
    return about, [*_folder(look, user), *_files(look, user), *_space(look)]


def _folder(look: Look, user: int) -> Iterator[Finding]:
    for name, mode, owner in _folders(look):
        if mode & 0o022:
            yield finding("E611", name, f"others may write to it (mode {mode:o})")
        elif mode & 0o077:
            yield finding("W613", name, f"others may look into it (mode {mode:o})", "chmod 700")
        if owner not in {0, user}:
            yield finding("W612", name, f"it belongs to user {owner}, the agent is user {user}")
    if look.holder:
        text = f"process {look.holder} holds the lock"
        if not look.steady:
            text += " and wrote all the time, so files and journal may be of different moments"
        yield finding("N620", "lock", text)


def _folders(look: Look) -> Iterator[tuple[str, int, int]]:
    yield ".", look.mode, look.owner
    for entry in look.entries.values():
        if entry.kind == "folder":
            yield entry.name, entry.mode, entry.owner


def _files(look: Look, user: int) -> Iterator[Finding]:
    for entry in look.entries.values():
        name = entry.name.rpartition("/")[2]
        known = entry.name in LIMITS or entry.name.startswith("history/")
        if known and entry.kind != "file":
            yield finding("E614", entry.name, f"a {entry.kind} stands where a file should be")
        elif entry.kind == "file" and known:
            yield from _file(entry, user)
        elif _SET_ASIDE.match(name):
            yield finding("N616", entry.name, "an agent moved this away, for it could not use it")
        if _ASIDE.match(name):
            yield finding("N615", entry.name, "a new file was begun and never took its place")


def _file(entry: Entry, user: int) -> Iterator[Finding]:
    if entry.problem:
        code = "E617" if "larger" in entry.problem else "E610"
        yield finding(code, entry.name, f"it {entry.problem}" if code == "E617" else entry.problem)
    if entry.mode & 0o022:
        yield finding("E611", entry.name, f"others may write to it (mode {entry.mode:o})")
    elif entry.mode & 0o077 and entry.name != "node.key":
        yield finding("W613", entry.name, f"others may read it (mode {entry.mode:o})")
    if entry.owner not in {0, user}:
        yield finding("W612", entry.name, f"it belongs to user {entry.owner}, not to user {user}")


def _space(look: Look) -> Iterator[Finding]:
    if 0 <= look.free_bytes < FULL_BYTES:
        yield finding("E618", ".", f"only {look.free_bytes >> 10} KiB are free")
    elif 0 <= look.free_bytes < LOW_BYTES:
        yield finding("W619", ".", f"only {look.free_bytes >> 20} MiB are free")
