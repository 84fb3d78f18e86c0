"""The story of two hosts and a witness: one may be lost, whichever it is."""

from tests.lab import changes, deaths
from tests.lab.stage import Stage, Steps


class Small:
    """Two members and a witness that only votes."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        (self.witness,) = stage.lab.cast.witnesses

    def steps(self) -> Steps:
        """Return the steps in their order."""
        stage = self.stage
        return (
            ("stable", lambda: changes.stable(stage)),
            ("witness-death", lambda: deaths.node_death(stage, self.witness)),
            ("node-death", lambda: deaths.of_owner(stage, "web", deaths.node_death)),
            ("split-from-owner", lambda: deaths.of_owner(stage, "orders", deaths.cut_off)),
        )
