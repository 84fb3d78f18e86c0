"""What a dead agent of this state directory left running, and what of it would not end.

A process that waits for a disk that is gone cannot be killed before the disk answers. Whoever
starts next must not say that its group is released until then. The same goes for addresses and
mounts that cannot be taken back.
"""

from collections.abc import Collection
from pathlib import Path

from nodeagent.drivers import placed, procs, records, undo
from nodeagent.drivers.aside import aside
from nodeagent.drivers.base import Job, Key, Outcome, failed
from nodeagent.drivers.ocf.results import told as result_told
from nodeagent.model.text import clean

END_SECONDS = 5.0


class Leftovers:
    """The recorded processes of earlier agents that are not ended yet, and stops that failed."""

    def __init__(self, state_directory: Path | str) -> None:
        self._state_directory = str(state_directory)
        self._left: dict[Key, records.Record] = {}
        self._placed: dict[Key, placed.Placed] = {}
        self._not_undone: set[Key] = set()

    @property
    def keys(self) -> tuple[Key, ...]:
        """Return group and resource of what still runs."""
        return tuple(dict.fromkeys((*self._left, *self._placed, *sorted(self._not_undone))))

    def end_all(self, spare: Collection[str] = ()) -> list[str]:
        """End what earlier agents left running; return what was done, and what could not be.

        Nothing of the groups `spare`: this agent goes on with them. Blocks for the time that takes,
        so call it before anything else runs.
        """
        ended = undo.carry_out_all(self._state_directory, spare=spare)
        told = [self._undone(*one) for one in ended]
        for record in records.read_all(self._state_directory):
            if record.group in spare:
                continue
            event = record.group == records.EVENTS
            name = _event_command(record) if event else clean(f"{record.group}.{record.name}", 140)
            try:
                killed = procs.end(record, END_SECONDS)
            except TimeoutError as error:
                if event:  # of no group; its record stays for the next start
                    told.append(f"{name}: {error}")
                    continue
                self._left[record.group, record.name] = record
                told.append(f"{name}: {error}; its group stays held here until they do")
                continue
            records.remove(self._state_directory, record)
            if killed:
                told.append(f"{name}: ended {len(killed)} processes of an earlier agent")
        return told + self._take_back(spare)

    def _take_back(self, spare: Collection[str]) -> list[str]:
        told = []
        for one in placed.read_all(self._state_directory):
            if one.group in spare:
                continue
            what = clean(f"{one.group}.{one.name}: {one.what} at {one.where}", 300)
            try:
                there = placed.take_back(one, END_SECONDS)
            except (OSError, TimeoutError) as error:
                self._placed[one.group, one.name] = one
                told.append(f"{what} cannot be taken back: {error}; its group stays held here")
                continue
            placed.remove(self._state_directory, one)
            if there:
                told.append(f"{what} of an earlier agent was taken back")
        return told

    def _undone(self, name: str, code: int | None) -> str:
        group, _, resource = name.partition(":")
        shown = clean(f"{group}.{resource}", 140)
        if code in undo.DONE:
            return f"{shown}: stopped by its own agent after the death of an earlier one"
        self._not_undone.add((group, resource))
        how = "did not end" if code is None else f"ended with {result_told(code)}"
        return f"{shown}: was left running, and its stop {how}; its group stays held here"

    async def end(self, job: Job) -> Outcome | None:
        """End what is left of the job's resource; None when nothing is, else the job failed."""
        if job.key in self._not_undone and (problem := await self._undo(job)) is not None:
            return problem
        record, one = self._left.get(job.key), self._placed.get(job.key)
        seconds = min(job.budget_s, END_SECONDS)
        try:
            if record is not None:
                await aside(lambda: procs.end(record, seconds))
            if one is not None:
                await aside(lambda: placed.take_back(one, seconds))
        except (OSError, TimeoutError) as error:
            return failed(f"what an earlier agent left cannot be ended: {error}", code="held")
        if self._left.pop(job.key, None) is not None and record is not None:
            records.remove(self._state_directory, record)
        if self._placed.pop(job.key, None) is not None and one is not None:
            placed.remove(self._state_directory, one)
        return None

    async def _undo(self, job: Job) -> Outcome | None:
        """Try again the stop that failed; None once it is done, or has nothing left to do."""
        name = undo.name_of(*job.key)
        done = await aside(
            lambda: undo.carry_out_all(self._state_directory, seconds=job.budget_s, only=name)
        )
        if any(code not in undo.DONE for _, code in done):
            return failed("what an earlier agent started cannot be stopped", code="held")
        self._not_undone.discard(job.key)
        return None


def _event_command(record: records.Record) -> str:
    return clean(f"event command {record.name.partition(':')[0]}", 140)
