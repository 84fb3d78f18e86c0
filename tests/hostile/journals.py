"""Class 14: journals as crashes, disks, copies and hands leave them.

A case is a whole file made of a right one, the journal of alpha with six records.
"""

import struct
import zlib
from functools import cache

from nodeagent.core import records as rec
from nodeagent.core.log import DecreeLog, chain_digest, genesis
from nodeagent.model.ownership import Ballot, incarnation_of
from nodeagent.store.journal import MAGIC, pack_journal, pack_record, replay_bytes
from nodeagent.wire.peer import Decree, Forget, ViewChange
from tests.simulation.clusters import cluster

HEADER = 16
HEAD = 12
"""Bytes before a record's own: mark, length, checksum."""


@cache
def right() -> tuple[rec.Record, ...]:
    """Return what alpha wrote."""
    log, life = DecreeLog(), incarnation_of(1, 7)
    first = genesis(cluster().encode())
    log.extend(first)
    view = ViewChange({"alpha": life}, {"web": "alpha"})
    second = Decree(1, view, Ballot(2, "bravo"), log.last_digest, ("alpha", "bravo"))
    return (
        rec.DecidedValue(first),
        rec.Started(life, "alpha"),
        rec.Promised(1, Ballot(2, "bravo")),
        rec.AcceptedValue(1, Ballot(2, "bravo"), view),
        rec.DecidedValue(second),
        rec.Promised(2, Ballot(3, "charlie"), "tx"),
    )


def packed(*records: rec.Record) -> bytes:
    """Return these records as a journal."""
    return pack_journal(rec.encode(record) for record in records)


def _places() -> list[int]:
    """Return where each record of the right journal begins, and where it ends."""
    places = [HEADER]
    for record in right():
        places.append(places[-1] + HEAD + len(rec.encode(record)))
    return places


def _bitten(data: bytes, at: int, bit: int = 0) -> bytes:
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]


def _torn() -> dict[str, bytes]:
    """Return files whose last record is not whole: normal after a crash."""
    whole, places = packed(*right()), _places()
    last, end = places[-2], places[-1]
    cuts = (last + 1, last + 4, last + 7, last + 8, last + 11, last + 12, end - 1)
    found = {f"cut-{cut - last}": whole[:cut] for cut in cuts}
    return {
        **found,
        "cut-then-zeros": whole[: end - 3] + bytes(5_000),
        "cut-then-noise": whole[: end - 3] + b"\x55" * 40,
        "last-bitten": _bitten(whole, end - 2),
        "last-mark-bitten": _bitten(whole, last),
        "last-length-bitten": _bitten(whole, last + 4, 6),
        "last-length-huge": whole[: last + 4] + b"\xff\xff\xff\x7f" + whole[last + 8 :],
        "noise-behind": whole + b"\x01\x02\x03",
        "mark-behind": whole + whole[last : last + 4],
        "record-of-elsewhere-behind": whole + whole[last:end],
    }


def _damaged() -> dict[str, bytes]:
    """Return files that lost what was on disk."""
    whole, places = packed(*right()), _places()
    first, second, third = places[:3]
    swapped = whole[second:third] + whole[first:second]
    return {
        "hole": whole[:second] + bytes(third - second) + whole[third:],
        "hole-in-body": whole[: first + 40] + bytes(64) + whole[first + 104 :],
        "bit-in-mark": _bitten(whole, second),
        "bit-in-length": _bitten(whole, second + 4),
        "bit-in-checksum": _bitten(whole, second + 8),
        "bit-in-body": _bitten(whole, second + 14),
        "byte-lost": whole[: second + 3] + whole[second + 4 :],
        "byte-more": whole[: second + 3] + b"\0" + whole[second + 3 :],
        "record-lost": whole[:second] + whole[third:],
        "records-swapped": whole[:first] + swapped + whole[third:],
        "byte-lost-before-last": whole[: places[-3] + 5] + whole[places[-3] + 6 :],
        "head-of-another": packed(rec.Started(9, "x")) + whole[second:],
    }  # fmt: skip


def _foreign() -> dict[str, bytes]:
    """Return files that are no journal of this program."""
    whole = packed(*right())
    version = struct.pack("<8sI", MAGIC, 2)
    return {
        "text": b"hello, world\n",
        "zeros": bytes(4096),
        "shorter-than-a-header": whole[:9],
        "header-only-magic": MAGIC,
        "magic-bitten": _bitten(whole, 3),
        "header-bitten": _bitten(whole, 13),
        "later-version": version + struct.pack("<I", zlib.crc32(version)) + whole[16:],
        "compressed": zlib.compress(whole),
        "shifted": b"\n" + whole,
    }


def _untrue() -> dict[str, bytes]:
    """Return whole journals whose records say what cannot be."""
    records = right()
    first = records[0]
    assert isinstance(first, rec.DecidedValue), "that is how a journal begins"
    digest = chain_digest(first.decree)
    one = Decree(1, Forget("charlie"), Ballot(1, "alpha"), digest, ("alpha",))
    apart = Decree(1, Forget("charlie"), Ballot(1, "alpha"), "0" * 64, ("alpha", "bravo"))
    nothing = Decree(0, Forget("charlie"), Ballot(), "", ())
    whole = packed(*records)
    return {
        "another-node": packed(*records, rec.Started(incarnation_of(2, 1), "bravo")),
        "unknown-record": whole + pack_record(len(whole), b"\x81\xa4type\xa7Unknown"),
        "record-of-noise": whole + pack_record(len(whole), b"\xc1\xc1\xc1"),
        "decree-of-one-voter": packed(*records[:2], rec.DecidedValue(one)),
        "broken-chain": packed(*records[:2], rec.DecidedValue(apart)),
        "first-decree-brings-nothing": packed(rec.DecidedValue(nothing), *records[1:2]),
    }


TORN, DAMAGED, FOREIGN, UNTRUE = _torn(), _damaged(), _foreign(), _untrue()
REFUSED = {**DAMAGED, **FOREIGN, **UNTRUE}
CASES = {**TORN, **REFUSED}

assert replay_bytes(packed(*right()))[1].records == len(right())
