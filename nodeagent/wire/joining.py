"""What a new machine says before it is known, what it is answered, and the invitation it needs.

This is all that a stranger may say. The invitation is one word that a shell takes as it is, so it
can be pasted: where to ask, whose key answers there, and a token that lets the machine ask once.
"""

import base64
import binascii
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from nodeagent.model.configuration import Adapter
from nodeagent.model.names import Name, PublicKey
from nodeagent.wire.limits import PACKED_BYTES_MAX, PROTOCOL_VERSION

ASK_BYTES_MAX = 4 << 10
ADAPTERS_MAX = 16
ENDPOINTS_MAX = 16
TOKEN_BYTES = 16
"""128 bit, drawn by the console that invites."""
PREFIX = "join1."
INVITATION_LENGTH_MAX = 2_000

Token = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Endpoint = Annotated[str, Meta(pattern=r"^tcp://[0-9a-zA-Z.:\[\]%_-]{1,80}:\d{1,5}\Z")]
Adapters = Annotated[dict[Name, Adapter], Meta(min_length=1, max_length=ADAPTERS_MAX)]
JoinState = Literal["invited", "asks", "admitted", "fetched"]


NOT_GOOD = (
    "this invitation is not good here: it is unknown, over, or was used by another key; ask an "
    "administrator for a new one (clustertui invite NODE)"
)
"""What a machine is told whose invitation is of no use, whyever."""


class Invitation(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """Where node `node` asks to be let into `cluster`, and the token that lets it ask."""

    node: Name
    cluster: Name
    key: PublicKey
    token: Token
    endpoints: Annotated[tuple[Endpoint, ...], Meta(min_length=1, max_length=ENDPOINTS_MAX)]


class JoinAsk(Struct, frozen=True, forbid_unknown_fields=True):
    """A new machine asks; the same again until it is answered otherwise than by JoinWaits."""

    token: Token
    node: Name
    adapters: Adapters
    protocol: Annotated[int, Meta(ge=1, le=1_000_000)] = PROTOCOL_VERSION


class JoinWaits(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """An administrator has not confirmed the key yet."""


class JoinRefused(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """It is not let in, and why; nothing is changed by having asked."""

    text: Annotated[str, Meta(max_length=2_000)]


class JoinAdmitted(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The key was confirmed: the configuration (packed) that adds the node."""

    packed: Annotated[bytes, Meta(max_length=PACKED_BYTES_MAX)]


JoinAnswer = JoinWaits | JoinRefused | JoinAdmitted


class Invite(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Let a machine that has `token` ask to become `node`, for a quarter of an hour."""

    node: Name
    token: Token


class Admit(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Confirm that `fingerprint` is that of the key of the machine that asks to become `node`."""

    node: Name
    fingerprint: Annotated[str, Meta(max_length=64)]


class Withdraw(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Take the invitation of `node` back."""

    node: Name


class GetJoining(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Ask for the invitations of this agent; answered by Joining."""


class Invited(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The invitation is open: where the machine finds this agent, and this agent's key."""

    cluster: Name
    key: PublicKey
    endpoints: tuple[Endpoint, ...]
    seconds: int


class Guest(Struct, frozen=True, forbid_unknown_fields=True):
    """One invitation, and who came with it."""

    node: Name
    state: JoinState
    by: str
    seconds: int
    key: str = ""
    fingerprint: str = ""
    address: Annotated[str, Meta(max_length=64)] = ""
    adapters: dict[Name, Adapter] = {}


class Joining(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The invitations that this agent keeps."""

    agent: Name
    guests: tuple[Guest, ...]


class Admitted(Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """The node is in the draft. `text` adds nothing but it to the configuration `base`."""

    text: str
    base: str


_invitation = msgspec.msgpack.Decoder(Invitation)


def invitation_text(invitation: Invitation) -> str:
    """Return an invitation as one word that no shell and no mail program changes."""
    data = msgspec.msgpack.encode(invitation)
    return PREFIX + base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def read_invitation(text: str) -> Invitation:
    """Return the invitation in `text`; ValueError if it is not a whole one of this version."""
    word = "".join(text.split())  # a terminal may have broken the line
    if not word.startswith(PREFIX) or len(word) > INVITATION_LENGTH_MAX:
        raise ValueError(f"an invitation begins with {PREFIX}; copy it whole")
    coded = word.removeprefix(PREFIX)
    try:
        data = base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_", validate=True)
        return _invitation.decode(data)
    except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise ValueError("the invitation is not whole, or of another version") from error
