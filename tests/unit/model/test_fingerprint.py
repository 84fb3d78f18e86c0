"""The short form of a key."""

import hashlib

import pytest
from zmq.utils import z85

from nodeagent.model.fingerprint import fingerprint
from nodeagent.transport import keys


def test_a_fingerprint_is_that_of_the_keys_bytes_and_tells_keys_apart() -> None:
    one, other = keys.generate().public, keys.generate().public
    digest = hashlib.sha256(z85.decode(one.encode())).hexdigest()

    assert fingerprint(one).replace("-", "") == digest[:32]
    assert fingerprint(one) != fingerprint(other)
    assert len(fingerprint(one).split("-")) == 8


@pytest.mark.parametrize("text", ["shor", "ab cd", "#####" * 8])
def test_what_is_not_a_key_has_none(text: str) -> None:
    with pytest.raises(ValueError, match="Z85"):
        fingerprint(text)
