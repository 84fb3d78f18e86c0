import stat
from pathlib import Path

import pytest

from tui.crash import write_report


def test_report_says_where_and_holds_no_variables() -> None:
    def act() -> None:
        secret = "open-" + "sesame"
        raise ValueError(f"{len(secret)} letters \x1b]0;x\x07")

    with pytest.raises(ValueError, match="letters") as caught:
        act()
    path = Path(write_report(caught.value))
    text = path.read_text("utf-8")
    mode = stat.S_IMODE(path.stat().st_mode)
    path.unlink()

    assert "test_crash.py" in text
    assert "11 letters" in text
    assert "open-sesame" not in text
    assert "\x1b" not in text
    assert mode == 0o600
