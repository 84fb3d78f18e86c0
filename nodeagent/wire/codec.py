"""Bytes to message and back. Whatever is not exactly a message of ours raises `WireError`."""

import zlib
from typing import TypeVar

import msgspec

from nodeagent.wire.console import Answered, Ask, HereTold, RequestId
from nodeagent.wire.heartbeat import Heartbeat
from nodeagent.wire.joining import ASK_BYTES_MAX, JoinAnswer, JoinAsk
from nodeagent.wire.limits import (
    CONFIGURATION_BYTES_MAX,
    HEARTBEAT_BYTES_MAX,
    MESSAGE_BYTES_MAX,
)
from nodeagent.wire.live import EventLine, StreamMessage
from nodeagent.wire.peer import Envelope

T = TypeVar("T")


class WireError(ValueError):
    """Bytes from a socket are not a message; the text names what is wrong with them."""


class _Numbered(msgspec.Struct, frozen=True):
    """What every request of every version has."""

    id: RequestId


_MAP, _MAP_FIELDS = 0x80, 16
"""MessagePack writes a map of fewer than 16 fields with its number in the first byte."""

_encoder = msgspec.msgpack.Encoder()
_envelope = msgspec.msgpack.Decoder(Envelope)
_heartbeat = msgspec.msgpack.Decoder(Heartbeat)
_ask = msgspec.msgpack.Decoder(Ask)
_here = msgspec.msgpack.Decoder(HereTold)
_numbered = msgspec.msgpack.Decoder(_Numbered)
_answered = msgspec.msgpack.Decoder(Answered)
_join_ask = msgspec.msgpack.Decoder(JoinAsk)
_join_answer: "msgspec.msgpack.Decoder[JoinAnswer]" = msgspec.msgpack.Decoder(JoinAnswer)
_stream = msgspec.msgpack.Decoder(StreamMessage)


def event_topics() -> tuple[bytes, ...]:
    """Return with what an event's bytes begin: who subscribes to these gets events and no more.

    One for each number of fields that an event of another version may have.
    """
    probe = _encoder.encode(EventLine(0, 0.0, "", "note", "", ""))
    tag = b"EventLine"
    head = probe[1 : probe.index(tag) + len(tag)]
    return tuple(bytes((_MAP | fields,)) + head for fields in range(1, _MAP_FIELDS))


def encode(message: object) -> bytes:
    """Return the MessagePack form of any wire struct."""
    return _encoder.encode(message)


def _decode(decoder: "msgspec.msgpack.Decoder[T]", data: bytes, limit: int) -> T:
    if len(data) > limit:
        raise WireError(f"{len(data)} bytes, more than the {limit} allowed")
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError) as error:
        raise WireError(str(error)[:300]) from error


def decode_envelope(data: bytes) -> Envelope:
    """Decode a control message between agents."""
    return _decode(_envelope, data, MESSAGE_BYTES_MAX)


def decode_heartbeat(data: bytes) -> Heartbeat:
    """Decode a heartbeat."""
    return _decode(_heartbeat, data, HEARTBEAT_BYTES_MAX)


def decode_ask(data: bytes) -> Ask:
    """Decode a console's request."""
    return _decode(_ask, data, CONFIGURATION_BYTES_MAX + MESSAGE_BYTES_MAX)


def decode_here(data: bytes) -> HereTold:
    """Decode what a console tells of itself."""
    return _decode(_here, data, MESSAGE_BYTES_MAX)


def request_id(data: bytes) -> int | None:
    """Return the number of a request that cannot be decoded as a whole, None if it has none."""
    try:
        return _numbered.decode(data).id
    except (msgspec.MsgspecError, RecursionError, ValueError, OverflowError):
        return None


def decode_answered(data: bytes) -> Answered:
    """Decode an agent's answer to a console."""
    return _decode(_answered, data, CONFIGURATION_BYTES_MAX * 4)


def decode_stream(data: bytes) -> StreamMessage:
    """Decode one message of an agent's live stream."""
    message: StreamMessage = _decode(_stream, data, CONFIGURATION_BYTES_MAX * 2)
    return message


def decode_join_ask(data: bytes) -> JoinAsk:
    """Decode what a machine that nobody knows asks."""
    return _decode(_join_ask, data, ASK_BYTES_MAX)


def decode_join_answer(data: bytes) -> JoinAnswer:
    """Decode an agent's answer to a machine that asks to join."""
    answer: JoinAnswer = _decode(_join_answer, data, MESSAGE_BYTES_MAX)
    return answer


def pack(file: bytes) -> bytes:
    """Return the zlib form in which a configuration travels."""
    return zlib.compress(file, 6)


def unpack(packed: bytes) -> bytes:
    """Return the exact bytes of a configuration; WireError if broken or over 1 MiB."""
    machine = zlib.decompressobj()
    try:
        data = machine.decompress(packed, CONFIGURATION_BYTES_MAX)
    except zlib.error as error:
        raise WireError(f"packed configuration: {error}") from error
    if machine.unconsumed_tail or not machine.eof:
        raise WireError("packed configuration is larger than 1 MiB or cut short")
    return data
