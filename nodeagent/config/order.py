"""The order of a group's resources after two people edited the group.

An order is merged like a field: who moved something wins over who did not, and where both moved
things differently the caller decides. What a side added goes behind what it stood behind there.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

Names = Sequence[str]


class Orders(Struct, frozen=True):
    """The names in their order, as each text has them."""

    base: tuple[str, ...]
    mine: tuple[str, ...]
    theirs: tuple[str, ...]

    def moved(self, side: Names) -> bool:
        """Return whether `side` put what all three have into another order."""
        return self._common(side) != self._common(self.base)

    @property
    def conflict(self) -> bool:
        """Return whether both sides moved things, differently."""
        mine, theirs = self._common(self.mine), self._common(self.theirs)
        return self.moved(self.mine) and self.moved(self.theirs) and mine != theirs

    def _common(self, side: Names) -> tuple[str, ...]:
        sides = (self.base, self.mine, self.theirs)
        return tuple(name for name in side if all(name in one for one in sides))

    def merged(self, names: Names, *, theirs_first: bool = False) -> tuple[str, ...]:
        """Return `names`, those of the merged text, in their order.

        `theirs_first`: whose order counts where both sides moved things. Which side is called mine
        makes no other difference.
        """
        backbone = tuple(n for n in self._winner(theirs_first) if n in self.base and n in names)
        result: dict[str, None] = {}
        for anchor in ("", *backbone):
            if anchor:
                result[anchor] = None
            behind = (_behind(side, anchor, backbone) for side in (self.mine, self.theirs))
            for run in sorted(map(tuple, behind)):
                result.update(dict.fromkeys(name for name in run if name in names))
        result.update(dict.fromkeys(names))
        return tuple(result)

    def _winner(self, theirs_first: bool) -> tuple[str, ...]:  # noqa: FBT001
        mine, theirs = self.moved(self.mine), self.moved(self.theirs)
        if theirs and (theirs_first or not mine):
            return self.theirs
        return self.mine if mine else self.base


def _behind(side: Names, anchor: str, backbone: Names) -> Iterator[str]:
    """Yield what follows `anchor` in `side`, up to the next name of the backbone."""
    last = ""
    for name in side:
        if name in backbone:
            last = name
        elif last == anchor:
            yield name
