"""Pages of the findings 0xx: the file as a text, its keys and its values."""

from nodeagent.config.pages.page import Page

PAGES: dict[str, Page] = {
    "E001": Page(
        "The file has more than 1 MiB. It was not read at all.",
        "Look whether it is the right file. Take out comments and what was pasted by mistake.",
        "# filling",
        times=150_000,
    ),
    "E002": Page(
        "A byte of the file belongs to no character of UTF-8.",
        "Save the file as UTF-8 in your editor, or convert it: iconv -f latin1 -t utf-8.",
        '[cluster]\nname = "büro"',
        encoding="latin-1",
    ),
    "E003": Page(
        "Tables or lists stand in each other more than 8 deep.",
        "Take the levels out. The deepest key of a configuration has 6 names.",
        "[group.web]\na.b.c.d.e.f.g.h.i = 1",
    ),
    "E004": Page(
        "A key, or a part of a dotted key, has more characters than any name may have.",
        "Shorten the name to 63 characters or less.",
        "[group.database_and_web_server_of_the_booking_site_in_the_first_of_both_halls]",
    ),
    "E005": Page(
        "A number has more than 64 digits.",
        "Put it in quotes if it is a text; otherwise write the number that is meant.",
        "format = 10000000000000000000000000000000000000000000000000000000000000000000000",
    ),
    "E006": Page(
        "The file has more keys and values, or more objects of one kind, than are taken. At most "
        "256 networks, 500 nodes and 1,000 groups can be in one file.",
        "Look whether it is the right file. Split a cluster that is really so large.",
        '# one table of this kind for each of 300 networks\nnetwork.n{n} = { kind = "private", '
        'subnet = "172.16.0.0/24" }',
        times=300,
    ),
    "E007": Page(
        "The text holds a character that cannot be seen, or that a terminal obeys.",
        "Delete it, and type the word anew. The finding names the character and its line.",
        '[cluster]\nname = "ord\\u001bers"',
    ),
    "E008": Page(
        "The file begins with the three bytes EF BB BF, as some editors write them.",
        'Save it as "UTF-8 without BOM".',
        "format = 1",
        encoding="utf-8-sig",
    ),
    "E010": Page(
        "The line breaks the grammar of TOML: quotes, brackets, or the = are not as they must be.",
        "Texts stand in quotes, lists in [ ], and each line is one key = value.",
        "[network.public1]\nkind = public",
    ),
    "E011": Page(
        "The same key stands twice in one table.",
        "Keep one of the two lines, and remove the other.",
        '[cluster]\nname = "orders"\nname = "bookings"',
    ),
    "E012": Page(
        "The same table header stands twice in the file.",
        "Move the keys of the second below the first header, and remove the second.",
        '[group.web]\nnodes = ["alpha", "bravo"]\n[group.web]\npriority = 1',
    ),
    "E020": Page(
        "The table has no key of this name. Usually it is misspelled or in the wrong table.",
        "Correct the name. The finding says the nearest one, or the table that has it.",
        '[group.web]\nfallbak = "never"',
    ),
    "E021": Page(
        "A key that the object cannot do without is not there.",
        "Add the key. The reference in configs/README.md says what its value is.",
        "[network.public1]\n# no subnet",
    ),
    "E022": Page(
        "The value is a text where a number belongs, a text where a list belongs, or the like.",
        "Write the kind of value that the finding names: numbers without quotes, lists in [ ].",
        '[group.web]\nnodes = "alpha"',
    ),
    "E023": Page(
        "The key takes one of a few words, and this is none of them.",
        "Use one of the words that the finding lists.",
        '[group.web]\nfallover = "next"',
    ),
    "E024": Page(
        "A name has characters that names may not have.",
        "Use letters, digits, and - and _ inside of the name; at most 63 characters.",
        '[group."web shop"]\nnodes = ["alpha", "bravo"]',
    ),
    "E025": Page(
        "The number is smaller or larger than what can work.",
        "Use a number in the range that the finding names.",
        "[cluster]\ncontrol-port = 74100",
    ),
    "E026": Page(
        "A text is empty or too long, or a list has too few or too many entries.",
        "Keep to the limits that the finding names.",
        '[group.web.resource.disk]\ndirectory = ""',
    ),
    "E027": Page(
        "The text is no IP address, or it has a prefix length or zone that does not belong here.",
        "Write only the address. Prefix lengths stand in the network's subnet.",
        '[group.web.resource.address]\naddress = "10.10.1.100/24"',
    ),
    "E028": Page(
        "The text is no subnet: its prefix length is missing, or it is an address inside of one.",
        "Write the first address of the subnet, / and the prefix length.",
        '[network.public1]\nsubnet = "10.10.1.5/24"',
    ),
    "E029": Page(
        "The text is no public key of a node. Often a character was lost when it was copied.",
        "Run `nodeagent key` on the node, and copy the whole line.",
        '[node.alpha]\nkey = "sCL-$S#YVg@{@3=cUFV:t++5xQk)7uATkXqaz]X"',
    ),
    "E030": Page(
        "No driver starts and stops resources of this type.",
        "Use a type of the list, ocf:PROVIDER:AGENT, or systemd:UNIT.",
        '[group.web.resource.disk]\ntype = "filesytem"',
    ),
    "E031": Page(
        "The type says that an OCF agent or a systemd unit is meant, and names none.",
        'Write it as "ocf:heartbeat:pgsql" or "systemd:nginx.service".',
        '[group.web.resource.database]\ntype = "ocf:pgsql"',
    ),
    "E032": Page(
        "The number of the format is not one that this version reads.",
        "Use format = 1, or update the program if the file comes from a newer one.",
        "format = 2",
    ),
    "E039": Page(
        "A value passed every check, and still fits nothing. The checks have a gap there.",
        "Undo what was changed last. Report it, with the file: the finding should say more.",
        "",
    ),
}
