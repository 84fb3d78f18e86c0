"""What a rehearsal found: the ground that a change would be carried out on."""

from msgspec import Struct

DRIFTED = "drifted since the rehearsal"
"""With this begins the reason of a refusal that only says: rehearse again."""


class Finding(Struct, frozen=True):
    """All that must be the same again when what was rehearsed is carried out.

    `file` is the digest of the draft's exact bytes, `epoch` and `base` name the configuration it
    changes, `view` are the nodes that are in, `owners` who has each group, and `facts` what each
    node found when it verified: its agent's version, programs, devices, addresses.
    """

    file: str
    epoch: int
    base: str
    view: tuple[str, ...]
    owners: dict[str, str]
    facts: dict[str, dict[str, str]]
