"""Making the preview of a file from what one agent told: shared by `plan` and `apply`."""

import time

from nodeagent.config.forecast import by_key
from nodeagent.config.holds import held_groups
from nodeagent.model.configuration import Configuration
from nodeagent.wire.live import Snapshot
from tui.viewmodels.preview import Ground, Preview, preview


def preview_of(
    snapshot: Snapshot, active: Configuration, new: Configuration, *, pairs: bool
) -> Preview:
    """Return what going from `active` to `new` would do now; `pairs`: play pairs of failures."""
    cluster, held = snapshot.cluster, held_groups(time.time(), active, new)
    times = by_key(snapshot.times)
    ground = Ground(active, cluster.view, cluster.owners, cluster.asked, held, times)
    return preview(ground, new, pairs=pairs)
