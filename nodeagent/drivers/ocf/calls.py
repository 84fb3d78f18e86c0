"""One call of an agent: what it is handed, and how it is run.

Variables are those of the OCF Resource Agent API 1.1, and the few of Pacemaker's that agents in
the field read: the deadline, the interval (0: nobody knows yet whether it runs), the action.
"""

import os
import stat
from pathlib import Path

from nodeagent.drivers.base import Context, Job
from nodeagent.drivers.ocf.find import AgentError, find
from nodeagent.drivers.running import Ran, command, environment, new_cookie
from nodeagent.model.configuration import Ocf

API_VERSION = ("1", "1")
_TEMPORARY_MODE = 0o1755


def ocf(job: Job) -> Ocf:
    """Return the job's resource."""
    assert isinstance(job.resource, Ocf)
    return job.resource


def agent_file(context: Context, job: Job) -> str:
    """Return the agent's file; AgentError if there is none that may be run. Blocks."""
    given = ocf(job).parameters
    if any("\0" in value for value in given.values()):
        raise AgentError("a parameter holds a NUL character")
    return find(context.ocf_root, ocf(job).agent)


def variables(
    context: Context, job: Job, action: str, seconds: float, *, cookie: str = "", known: bool = True
) -> dict[str, str]:
    """Return all that the agent finds in its environment.

    `known`: whether the resource was started here; if not, a monitor is a probe.
    """
    resource = ocf(job)
    provider, _, name = resource.agent.partition(":")
    interval = resource.interval_seconds if action == "monitor" and known else 0.0
    more = {
        "OCF_ROOT": str(context.ocf_root),
        "OCF_RA_VERSION_MAJOR": API_VERSION[0],
        "OCF_RA_VERSION_MINOR": API_VERSION[1],
        "OCF_RESOURCE_INSTANCE": instance(job),
        "OCF_RESOURCE_TYPE": name,
        "OCF_RESOURCE_PROVIDER": provider,
        "HA_RSCTMP": str(context.ocf_temporary),
        "OCF_RESKEY_CRM_meta_name": action,
        "OCF_RESKEY_CRM_meta_timeout": str(int(seconds * 1000)),
        "OCF_RESKEY_CRM_meta_interval": str(int(interval * 1000)),
        "OCF_RESKEY_CRM_meta_on_node": context.node,
        **{f"OCF_RESKEY_{key}": value for key, value in resource.parameters.items()},
    }
    if action in {"monitor", "validate-all"}:
        more["OCF_CHECK_LEVEL"] = str(resource.check_level if action == "monitor" else 0)
    return environment(context, job, cookie or new_cookie(), more)


def instance(job: Job) -> str:
    """Return the resource's name for its agent, which makes names of files of it."""
    return f"{job.group}.{job.name}"


async def call(
    context: Context, job: Job, file: str, action: str, seconds: float, *, known: bool = True
) -> Ran:
    """Run one action that leaves nothing running; what cannot be started counts as code 192."""
    given = variables(context, job, action, seconds, known=known)
    try:
        return await command((file, action), given, "/", seconds)
    except OSError as error:
        return Ran(192, (f"cannot run {file}: {error.strerror}",))


def make_temporary(folder: Path) -> None:
    """Make the folder in which agents keep what must not outlive a boot; OSError if impossible."""
    try:
        os.mkdir(folder, 0o700)  # noqa: PTH102
    except FileExistsError:
        found = os.lstat(folder)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {0, os.geteuid()}:
            raise NotADirectoryError(20, "is no folder of root's", str(folder)) from None
    else:
        folder.chmod(_TEMPORARY_MODE)
