"""Could this resource run here? Asked of the agent's meta-data, then of the agent; no effect."""

import contextlib
import os
import time
from pathlib import Path

from nodeagent.config.parameters import problems
from nodeagent.drivers.aside import aside
from nodeagent.drivers.base import Context, Job, Outcome, failed, fine
from nodeagent.drivers.ocf import check, metadata, results
from nodeagent.drivers.ocf.calls import agent_file, call, make_temporary, ocf, variables
from nodeagent.drivers.ocf.find import AgentError
from nodeagent.drivers.running import listing, remaining
from nodeagent.model.agents import AgentDescription
from nodeagent.model.configuration import Ocf

METADATA_SECONDS = 5.0
PROBLEMS_MAX = 5
KEPT_MAX = 256
_Stamp = tuple[str, int, int, int]
"""File, its number, size and time of last change: an agent that was exchanged is read anew."""


class Validation:
    """Checks resources; keeps what it read of agents."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept: dict[_Stamp, AgentDescription] = {}

    async def validate(self, job: Job) -> Outcome:
        """Tell whether the resource could be started here."""
        until = time.monotonic() + job.budget_s
        try:
            file = await aside(lambda: agent_file(self._context, job))
            description = await self.description(job, file, until)
        except AgentError as error:
            return failed(str(error), code="invalid")
        resource = ocf(job)
        wrong = [
            *(found.text for found in problems(description, resource.parameters)),
            *check.not_reloadable(description, resource.reloadable),
        ]
        if wrong:
            told = "; ".join(wrong[:PROBLEMS_MAX])
            return failed(f"{ocf(job).agent}: {told}", code="invalid")
        if not description.offers("validate-all"):
            return fine("its parameters are as its agent describes them")
        return await self._ask(job, file, until)

    async def describe(self, agent: str, seconds: float) -> AgentDescription:
        """Return what `agent` (PROVIDER:NAME) says of itself; AgentError if it cannot be had."""
        job = Job(0, "inventory", "inventory", Ocf(agent=agent), "validate", seconds)
        file = await aside(lambda: agent_file(self._context, job))
        return await self.description(job, file, time.monotonic() + seconds)

    async def description(self, job: Job, file: str, until: float) -> AgentDescription:
        """Return what the agent says of itself; AgentError if that cannot be had."""
        found = await aside(lambda: os.stat(file))  # noqa: PTH116
        stamp = (file, found.st_ino, found.st_size, found.st_mtime_ns)
        if stamp not in self._kept:
            read = await self._read(job, file, until)
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            self._kept[stamp] = read
        return self._kept[stamp]

    async def _read(self, job: Job, file: str, until: float) -> AgentDescription:
        seconds = min(METADATA_SECONDS, remaining(until))
        given = variables(self._context, job, "meta-data", seconds)
        size = metadata.BYTES_MAX + 1
        try:
            code, data = await listing((file, "meta-data"), given, seconds, size)
        except OSError as error:
            raise AgentError(f"cannot run {file}: {error.strerror}") from error
        if code is None:
            raise AgentError(f"meta-data of {file} did not come within {seconds:.1f} s")
        if code != results.SUCCESS:
            raise AgentError(f"meta-data of {file}: {results.told(code)}")
        try:
            return await aside(lambda: metadata.parse(data))
        except metadata.MetadataError as error:
            raise AgentError(f"meta-data of {file} {error}") from error

    async def _ask(self, job: Job, file: str, until: float) -> Outcome:
        """Run validate-all. Agents try their place for temporary files, so that is made.

        A node that does not run the group has not mounted what the group brings along. So when the
        agent complains while a path among its parameters is not here, that is not held against it.
        """
        with contextlib.suppress(OSError):  # start tells it; here it may be without meaning
            make_temporary(self._context.ocf_temporary)
        seconds = remaining(until)
        ran = await call(self._context, job, file, "validate-all", seconds, known=False)
        if ran.code is None:
            return results.too_late("validate-all", ran, seconds)
        if ran.code in {results.SUCCESS, results.UNIMPLEMENTED}:
            return fine("its agent finds it valid")
        absent = await aside(lambda: _absent(check.travelling_paths(ocf(job).parameters)))
        if absent:
            text = f"cannot be told here: {absent} is not on this node now"
            return Outcome(True, "ok", text, ran.lines)
        text = f"validate-all: {results.told(ran.code)}"
        return failed(text, code="invalid", evidence=ran.lines)


def _absent(paths: list[str]) -> str:
    return next((path for path in paths if not Path(path).exists()), "")
