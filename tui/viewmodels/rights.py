"""What this console may do: as it was started, and by the role of its key."""

from nodeagent.model.configuration import Configuration

STARTED = "this console was started read-only"
OBSERVES = "the key of this console is an observer's: it may look, not act"


def role_of(configuration: Configuration | None, key: str) -> str:
    """Return the role of a console's public key, "" where the configuration does not name it."""
    admins = configuration.admin.values() if configuration and key else ()
    return next((admin.role for admin in admins if admin.key == key), "")


def lock_text(role: str, *, read_only: bool) -> str:
    """Return why a console may change nothing, "" where it may."""
    if read_only:
        return STARTED
    return OBSERVES if role == "observer" else ""


def rights_word(role: str) -> str:
    """Return how the headline names a console that may change nothing."""
    return "RO observer" if role == "observer" else "RO"
