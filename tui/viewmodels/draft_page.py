"""The lines of the draft's page: what changes, whom it interrupts, and the difference as text."""

from collections.abc import Sequence

from nodeagent.config.survival import Endurance
from nodeagent.model.health import GroupEffectKind
from nodeagent.model.plan import Change, GroupEffect
from nodeagent.model.times import Forecast
from tui.viewmodels import draft_data as raw
from tui.viewmodels.draft import Draft
from tui.viewmodels.draft_review import INTERRUPTING, Review
from tui.viewmodels.findings import report_rows
from tui.viewmodels.form_page import count_text
from tui.viewmodels.panes import column_width
from tui.viewmodels.preview import forecast_text
from tui.viewmodels.spans import Line, Row, Span, Tone, cut, line, put, rule, width_of, wrap
from tui.viewmodels.survives import loss_lines, survival_lines

_SIGNS: dict[str, tuple[str, Tone]] = {
    "add": ("+", "ok"),
    "remove": ("-", "bad"),
    "change": ("~", "draft"),
}
_EFFECT_TONES: dict[GroupEffectKind, Tone] = {
    "untouched": "ok",
    "reloaded": "accent",
    "started": "accent",
    "restarted": "warn",
    "moved": "warn",
    "stopped": "bad",
}
_WORST_FIRST: tuple[GroupEffectKind, ...] = (
    "stopped", "moved", "restarted", "started", "reloaded", "untouched",
)  # fmt: skip


ADDABLE = {
    "group": "resources that live together on one node",
    "node": "a computer, with an adapter on each network",
    "network": "a network that adapters join",
    "admin": "a console's key and what it may do",
    "event": "commands of your own, before and after what happens",
}


def objects(draft: Draft) -> list[tuple[str, ...]]:
    """Return every object of the draft that has a form."""
    data = raw.data_of(draft.text)
    return [] if data is None else list(raw.objects(data))


def change_key(change: Change) -> str:
    """Return what tells a change from the others."""
    return f"{change.object}|{change.key}"


def change_rows(changes: Sequence[Change], width: int) -> list[Row]:
    """Return the changes under a heading for each object, old > new."""
    rows: list[Row] = []
    before = ""
    keys = column_width("", (one.key for one in changes), max(14, width // 3))
    for change in changes:
        sign, tone = _SIGNS[change.kind]
        if not change.key:
            text = line(put(f" {sign} ", 0, tone), put(change.object, 0, "strong"), "  ")
            rows.append(Row(change_key(change), cut((*text, *_values(change)), width)))
            continue
        if change.object != before:
            rows.append(Row("", cut(line(put(f"   {change.object}", 0, "strong")), width)))
        text = line(put(f" {sign}   ", 0, tone), put(change.key, max(14, keys)), " ")
        rows.append(Row(change_key(change), cut((*text, *_values(change)), width)))
        before = change.object
    return rows


def _values(change: Change) -> Line:
    if change.kind == "add":
        return (put(change.new, 0, "dim"),)
    if change.kind == "remove":
        return (put(change.old, 0, "dim"),)
    return line(put(change.old or "(nothing)", 0, "dim"), " > ", put(change.new or "(nothing)"))


def effect_lines(
    effects: Sequence[GroupEffect], width: int, forecasts: Sequence[Forecast] = ()
) -> tuple[Line, ...]:
    """Return what happens to each group, the interrupted first, those left alone as well."""
    ordered = sorted(effects, key=lambda effect: _WORST_FIRST.index(effect.kind))
    told = {one.group: one for one in forecasts}
    return tuple(
        one for effect in ordered for one in _effect_lines(effect, width, told.get(effect.group))
    )


def consequence_lines(review: Review, width: int) -> tuple[Line, ...]:
    """Return what happens to each group and for how long, and what is not survived any more.

    Of what is no configuration nobody knows that; what is wrong with it stands in the place.
    """
    if is_unread(review):
        return tuple(row.line for row in report_rows(review.errors, width))
    effects = effect_lines(review.plan.effects, width, review.forecasts)
    lines = (*unheard_lines(review, width), *effects)
    return (*lines, *endurance_lines(review.endurance, width)) if review.plan.changes else lines


def unheard_lines(review: Review, width: int) -> tuple[Line, ...]:
    """Return which added nodes were not heard, and what to do before a DARE."""
    lines = []
    for one in review.unheard:
        tone: Tone = "bad" if one.missing else ""
        for number, part in enumerate(wrap(one.text, width - 3)):
            mark = " ! " if one.missing and not number else "   "
            lines.append(line(put(mark, 0, tone), put(part, 0, tone)))
    return tuple(lines)


def endurance_lines(found: Endurance, width: int) -> tuple[Line, ...]:
    """Return which failures are survived, and above all which are not any more."""
    lines = []
    lost = set(loss_lines(found))
    for text in survival_lines(found):
        tone: Tone = "bad" if text in lost else "dim"
        mark = " ! " if text in lost else "   "
        lines.append(cut(line(put(mark, 0, tone), put(text, 0, tone)), width))
    return tuple(lines)


def _effect_lines(effect: GroupEffect, width: int, forecast: Forecast | None) -> tuple[Line, ...]:
    """Return one group's fate with the reason, which gets a line of its own where it is long."""
    mark = "!" if effect.kind in INTERRUPTING else " "
    tone = _EFFECT_TONES[effect.kind]
    fate = line(
        put(f" {mark} ", 0, tone),
        put(effect.group, 14, "strong"),
        " ",
        put(f"{_fate(effect)}  ", 0, tone),
        put(f"{forecast_text(forecast)}  " if forecast else "", 0, "strong"),
    )
    reason = put(effect.reason, 0, "dim")
    if width_of((*fate, reason)) <= width:
        return ((*fate, reason),)
    return (cut(fate, width), cut((Span("     "), reason), width))


def _fate(effect: GroupEffect) -> str:
    match effect.kind:
        case "moved":
            return f"moved {effect.source or '-'} > {effect.target or '-'}"
        case "started":
            return f"started on {effect.target}" if effect.target else "started"
        case "stopped":
            return f"stopped on {effect.source}" if effect.source else "stopped"
        case "untouched":
            where = f" on {effect.target}" if effect.target else ""
            return f"untouched{where}"
        case _:
            return f"{effect.kind} on {effect.target or effect.source}"


def effects_heading(review: Review, width: int) -> Line:
    """Return the heading over the groups: how many are interrupted; or over the errors."""
    if is_unread(review):
        errors = put(count_text(len(review.errors), "error"), 0, "bad")
        title = (put("What is wrong: ", 0, "head"), errors, "; what it would do is unknown")
        return rule(title, width, (put("6 Verify", 0, "key"),))
    text = _interrupted_text(review)
    tone: Tone = "warn" if review.interrupted else "ok"
    return rule((put("What happens to each group: ", 0, "head"), put(text, 0, tone)), width)


def _interrupted_text(review: Review) -> str:
    return f"{len(review.interrupted) or 'none'} interrupted"


def is_unread(review: Review) -> bool:
    """Return whether the draft is no configuration, so that what it would do is unknown."""
    return review.configuration is None and bool(review.text)


def nothing_lines(
    review: Review, texts: Sequence[str], *, read_only: bool = False
) -> tuple[Line, ...]:
    """Return what stands in place of the changes where there are none to show.

    `texts` is the difference as text, for a draft of which nothing else can be told.
    """
    if is_unread(review):
        words = "   The draft cannot be read as TOML; its changes are told as text."
        return (line(put(words)), *diff_lines(texts))
    way = "2 Nodes, 3 Nets, 4 Groups: e edits, a adds, x removes."
    if read_only:
        way = "You may look: t shows it as text, 9 Past how it came to be."
    return (
        line(put("   The draft is the active configuration.")),
        line(put(f"   {way}", 0, "dim")),
    )


def diff_lines(texts: Sequence[str]) -> tuple[Line, ...]:
    """Return a unified difference with its added and removed lines told apart."""
    return tuple((Span(" "), put(text, 0, _diff_tone(text))) for text in texts)


def text_lines(text: str) -> tuple[Line, ...]:
    """Return a configuration as it is written, its comments told apart."""
    return tuple(
        line(" ", put(one, 0, "dim" if one.lstrip().startswith("#") else ""))
        for one in text.splitlines()
    )


def text_heading(seen: str, active: int, base: int, width: int) -> Line:
    """Return the heading over the text beside the changes."""
    title = f"Active configuration, epoch {active}"
    if seen != "active":
        title = f"The draft as text, against epoch {base}"
    return rule((put(title, 0, "head"),), width, (put("t: next", 0, "dim"),))


def _diff_tone(text: str) -> Tone:
    if text.startswith(("+++", "---")):
        return "dim"
    return {"+": "ok", "-": "bad", "@": "accent"}.get(text[:1], "")  # type: ignore[return-value]


def confirm_lines(review: Review, texts: Sequence[str]) -> list[Line]:
    """Return what the dialog before the DARE shows: whom it hits, what verify says, the change."""
    width = 200
    lines: list[Line] = [
        line(put(f"What happens to each group: {_interrupted_text(review)}", 0, "head")),
        *consequence_lines(review, width),
        line(""),
        line(put(_verdict(review), 0, "warn" if review.of("warning") else "ok")),
        *(
            line(put(f" {report.code} {report.place.key}: {report.text}", 0, "warn"))
            for report in review.of("warning")
        ),
        line(""),
        line(put(count_text(len(review.changes), "change"), 0, "head")),
        *(row.line for row in change_rows(review.changes, width)),
        line(""),
        *diff_lines(texts),
    ]
    return lines


def _verdict(review: Review) -> str:
    warnings = review.of("warning")
    return f"verify: no errors, {count_text(len(warnings), 'warning')}"
