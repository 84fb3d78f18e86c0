"""The story of forecasts: changes on real hosts, each held against what was foretold of it.

The first rounds fill the records. Then every actual is judged: whether it lies in the interval that
the preview showed before. *web* lies on the shared disk, so a move unmounts and mounts it; its
address goes with it, and is announced.
"""

import asyncio

from nodeagent.config import edit
from nodeagent.model.run import DareRun
from tests.lab import changes
from tests.lab.stage import Stage, Steps
from tui.demo import warden
from tui.demo.watch import require
from tui.viewmodels.preview import outcomes

GROUPS = ("web", "orders")
FILLING = 4
ROUNDS = 8
TELL_S = 1.2
"""So long after a DARE all agents have told what it took."""
INSIDE_LEAST = 0.8


class Forecasts:
    """Restarts and moves each group by turns: four runs in a round."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def steps(self) -> Steps:
        """Return the steps in their order."""
        return (
            ("stable", lambda: changes.stable(self.stage)),
            ("fill", self.fill),
            ("forecast", self.forecast),
        )

    async def fill(self) -> str:
        """The agents learn how long things take."""
        runs = [run for number in range(FILLING) for run in await self._round(number)]
        return f"{len(runs)} runs fill the records"

    async def forecast(self) -> str:
        """Most actuals lie inside of what was foretold."""
        runs = [run for number in range(ROUNDS) for run in await self._round(FILLING + number)]
        judged = [one for run in runs for one in outcomes(run) if one.inside is not None]
        inside = sum(one.inside is True for one in judged)
        require(len(judged) >= len(runs), f"{len(judged)} forecasts for {len(runs)} runs")
        text = f"{inside} of {len(judged)} actuals of {len(runs)} runs lie inside"
        require(inside >= INSIDE_LEAST * len(judged), text)
        return text

    async def _round(self, number: int) -> list[DareRun]:
        return [
            await change(group, number)
            for group in GROUPS
            for change in (self._restart, self._move)
        ]

    async def _restart(self, group: str, number: int) -> DareRun:
        path = ("group", group, "resource", "server", "environment")
        values = {warden.MARK: self.stage.lab.plan.mark, "ROUND": str(number)}
        text = edit.set_value(await changes.active(self.stage), path, values)
        return await self._done(text, {})

    async def _move(self, group: str, _: int) -> DareRun:
        members = self.stage.lab.cast.members
        place = members.index((await self.stage.owners())[group])
        owners = {group: members[(place + 1) % len(members)]}
        return await self._done(await changes.active(self.stage), owners)

    async def _done(self, text: str, owners: dict[str, str]) -> DareRun:
        scene = self.stage.scene
        run = await scene.change(scene.alive[0], text, "forecast", **owners)
        await self.stage.settled()
        await asyncio.sleep(TELL_S)
        return run
