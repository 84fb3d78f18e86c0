"""Groups that many clusters have, as pieces of a configuration to begin from.

Each `.toml` beside this file is one: `title` and `help` for the list, and one group. In its texts
`{group}`, `{network}`, `{address}` and `{subnet}` are filled in with what the draft has free; what
only a person can know is empty. A file that is laid here is offered without a line of code.
"""

import tomllib
from functools import cache
from importlib.resources import files

from tui.viewmodels.templates import Template, template_of


@cache
def templates() -> tuple[Template, ...]:
    """Return all templates, in the order of their files' names."""
    found = sorted(
        (file for file in files(__name__).iterdir() if file.name.endswith(".toml")),
        key=lambda file: file.name,
    )
    return tuple(template_of(tomllib.loads(file.read_text("utf-8"))) for file in found)
