"""The sound configuration that examples of findings are put into, and how they are."""

import re

from nodeagent.config.pages.page import Page

SOUND = """\
format = 1

[cluster]
name = "orders"
voters = ["alpha", "bravo", "charlie"]

[network.public1]
kind = "public"
subnet = "10.10.1.0/24"

[network.private1]
kind = "private"
subnet = "192.168.50.0/24"

[node.alpha]
key = "sCL-$S#YVg@{@3=cUFV:t++5xQk)7uATkXqaz]Xr"
adapter.eth0 = { network = "public1", role = "service", address = "10.10.1.11" }
adapter.eth1 = { network = "private1", role = "private", address = "192.168.50.11" }

[node.bravo]
key = "On/gmzg6*4JjsdVItRubwSDUYNUtp(5@Joo-2/76"
adapter.eth0 = { network = "public1", role = "service", address = "10.10.1.12" }
adapter.eth1 = { network = "private1", role = "private", address = "192.168.50.12" }

[node.charlie]
key = ":vojkyCfL]p2<)mMNG1oq7z&P-ayx5bM19wG&j0r"
adapter.eth0 = { network = "public1", role = "service", address = "10.10.1.13" }
adapter.eth1 = { network = "private1", role = "private", address = "192.168.50.13" }

[group.mail]
nodes = ["bravo", "charlie"]

[group.mail.resource.disk]
type = "filesystem"
device = "/dev/disk/by-label/mail"
directory = "/srv/mail"

[group.web]
nodes = ["alpha", "bravo"]

[group.web.resource.address]
type = "service-address"
network = "public1"
address = "10.10.1.100"

[group.web.resource.disk]
type = "filesystem"
device = "/dev/disk/by-label/web"
directory = "/srv/web"

[group.web.resource.server]
type = "application"
process = "foreground"
start = ["/usr/sbin/nginx", "-g", "daemon off;"]
"""
"""Three nodes, two networks, two groups, and no finding."""

_HEADER = re.compile(r"^\[([^\]]*)")
_KEY = re.compile(r"^([\w.-]+)\s*[=:]")
_LEFT_OUT = re.compile(r"^# no ([\w.-]+)$")
TABLE = "table"

Sections = list[tuple[str, list[str]]]


def provoked(page: Page) -> bytes:
    """Return the file of a page's example.

    Each of its lines takes the place of the line with the same key in the same table, or is added
    to the table; tables that are not there are added. `# no KEY` takes a line away, and
    `# no table` all of its table.
    """
    sections = _sections(SOUND)
    used: set[int] = set()
    for header, lines in _sections(_repeated(page)):
        at = next((i for i, (known, _) in enumerate(sections)
                   if known == header and i not in used), -1)  # fmt: skip
        if at < 0:
            sections.append((header, lines))
            at = len(sections) - 1
        else:
            sections[at] = (sections[at][0], _merged(sections[at][1], lines))
        used.add(at)
    text = "\n".join(line for _, lines in sections for line in lines) + "\n"
    return text.encode(page.encoding)


def _repeated(page: Page) -> str:
    *lines, last = page.example.rstrip("\n").splitlines()
    return "\n".join((*lines, *(last.replace("{n}", str(n)) for n in range(page.times))))


def _sections(text: str) -> Sections:
    sections: Sections = [("", [])]
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header is not None:
            sections.append((header[1], []))
        sections[-1][1].append(line)
    return sections


def _merged(old: list[str], new: list[str]) -> list[str]:
    """Return a table's lines with those of the example; its header stays the first of them."""
    lines, replaced = list(old), set[str]()
    for line in new:
        left_out, key = _LEFT_OUT.match(line), _KEY.match(line)
        if left_out is not None:
            gone = left_out[1]
            lines = [] if gone == TABLE else [one for one in lines if _key_of(one) != gone]
        elif _HEADER.match(line):
            lines[:1] = [line]
        elif key is not None and key[1] not in replaced:
            replaced.add(key[1])
            lines = _replaced(lines, key[1], line)
        else:
            lines.append(line)
    return lines


def _replaced(lines: list[str], key: str, line: str) -> list[str]:
    at = next((i for i, one in enumerate(lines) if _key_of(one) == key), -1)
    return [*lines, line] if at < 0 else [*lines[:at], line, *lines[at + 1 :]]


def _key_of(line: str) -> str:
    found = _KEY.match(line)
    return found[1] if found else ""
