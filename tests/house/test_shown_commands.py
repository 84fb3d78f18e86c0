"""Every command that a page shows is one that its program takes: subcommand, options, values.

README, `configs/README.md` and the operator's guide are played besides, by `tests/e2e`.
"""

import pytest

from tests.support.accepted import ROOT, is_ours, refusal
from tests.support.shown import Shown, blocks, spans

PAGES = sorted(
    str(path.relative_to(ROOT))
    for folder in (".", "configs", "nodeagent/**", "tests/**", "tui/**")
    for path in ROOT.glob(f"{folder}/*.md")
)


@pytest.mark.parametrize("name", PAGES)
def test_commands_of_a_page_are_taken_by_their_programs(name: str) -> None:
    page = (ROOT / name).read_text("utf-8")
    in_blocks = [shown for block in blocks(page) for shown in block if is_ours(shown.text)]
    in_text = [shown for shown in spans(page) if is_ours(shown.text)]

    refused = [*wrong(in_blocks, whole=True), *wrong(in_text, whole=False)]

    assert refused == []


def wrong(commands: list[Shown], *, whole: bool) -> list[str]:
    return [
        f"line {shown.line}: {shown.text}: {why}"
        for shown in commands
        if (why := refusal(shown.text, whole=whole))
    ]
