"""Where in a file a key or table stands, so that every finding can point at its line."""

from collections.abc import Mapping, Sequence

from nodeagent.config.words import dotted
from nodeagent.model.reports import Place


class Places:
    """Lines of keys and tables by path. What has no line of its own gets that of its parent."""

    def __init__(self, file: str = "", lines: Mapping[tuple[str, ...], int] | None = None) -> None:
        self.file = file
        self._lines = dict(lines or {})

    def find(self, path: Sequence[str]) -> Place:
        """Return the place of `path`; the line is 0 where nothing of it stands in the file."""
        whole = tuple(path)
        for length in range(len(whole), 0, -1):
            line = self._lines.get(whole[:length])
            if line is not None:
                return Place(file=self.file, line=line, key=dotted(whole))
        return Place(file=self.file, key=dotted(whole))

    def line(self, line: int) -> Place:
        """Return the place of a line without a key."""
        return Place(file=self.file, line=line)

    def __contains__(self, path: object) -> bool:
        return path in self._lines
