"""Classes 7 and 9: bytes that are no message, and messages of a kind or version not known here.

A case is what arrives as one frame. The envelope of a right message is
`[version, cluster, generation, incarnation, message]`.
"""

from typing import Any

import msgspec

from nodeagent.model.ownership import Ballot
from nodeagent.wire.heartbeat import Heartbeat
from nodeagent.wire.limits import CONFIGURATION_BYTES_MAX, MESSAGE_BYTES_MAX
from nodeagent.wire.peer import Envelope, Prepare

Frames = dict[str, bytes]

pack = msgspec.msgpack.encode
RIGHT = pack(Envelope(1, "c" * 64, 1, 7, Prepare(3, Ballot(1, "bravo"), "dare", "tx", "d" * 64)))
BEAT = Heartbeat(
    version=1, cluster="c" * 64, adapter="eth0", generation=1, incarnation=2, sequence=3,
    sent_ms=4, state="up", slot=1, epoch=1, digest="d" * 64, phase="", hears=("charlie",),
)  # fmt: skip


def enveloped(message: object, **header: object) -> bytes:
    """Return a frame with this message and, where given, another header."""
    fields = {"version": 1, "cluster": "", "generation": 1, "incarnation": 1, **header}
    return pack([*fields.values(), message])


def probed(*groups: str) -> bytes:
    """Return a question for these groups."""
    return enveloped({"type": "Probe", "slot": 1, "sequence": 1, "groups": groups})


def beaten(**fields: object) -> bytes:
    """Return a heartbeat with some fields of any kind."""
    names = Heartbeat.__struct_fields__
    right: dict[str, Any] = {name: getattr(BEAT, name) for name in names}
    return pack(list({**right, **fields}.values()))


GARBAGE: Frames = {
    "nothing": b"",
    "zero": b"\0",
    "never-used": b"\xc1",
    "all-ones": b"\xff" * 300,
    "http": b"GET / HTTP/1.1\r\nHost: alpha\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    "zmtp-greeting": b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\x01CURVE" + bytes(48),
    "json": b'{"type": "Prepare", "slot": 3}',
    "pickle": b"\x80\x04\x95\x1a\0\0\0\0\0\0\0\x8c\x02os\x94\x8c\x06system\x94\x93\x94.",
    **{f"cut-{n}": RIGHT[:n] for n in (1, 2, 9, 40, len(RIGHT) - 1)},
    "trailing-zero": RIGHT + b"\0",
    "trailing-nil": RIGHT + b"\xc0",
    "twice": RIGHT + RIGHT,
    "deep-arrays": b"\x91" * 100_000,
    "deep-maps": b"\x81\xa1x" * 50_000,
    "deep-then-end": b"\x91" * 5_000 + b"\xc0",
    "array-of-4-billion": b"\xdd\xff\xff\xff\xff",
    "map-of-4-billion": b"\xdf\xff\xff\xff\xff",
    "bytes-of-4-gib": b"\xc6\xff\xff\xff\xff",
    "text-of-4-gib": b"\xdb\xff\xff\xff\xff" + b"x" * 99,
    "extension": b"\xc9\xff\xff\xff\xff\x01",
    "bad-utf-8": RIGHT.replace(b"\xa2tx", b"\xa2\xff\xff"),
    "half-surrogate": RIGHT.replace(b"\xa2tx", b"\xa3\xed\xa0\x80"),
    "key-is-number": enveloped({1: 2}),
    "key-is-list": b"\x95\x01\xa0\x01\x01\x81\x91\x01\x02",
    "megabyte-of-nil": b"\xdd\x00\x0f\xff\x00" + b"\xc0" * 0xFFF00,
    "too-large": bytes(MESSAGE_BYTES_MAX + 1),
    "too-large-for-a-console": bytes(CONFIGURATION_BYTES_MAX + MESSAGE_BYTES_MAX + 1),
}  # fmt: skip


def tried(**terms: object) -> bytes:
    """Return the question to accept a COMMIT on probation on these terms."""
    commit = {"type": "Commit", "tx": "t", "epoch": 2, "digest": "", "file": b"", "view": {}}
    value = {**commit, "owners": {}, "probation": {"seconds": 60, "previous": 1, **terms}}
    return enveloped({"type": "Accept", "slot": 1, "ballot": BALLOT, "value": value})


BALLOT = {"round": 1, "node": "bravo"}
ACCEPTED = {"type": "Accepted", "slot": 1, "ballot": BALLOT}

STRANGE: Frames = {
    **{
        f"version-{name}": enveloped(ACCEPTED, version=value)
        for name, value in {
            "text": "1", "none": None, "negative": -1, "1001": 1001, "float": 1.5, "list": [1],
            "huge": 2**63,
        }.items()
    },
    "header-short": pack([1, "", 1, ACCEPTED]),
    "header-empty": pack([]),
    "header-map": pack({"version": 1, "message": ACCEPTED}),
    **{
        f"type-{name}": enveloped(value)
        for name, value in {
            "unknown": {"type": "Explode"},
            "lower-case": {**ACCEPTED, "type": "accepted"},
            "empty": {**ACCEPTED, "type": ""},
            "number": {**ACCEPTED, "type": 7},
            "none": {**ACCEPTED, "type": None},
            "list": {**ACCEPTED, "type": ["Accepted"]},
            "missing": {"slot": 1, "ballot": BALLOT},
            "of-a-console": {"type": "GetSnapshot"},
            "of-the-stream": {"type": "EventLine", "number": 1},
            "of-a-decree": {"type": "Commit", "tx": "t"},
            "class-name": {"type": "__class__"},
        }.items()
    },
    "field-of-a-later-version": enveloped({**ACCEPTED, "feature_level": 2}),
    "field-missing": enveloped({"type": "Accepted", "slot": 1}),
    "field-of-another": enveloped({**ACCEPTED, "tx": "t"}),
    "step-of-a-later-version": enveloped(
        {"type": "StepReply", "tx": "t", "slot": 1, "ballot": {}, "step": "rehearse", "ok": True}
    ),
    "purpose-of-a-later-version": enveloped(
        {"type": "Prepare", "slot": 1, "ballot": BALLOT, "purpose": "witness"}
    ),
    "decree-of-a-later-version": enveloped(
        {"type": "Accept", "slot": 1, "ballot": BALLOT, "value": {"type": "Rotate"}}
    ),
    "probation-of-0": tried(seconds=0),
    "probation-for-ever": tried(seconds=2**40),
    "probation-float": tried(seconds=1.5),
    "probation-of-no-epoch": tried(previous=-1),
    "probation-with-escape": tried(online=["\x1b[2J"]),
    "probation-of-a-later-version": tried(until=1),
    "probation-with-many-words": tried(check=["/bin/true"] * 33),
    "confirmed-by-nobody": enveloped(
        {"type": "Accept", "slot": 1, "ballot": BALLOT, "value": {"type": "Confirmed"}}
    ),
    "end-unknown": enveloped({"type": "EndWanted", "tx": "t", "end": "forget"}),
    "end-tx-long": enveloped({"type": "EndWanted", "tx": "t" * 121, "end": "confirm"}),
    "facts-too-long": enveloped(
        {"type": "StepReply", "tx": "t", "slot": 1, "ballot": {}, "step": "verify", "ok": True,
         "facts": {"a": "b" * 201}}
    ),
    "slot-negative": enveloped({**ACCEPTED, "slot": -2}),
    "slot-too-large": enveloped({**ACCEPTED, "slot": 2**63 - 1}),
    "slot-float": enveloped({**ACCEPTED, "slot": 1.0}),
    "round-negative": enveloped({**ACCEPTED, "ballot": {"round": -1, "node": "b"}}),
    "ballot-node-long": enveloped({**ACCEPTED, "ballot": {"round": 1, "node": "b" * 64}}),
    "group-with-escape": probed("\x1b[2J"),
    "group-with-path": probed("../web"),
    "groups-too-many": probed(*["g"] * 1001),
    "beat-state-unknown": beaten(state="asleep"),
    "beat-version-text": beaten(version="1"),
    "beat-load-nan-text": beaten(load="nan"),
    "beat-load-negative": beaten(load=-1.0),
    "beat-name-with-escape": beaten(adapter="\x1b]0;x\x07"),
    "beat-hears-too-many": beaten(hears=["a"] * 513),
    "beat-field-more": pack([*(getattr(BEAT, n) for n in Heartbeat.__struct_fields__), 1]),
}  # fmt: skip

CASES: dict[int, Frames] = {7: GARBAGE, 9: STRANGE}
