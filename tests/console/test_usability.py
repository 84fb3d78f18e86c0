"""Ten tasks of an administrator: their figures are those of the keys, and the keys do them."""

import pytest

from tests.support.tasks import TASKS, Task
from tests.support.usability import PAGE, page, play

FAST = ("Find out why a group is where it is", "Recover from a failed change", "Move a group")


def test_page_has_the_figures_of_today() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m tests.support.usability"


@pytest.mark.parametrize(
    "task", [task for task in TASKS if task.name in FAST], ids=lambda t: t.name
)
async def test_keys_do_the_task(task: Task) -> None:
    assert await play(task) == task.keys
