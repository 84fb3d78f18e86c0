"""Why a text is not TOML: `tomllib`'s complaint, or the scanner's, with a remedy.

The line itself often shows the slip (a word without quotes, a single quote that was never closed,
`:` for `=`), so it is looked at first.
"""

import re
import tomllib

from nodeagent.config.codes import report
from nodeagent.config.scan import KEY_LENGTH_MAX, NESTING_MAX, NUMBER_LENGTH_MAX
from nodeagent.config.spans import Scan
from nodeagent.config.words import shown
from nodeagent.model.reports import Place, Report
from nodeagent.model.text import clean

_WHERE = re.compile(r"\s*\((?:at line (\d+), column (\d+)|at end of document)\)\s*$")
_LINE_LENGTH_MAX = 400

_REFUSED: dict[str, tuple[str, str]] = {
    "E003": (
        f"is nested deeper than {NESTING_MAX} levels",
        "the deepest key of a configuration has 6",
    ),
    "E004": (f"holds a key with more than {KEY_LENGTH_MAX} characters", "names have at most 63"),
    "E005": (
        f"holds a number with more than {NUMBER_LENGTH_MAX} characters",
        "put texts in quotes",
    ),
    "E006": ("has", "is this a configuration?"),
}

_SAYINGS: tuple[tuple[str, str, str], ...] = (
    ("Expected '=' after a key", "after the key comes no =", 'write key = "value"'),
    ("Invalid initial character for a key", "no key begins like this", "write name = value"),
    ("Invalid value", "this is no value", 'texts stand in quotes: key = "value"'),
    ("Expected \"'", "a text is never closed", "add the closing quote"),
    ("Unterminated string", "a text is never closed", "add the closing quote"),
    ("Unclosed array", "a list is never closed", "add the closing ]"),
    ("Unclosed inline table", "a table in braces is never closed", "add the closing }"),
    ("Expected newline or end", "the line goes on after the value", "one key per line"),
    ("Invalid statement", "this is neither a key nor a table", "write key = value or [table]"),
    ("Expected ']", "the table header is never closed", "write [table.name] on one line"),
    ("Unescaped '\\'", "a backslash stands alone", "write \\\\, or use single quotes"),
    ("Escaped character is not", "the escape names no character", "write \\u and four digits"),
    ("Invalid date or datetime", "no such date", "put it in quotes if it is a text"),
    ("Invalid hex value", "the escape needs hexadecimal digits", "write \\u and four digits"),
    ("Illegal character", "a control character stands here", "delete it"),
    ("Found invalid character", "a control character stands here", "delete it"),
    ("Cannot mutate", "a table in braces or a list cannot be added to", "write it in one place"),
    ("Cannot overwrite", "this key has a value already", "keep one of the two"),
    ("Cannot declare", "this table exists already", "keep one of the two"),
    ("Cannot redefine", "this name is a table and a value", "rename one of the two"),
    ("Duplicate inline", "a key stands twice in the braces", "keep one of the two"),
    ("Exceeds the limit", "a number is too long", "put texts in quotes"),
)


def syntax_report(text: str, saying: str, file: str) -> Report:
    """Return the finding for a complaint of `tomllib` about `text`."""
    where = _WHERE.search(saying)
    line, column = text.count("\n") + 1, 0
    if where is not None and where.group(1):
        line, column = int(where.group(1)), int(where.group(2))
    return _report(text, saying, Place(file=file, line=line), column)


def stop_report(text: str, found: Scan, file: str) -> Report:
    """Return the finding for where the scanner stopped."""
    assert found.stop is not None
    place = Place(file=file, line=found.stop_line)
    if found.stop.code != "E010":
        words, hint = _REFUSED[found.stop.code]
        if found.stop.code == "E006":
            words = f"{words} {found.stop}"
        return report(found.stop.code, f"the text {words}", place=place, hint=hint)
    position = found.stop.position
    saying, opened = _saying(text, position), found.stop.opened
    at_end = not text[position:].strip()
    if opened is not None and (at_end or saying.startswith("Unclosed")):
        return _unclosed(text, opened, file)
    column = position - text.rfind("\n", 0, position)
    return _report(text, saying, place, column)


def _unclosed(text: str, opened: int, file: str) -> Report:
    """Point at the bracket that is open: the reader noticed it only lines later."""
    line = text.count("\n", 0, opened) + 1
    what, mark = ("list", "]") if text[opened] == "[" else ("table in braces", "}")
    words = f"line {line}: the {what} that begins here is never closed, or lacks a comma"
    hint = f"add the closing {mark}, or the comma between two entries"
    return report("E010", words, place=Place(file=file, line=line), hint=hint)


def _saying(text: str, position: int) -> str:
    """Return what `tomllib` says of the text up to the end of this line, which it can read fast."""
    end = text.find("\n", position)
    end = len(text) if end < 0 else end
    clipped = text[: min(end, position + _LINE_LENGTH_MAX)]
    try:
        tomllib.loads(clipped)
    except (ValueError, RecursionError) as error:
        return str(error)
    return ""


def _report(text: str, saying: str, place: Place, column: int) -> Report:
    lines = text.split("\n", place.line)
    line = lines[place.line - 1].rstrip("\r") if place.line <= len(lines) else ""
    if "Invalid initial" in saying and re.search(r"\{[^}]*$", line):
        words, hint = "a table in braces stays on one line", "or write it as a [table.of.its.own]"
    else:
        words, hint = _from_line(line) or _from_saying(saying)
    at = f"line {place.line}, column {column}" if column else f"line {place.line}"
    return report("E010", f"{at}: {words}", place=place, hint=hint)


def _from_saying(saying: str) -> tuple[str, str]:
    for start, words, hint in _SAYINGS:
        if start in saying:
            return words, hint
    return "this is not TOML", "write key = value or [table]"


def _from_line(line: str) -> tuple[str, str] | None:
    """Return what is wrong with a line that shows a common slip."""
    stripped = line.strip()
    bare = re.fullmatch(r"([A-Za-z0-9_.-]+)\s*=\s*([A-Za-z/][\w/.:-]*)\s*(?:#.*)?", stripped)
    if bare:
        return _bare_word(bare.group(1), bare.group(2))
    colon = re.match(r"([A-Za-z0-9_.-]+)\s*:\s*(\S.*)", stripped)
    if colon:
        key, value = clean(colon.group(1), 60), clean(colon.group(2), 60)
        return "keys and values are joined by =, not by :", f"write {key} = {value}"
    address = re.fullmatch(r"([A-Za-z0-9_.-]+)\s*=\s*(\d+(?:[./:]\d+)+)\s*", stripped)
    if address:
        key, value = address.groups()
        return f"{clean(value, 60)} is not in quotes", f"write {key} = {shown(value)}"
    if re.fullmatch(r"[A-Za-z0-9_.-]+\s*=\s*(?:#.*)?", stripped):
        return "the value is missing", 'write key = "value"'
    return None


def _bare_word(key: str, word: str) -> tuple[str, str]:
    if word in {"true", "false", "inf", "nan"}:
        return "this is not TOML", "write key = value or [table]"
    flags = {"yes": "true", "on": "true", "no": "false", "off": "false"}
    small = flags.get(word.casefold(), word.casefold())
    if small in {"true", "false"}:
        return f"{word} is not a TOML word", f"write {key} = {small}"
    return f"{clean(word, 60)} is not in quotes", f"write {key} = {shown(word)}"
