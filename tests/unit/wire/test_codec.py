"""Bytes from strangers: exactly a message of ours, or a WireError that says what is wrong."""

import contextlib
import zlib
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from nodeagent.model.ownership import Ballot
from nodeagent.wire import codec
from nodeagent.wire.console import (
    Abort,
    Apply,
    Ask,
    Drill,
    EndProbation,
    GetConfiguration,
    GetSnapshot,
    Rehearse,
    SaveDraft,
)
from nodeagent.wire.heartbeat import Heartbeat
from nodeagent.wire.limits import (
    CONFIGURATION_BYTES_MAX,
    HEARTBEAT_BYTES_MAX,
    MESSAGE_BYTES_MAX,
)
from nodeagent.wire.live import EventLine
from nodeagent.wire.peer import (
    Accept,
    Accepted,
    Commit,
    Confirmed,
    EndWanted,
    Envelope,
    Message,
    Prepare,
    Probation,
    Promise,
    StepOrder,
    StepReply,
    ViewChange,
)

Decoder = Callable[[bytes], object]
DECODERS: tuple[Decoder, ...] = (
    codec.decode_envelope,
    codec.decode_heartbeat,
    codec.decode_ask,
    codec.decode_answered,
    codec.decode_stream,
)
TERMS = Probation(600, 1, {"web": "alpha"}, ("web",))
MESSAGES: tuple[Message, ...] = (
    Prepare(3, Ballot(1, "alpha"), "dare", "3.1.alpha", "d" * 64),
    Promise(3, Ballot(1, "alpha"), Ballot(0, "x"), ViewChange({"alpha": 1}, {"web": "alpha"})),
    Accept(3, Ballot(1, "alpha"), ViewChange({}, {})),
    Accepted(3, Ballot(1, "alpha")),
    StepOrder("t", 3, Ballot(1, "a"), "stage", 100, b"x", "d", {"g": "n"}, {"n": 1}, (("g", "n"),)),
    StepReply("t", 3, Ballot(1, "a"), "stage", ok=True, evidence=("line",)),
    StepReply("t", 3, Ballot(1, "a"), "verify", ok=True, facts={"web/server": "ok /bin/x 1"}),
    Accept(3, Ballot(1, "a"), Commit("t", 2, "d", b"x", {}, {}, probation=TERMS)),
    Accept(3, Ballot(1, "a"), Confirmed("t", "me")),
    EndWanted("t", "confirm", "me"),
)
REQUESTS = (
    GetSnapshot(),
    GetConfiguration("0" * 64),
    Apply("text", "base", owners={"web": ""}),
    Apply("text", "base", probation_seconds=600, rehearsed="d" * 64),
    Rehearse("text", "base", "me"),
    EndProbation("t", "return"),
    Abort("t"),
    SaveDraft("x"),
    Drill("fail-acquire", "web"),
)


def framed(message: object) -> bytes:
    return msgspec.msgpack.encode([1, "c", 1, 1, message])


def fails(decode: Decoder, data: bytes) -> None:
    with pytest.raises(codec.WireError):
        decode(data)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_messages_arrive_as_they_were_sent(message: Message) -> None:
    envelope = Envelope(1, "cluster", 1, 7, message)

    assert codec.decode_envelope(codec.encode(envelope)) == envelope


def test_a_commit_without_probation_is_written_as_before_there_was_one() -> None:
    plain, tried = (Commit("t", 2, "d", b"", {}, {}, probation=p) for p in (UNSET, TERMS))

    assert b"probation" not in codec.encode(plain)
    assert b"probation" in codec.encode(tried)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda r: type(r).__name__)
def test_requests_arrive_as_they_were_sent(request_: object) -> None:
    ask = Ask(5, request_)  # type: ignore[arg-type]

    assert codec.decode_ask(codec.encode(ask)) == ask


@pytest.mark.parametrize("decode", DECODERS)
@given(data=st.binary(max_size=300))
def test_garbage_is_an_error_and_nothing_else(decode: Decoder, data: bytes) -> None:
    with contextlib.suppress(codec.WireError):
        decode(data)


@given(message=st.sampled_from(MESSAGES), cut=st.integers(0, 200), data=st.data())
def test_a_message_that_was_cut_or_bitten_is_an_error_or_another_message(
    message: Message, cut: int, data: st.DataObject
) -> None:
    whole = codec.encode(Envelope(1, "c", 1, 1, message))
    place = data.draw(st.integers(0, len(whole) - 1))
    bitten = whole[:place] + bytes([data.draw(st.integers(0, 255))]) + whole[place + 1 :]

    for wrong in (whole[: min(cut, len(whole) - 1)], bitten, whole + b"\x00"):
        try:
            assert isinstance(codec.decode_envelope(wrong), Envelope)
        except codec.WireError:
            continue


@pytest.mark.parametrize("decode", DECODERS)
@pytest.mark.parametrize(
    "opening", [b"\x91", b"\x81\xa1x", b"\xdd\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff"]
)
def test_depth_and_promised_lengths_do_no_harm(decode: Decoder, opening: bytes) -> None:
    fails(decode, opening * 20_000)


@pytest.mark.parametrize(
    ("decode", "limit"),
    [(codec.decode_envelope, MESSAGE_BYTES_MAX), (codec.decode_heartbeat, HEARTBEAT_BYTES_MAX)],
)
def test_what_is_too_large_is_refused_before_it_is_read(decode: Decoder, limit: int) -> None:
    with pytest.raises(codec.WireError, match="more than"):
        decode(b"\x00" * (limit + 1))


@pytest.mark.parametrize(
    "message",
    [
        {"type": "Explode"},
        {},
        {"type": "Accepted", "slot": 1, "ballot": {"round": 1, "node": "a"}, "more": 1},
        {"type": "Accepted", "slot": -2, "ballot": {}},
        {"type": "Accepted", "slot": 2**63, "ballot": {}},
        {"type": "Accepted", "slot": "1", "ballot": {}},
        {"type": "Accepted", "slot": 1},
        {"type": "Relay", "tx": "x" * 121},
        {"type": "Probe", "slot": 1, "sequence": 1, "groups": ["bad name"]},
        {"type": "Probe", "slot": 1, "sequence": 1, "groups": ["\x1b[2J"]},
        {"type": "Probe", "slot": 1, "sequence": 1, "groups": ["g"] * 1001},
        {"type": "Prepare", "slot": 1, "ballot": {}, "purpose": "please"},
        {"type": "StepReply", "tx": "t", "slot": 1, "ballot": {}, "step": "format", "ok": True},
        [],
        None,
        7,
    ],
    ids=str,
)
def test_unknown_types_fields_and_values_are_refused(message: object) -> None:
    fails(codec.decode_envelope, framed(message))


@pytest.mark.parametrize("time", [float("nan"), float("inf"), -1.0])
def test_an_event_has_a_time_that_can_be_compared(time: float) -> None:
    event = EventLine(1, time, "alpha", "note", "web", "online here")

    fails(codec.decode_stream, codec.encode(event))
    good = msgspec.structs.replace(event, time=5.0)
    assert codec.decode_stream(codec.encode(good)) == good


def test_the_right_shape_of_these_wrong_ones_is_taken() -> None:
    right = {"type": "Accepted", "slot": 1, "ballot": {"round": 1, "node": "a"}}

    assert codec.decode_envelope(framed(right)).message == Accepted(1, Ballot(1, "a"))


@given(st.binary(max_size=5_000))
def test_a_file_travels_packed_and_comes_out_the_same(data: bytes) -> None:
    assert codec.unpack(codec.pack(data)) == data


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"nonsense",
        zlib.compress(b"x" * 100)[:-5],
        zlib.compress(b"\0" * (CONFIGURATION_BYTES_MAX + 1)),
        zlib.compress(b"\0" * (64 << 20)),
    ],
    ids=["empty", "nonsense", "cut", "too-large", "bomb"],
)
def test_a_packed_file_that_is_broken_or_too_large_is_refused(packed: bytes) -> None:
    fails(codec.unpack, packed)


@given(st.binary(max_size=400))
def test_no_bytes_but_packed_ones_come_out_of_unpack(data: bytes) -> None:
    try:
        out = codec.unpack(data)
    except codec.WireError:
        return
    assert len(out) <= CONFIGURATION_BYTES_MAX


def test_a_heartbeat_says_who_is_heard() -> None:
    beat = Heartbeat(
        version=1, cluster="c", adapter="eth0", generation=1, incarnation=2, sequence=3, sent_ms=4,
        state="up", slot=-1, epoch=0, digest="", phase="", hears=("bravo",),
    )  # fmt: skip

    assert codec.decode_heartbeat(codec.encode(beat)) == beat
    wrong = msgspec.structs.replace(beat, hears=("\x07",))
    fails(codec.decode_heartbeat, codec.encode(wrong))


def test_number_of_an_unknown_request_is_known_so_that_it_can_be_answered() -> None:
    request = {"id": 7, "request": {"type": "Explode"}, "since": "a later version"}
    data = msgspec.msgpack.encode(request)

    with pytest.raises(codec.WireError):
        codec.decode_ask(data)
    assert codec.request_id(data) == 7


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\xff" * 99, b"\x91" * 5_000, b"\x81\xa2id\xff"])
def test_garbage_has_no_number(data: bytes) -> None:
    assert codec.request_id(data) is None
