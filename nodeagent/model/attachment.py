"""Where a service address is put on one node: which interface, with which subnet."""

from msgspec import Struct


class Attachment(Struct, frozen=True):
    """The chosen own adapter, the subnet of its network, and this node's other adapters on it.

    `moves`: the address comes from another adapter of this node, so nobody else can have it.
    `handed`: its owner gave it up for this start, so it is in use from then on, and whether a
    stranger has it is asked beside. Empty where a resource needs no adapter.
    """

    adapter: str = ""
    subnet: str = ""
    others: tuple[str, ...] = ()
    moves: bool = False
    handed: bool = False

    @property
    def was_ours(self) -> bool:
        """Return whether this cluster had the address until now, so that nobody need be asked."""
        return self.moves or self.handed


NOWHERE = Attachment()
"""Of what needs no adapter, and where there is none."""
