"""Runs fence agents: programs that switch a machine off from outside, and tell whether it is off.

The interface is that of the fence-agents project: NAME=VALUE lines on standard input, no argument,
exit code 0 for done and verified, anything else for "not sure"; `status` ends with 0 for on and 2
for off. An agent that takes too long is killed, and that is a failure like any other. Secrets are
read from files of this node when an agent is run, go to it through memory only, and are struck
out of what it prints.
"""

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from nodeagent.drivers import fence_metadata, trusted
from nodeagent.drivers.aside import aside
from nodeagent.drivers.base import Outcome, failed, fine
from nodeagent.drivers.child import ending
from nodeagent.drivers.fence_metadata import Metadata, MetadataError
from nodeagent.drivers.running import SEARCH_PATH, Ran, command, listing
from nodeagent.model.configuration import Fence
from nodeagent.model.fencing import AGENT_PATTERN, FILE_SUFFIX, MANUAL, PARAMETER_PATTERN
from nodeagent.model.text import clean

FOLDER = Path("/usr/sbin")
METADATA_SECONDS = 10.0
OFF_STATUS = 2
TEXT_LENGTH_MAX = 500
STRUCK = "***"
CUT_OFF = "…"
USAGE = "Please use '-h' for usage"
"""The last words of every agent of that project that fails; the reason stands before them."""
FenceWork = Literal["fence", "validate"]
_AGENT, _PARAMETER = re.compile(AGENT_PATTERN), re.compile(PARAMETER_PATTERN)
_ENVIRONMENT = {"PATH": SEARCH_PATH, "LANG": "C.UTF-8", "HOME": "/"}


class FenceJob(Struct, frozen=True):
    """One run: `device` of `node`; "validate" changes nothing."""

    node: str
    name: str
    device: Fence
    work: FenceWork = "fence"


class _Refused(Exception):  # noqa: N818 - it ends the run and is caught here
    """The agent is not run; the text says why."""


class FenceAgents:
    """The fence agents of this node, which lie in `folder`."""

    def __init__(self, folder: Path = FOLDER, metadata_seconds: float = METADATA_SECONDS) -> None:
        self._folder = folder
        self._metadata_seconds = metadata_seconds
        self._known: dict[tuple[str, int], Metadata] = {}

    async def run(self, job: FenceJob) -> Outcome:
        """Carry out `job` and return how it ended, within the device's time; never raises."""
        began = time.monotonic()
        outcome = await self._run(job)
        seconds, text = time.monotonic() - began, clean(outcome.text, TEXT_LENGTH_MAX)
        return msgspec.structs.replace(outcome, text=text, seconds=seconds)

    async def _run(self, job: FenceJob) -> Outcome:
        if job.device.agent == MANUAL:
            return self._manual(job)
        try:
            program, lines, secrets = await aside(lambda: self._prepared(job))
            if job.work == "validate":
                return await self._validate(job, program, lines, secrets)
            seconds = job.device.seconds
            ran = await self._ask(program, job.device.action, lines, secrets, seconds)
        except _Refused as refusal:
            return failed(str(refusal), code="invalid")
        except Exception as error:  # noqa: BLE001 - whatever it was, it is no proof
            return failed(f"{job.device.agent} failed: {type(error).__name__}: {error}")
        return _judged(job, ran)

    def _manual(self, job: FenceJob) -> Outcome:
        if job.work == "validate":
            return fine("an operator confirms")
        text = f"see that {job.node} is off, then: clustertui fence confirm {job.node}"
        return failed(text, code="manual")

    # -- before an agent is run

    def _prepared(self, job: FenceJob) -> tuple[Path, tuple[str, ...], tuple[str, ...]]:
        """Return the program, the lines it is given, and the secrets in them."""
        if not _AGENT.match(job.device.agent):
            raise _Refused(f"{job.device.agent!r} is no name of a fence agent")
        try:
            program = trusted.program(self._folder, job.device.agent)
            found = dict(_parameters(job.device.parameters))
        except trusted.UntrustedError as error:
            raise _Refused(str(error)) from None
        given = job.device.parameters
        secrets = tuple(v for name, v in found.items() if name not in given)
        return program, tuple(f"{name}={value}" for name, value in found.items()), secrets

    async def _ask(
        self,
        program: Path,
        action: str,
        lines: tuple[str, ...],
        secrets: tuple[str, ...],
        seconds: float,
    ) -> Ran:
        with _in_memory("\n".join((f"action={action}", *lines, ""))) as stdin:
            ran = await command((str(program),), _ENVIRONMENT, "/", seconds, stdin)
        told = tuple(_struck(line, secrets) for line in ran.lines if USAGE not in line)
        return Ran(ran.code, told)

    # -- validate: nothing is switched

    async def _validate(
        self, job: FenceJob, program: Path, lines: tuple[str, ...], secrets: tuple[str, ...]
    ) -> Outcome:
        until = time.monotonic() + job.device.seconds
        metadata = await self._metadata(program)
        unknown = [n for n in _names(job.device.parameters) if n not in metadata.parameters]
        if unknown:
            text = f"{job.device.agent} knows no parameter {', '.join(unknown)}"
            return failed(text, code="invalid")
        if job.device.action not in metadata.actions:
            text = f"{job.device.agent} cannot do {job.device.action}"
            return failed(text, code="invalid")
        action = "monitor" if "monitor" in metadata.actions else "status"
        seconds = until - time.monotonic()
        ran = await self._ask(program, action, lines, secrets, seconds)
        if ran.code == 0 or (action == "status" and ran.code == OFF_STATUS):
            return fine(f"{job.device.agent} {action} answers")
        return _not_sure(job, action, ran)

    async def _metadata(self, program: Path) -> Metadata:
        key = (str(program), (await aside(program.stat)).st_mtime_ns)
        known = self._known.get(key)
        if known is None:
            try:
                data = await _metadata_of(program, self._metadata_seconds)
                known = fence_metadata.read(data)
            except (MetadataError, OSError) as error:
                raise _Refused(f"metadata of {program.name}: {error}") from None
            self._known[key] = known
        return known


def _parameters(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what the agent is told; a parameter NAME-file becomes NAME."""
    for name, value in given.items():
        if not _PARAMETER.match(name) or name == "action":
            raise _Refused(f"{name!r} is no name of a parameter")
        if name.endswith(FILE_SUFFIX):
            yield name.removesuffix(FILE_SUFFIX), trusted.secret(value)
        elif "\n" in value or "\r" in value:
            raise _Refused(f"parameter {name} has more than one line")
        else:
            yield name, value


def _names(given: Mapping[str, str]) -> list[str]:
    return [name.removesuffix(FILE_SUFFIX) for name in given]


@contextmanager
def _in_memory(text: str) -> Iterator[int]:
    """Yield a descriptor from which `text` is read; it never touches a disk."""
    descriptor = os.memfd_create("fence", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _struck(text: str, secrets: tuple[str, ...]) -> str:
    """Return a line without secrets, also where one was cut off at the line's end."""
    for secret in secrets:
        text = text.replace(secret, STRUCK)
        for size in range(len(secret) - 1, 2, -1):
            text = text.replace(f"{secret[:size]}{CUT_OFF}", f"{STRUCK}{CUT_OFF}")
    return text


def _judged(job: FenceJob, ran: Ran) -> Outcome:
    if ran.code == 0:
        evidence = ran.lines[-3:]
        return Outcome(True, "ok", f"{job.device.agent} {job.device.action}: done", evidence)
    return _not_sure(job, job.device.action, ran)


def _not_sure(job: FenceJob, action: str, ran: Ran) -> Outcome:
    if ran.code is None:
        text = f"{job.device.agent} {action} took longer than {job.device.seconds:g} s"
        return failed(text, code="timeout", evidence=ran.lines)
    text = f"{job.device.agent} {action} ended with {ending(ran.code)}"
    return failed(text, evidence=ran.lines)


async def _metadata_of(program: Path, seconds: float) -> bytes:
    """Return what the agent prints of itself, at most one byte more than may be."""
    size = fence_metadata.METADATA_BYTES_MAX + 1
    with _in_memory("action=metadata\n") as stdin:
        code, data = await listing((str(program),), _ENVIRONMENT, seconds, size, stdin)
    if code is None and len(data) < size:
        raise MetadataError(f"none came within {seconds:g} s")
    return data
