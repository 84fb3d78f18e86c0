"""A real console on this terminal whose cluster says nothing but hostile things.

Run as a program by the terminal's test; it ends by key like any console.
"""

import sys

import msgspec

from nodeagent.model.run import RunChanged
from nodeagent.wire.live import ProgressMade
from tests.support import story
from tests.support.story import StoryClient
from tui.app import ClusterApp, run_console
from tui.viewmodels.ports import ProbeRow

BAD = (
    "\x1b]52;c;SE9TVElMRQ==\x07\x1b]0;HOSTILE\x07\x1b[31;5m\x9d0;HOSTILE\x9c\u202egnp.exe\u2066"
    "\u200b[/red] [@click=app.quit]x[/] [bold"
)
MARK = "hostile"


def _struct(value: object) -> object:
    """Return `value` with every string in it, however deep, made hostile."""
    if isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
        kept = {"state", "severity", "kind", "part", "restored"}
        changed = {name: _struct(getattr(value, name)) for name in names if name not in kept}
        return msgspec.structs.replace(value, **changed)
    if isinstance(value, tuple):
        return tuple(_struct(item) for item in value)
    if isinstance(value, dict):
        return {str(_struct(key)): _struct(item) for key, item in value.items()}
    if isinstance(value, str):
        return f"{value}{MARK}{BAD}"
    return value


class HostileProbe:
    """A client whose rows are hostile too."""

    def rows(self) -> list[ProbeRow]:
        """Return one row."""
        return [ProbeRow(BAD, 1, 1, 1, BAD, ok=False)]


def main() -> int:
    """Run the console until a key ends it."""
    client = StoryClient()
    snapshot = story.three_nodes()
    client.agent(f"alpha{BAD}")
    client.say(_struct(snapshot))
    for message in story.run_aborts()[:-1]:
        client.say(_struct(message))
    client.say(ProgressMade(RunChanged(f"42{MARK}{BAD}", "aborted", "restored-except", 9.0, BAD)))
    app = ClusterApp(client, author=BAD, probe=HostileProbe())
    app.session.marks.add(str(_struct(story.MARK)))
    return run_console(app)


if __name__ == "__main__":
    sys.exit(main())
