"""The short form of a public key that two people compare before they trust it."""

import hashlib

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_GROUP = 5


def fingerprint(public: str) -> str:
    """Return the first half of the SHA-256 of a key in Z85 (ZeroMQ RFC 32), in groups of four.

    Raises ValueError if `public` is not Z85.
    """
    digest = hashlib.sha256(_decoded(public)).hexdigest()[:32]
    return "-".join(digest[start : start + 4] for start in range(0, 32, 4))


def _decoded(text: str) -> bytes:
    if len(text) % _GROUP or not set(text) <= _VALUES.keys():
        raise ValueError("not Z85")
    return b"".join(_four(text[at : at + _GROUP]) for at in range(0, len(text), _GROUP))


def _four(group: str) -> bytes:
    number = 0
    for character in group:
        number = number * len(_ALPHABET) + _VALUES[character]
    if number >= 1 << 32:
        raise ValueError("not Z85")
    return number.to_bytes(4, "big")
