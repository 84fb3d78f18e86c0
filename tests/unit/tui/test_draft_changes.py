"""What a draft that is no configuration changes, as far as its tables tell it."""

from tui.viewmodels.changes import change_line
from tui.viewmodels.draft_changes import told_changes


def test_another_key_of_an_administrator_is_told_with_the_role() -> None:
    old = '[admin.boss]\nkey = "one"\n[admin.eve]\nkey = "one"\nrole = "observer"\n'
    new = old.replace('"one"', '"two"').replace('"observer"', '"operator"')

    assert [change_line(one) for one in told_changes(old, new)] == [
        '~ admin.boss key: role = "admin", "one" -> "two"',
        '~ admin.eve key: role = "operator", "one" -> "two"',
        '~ admin.eve role: "observer" -> "operator"',
    ]
