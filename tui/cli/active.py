"""The running cluster's configurations, as a command got them from an agent."""

from nodeagent.client.errors import ClientError
from nodeagent.config.parse import parse
from nodeagent.model.configuration import Configuration
from nodeagent.wire.live import Snapshot


def active_of(snapshot: Snapshot) -> Configuration:
    """Return the active configuration; ClientError while the cluster has none."""
    parsed = parse(snapshot.active, "active configuration")
    if parsed.configuration is None:
        raise ClientError(
            f"{snapshot.cluster.observer} has no active configuration that can be read",
            "`nodeagent check` on that node tells why",
        )
    return parsed.configuration
