"""A text cut into its sections: each table header with its comment above and its keys below.

Edits work on these spans and leave every other byte as it is. A comment belongs to the header
right below it; one that stands between blank lines belongs to nobody and stays where it is, and so
does the comment that opens the file.
"""

import tomllib
from bisect import bisect_right
from functools import cached_property
from typing import Any

from msgspec import Struct

from nodeagent.config.scan import scan
from nodeagent.config.spans import Entry, Header, Path, Scan


class EditError(ValueError):
    """The edit cannot be made in this text; the message says why, in people's words."""


class Section(Struct, frozen=True):
    """A header with what belongs to it. `start` includes its comment, `end` its last key.

    The part before the first header is a section with the path ().
    """

    path: Path
    header: Header | None
    start: int
    body: int
    end: int


class Layout:
    """The sections and keys of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = scan(text)
        if found.stop is not None or found.doubles:
            line = found.stop_line or found.doubles[0].line
            raise EditError(f"the text is not valid TOML (line {line}); mend it as text first")
        self.scan: Scan = found
        self.sections = tuple(self._sections())

    @cached_property
    def raw(self) -> dict[str, Any]:
        """The tables that the text holds; the scanner has found it harmless to read."""
        try:
            return tomllib.loads(self.text)
        except (ValueError, RecursionError) as error:
            raise EditError(f"the text is not valid TOML: {error}") from None

    def _sections(self) -> list[Section]:
        headers = self.scan.headers
        starts = [header.start for header in headers]
        ends = [0, *(header.end for header in headers)]
        for entry in self.scan.entries.values():
            if not entry.inline:
                index = bisect_right(starts, entry.start)
                ends[index] = max(ends[index], entry.end)
        sections = [Section((), None, 0, 0, ends[0])]
        for index, header in enumerate(headers, start=1):
            start = self._comment_above(header.start, ends[index - 1])
            sections.append(Section(header.path, header, start, header.end, ends[index]))
        limits = [*(section.start for section in sections[1:]), len(self.text)]
        return [
            Section(s.path, s.header, s.start, s.body, self._comment_below(s.end, limit))
            for s, limit in zip(sections, limits, strict=True)
        ]

    def _comment_above(self, position: int, floor: int) -> int:
        """Return where the comment lines right above `position` begin."""
        start = position
        while start > floor:
            line = self.text.rfind("\n", 0, start - 1) + 1
            if line < floor or not self.text[line:start].lstrip().startswith("#"):
                break
            start = line
        opens_the_file = start == 0 and position > 0
        return position if opens_the_file else start

    def _comment_below(self, position: int, ceiling: int) -> int:
        """Return where the comment lines right below `position` end."""
        end = position
        while 0 < end < ceiling:
            line_end = self.text.find("\n", end) + 1 or len(self.text)
            if not self.text[end:line_end].lstrip().startswith("#"):
                break
            end = line_end
        return end

    def entry(self, path: Path) -> Entry | None:
        """Return the key at `path`, or None."""
        return self.scan.entries.get(path)

    def section(self, path: Path) -> Section | None:
        """Return the section whose header is exactly `path`, or None."""
        return next((s for s in self.sections if s.header is not None and s.path == path), None)

    def sections_below(self, path: Path) -> tuple[Section, ...]:
        """Return the sections of `path` and of everything inside of it."""
        size = len(path)
        return tuple(s for s in self.sections if s.header is not None and s.path[:size] == path)

    def entries_below(self, path: Path) -> tuple[Entry, ...]:
        """Return the keys of `path` and inside of it, in the order of the text."""
        size = len(path)
        found = (entry for entry in self.scan.entries.values() if entry.path[:size] == path)
        return tuple(sorted(found, key=lambda entry: entry.start))

    def inline_parent(self, path: Path) -> Entry | None:
        """Return the nearest key above `path` whose value is a table in braces, or a plain one."""
        for size in range(len(path) - 1, 0, -1):
            entry = self.scan.entries.get(path[:size])
            if entry is not None:
                return entry
        return None
