"""What can go wrong on disk, told with the file and what would be right."""

import errno
from pathlib import Path

_REMEDIES = {
    errno.ENOSPC: "free space on this disk",
    errno.EDQUOT: "free space or raise the quota",
    errno.EACCES: "run as the owner of the state directory",
    errno.EPERM: "run as the owner of the state directory",
    errno.EROFS: "mount the disk writable",
    errno.ELOOP: "put the file itself there, not a symbolic link",
    errno.ENOENT: "make the state directory with nodeagent init (--join if this node ran before)",
    errno.EIO: "check the disk; the agent must be started anew",
}


class StoreError(Exception):
    """A file of the state directory cannot be read or written; names file and remedy."""

    def __init__(self, file: Path | str, what: str, remedy: str = "") -> None:
        super().__init__(f"{file}: {what}" + (f" ({remedy})" if remedy else ""))
        self.file = str(file)
        self.what = what
        self.remedy = remedy


def from_os(file: Path | str, error: OSError) -> StoreError:
    """Return the StoreError that tells of `error` at `file`."""
    what = error.strerror or str(error)
    return StoreError(file, what, _REMEDIES.get(error.errno or 0, "check file and disk"))
