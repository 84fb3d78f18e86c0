"""Classes 1 to 6: texts that are no configuration, or one that must never come into force.

A case is a whole text: either one of the broken files that people may read, or the configuration
of the simulated cluster with one thing replaced. `base` is right; that is a case of its own.
"""

from pathlib import Path

from tests.simulation.clusters import cluster

BROKEN = Path(__file__).parents[1] / "broken"
Texts = dict[str, bytes]


def base() -> str:
    """Return the right text that the others are made of."""
    return cluster()


def _files(*numbers: int) -> Texts:
    """Return broken files by number."""
    wanted = {f"{number:02d}" for number in numbers}
    files = (file for file in sorted(BROKEN.iterdir()) if file.name[:2] in wanted)
    return {file.stem: file.read_bytes() for file in files}


def _swapped(*swaps: tuple[str, str, str]) -> Texts:
    """Return the base with, for each (name, old, new), the first `old` replaced."""
    made: Texts = {}
    for name, old, new in swaps:
        assert old in base(), name
        made[name] = base().replace(old, new, 1).encode("utf-8", "surrogatepass")
    return made


def _added(**parts: str) -> Texts:
    return {name: (base() + "\n" + part + "\n").encode() for name, part in parts.items()}


HEAD = "format = 1\n"
GROUP = '[group.web]\nnodes = ["alpha", "bravo", "charlie"]\n'
NODES = 'nodes = ["alpha", "bravo", "charlie"]'
FIRST_ADDRESS = 'address = "10.1.0.11"'
SERVICE_ADDRESS = 'address = "10.1.0.100"'
SUBNET = 'subnet = "10.1.0.0/24"'

MALFORMED: Texts = {
    **_files(1, 2, *range(11, 22)),
    "empty": b"",
    "zeros": bytes(500),
    "half-a-file": base().encode()[: len(base()) // 2] + b'"',
    "utf-16": base().encode("utf-16"),
    "latin-1": base().replace("box", "b\xf6x").encode("latin-1"),
    "json": b'{"format": 1, "cluster": {"name": "box"}}',
    "yaml": b"format: 1\ncluster:\n  name: box\n",
    "xml": b"<?xml version='1.0'?><cluster/>",
    "elf": b"\x7fELF\x02\x01\x01" + bytes(100),
    "bare-cr": base().replace("\n", "\r").encode(),
    "equals-only": b"= = =\n",
    "dotted-over-value": b"format = 1\nformat.x = 2\n",
    "table-over-value": b"format = 1\n[format]\nx = 1\n",
    "date-cut": b"format = 2026-13-45\n",
    "overlong-utf-8": b"format = 1\n# \xc0\xaf\n",
    "surrogate": b"format = 1\n# \xed\xa0\x80\n",
}

SCHEMA: Texts = {
    **_files(*range(22, 36), 42, 43, 44),
    **_swapped(
        ("format-text", HEAD, 'format = "1"\n'),
        ("format-negative", HEAD, "format = -1\n"),
        ("format-huge", HEAD, f"format = {2**63}\n"),
        ("format-true", HEAD, "format = true\n"),
        ("format-inf", HEAD, "format = inf\n"),
        ("name-number", 'name = "box"', "name = 7"),
        ("name-empty", 'name = "box"', 'name = ""'),
        ("name-long", 'name = "box"', f'name = "{"b" * 64}"'),
        ("name-path", 'name = "box"', 'name = "../box"'),
        ("nodes-table", NODES, "nodes = { alpha = 1 }"),
        ("nodes-nested", NODES, 'nodes = [["alpha"]]'),
        ("nodes-mixed", NODES, 'nodes = ["alpha", 7]'),
        ("start-text", 'start = ["/bin/true"]', 'start = "/bin/true"'),
        ("start-table", 'start = ["/bin/true"]', "start = { a = 1 }"),
        ("negative-time", "heartbeat-ms = 100", "heartbeat-ms = -100"),
        ("float-time", "heartbeat-ms = 100", "heartbeat-ms = nan"),
        ("huge-time", "heartbeat-ms = 100", "heartbeat-ms = 99999999999"),
        ("key-number", "[admin.me]", "[admin.me]\nrole = 1"),
        ("group-list", "[group.web]\n", "[[group.web]]\n"),
        ("kind-empty", 'kind = "public"', 'kind = ""'),
    ),
}

HOSTILE: Texts = {
    **_files(3, 4, 5, 6),
    "dotted-40-kb": b"a" + b".a" * 20_000 + b" = 1\n",
    "lists-5000": b"a = " + b"[" * 5_000 + b"]" * 5_000 + b"\n",
    "tables-5000": b"a = " + b"{a=" * 5_000 + b"1" + b"}" * 5_000 + b"\n",
    "headers-50000": b"".join(b"[t%d]\n" % n for n in range(50_000)),
    "keys-100000": b"".join(b"k%d = 1\n" % n for n in range(100_000)),
    "array-tables": b"[[a]]\n" * 50_000,
    "one-line-1-mib": b"# " + b"x" * (1 << 20),
    "just-too-large": base().encode() + b"#" * (1 << 20),
    "two-mib": bytes(2 << 20),
    "digits-100000": b"format = " + b"9" * 100_000 + b"\n",
    "float-digits": b"format = 0." + b"9" * 100_000 + b"\n",
    "exponent": b"format = 1e999999999\n",
    "hex-digits": b"format = 0x" + b"f" * 50_000 + b"\n",
    "underscores": b"format = 1" + b"_1" * 50_000 + b"\n",
    "quotes": b"a = " + b'"' * 50_000 + b"\n",
    "triple-quotes": b'a = """' + b'""' * 50_000 + b"\n",
    "backslashes": b'a = "' + b"\\" * 99_999 + b'"\n',
    "escapes": b'a = "' + b"\\u0041" * 50_000 + b'"\n',
    "newlines-in-list": b"a = [" + b"\n" * 100_000,
    "commas": b"a = [" + b"," * 100_000 + b"]\n",
    "equals-signs": b"a " + b"=" * 100_000 + b"\n",
    "brackets": b"[" * 100_000 + b"\n",
    "spaces": b"a" + b" " * 300_000 + b"b\n",
    "dotted-headers": b"".join(b"[a%s]\n" % (b".b" * n) for n in range(400)),
    "same-key": b"a = 1\n" * 50_000,
    "inline-keys": b"a = {" + b", ".join(b"k%d=1" % n for n in range(50_000)) + b"}\n",
    "quoted-dots": b'"a' + b'"."a' * 20_000 + b'" = 1\n',
    "nested-inline": b"x = " + b'[{a = "' * 500 + b"\n",
    "many-voters": f'[cluster]\nname = "box"\nvoters = {["a"] * 20_000}\n'.encode(),
    "many-errors": (base() + "".join(f"[group.g{n}]\nwrong = 1\n" for n in range(3_000))).encode(),
}  # fmt: skip

NAMES: Texts = {
    **_files(*range(45, 56), 57),
    **_swapped(
        ("no-such-node", NODES, 'nodes = ["alpha", "bravo", "zulu"]'),
        ("nodes-twice", NODES, 'nodes = ["alpha", "bravo", "alpha"]'),
        ("no-nodes", NODES, "nodes = []"),
        ("case-of-node", NODES, 'nodes = ["Alpha", "bravo"]'),
        ("voter-unknown", 'name = "box"', 'name = "box"\nvoters = ["alpha", "bravo", "zulu"]'),
        ("voter-twice", 'name = "box"', 'name = "box"\nvoters = ["alpha", "alpha", "bravo"]'),
        ("group-before-itself", GROUP, GROUP + 'after = ["web"]\n'),
        ("after-nobody", GROUP, GROUP + 'after = ["nothing"]\n'),
        ("after-twice", GROUP, GROUP + 'after = ["orders", "orders"]\n'),
        ("network-unknown", 'network = "public"', 'network = "pubic"'),
        ("network-empty", 'network = "public"', 'network = ""'),
        ("one-key-for-two", '"' + ("bravo" * 40)[:40] + '"', '"' + ("alpha" * 40)[:40] + '"'),
    ),
    **_added(
        node_again='[node.alpha]\nkey = "x"',
        group_again='[group.web]\nnodes = ["alpha"]',
        network_again='[network.public]\nkind = "public"\nsubnet = "10.9.0.0/24"',
        group_on_nobody='[group.mail]\nnodes = ["zulu"]',
    ),
}

ADDRESSES: Texts = {
    **_files(36, 37, 38, 39, 40, 58, 59, 60, 61, 64, 70, 72),
    **_swapped(
        ("not-an-address", FIRST_ADDRESS, 'address = "host"'),
        ("octal", FIRST_ADDRESS, 'address = "010.001.000.011"'),
        ("short", FIRST_ADDRESS, 'address = "10.1.11"'),
        ("number", FIRST_ADDRESS, "address = 167837707"),
        ("spaces", FIRST_ADDRESS, 'address = " 10.1.0.11"'),
        ("with-port", FIRST_ADDRESS, 'address = "10.1.0.11:7410"'),
        ("with-prefix", FIRST_ADDRESS, 'address = "10.1.0.11/24"'),
        ("network-address", FIRST_ADDRESS, 'address = "10.1.0.0"'),
        ("broadcast", FIRST_ADDRESS, 'address = "10.1.0.255"'),
        ("other-subnet", FIRST_ADDRESS, 'address = "10.3.0.11"'),
        ("multicast", FIRST_ADDRESS, 'address = "224.0.0.1"'),
        ("unspecified", FIRST_ADDRESS, 'address = "0.0.0.0"'),
        ("ipv6-zone", FIRST_ADDRESS, 'address = "fe80::1%eth0"'),
        ("ipv6-in-ipv4", FIRST_ADDRESS, 'address = "::1"'),
        ("ipv6-wild", FIRST_ADDRESS, 'address = "1:2:3:4:5:6:7:8:9"'),
        ("arabic-digits", FIRST_ADDRESS, 'address = "\u0661\u0660.1.0.11"'),
        ("same-as-other", FIRST_ADDRESS, 'address = "10.1.0.12"'),
        ("service-is-node", SERVICE_ADDRESS, FIRST_ADDRESS),
        ("service-twice", SERVICE_ADDRESS, 'address = "10.1.0.101"'),
        ("subnet-all", SUBNET, 'subnet = "0.0.0.0/0"'),
        ("subnet-host", SUBNET, 'subnet = "10.1.0.7/24"'),
        ("subnet-33", SUBNET, 'subnet = "10.1.0.0/33"'),
        ("subnet-negative", SUBNET, 'subnet = "10.1.0.0/-1"'),
        ("subnet-mask", SUBNET, 'subnet = "10.1.0.0/255.255.255.0"'),
        ("subnets-same", SUBNET, 'subnet = "10.2.0.0/24"'),
        ("subnet-inside", SUBNET, 'subnet = "10.0.0.0/8"'),
    ),
}  # fmt: skip

_STRANGE = {
    "esc": "\x1b",
    "nul": "\0",
    "bel": "\x07",
    "backspace": "\b",
    "form-feed": "\f",
    "delete": "\x7f",
    "csi": "\x9b",
    "next-line": "\x85",
    "left-to-right-mark": "\u200e",
    "right-to-left-override": "\u202e",
    "isolate": "\u2066",
    "pop-isolate": "\u2069",
    "zero-width-space": "\u200b",
    "zero-width-joiner": "\u200d",
    "word-joiner": "\u2060",
    "soft-hyphen": "\u00ad",
    "byte-order-mark": "\ufeff",
    "line-separator": "\u2028",
    "paragraph-separator": "\u2029",
    "tag-letter": "\U000e0041",
    "interlinear": "\ufff9",
    "private-use": "\ue000",
}

CHARACTERS: Texts = {
    **_files(7, 8, 9, 10),
    **{
        f"{name}-in-text": base().replace('"/bin/true"', f'"/bin/t{char}rue"', 1).encode()
        for name, char in _STRANGE.items()
    },
    **{
        f"{name}-in-name": base().replace('name = "box"', f'name = "b{char}ox"', 1).encode()
        for name, char in _STRANGE.items()
    },
    "escaped-esc": base().replace('name = "box"', r'name = "b\u001b[2Jx"', 1).encode(),
    "escaped-esc-in-path": base().replace("/bin/true", r"/bin/\u001b]52;c;QUFB\u0007", 1).encode(),
    "escaped-override": base().replace("/bin/true", r"/bin/\u202eeurt", 1).encode(),
    "cyrillic-name": base().replace('name = "box"', 'name = "b\u043ex"', 1).encode(),
    "emoji-name": base().replace('name = "box"', 'name = "\U0001f4a9"', 1).encode(),
}

CASES: dict[int, Texts] = {
    1: MALFORMED,
    2: SCHEMA,
    3: HOSTILE,
    4: NAMES,
    5: ADDRESSES,
    6: CHARACTERS,
}
