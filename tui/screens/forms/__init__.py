"""The forms: one way in for every screen that wants to change something in the draft.

`open_form` edits an object or adds one, `add_child` adds inside one, `remove_object` asks and
removes. Nothing here reaches the cluster, except that the draft is kept on the agent. Start with
`form`, the page; the draft itself lies on the `bench`.
"""

from collections.abc import Callable
from typing import Any

from textual.app import App

from tui.screens.confirm import ConfirmScreen
from tui.screens.forms.bench import Bench, bench_of
from tui.screens.forms.form import FormScreen
from tui.screens.forms.pick import PickScreen
from tui.templates import templates
from tui.viewmodels import draft_data as raw
from tui.viewmodels.draft import Draft
from tui.viewmodels.form_kinds import TITLES, title_of
from tui.viewmodels.form_new import Values, adapters_for, new_child, new_object
from tui.viewmodels.form_offer import Offer
from tui.viewmodels.templates import filled

__all__ = ["Bench", "add_child", "bench_of", "open_form", "remove_object"]

Path = tuple[str, ...]
EMPTY = "empty group"
RESOURCE_HELP = {
    "service-address": "an address that clients use",
    "data-folder": "a folder that one node at a time may use",
    "filesystem": "mounted on one node at a time",
    "application": "started, watched and stopped by argument lists",
    "ocf": "any OCF 1.1 resource agent",
    "systemd": "a systemd unit",
}
NODE_HELP = {
    "adapter": "an interface on one of the networks",
    "fence": "a device that switches the node off from outside",
}


def open_form(app: App[Any], path: Path | None, kind: str = "", *, focus: str = "") -> None:
    """Open the form of the object at `path`, or of a new one of `kind` where `path` is None.

    kind: "network", "node", "group", "admin" or "event"; with the path of a group or node also a
    type of resource, "adapter" or "fence", which is then added to it. `focus` is the dotted key of
    a field.
    """
    bench = bench_of(app)
    if not _editable(app, bench):
        return
    if path is None and kind == "group":
        _add_group(app)
    elif path is None:
        _add(app, new_object(raw.data_of(bench.draft.text), kind))
    elif len(path) == 2 and kind in {"adapter", *TITLES} - {"admin", "event"}:
        _add(app, [new_child(raw.data_of(bench.draft.text), path, kind)])
    else:
        app.push_screen(FormScreen(path, focus=focus))


def add_child(
    app: App[Any], parent: Path, added: Callable[[str], None] = lambda _name: None
) -> None:
    """Add what `parent` holds: to a node an adapter or fence device, to a group a resource.

    `added` is told the name of the new one as soon as its form opens.
    """
    if bench_of(app).read_only:
        _tell_read_only(app)
    elif parent[0] == "network":
        _fill_adapters(app, parent[1])
    else:
        node = parent[0] == "node"
        title = "What to add to the node" if node else "Type of the new resource"
        kinds = NODE_HELP if node else RESOURCE_HELP
        offers = [Offer(kind, text) for kind, text in kinds.items()]

        def chosen(kind: str | None) -> None:
            if kind is not None and _editable(app, bench_of(app)):
                path, values = new_child(raw.data_of(bench_of(app).draft.text), parent, kind)
                added(path[-1])
                _add(app, [(path, values)])

        app.push_screen(PickScreen(title, offers), chosen)


def remove_object(app: App[Any], path: Path) -> None:
    """Ask, naming what refers to the object, then remove it from the draft."""
    bench = bench_of(app)
    if bench.read_only:
        _tell_read_only(app)
        return
    data = raw.data_of(bench.draft.text)
    if raw.at(data, path) is None:
        app.notify("it is not in the draft", markup=False)
        return
    title = title_of(path, data)
    refers = raw.referrers(data, path)
    lines = [f"{title} goes from the draft; nothing reaches the cluster before the DARE."]
    if refers:
        lines += ["", "It is still named by:", *(f"  {one}" for one in refers)]

    def answered(yes: bool | None) -> None:  # noqa: FBT001 - as Textual calls it
        if yes:
            bench.edit(bench.draft.remove(path))

    app.push_screen(ConfirmScreen(f"Remove {title}?", lines, yes="Remove"), answered)


def _add_group(app: App[Any]) -> None:
    """Offer the templates of groups; the first offer is the group without resources."""
    found = templates()
    offers = [Offer(EMPTY, "its resources are added one by one")]
    offers += [Offer(one.title, one.help) for one in found]

    def chosen(title: str | None) -> None:
        data = raw.data_of(bench_of(app).draft.text)
        if title is None:
            return
        picked = [filled(one, data) for one in found if one.title == title]
        _add(app, picked or new_object(data, "group"))

    app.push_screen(PickScreen("What the new group is", offers), chosen)


def _add(app: App[Any], objects: list[tuple[Path, Values]]) -> None:
    bench = bench_of(app)
    draft = _with(bench.draft, objects)
    paths = [path for path, _ in objects]
    bench.edit(draft)
    app.push_screen(FormScreen(paths[0], extra=paths[1:], fresh=draft.text))


def _fill_adapters(app: App[Any], network: str) -> None:
    bench = bench_of(app)
    missing = adapters_for(raw.data_of(bench.draft.text), network)
    if not missing:
        app.notify("every node has an adapter on it", markup=False)
    bench.edit(_with(bench.draft, missing))


def _with(draft: Draft, objects: list[tuple[Path, Values]]) -> Draft:
    """Return the draft with all `objects` added in one step for undo."""
    before = draft
    for path, values in objects:
        draft = draft.add(path, values)
    return before.typed(draft.text)


def _editable(app: App[Any], bench: Bench) -> bool:
    if bench.read_only:
        _tell_read_only(app)
        return False
    if raw.data_of(bench.draft.text) is None:
        app.notify(
            "the draft is no TOML at the moment: mend its text first (5 Draft, F7)",
            severity="warning",
            markup=False,
        )
        return False
    return True


def _tell_read_only(app: App[Any]) -> None:
    app.notify(bench_of(app).locked, severity="warning", markup=False)
