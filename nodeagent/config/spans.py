"""What the scanner finds in a text: keys and tables with their spans, and why it stopped."""

from msgspec import Struct

Path = tuple[str, ...]


class Stop(Exception):  # noqa: N818 - it ends a scan and is caught here
    """The scan ends at `position`; `code` is E010 for syntax, else what is refused."""

    def __init__(self, code: str, position: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.position = position
        self.opened: int | None = None
        """Where the innermost bracket that is still open stands."""


class KeyPart(Struct, frozen=True):
    """One name of a dotted key with its span."""

    name: str
    start: int
    end: int


class Entry(Struct, frozen=True):
    """A key with its value, or an element of an array (its name is its number).

    `start` and `end` are the span of the whole statement with its line end for a key on a line of
    its own (`inline` false), else of key and value alone. `kind` is scalar, array or table.
    """

    path: Path
    line: int
    parts: tuple[KeyPart, ...]
    start: int
    value_start: int
    value_end: int
    end: int
    kind: str
    inline: bool = False


class Header(Struct, frozen=True):
    """A table header; `start` and `end` span its line."""

    path: Path
    line: int
    parts: tuple[KeyPart, ...]
    start: int
    end: int
    array: bool = False


class Double(Struct, frozen=True):
    """A key or table that stands at `line` although it stood at `first` already."""

    path: Path
    line: int
    first: int
    table: bool


class Scan(Struct):
    """What was found. `stop` is None when the text was read to its end."""

    entries: dict[Path, Entry] = {}
    headers: list[Header] = []
    lines: dict[Path, int] = {}
    doubles: list[Double] = []
    stop: Stop | None = None
    stop_line: int = 0
