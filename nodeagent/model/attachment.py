"""Where a service address is put on one node: which interface, with which subnet."""

from msgspec import Struct


class Attachment(Struct, frozen=True):
    """The chosen own adapter, the subnet of its network, and this node's other adapters on it.

    `moves`: the address comes from another adapter of this node, so nobody else can have it.
    Empty where a resource needs no adapter.
    """

    adapter: str = ""
    subnet: str = ""
    others: tuple[str, ...] = ()
    moves: bool = False


NOWHERE = Attachment()
"""Of what needs no adapter, and where there is none."""
