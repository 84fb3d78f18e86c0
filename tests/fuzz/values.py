"""Random values of any wire type: right in form, hostile in content.

The types themselves say what is right (`msgspec.inspect`), so a new message is fuzzed without a
line here. `Vocabulary` holds words that mean something to the node, for those get furthest.
"""

import math
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import msgspec
from msgspec import inspect

HOSTILE_TEXTS = (
    "", " ", ".", "..", "../../etc/passwd", "-", "a" * 63, "a" * 64, "\x1b[2J", "\x00", "\u202eabc",
    "[@click=app.quit]x[/]", "%s%s%n", "${HOME}", "$(reboot)", "nobody", "None", "0", "é",
    "\U0001f4a9",
)  # fmt: skip
EDGES = (0, 1, 2, 3, -1, 63, 64, 255, 256, 1 << 20, 1 << 31, 1 << 32, (1 << 62) - 1, 1 << 62)


@dataclass(frozen=True)
class Vocabulary:
    """What a node knows: names, digests, transactions, numbers and files."""

    texts: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    files: tuple[bytes, ...] = (b"",)


@cache
def of(cls: Any) -> inspect.Type:
    """Return what is known of a type."""
    return inspect.type_info(cls)


def _fields(cls: type) -> tuple[inspect.Field, ...]:
    found = of(cls)
    assert isinstance(found, inspect.StructType), cls
    return found.fields


class Maker:
    """Makes values of types from one source of chance."""

    def __init__(self, random: Random, words: Vocabulary) -> None:
        self._random = random
        self._words = words

    def make(self, kind: inspect.Type) -> Any:
        """Return a value that this type takes."""
        match kind:
            case inspect.UnionType():
                return self.make(self._random.choice(kind.types))
            case inspect.StructType():
                return self.struct(kind.cls)
            case inspect.LiteralType():
                return self._random.choice(kind.values)
            case inspect.BoolType() | inspect.NoneType():
                return self._random.random() < 0.5 if isinstance(kind, inspect.BoolType) else None
        return self._scalar(kind)

    def struct(self, cls: type) -> Any:
        """Return a struct: fields that may be left out are, half of the time."""
        given = {
            each.name: self.make(each.type)
            for each in _fields(cls)
            if each.required or self._random.random() < 0.5
        }
        return cls(**given)

    def bent(self, value: Any) -> Any:
        """Return a struct like `value` with one of its fields, or of theirs, made anew."""
        fields = _fields(type(value))
        if not fields:
            return value
        each = self._random.choice(fields)
        old = getattr(value, each.name)
        inner = isinstance(old, msgspec.Struct) and self._random.random() < 0.7
        new = self.bent(old) if inner else self.make(each.type)
        return msgspec.structs.replace(value, **{each.name: new})

    # -- single kinds

    def _scalar(self, kind: inspect.Type) -> Any:
        match kind:
            case inspect.IntType():
                return self._number(kind)
            case inspect.FloatType():
                return self._float(kind)
            case inspect.StrType():
                return self._text(kind)
            case inspect.BytesType():
                return self._bytes(kind.max_length)
        return self._many(kind)

    def _number(self, kind: inspect.IntType) -> int:
        low = kind.ge if kind.ge is not None else -(1 << 62)
        high = kind.le if kind.le is not None else 1 << 62
        pick = self._random.random()
        if pick < 0.5 and self._words.numbers:
            number = self._random.choice(self._words.numbers) + self._random.choice(
                (0, 0, 0, -1, 1)
            )
        elif pick < 0.8:
            number = self._random.choice(EDGES)
        else:
            number = self._random.randint(int(low), int(high))
        return int(min(max(number, low), high))

    def _float(self, kind: inspect.FloatType) -> float:
        low, high = kind.ge, kind.le
        if low is None and high is None:
            return self._random.choice((0.0, -1.0, 1e300, math.inf, -math.inf, math.nan, 0.5))
        return self._random.uniform(float(low or 0), float(high or 1e9))

    def _text(self, kind: inspect.StrType) -> str:
        plain = kind.pattern is not None
        if self._words.texts and self._random.random() < (0.9 if plain else 0.6):
            text = self._random.choice(self._words.texts)
        elif plain:
            text = self._random.choice(("a", "Z9", "a.b", "a-b", "0" * 63, "zulu", "web", "alpha"))
        else:
            text = self._random.choice(HOSTILE_TEXTS) * self._random.choice((1, 1, 1, 3))
        return text[: kind.max_length] if kind.max_length is not None else text

    def _bytes(self, length_max: int | None) -> bytes:
        pick = self._random.random()
        if pick < 0.6:
            data = self._random.choice(self._words.files)
        elif pick < 0.8:
            data = mutated(self._random, self._random.choice(self._words.files))
        else:
            data = self._random.randbytes(self._random.choice((0, 1, 30, 300)))
        return data[:length_max]

    def _many(self, kind: inspect.Type) -> Any:
        count = self._random.choice((0, 0, 1, 1, 2, 3, 5))
        match kind:
            case inspect.VarTupleType():
                return tuple(self.make(kind.item_type) for _ in range(count))
            case inspect.TupleType():
                return tuple(self.make(each) for each in kind.item_types)
            case inspect.ListType():
                return [self.make(kind.item_type) for _ in range(count)]
            case inspect.DictType():
                pairs = (
                    (self.make(kind.key_type), self.make(kind.value_type)) for _ in range(count)
                )
                return dict(pairs)
            case _:
                raise AssertionError(f"a wire type that nobody fuzzes: {kind}")


def mutated(random: Random, data: bytes) -> bytes:
    """Return `data` with a few bytes or pieces changed, lost, doubled or moved."""
    bytes_ = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 4, 8))):
        _bite(random, bytes_)
    return bytes(bytes_)


def _bite(random: Random, data: bytearray) -> None:
    at = random.randrange(len(data) + 1)
    size = random.choice((1, 1, 2, 4, 16, 64, 512))
    match random.randrange(7):
        case 0 if at < len(data):
            data[at] ^= 1 << random.randrange(8)
        case 1 if at < len(data):
            data[at] = random.choice(
                (0, 1, 0x7F, 0x80, 0xC1, 0xFF, 0x91, 0x81, random.randrange(256))
            )
        case 2:
            del data[at : at + size]
        case 3:
            data[at:at] = random.randbytes(size)
        case 4:
            data[at:at] = data[at : at + size] * random.choice((1, 2, 20))
        case 5:
            data[at : at + size] = bytes(len(data[at : at + size]))
        case _:
            other = random.randrange(len(data) + 1)
            data[at:at] = data[other : other + size]
