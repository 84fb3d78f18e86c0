"""The keys of actions, and the file by which a person gives them others.

The file is TOML with a table for each scope: ``[groups]`` and in it ``move = "m"``, or a list of
keys. Actions that are not named keep their keys. Nothing of a file counts unless all of it is
right: an unknown action or key, or a key that would mean two things at one place, is told with
its line. Pure: text in, keys out.
"""

import json
import tomllib
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from nodeagent.config.places import Places
from nodeagent.config.scan import scan
from nodeagent.config.syntax import syntax_report
from nodeagent.config.words import nearest
from tui import actions

Keymap = Mapping[str, tuple[str, ...]]
"""Keys by the ids of their actions, as Textual names them."""

KEYS_MAX = 8
MOVING = frozenset(
    ("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "shift+tab",
     "j", "k", "g", "G", "ctrl+c")
)  # fmt: skip
"""Keys of lists, fields and the terminal; only an action that has one anyway may keep it."""
_NAMED = frozenset(key.value for key in Keys if not key.value.startswith("<"))
_MODIFIERS = ("ctrl+", "alt+", "shift+")


class KeysError(Exception):
    """The file of keys cannot be used; one sentence for each thing that is wrong.

    `readable` is false where it is no TOML.
    """

    def __init__(self, problems: tuple[str, ...], *, readable: bool = True) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.readable = readable


def parse(text: str, file: str = "") -> dict[str, tuple[str, ...]]:
    """Return the keys that `text` gives to actions; KeysError when anything in it is wrong."""
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        report = syntax_report(text, str(error), file)
        raise KeysError((str(report),), readable=False) from None
    places = Places(file, scan(text).lines)
    found: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for path, value in _entries(raw):
        keys, problem = _checked(path, value)
        if problem:
            problems.append(_at(places, path, problem))
        else:
            found[".".join(path)] = keys
    problems += [_at(places, key.split("."), text) for key, text in _clashes(found)]
    if problems:
        raise KeysError(tuple(problems))
    return found


def _entries(raw: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], object]]:
    for scope, inner in raw.items():
        if isinstance(inner, dict):
            yield from (((scope, name), value) for name, value in inner.items())
        else:
            yield (scope,), inner


def _at(places: Places, path: Collection[str], text: str) -> str:
    return f"{places.find(tuple(path))}: {text}"


def _checked(path: tuple[str, ...], value: object) -> tuple[tuple[str, ...], str]:
    """Return the keys of one entry, or what is wrong with it."""
    known = {action.id: action for action in actions.ACTIONS}
    action = known.get(".".join(path))
    if action is None:
        return (), _unknown_action(path, known)
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not words or not all(isinstance(w, str) for w in words):
        return (), 'write a key, as "m", or a list of keys, as ["m", "f5"]'
    if len(words) > KEYS_MAX:
        return (), f"at most {KEYS_MAX} keys can be given"
    keys = tuple(dict.fromkeys(key_named(word) for word in words))
    for word, key in zip(words, map(key_named, words), strict=True):
        if not key:
            return (), _unknown_key(word)
        if key in MOVING and key not in action.keys:
            return (), f"{word} moves the cursor or leaves a field, so no action can have it"
    return keys, ""


def _unknown_action(path: tuple[str, ...], known: Collection[str]) -> str:
    whole = ".".join(path)
    inside = [key for key in known if len(path) > 1 and key.startswith(f"{path[0]}.")]
    near = nearest(whole, inside) or nearest(whole, known)
    hint = f"did you mean {near}?" if near else "`clustertui keys` lists all"
    return f"there is no action {whole} ({hint})"


def _unknown_key(word: str) -> str:
    near = nearest(word, [*_NAMED, *actions.SHOWN])
    hint = f"did you mean {near}?" if near else 'as "m", "M", "f5", "ctrl+x", "question_mark"'
    return f"there is no key {word} ({hint})"


def key_named(word: str) -> str:
    """Return Textual's name of a key that a person names, as ``?`` or ``ctrl+x``; "" for none."""
    if len(word) == 1:
        return _of_character(word)
    if word in _NAMED or word in actions.SHOWN or word in KEY_NAME_REPLACEMENTS.values():
        return word
    for modifier in _MODIFIERS:
        rest = word.removeprefix(modifier)
        if rest != word and rest.isascii() and len(rest) == 1 and rest.isalnum():
            return word
    return ""


def _of_character(character: str) -> str:
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


def mapped(offered: tuple[actions.Action, ...], keymap: Keymap) -> tuple[actions.Action, ...]:
    """Return the actions with the keys that `keymap` gives them."""
    return tuple(
        replace(action, keys=keymap[action.id]) if action.id in keymap else action
        for action in offered
    )


def _clashes(keymap: Keymap) -> Iterator[tuple[str, str]]:
    """Yield (action's id, what is wrong) for each key that would mean two things at one place."""
    told: set[frozenset[str]] = set()
    scopes = [mode for mode, _, _ in (*actions.SECTIONS, *actions.PAGES)]
    for scope in scopes:
        everything = (*actions.of(scope), *actions.of("replay"), *actions.of("app"))
        taken: dict[str, str] = {}
        for action in mapped(everything, keymap):
            for key in action.keys:
                other = taken.setdefault(key, action.id)
                pair = frozenset((other, action.id))
                if other == action.id or pair in told:
                    continue
                told.add(pair)
                mine, its = (action.id, other) if action.id in keymap else (other, action.id)
                yield mine, f"{actions.shown(key)} is the key of {its} already"


def as_file(keymap: Keymap) -> str:
    """Return the keys of all actions as a file that `parse` takes."""
    lines = ["# Keys of clustertui; what is left out keeps the keys that are built in."]
    scopes = dict.fromkeys(action.scope for action in actions.ACTIONS)
    for scope in scopes:
        lines += ["", f"[{scope}]"]
        for action in mapped(actions.of(scope), keymap):
            name = action.id.partition(".")[2]
            lines.append(f"{name} = {_value(action.keys)}  # {action.help}")
    return "\n".join(lines) + "\n"


def _value(keys: tuple[str, ...]) -> str:
    return json.dumps(keys[0] if len(keys) == 1 else list(keys), ensure_ascii=False)


def bindings(keymap: Keymap) -> dict[str, str]:
    """Return the keymap as Textual takes it."""
    return {key: ",".join(keys) for key, keys in keymap.items()}
