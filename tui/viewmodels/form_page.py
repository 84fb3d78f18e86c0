"""The lines around a form's fields: title, legend, help of a field, TOML, keys."""

from nodeagent.config.codes import CODES
from nodeagent.config.schema import FieldSpec
from nodeagent.model.reports import Report
from tui.viewmodels.draft_review import Review
from tui.viewmodels.form import Child, Field, Form
from tui.viewmodels.form_kinds import title_of_kind
from tui.viewmodels.spans import Line, Span, Tone, cut, line, put, rule, spread, width_of, wrap

MARKS = "* required  + has list  # number  ~ changed  ! error"
KEYS = (
    (("F1", "help"), ("F3", "back"), ("F4", "list"), ("F5", "reset field"), ("F6", "command"),
     ("F7", "edit as text")),
    (("F8", "TOML"), ("^R", "fix"), ("^Z", "undo"), ("^Y", "redo"), ("Tab", "next"),
     ("^S", "done")),
)  # fmt: skip
LOCKED_KEYS = (
    (("F1", "help"), ("F3", "back"), ("F6", "command"), ("F7", "look at the text")),
    (("F8", "TOML"), ("Tab", "next"), ("^S", "done")),
)
"""What is left to be done where nothing may be edited."""
CHILD_KEY = {"group": "add resource", "node": "add adapter", "network": "add adapters"}
"""What ^N does in the form of an object that has a list."""
CHILD_TITLES = {
    "group": "Resources, in acquire order",
    "node": "Adapters and fence devices",
    "network": "Adapters on this network",
}
CHILD_HELP = {
    "group": "Acquired from top to bottom, released from bottom to top.",
    "node": "One adapter for each network; fence devices switch the node off from outside.",
    "network": "An adapter's own form changes its address; nodes without one do not hear it.",
}
_REST = (("x", "remove"), ("Enter", "edit"), ("u/U", "undo"))
CHILD_KEYS = {
    "group": (("a", "add"), ("K/J", "move"), *_REST),
    "node": (("a", "add"), *_REST),
    "network": (("a", "add one on each node without"), *_REST),
}


def count_text(count: int, one: str, many: str = "") -> str:
    """Return "1 change", "2 changes"."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def title_line(  # noqa: PLR0913 - all of them by name
    form: Form,
    review: Review,
    width: int,
    *,
    cluster: str,
    epoch: int,
    saved: str,
    locked: bool,
    beside: str = "",
    base: int = 0,
) -> Line:
    """Return the first line: which cluster, which epoch, that this is a draft, and of what.

    `beside` says who else edits the same. `base` is the epoch of a draft that was overtaken, or 0.
    """
    title = form.title.partition(" (")[0] if beside and width < 100 else form.title
    draft = put(f"DRAFT {review.count}", 0, "draft") if review.count else put("no draft", 0, "dim")
    if base:
        draft = put(f"DRAFT of epoch {base}", 0, "warn")
    left = line(
        put(f" {cluster}", 0, "strong"),
        f" | epoch {epoch} | ",
        draft,
        " | editing ",
        put(title, 0, "strong"),
    )
    right = [put(f"! {beside}  ", 0, "warn")] if beside else []
    right.append(put("READ-ONLY " if locked else f"{saved} ", 0, "warn" if locked else "dim"))
    return spread(left, tuple(right), width)


def legend_line(form: Form, width: int) -> Line:
    """Return the meaning of the marks, and how many errors stand elsewhere."""
    more = count_text(form.elsewhere, "error") + " elsewhere (6 Verify)" if form.elsewhere else ""
    return rule((put(f"marks: {MARKS}", 0, "dim"),), width, (put(more, 0, "warn"),) if more else ())


def help_lines(
    field: Field | None, report: Report | None, width: int, *, form: Form | None = None
) -> tuple[Line, ...]:
    """Return two lines on the focused field: what it is, and how its finding is mended.

    Where the cursor is in no field they are on the list of objects inside `form`.
    """
    if field is None:
        kind = form.path[0] if form else ""
        head = rule((put(CHILD_TITLES.get(kind, ""), 0, "head"),), width)
        return (head, cut(line(put(f"   {CHILD_HELP.get(kind, '')}", 0, "dim")), width))
    name, text = put(field.label, 0, "head"), field.spec.help
    fits = width_of((name,)) + len(text) + 7 <= width
    if report is None:
        default = _default_text(field)
        if field.is_parameter and not fits:
            return (rule((name,), width), cut(line(put(f"{default}  {text}", 0, "dim")), width))
        first, rest = _parted(text, width, width_of((name,)) + 7)
        head = rule((name, put(f": {first}") if first else ""), width)
        return (head, cut(line(put(f"   {rest}" if rest else default, 0, "dim")), width))
    head = rule((name, put(f": {text}") if text else ""), width)
    hint = report.hint or report.text
    spans = [put(f"   {hint}", 0, "warn")]
    if report.fix:
        spans += [put("  "), put("^R", 0, "key"), put(f" takes {report.fix}")]
    return (head, tuple(spans))


def _parted(text: str, width: int, taken: int) -> tuple[str, str]:
    """Return a help in two lines, of which the first has `taken` cells less."""
    if len(text) + taken > width >= len(text) + 3:
        return "", text
    first = wrap(text, max(1, width - taken))[0]
    return first, text[len(first) :].strip()


def field_page(field: Field | None, report: Report | None, width: int) -> tuple[Line, ...]:
    """Return the help on a field in full, and the keys of the form."""
    lines: list[Line] = []
    if field is not None:
        lines.append(line(put(field.label, 0, "head")))
        lines += [line(f"  {part}") for part in wrap(field.spec.help, width - 4)]
        lines += [line(f"  {part}") for part in wrap(field.more, width - 4)]
        lines += [line(put(f"  {text}", 0, "dim")) for text in _limits(field.spec)]
    if report is not None:
        code = CODES.get(report.code)
        texts = [f"{report.code}: {report.text}", report.hint, code.explanation if code else ""]
        lines += [
            line(put(f"  {part}", 0, "warn"))
            for text in texts
            if text
            for part in wrap(text, width - 4)
        ]
    lines += [line(""), line(put("Keys", 0, "head"))]
    lines += [line("  ", put(key, 8, "key"), text) for key, text in KEY_HELP]
    return tuple(lines)


def _limits(spec: FieldSpec) -> list[str]:
    """Return what a field takes, in words."""
    found = [WRITTEN.get(spec.kind, "")]
    if spec.choices:
        found.append(f"one of {', '.join(spec.choices)}")
    if spec.least is not None and spec.maximum is not None:
        above = "above" if spec.above else "from"
        found.append(f"{above} {spec.least:,.10g} to {spec.maximum:,.10g} {spec.unit}".rstrip())
    found.append("required" if spec.required else "may be empty: the default holds")
    return [text for text in found if text]


WRITTEN = {
    "names": "names in their order, as alpha > bravo",
    "arguments": "program and arguments; quote what holds a space; no shell ever reads it",
    "map": "KEY=VALUE KEY=VALUE; quote what holds a space",
    "address": "an address without prefix, as 10.10.1.11",
    "subnet": "an address with prefix, as 10.10.1.0/24",
    "path": "an absolute path on the node",
    "key": "40 characters, as `nodeagent key` prints them",
}
KEY_HELP = (
    ("F4", "what can be chosen here; Enter does the same where < > stand"),
    ("F5", "the value of the active configuration again"),
    ("^R", "take what the finding says would be right"),
    ("F6", "the command that does the same, and the object as TOML"),
    ("F7", "the whole draft as text, from this object on"),
    ("F8", "more of the object as TOML, or less; beside the fields: away, and back"),
    ("^Z ^Y", "undo and redo in the draft; u and U outside of a field"),
    ("typing", "replaces the value; Left, Right, Home or End first keeps it to be changed"),
    ("Up Down", "the field before, the next one; Tab and Enter as well"),
    ("< >", "Left, Right and Space walk through the words of a choice; a letter goes to the next"),
    ("Del", "in a choice: the default again"),
    ("^N", "in a form with a list: add to the list, from whatever field"),
    ("a x K J", "in the list: add, remove, move up, move down"),
    ("F3 Esc", "back; the draft keeps what was typed"),
    ("^S", "done; keeps a new object as it was proposed, too"),
)


def _default_text(field: Field) -> str:
    if field.is_name:
        return ""
    if field.is_parameter and field.spec.default:
        again = "" if field.inherited or not field.spec.choices else "  (Del takes it again)"
        return f"   the agent's default: {field.spec.default}{again}"
    if not field.spec.required:
        return f"   default: {field.text or 'none'}" if field.inherited else ""
    return ""


def object_lines(form: Form, width: int) -> tuple[Line, ...]:
    """Return the findings on the object as a whole."""
    found: list[Line] = []
    for report in form.reports:
        tone: Tone = "bad" if report.severity == "error" else "warn"
        mark = "!" if report.severity == "error" else "?"
        texts = wrap(f"{report.code} {report.text}", width - 6)
        found += [
            line(put(f"   {'  ' if number else f'{mark} '}{text}", 0, tone))
            for number, text in enumerate(texts)
        ]
    return tuple(found)


def toml_lines(form: Form, width: int) -> tuple[Line, ...]:
    """Return the object as it stands in the draft."""
    head = rule((put("This object as TOML, live", 0, "head"),), width)
    return (head, *(toml_line(text) for text in form.toml.splitlines()))


def toml_line(text: str) -> Line:
    """Return one line of TOML, its headers and comments told apart."""
    start = text.lstrip()[:1]
    tone: Tone = "accent" if start == "[" else "dim" if start == "#" else ""
    return (put(f" {text}", 0, tone),)


def child_line(child: Child, width: int) -> Line:
    """Return an object inside the one edited, as a row of its list."""
    tone: Tone = "bad" if child.mark == "!" else "draft" if child.mark == "~" else "dim"
    kind = title_of_kind(child.kind)
    return line(
        put(f" {child.mark} ", 0, tone),
        put(child.name, 14, "strong"),
        " ",
        put(kind, 16, "dim"),
        put(child.text, max(10, width - 36)),
    )


def form_keys(form: Form, width: int, *, locked: bool = False) -> tuple[Line, ...]:
    """Return the lines of keys; in a form with a list also the one that adds to it.

    `locked`: nothing may be edited, and only what one may look at is offered.
    """
    if locked:
        return tuple(cut(keys_line(keys), width) for keys in LOCKED_KEYS)
    word = CHILD_KEY.get(form.path[0], "") if form.child_kind else ""
    if not word:
        return tuple(keys_line(keys) for keys in KEYS)
    *first, last = KEYS
    wanted = (("^N", word), *last)
    return tuple(cut(keys_line(keys), width) for keys in (*first, wanted))


def child_keys(form: Form, *, locked: bool) -> Line:
    """Return the keys of the list of objects inside `form`."""
    return keys_line((("Enter", "look"),) if locked else CHILD_KEYS[form.path[0]])


def keys_line(keys: tuple[tuple[str, str], ...]) -> Line:
    """Return keys with their words."""
    spans: list[Span] = [Span(" ")]
    for key, word in keys:
        spans += [put(key, 0, "key"), put(f" {word}  ")]
    return tuple(spans)
