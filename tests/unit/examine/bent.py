"""Ways to bend a state directory: for each finding at least one, done with real files."""

import os
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from nodeagent.config.digest import file_digest
from nodeagent.core import records as rec
from nodeagent.core.log import DecreeLog
from nodeagent.model.ownership import NOBODY, Ballot, incarnation_of
from nodeagent.store import journal
from nodeagent.transport import keys
from nodeagent.wire.codec import pack
from nodeagent.wire.limits import CONFIGURATION_BYTES_MAX
from nodeagent.wire.peer import Commit, Decree, ViewChange
from tests.support.states import (
    LIFE,
    OWNERS,
    PAIR,
    VIEW,
    Bench,
    bench,
    first_text,
    next_text,
)

Bend = Callable[[Path], Bench | None]
NOTHING = ViewChange({}, {})


def without(name: str) -> Bend:
    def bend(path: Path) -> None:
        bench(path)
        (path / name).unlink()

    return bend


def holding(name: str, data: bytes) -> Bend:
    def bend(path: Path) -> None:
        bench(path)
        (path / name).unlink(missing_ok=True)
        Bench(path).private(name, data)

    return bend


def mode(name: str, bits: int) -> Bend:
    def bend(path: Path) -> None:
        bench(path)
        (path / name).chmod(bits)

    return bend


def recorded(*records: rec.Record) -> Bend:
    """Write more records into the journal of a node with three decrees."""
    return lambda path: bench(path).record(*records)


def decreed(make: Callable[[Bench], Decree]) -> Bend:
    """Write a decree that does not follow: past the checks of the log."""

    def bend(path: Path) -> None:
        made = bench(path)
        made.record(rec.DecidedValue(make(made)))

    return bend


def linked(path: Path) -> None:
    bench(path)
    (path / "active.toml").rename(path / "elsewhere")
    (path / "active.toml").symlink_to("elsewhere")


def fifo(path: Path) -> None:
    bench(path)
    (path / "default.toml").unlink()
    os.mkfifo(path / "default.toml", 0o600)


def folder_for_file(path: Path) -> None:
    bench(path)
    (path / "temporary.toml").mkdir(mode=0o700)


def too_large(path: Path) -> None:
    bench(path).private("default.toml", bytes(CONFIGURATION_BYTES_MAX + 1))


def other_key(path: Path) -> None:
    bench(path)
    (path / "node.key").unlink()
    keys.save(keys.generate(), path / "node.key")


def halves_of_two_keys(path: Path) -> None:
    other = keys.generate()
    text = f'public = "{PAIR.public}"\nsecret = "{other.secret}"\n'
    holding("node.key", text.encode())(path)


def invited(path: Path, *, added: bool = False) -> None:
    made = Bench(path).person()
    made.private("joining.toml", first_text().encode())
    made.raw()
    if added:
        made.begin()


def damaged(path: Path) -> None:
    bench(path)
    data = bytearray((path / "journal").read_bytes())
    data[100] ^= 1
    (path / "journal").write_bytes(bytes(data))


def torn(path: Path) -> None:
    made = bench(path).record(rec.Promised(3, Ballot(1, "bravo")))
    data = (made.path / "journal").read_bytes()
    used = len(data.rstrip(b"\0"))
    (made.path / "journal").write_bytes(data[: used - 3] + bytes(len(data) - used + 3))


def other_version(path: Path) -> None:
    bench(path)
    data = (path / "journal").read_bytes()
    (path / "journal").write_bytes(data[:8] + b"\x07" + data[9:])


def long(path: Path) -> None:
    made = bench(path)
    big = rec.Staged("old", 0, Ballot(), "", bytes(600_000), {}, {})
    made.record(big, big)


def set_back(path: Path) -> None:
    made = bench(path)
    later = {**VIEW, "alpha": incarnation_of(4, 99)}
    made.decide(made.decree(ViewChange(later, OWNERS)))


def removed(path: Path) -> None:
    made = bench(path)
    text = first_text()
    for part in ("[node.alpha]", "[node.alpha.adapter.eth0]", "[node.alpha.adapter.eth1]"):
        text = text.replace(part, part.replace("alpha", "delta"))
    text = text.replace('"alpha"', '"delta"')
    made.commit(text, 3)
    made.directory.write("default", text.encode())


def staged_record(text: str = "") -> rec.Staged:
    data = (text or next_text("fax")).encode()
    return rec.Staged("tx9", 3, Ballot(4, "bravo"), file_digest(data), pack(data), {}, {})


def staged(path: Path, *, written: bool = True, text: str = "") -> None:
    made = bench(path)
    made.record(rec.Promised(3, Ballot(4, "bravo"), "tx9"), staged_record())
    if written:
        made.directory.write("temporary", (text or next_text("fax")).encode())


def draft(text: str, base: str = "") -> Bend:
    def bend(path: Path) -> None:
        made = bench(path)
        made.directory.write("default", text.encode())
        if base:
            made.record(rec.Drafted(base))

    return bend


def history(name: str, data: bytes) -> Bend:
    def bend(path: Path) -> None:
        bench(path).private(f"history/{name}", data)

    return bend


def changed_history(path: Path) -> None:
    made = bench(path)
    file = min((made.path / "history").iterdir())
    file.write_bytes(file.read_bytes() + b"# mine\n")


def unreadable_commit(made: Bench) -> Decree:
    value = Commit("tx", 3, file_digest(b"nonsense"), pack(b"nonsense"), VIEW, OWNERS)
    return made.decree(value)


def epoch_jump(path: Path) -> None:
    made = bench(path)
    made.commit(next_text("fax"), 9)
    made.directory.write("default", next_text("fax").encode())


def foreign_history(made: Bench) -> Decree:
    other = DecreeLog()
    for decree in made.log.decrees[:2]:
        other.extend(decree)
    return Decree(3, NOTHING, Ballot(9, "bravo"), other.last_digest, ("alpha", "bravo"))


def changed_entry(slot: int, **changes: object) -> Bend:
    """Change one entry of the ledger; its record is whole, so only the chain can tell."""

    def bend(path: Path) -> None:
        made = bench(path)
        made.decide(made.decree(ViewChange(VIEW, OWNERS)))
        entries = [record for record in made.records if isinstance(record, rec.DecidedValue)]
        forged = replace(entries[slot].decree, **changes)
        records = [rec.DecidedValue(forged) if r is entries[slot] else r for r in made.records]
        Bench(path).private(
            "journal", journal.pack_journal(rec.encode(record) for record in records)
        )

    return bend


BALLOTS = [Ballot(5, "bravo"), Ballot(4, "charlie")]
OFFLINE = ViewChange(VIEW, dict.fromkeys(OWNERS, NOBODY))

CASES: list[tuple[str, str, str, Bend]] = [
    ("E601", "not-set-up", "node.toml", without("node.toml")),
    ("E602", "no-name", "node.toml", holding("node.toml", b"nome = 'alpha'\n")),
    ("E602", "no-toml", "node.toml", holding("node.toml", b"\xff\xfe")),
    ("E602", "bad-name", "node.toml", holding("node.toml", b'name = "../alpha"\n')),
    ("E603", "no-key", "node.key", without("node.key")),
    ("E604", "open-key", "node.key", mode("node.key", 0o640)),
    ("E605", "broken-key", "node.key", holding("node.key", b'public = "x"\nsecret = "y"\n')),
    ("E605", "mixed-key", "node.key", halves_of_two_keys),
    ("E606", "bad-invitation", "joining.toml", holding("joining.toml", b"format = 1\n")),
    ("N607", "old-invitation", "joining.toml", lambda path: invited(path, added=True)),
    ("N608", "invited", "joining.toml", invited),
    ("E609", "other-key", "node.key", other_key),
    ("E611", "open-folder", ".", mode(".", 0o777)),
    ("E611", "open-journal", "journal", mode("journal", 0o666)),
    ("W613", "open-draft", "default.toml", mode("default.toml", 0o644)),
    ("W613", "open-history", "history", mode("history", 0o755)),
    ("E614", "link", "active.toml", linked),
    ("E614", "fifo", "default.toml", fifo),
    ("E614", "folder", "temporary.toml", folder_for_file),
    ("N615", "aside", ".active.toml.0123456789ab", holding(".active.toml.0123456789ab", b"half")),
    ("N616", "set-aside", "journal.damaged-17", holding("journal.damaged-17", b"old")),
    ("E617", "large", "default.toml", too_large),
    ("E621", "no-journal", "journal", without("journal")),
    ("E621", "empty-journal", "journal", holding("journal", b"")),
    ("E622", "no-journal-at-all", "journal", holding("journal", b"hello, world")),
    ("E622", "other-version", "journal", other_version),
    ("E623", "damaged", "journal", damaged),
    ("N624", "torn", "journal", torn),
    ("E625", "unknown-record", "journal", lambda path: bench(path).raw(b"\x81\xa4type\xa1X")),
    ("N626", "long", "journal", long),
    ("E627", "foreign", "journal", recorded(rec.Started(incarnation_of(2, 7), "bravo"))),
    ("E628", "no-history", "journal", holding("journal", journal.pack_journal(()))),
    ("E631", "promise", "journal", recorded(*(rec.Promised(3, b) for b in BALLOTS))),
    (
        "E631",
        "acceptance",
        "journal",
        recorded(rec.Promised(3, BALLOTS[0]), rec.AcceptedValue(3, BALLOTS[1], NOTHING)),
    ),
    ("E632", "later-slot", "journal", recorded(rec.Promised(5, BALLOTS[0]))),
    (
        "E632",
        "hole",
        "journal",
        recorded(rec.DecidedValue(Decree(7, NOTHING, Ballot(), "", ("alpha", "bravo")))),
    ),
    (
        "E633",
        "two-values",
        "journal",
        recorded(rec.DecidedValue(Decree(1, OFFLINE, Ballot(), "", ("alpha", "bravo")))),
    ),
    ("E634", "same-start", "journal", recorded(rec.Started(LIFE, "alpha"))),
    (
        "E635",
        "two-accepted",
        "journal",
        recorded(*(rec.AcceptedValue(3, BALLOTS[0], value) for value in (NOTHING, OFFLINE))),
    ),
    (
        "E635",
        "other-again",
        "journal",
        recorded(
            rec.AcceptedValue(3, BALLOTS[1], NOTHING),
            rec.AcceptedValue(3, BALLOTS[0], OFFLINE),
            rec.AcceptedAgain(3, BALLOTS[1]),
        ),
    ),
    (
        "E636",
        "nothing-again",
        "journal",
        recorded(rec.AcceptedAgain(3, BALLOTS[0])),
    ),
    ("E637", "set-back", "journal", set_back),
    ("N638", "held", "journal", recorded(rec.Holding("web", held=True))),
    ("E641", "other-history", "journal", decreed(foreign_history)),
    ("E642", "one-voter", "journal", decreed(lambda made: made.decree(NOTHING, ("bravo",)))),
    ("E642", "strangers", "journal", decreed(lambda made: made.decree(NOTHING, ("x", "y")))),
    ("E643", "unreadable", "journal", decreed(unreadable_commit)),
    ("E644", "epoch", "journal", epoch_jump),
    ("E646", "first-entry", "journal", changed_entry(0, previous="0" * 64)),
    ("E646", "value-of-entry", "journal", changed_entry(1, value=ViewChange(VIEW, {}))),
    ("E646", "link-of-entry", "journal", changed_entry(1, previous="0" * 64)),
    ("W645", "removed", "journal", removed),
    ("W651", "no-active", "active.toml", without("active.toml")),
    ("W652", "older-active", "active.toml", holding("active.toml", first_text().encode())),
    ("W652", "edited-active", "active.toml", holding("active.toml", b"# mine\n")),
    ("N661", "open-dare", "temporary.toml", staged),
    ("W662", "left-over", "temporary.toml", holding("temporary.toml", b"# old\n")),
    ("W663", "unstaged", "temporary.toml", lambda path: staged(path, written=False)),
    ("W663", "other-staged", "temporary.toml", lambda path: staged(path, text="# x\n")),
    ("W671", "bad-draft", "default.toml", draft("format = \n")),
    ("N672", "faulty-draft", "default.toml", draft(next_text("a").replace('"bravo"]', '"nob"]'))),
    (
        "W673",
        "stale-draft",
        "default.toml",
        draft(next_text("fax"), file_digest(first_text().encode())),
    ),
    ("N674", "draft-of-unknown", "default.toml", draft(next_text("fax"))),
    ("N675", "no-draft", "default.toml", without("default.toml")),
    ("W682", "undecided", "history", history(f"7-{file_digest(b'x')}.toml", b"x")),
    ("W681", "edited-history", "history", changed_history),
    ("N683", "foreign-history", "history", history("notes.txt", b"x")),
]
"""Code, name of the case, the file (or how its name begins), how to bend."""
