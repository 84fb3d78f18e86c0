"""What a dead agent of this state directory left running, and what of it would not end.

A process that waits for a disk that is gone cannot be killed before the disk answers. Whoever
starts next must not say that its group is released until then.
"""

from pathlib import Path

from nodeagent.drivers import procs, records
from nodeagent.drivers.aside import aside
from nodeagent.drivers.base import Job, Key, Outcome, failed
from nodeagent.model.text import clean

END_SECONDS = 5.0


class Leftovers:
    """The recorded processes of earlier agents that are not ended yet."""

    def __init__(self, state_directory: Path | str) -> None:
        self._state_directory = str(state_directory)
        self._left: dict[Key, records.Record] = {}

    @property
    def keys(self) -> tuple[Key, ...]:
        """Return group and resource of what still runs."""
        return tuple(self._left)

    def end_all(self) -> list[str]:
        """End what earlier agents left running; return what was done, and what could not be.

        Blocks for the time that takes, so call it before anything else runs.
        """
        told = []
        for record in records.read_all(self._state_directory):
            name = clean(f"{record.group}.{record.name}", 140)
            try:
                killed = procs.end(record, END_SECONDS)
            except TimeoutError as error:
                self._left[record.group, record.name] = record
                told.append(f"{name}: {error}; its group stays held here until they do")
                continue
            records.remove(self._state_directory, record)
            if killed:
                told.append(f"{name}: ended {len(killed)} processes of an earlier agent")
        return told

    async def end(self, job: Job) -> Outcome | None:
        """End what is left of the job's resource; None when nothing is, else the job failed."""
        record = self._left.get(job.key)
        if record is None:
            return None
        seconds = min(job.budget_s, END_SECONDS)
        try:
            await aside(lambda: procs.end(record, seconds))
        except TimeoutError as error:
            return failed(f"what an earlier agent started cannot be ended: {error}", code="held")
        if self._left.pop(job.key, None) is not None:
            records.remove(self._state_directory, record)
        return None
