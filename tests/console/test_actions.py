import pytest

from tui import actions
from tui.app import ClusterApp
from tui.replay import ReplayApp
from tui.screens.sections import SCREENS
from tui.viewmodels.spans import joined, width_of
from tui.widgets.footer import footer_line

SCOPES = [mode for mode, _, _ in (*actions.SECTIONS, *actions.PAGES)]


@pytest.mark.parametrize("scope", SCOPES)
def test_no_key_means_two_things(scope: str) -> None:
    offered = (*actions.of("replay"), *actions.offered(scope))
    keys = [key for action in offered for key in action.keys]

    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    "action", actions.ACTIONS, ids=lambda action: f"{action.scope}.{action.name}"
)
def test_every_action_can_be_done(action: actions.Action) -> None:
    apps = {"app": ClusterApp, "replay": ReplayApp}
    owner = apps.get(action.scope) or SCREENS[action.scope]()

    assert callable(getattr(owner, f"action_{action.name.partition('(')[0]}", None))
    assert action.help


def test_no_key_that_changes_anything_is_a_control_key() -> None:
    editing = {"undo", "redo"}  # of the draft: nothing reaches the cluster
    writing = [a for a in actions.ACTIONS if a.role != "observer" and a.name not in editing]

    assert writing
    assert not [key for action in writing for key in action.keys if key.startswith("ctrl+")]


@pytest.mark.parametrize("width", [20, 40, 80, 120])
@pytest.mark.parametrize("scope", SCOPES)
def test_footer_fits_and_keeps_help_to_the_last(scope: str, width: int) -> None:
    shown = footer_line(actions.offered(scope), width)

    assert width_of(shown) <= width
    assert joined(shown).rstrip().endswith("F1 help")


def test_sections_have_a_screen_each() -> None:
    assert list(SCREENS) == SCOPES
    assert [load().scope for load in SCREENS.values()] == SCOPES
