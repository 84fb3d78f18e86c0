"""The story of many hosts: they become one cluster, lose one, and are reconfigured."""

from tests.lab import changes, deaths
from tests.lab.stage import Stage, Steps


class Crowd:
    """Members only; the first ones own *web*, the last ones *orders*."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def steps(self) -> Steps:
        """Return the steps in their order."""
        stage = self.stage
        order = stage.lab.cast.members[4:7]
        return (
            ("stable", lambda: changes.stable(stage)),
            ("node-death", lambda: deaths.of_owner(stage, "web", deaths.node_death)),
            ("add-group", lambda: changes.add_group(stage, order)),
        )
