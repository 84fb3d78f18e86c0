"""Judges who the node is: its name, its key, and the invitation of one that was not added yet."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from nodeagent.cli.examine.codes import Finding, finding
from nodeagent.cli.examine.reading import Look
from nodeagent.config.load import load
from nodeagent.model.configuration import Configuration
from nodeagent.model.names import NAME_PATTERN
from nodeagent.model.reports import has_errors
from nodeagent.transport import keys
from nodeagent.transport.errors import TransportError

NODE_FILE, KEY_FILE, JOINING_FILE = "node.toml", "node.key", "joining.toml"


@dataclass(frozen=True, slots=True)
class Person:
    """Who the node is, as far as its files say: "" and None for what they do not."""

    name: str = ""
    public: str = ""
    joining: Configuration | None = None
    about: str = ""
    findings: tuple[Finding, ...] = ()


def judge(look: Look) -> Person:
    """Return who the node of this state directory is, and what is wrong with that."""
    findings: list[Finding] = []
    name = _name(look, findings)
    public = _key(look, findings)
    joining = _invitation(look, findings)
    about = f"node {name or 'unknown'}"
    if public:
        about += f", key {public}"
    return Person(name, public, joining, about, tuple(findings))


def judge_belonging(
    person: Person, known: Configuration | None, *, decided: bool
) -> Iterator[Finding]:
    """Tell where the node is not the one that a configuration names.

    `known` is the newest decided configuration, `decided` whether there is one.
    """
    configuration = known or person.joining
    if configuration is None or not person.name:
        return
    noun = configuration.node.get(person.name)
    if noun is None and decided and person.joining is None:
        yield finding(
            "W645", "journal", f"the newest configuration known here has no node {person.name}"
        )
    elif noun is not None and person.public and noun.key != person.public:
        text = f"{person.name} has the key {noun.key} there, and {person.public} here"
        yield finding("E609", KEY_FILE, text)
    if person.joining is not None:
        inside = decided and noun is not None
        text = "was added by a decree" if inside else "was not added to the cluster yet"
        yield finding("N607" if inside else "N608", JOINING_FILE, f"{person.name} {text}")


def _name(look: Look, findings: list[Finding]) -> str:
    data = look.data(NODE_FILE)
    if data is None:
        if NODE_FILE not in look.entries:
            text = "there is none, so no node was set up here"
            findings.append(finding("E601", NODE_FILE, text))
        return ""
    try:
        name = tomllib.loads(data.decode("utf-8")).get("name")
    except (ValueError, RecursionError) as error:
        findings.append(finding("E602", NODE_FILE, f"it cannot be read: {error}"))
        return ""
    if not isinstance(name, str) or not re.match(NAME_PATTERN, name):
        findings.append(finding("E602", NODE_FILE, "it does not name the node"))
        return ""
    return name


def _key(look: Look, findings: list[Finding]) -> str:
    entry = look.entries.get(KEY_FILE)
    if entry is None:
        findings.append(finding("E603", KEY_FILE, "there is none"))
        return ""
    if entry.kind != "file":
        return ""
    if entry.mode & 0o077:
        findings.append(finding("E604", KEY_FILE, f"others may read it (mode {entry.mode:o})"))
    if entry.data is None:
        return ""
    try:
        return keys.parse(entry.data.decode("utf-8", "replace"), KEY_FILE).public
    except TransportError as error:
        findings.append(finding("E605", KEY_FILE, error.what))
        return ""


def _invitation(look: Look, findings: list[Finding]) -> Configuration | None:
    data = look.data(JOINING_FILE)
    if data is None:
        return None
    loaded = load(data, JOINING_FILE)
    if loaded.configuration is None or has_errors(loaded.reports):
        first = next((str(r) for r in loaded.reports if r.severity == "error"), "")
        findings.append(finding("E606", JOINING_FILE, first))
        return None
    return loaded.configuration
