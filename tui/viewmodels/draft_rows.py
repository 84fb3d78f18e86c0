"""What the draft would change about the objects of a list: shown beside them, and never as live."""

from collections.abc import Mapping

from msgspec import Struct

from tui.viewmodels.panes import titled
from tui.viewmodels.spans import Line, Row, Span, cut, line, put
from tui.viewmodels.store import View

WHERE = "key 5 shows it, and runs it"
SHORT = "5 shows it"


def _tables(view: View, kind: str) -> tuple[Mapping[str, Struct], Mapping[str, Struct]] | None:
    """Return the objects of a kind, active and drafted; None where there is no other draft."""
    active, draft = view.active.configuration, view.draft.configuration
    if not hasattr(active, kind):
        return None  # what no configuration holds
    if not view.draft_differs or active is None or draft is None:
        return None
    return getattr(active, kind), getattr(draft, kind)


def drafted(view: View, kind: str) -> tuple[str, ...]:
    """Return the names of the objects that are in the draft only."""
    tables = _tables(view, kind)
    return tuple(name for name in tables[1] if name not in tables[0]) if tables else ()


def draft_rows(view: View, kind: str, width: int) -> tuple[Row, ...]:
    """Return a row for each object that is in the draft only, and a line on the others' changes."""
    tables = _tables(view, kind)
    if tables is None:
        return ()
    active, draft = tables
    rows = []
    for name in drafted(view, kind):
        text = f"DRAFT, new: not in the cluster; {SHORT}"
        spans = line("  ", put(f"+ {name}", 0, "draft"), "  ", put(text, 0, "draft"))
        rows.append(Row(f"{kind}:{name}", cut(spans, width)))
    changed = [name for name in active if name in draft and draft[name] != active[name]]
    gone = [name for name in active if name not in draft]
    words = []
    if changed:
        words.append(f"changes {', '.join(changed)}")
    if gone:
        words.append(f"removes {', '.join(gone)}")
    if words:
        text = f"the DRAFT {' and '.join(words)}: {WHERE}"
        rows.append(Row("", cut(line("  ", put(f"~ {text}", 0, "draft")), width)))
    return tuple(rows)


def draft_detail(kind: str, name: str, width: int) -> list[Line]:
    """Return the page of an object that is in the draft only."""
    return [
        titled([Span(f"{kind.capitalize()} ", "head"), put(name, 0, "head")], width),
        line("  ", put("In the draft only: nothing of it is in the cluster.", 0, "draft")),
        line("  ", "e edits it, x removes it again from the draft."),
        line("  ", "5 shows what the draft would do; g there runs the DARE."),
    ]
