"""A small scanner over TOML text: where every table and key stands, and whether it is harmless.

`tomllib` gives values but no places, and hostile text can hold it up: a dotted key of 40 kB takes
it seconds, deep arrays overflow its stack. So every text passes here first. The scanner accepts at
least what TOML accepts, stops at the first thing it cannot read (the parser then says why in
people's words), and refuses what is too deep, too long or too much. It yields spans, so that an
edit can replace exactly the bytes of one value.
"""

import re

from nodeagent.config.spans import Double, Entry, Header, KeyPart, Path, Scan, Stop

NESTING_MAX = 8
KEY_LENGTH_MAX = 64
NUMBER_LENGTH_MAX = 64
PARTS_MAX = 50_000
CHILDREN_MAX = 2_000
"""Names in one table and values in one list: twice what any limit of the nouns allows."""
TOP_MAX = 100
DOUBLES_MAX = 200

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*+)*+")
_SPACE = re.compile(r"[ \t]*+")
_LINE_END = re.compile(r"[ \t]*+(?:#[^\n]*+|\r)?+(?:\n|\Z)")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]++")
_STRING = re.compile(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}+'
    r"|'''(?:[^']++|'(?!''))*+'{3,5}+"
    r'|"(?!"")(?:[^"\\\n]++|\\[^\n])*+"'
    r"|'(?!'')[^'\n]*+'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9][0-9:.Zz+-]*+|[A-Za-z0-9_+:.-]++")
_ESCAPE = re.compile(r'\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[btnfr"\\])')
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


class _Scanner:
    """Walks over the text once. `_position` only grows, so lines are counted as it goes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._counted = 0
        self._line = 1
        self._left = PARTS_MAX
        self._found = Scan()
        self._tables: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        self._children: dict[Path, int] = {}
        self._open: list[int] = []

    def run(self) -> Scan:
        try:
            self._document()
        except Stop as stop:
            stop.opened = self._open[-1] if self._open else None
            self._found.stop = stop
            self._found.stop_line = self._text.count("\n", 0, stop.position) + 1
        return self._found

    def _document(self) -> None:
        table: Path = ()
        self._blank()
        while self._position < len(self._text):
            if self._text.startswith("[", self._position):
                table = self._header()
            else:
                self._statement(table)
            self._blank()

    # -- small steps ---------------------------------------------------------------------------

    def _blank(self) -> None:
        start = self._position
        self._position = _end(_BLANK.match(self._text, start))

    def _space(self) -> None:
        self._position = _end(_SPACE.match(self._text, self._position))

    def _expect(self, mark: str) -> None:
        if not self._text.startswith(mark, self._position):
            raise Stop("E010", self._position, f"{mark} expected")
        self._position += len(mark)

    def _line_at(self, position: int) -> int:
        self._line += self._text.count("\n", self._counted, position)
        self._counted = position
        return self._line

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Stop("E006", self._position, f"more than {PARTS_MAX:,} keys and values")

    def _end_of_line(self) -> None:
        match = _LINE_END.match(self._text, self._position)
        if match is None:
            raise Stop("E010", self._position, "end of line expected")
        self._position = match.end()

    def _note(self, path: Path, line: int) -> None:
        for length in range(1, len(path) + 1):
            if path[:length] not in self._found.lines:
                self._found.lines[path[:length]] = line
                self._count_child(path[: length - 1])

    def _count_child(self, parent: Path) -> None:
        self._children[parent] = number = self._children.get(parent, 0) + 1
        if number > (CHILDREN_MAX if parent else TOP_MAX):
            raise Stop("E006", self._position, "too many names in one table")

    def _double(self, double: Double) -> None:
        self._found.doubles.append(double)
        if len(self._found.doubles) > DOUBLES_MAX:
            raise Stop("E006", self._position, "too many names that are given twice")

    # -- keys and headers ----------------------------------------------------------------------

    def _key(self, depth: int) -> tuple[KeyPart, ...]:
        parts = [self._key_part()]
        self._space()
        while self._text.startswith(".", self._position):
            if depth + len(parts) >= NESTING_MAX:
                raise Stop("E003", self._position, "the key has too many levels")
            self._position += 1
            self._space()
            parts.append(self._key_part())
            self._space()
        return tuple(parts)

    def _key_part(self) -> KeyPart:
        self._count()
        start = self._position
        match = _BARE_KEY.match(self._text, start) or _STRING.match(self._text, start)
        if match is None or match.group().startswith(('"""', "'''")):
            raise Stop("E010", start, "key expected")
        if match.end() - start > KEY_LENGTH_MAX + 2:
            raise Stop("E004", start, "the key is too long")
        self._position = match.end()
        return KeyPart(_key_name(match.group()), start, match.end())

    def _header(self) -> Path:
        start = self._position
        line = self._line_at(start)
        array = self._text.startswith("[[", start)
        self._position += 2 if array else 1
        self._space()
        parts = self._key(0)
        self._expect("]]" if array else "]")
        self._end_of_line()
        path = self._resolve(tuple(part.name for part in parts))
        if array:
            self._counts[path] = self._counts.get(path, -1) + 1
            path = (*path, str(self._counts[path]))
        self._record_header(Header(path, line, parts, start, self._position, array))
        return path

    def _resolve(self, path: Path) -> Path:
        """Return `path` with the number of the latest element after each array of tables."""
        resolved: Path = ()
        for index, name in enumerate(path):
            resolved = (*resolved, name)
            if resolved in self._counts and index < len(path) - 1:
                resolved = (*resolved, str(self._counts[resolved]))
        return resolved

    def _record_header(self, header: Header) -> None:
        first = self._tables.get(header.path)
        entry = self._found.entries.get(header.path)
        if first is None and entry is not None:
            first = entry.line
        if first is not None:
            self._double(Double(header.path, header.line, first, table=True))
        else:
            self._tables[header.path] = header.line
        self._note(header.path, header.line)
        if first is None:
            self._found.lines[header.path] = header.line
        self._found.headers.append(header)

    # -- values --------------------------------------------------------------------------------

    def _statement(self, table: Path) -> None:
        start = self._position
        path, parts, line, value_start, kind = self._pair(table, len(table))
        value_end = self._position
        self._end_of_line()
        end = self._position
        self._record(Entry(path, line, parts, start, value_start, value_end, end, kind))

    def _pair(self, base: Path, depth: int) -> tuple[Path, tuple[KeyPart, ...], int, int, str]:
        line = self._line_at(self._position)
        parts = self._key(depth)
        self._expect("=")
        self._space()
        path = (*base, *(part.name for part in parts))
        self._note(path, line)
        value_start = self._position
        kind = self._value(path, depth + len(parts))
        return path, parts, line, value_start, kind

    def _record(self, entry: Entry) -> None:
        first = self._found.entries.get(entry.path)
        line = first.line if first is not None else self._tables.get(entry.path)
        if line is not None:
            self._double(Double(entry.path, entry.line, line, table=False))
            return
        self._found.entries[entry.path] = entry

    def _value(self, path: Path, depth: int) -> str:
        self._count()
        if depth > NESTING_MAX:
            raise Stop("E003", self._position, "values are nested too deeply")
        if not self._text.startswith(("[", "{"), self._position):
            self._scalar()
            return "scalar"
        array = self._text.startswith("[", self._position)
        self._open.append(self._position)
        self._array(path, depth) if array else self._inline_table(path, depth)
        self._open.pop()
        return "array" if array else "table"

    def _scalar(self) -> None:
        start = self._position
        match = _STRING.match(self._text, start)
        if match is None:
            match = _SCALAR.match(self._text, start)
            if match is None:
                raise Stop("E010", start, "value expected")
            if match.end() - start > NUMBER_LENGTH_MAX:
                raise Stop("E005", start, "the number is too long")
        self._position = match.end()

    def _array(self, path: Path, depth: int) -> None:
        self._position += 1
        self._blank()
        index = 0
        while not self._text.startswith("]", self._position):
            start = self._position
            if index >= CHILDREN_MAX:
                raise Stop("E006", start, "too many values in one list")
            element = (*path, str(index))
            line = self._line_at(start)
            self._found.lines.setdefault(element, line)
            kind = self._value(element, depth + 1)
            end = self._position
            self._record(Entry(element, line, (), start, start, end, end, kind, inline=True))
            index += 1
            self._blank()
            if not self._text.startswith(",", self._position):
                break
            self._position += 1
            self._blank()
        self._expect("]")

    def _inline_table(self, path: Path, depth: int) -> None:
        self._position += 1
        self._blank()
        while not self._text.startswith("}", self._position):
            start = self._position
            inner, parts, line, value_start, kind = self._pair(path, depth)
            end = self._position
            self._record(Entry(inner, line, parts, start, value_start, end, end, kind, inline=True))
            self._blank()
            if not self._text.startswith(",", self._position):
                break
            self._position += 1
            self._blank()
        self._expect("}")


def _end(match: re.Match[str] | None) -> int:
    assert match is not None, "the pattern matches the empty text"
    return match.end()


def _key_name(text: str) -> str:
    if text.startswith("'"):
        return text[1:-1]
    if text.startswith('"'):
        return _ESCAPE.sub(_unescape, text[1:-1])
    return text


def _unescape(match: re.Match[str]) -> str:
    word = match.group(1)
    if word[0] in "uU":
        code = int(word[1:], 16)
        return chr(code) if code <= 0x10FFFF else "\ufffd"
    return _ESCAPED[word]


def scan(text: str) -> Scan:
    """Return where everything in `text` stands; never raises. Takes time linear in its length."""
    return _Scanner(text).run()
