"""Every finding that any program can raise has its page, and every page its finding."""

import re
from pathlib import Path

from nodeagent.config.pages.sheets import all_codes

ROOT = Path(__file__).parents[2]
CODE = re.compile(r'"([EWN]\d{3})"')
TABLES = {
    *(ROOT / "nodeagent/config/pages").glob("*.py"),
    ROOT / "nodeagent/config/codes.py",
    ROOT / "nodeagent/model/state_codes.py",
}


def test_pages_are_there_for_what_is_raised_and_for_nothing_else() -> None:
    sources = {*(ROOT / "nodeagent").rglob("*.py"), *(ROOT / "tui").rglob("*.py")} - TABLES
    raised = {code for path in sources for code in CODE.findall(path.read_text("utf-8"))}

    assert raised == set(all_codes())
