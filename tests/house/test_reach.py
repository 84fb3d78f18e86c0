"""Every action is everywhere where it belongs; `tui/ACTIONS.md` is the table."""

import pytest

from tests.support.reached import HEAD, action_rows, command_rows, commands
from tui import actions
from tui.viewmodels.reach import REACH, SHELL_ONLY, Only

LOCAL = {"undo", "redo", "edit", "add", "remove", "drop", "as_text", "start_again"}
"""What an operator does to the draft: nothing reaches the cluster."""


@pytest.mark.parametrize("row", action_rows(), ids=lambda row: row[0])
def test_no_cell_is_empty(row: tuple[str, ...]) -> None:
    assert not [head for head, cell in zip(HEAD, row, strict=True) if not cell]


def test_the_table_knows_every_action_and_no_other() -> None:
    assert set(REACH) == {action.id for action in actions.ACTIONS}


def test_what_changes_the_cluster_has_a_subcommand() -> None:
    acting = [a for a in actions.ACTIONS if a.role != "observer" and a.name not in LOCAL]

    assert acting
    assert not [a.id for a in acting if isinstance(REACH[a.id], Only)]


@pytest.mark.parametrize("row", command_rows(), ids=lambda row: row[0])
def test_every_subcommand_is_an_action_or_says_why_not(row: tuple[str, ...]) -> None:
    assert all(row)


def test_reasons_are_those_of_subcommands() -> None:
    assert set(SHELL_ONLY) <= set(commands())
