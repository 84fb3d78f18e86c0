"""The story of forecasts: changes on real hosts, each held against what was foretold of it.

The first rounds fill the records. Then every actual is judged: whether it lies in the interval that
the preview showed before. *web* lies on the shared disk, so a move unmounts and mounts it; its
address goes with it, and is announced.
"""

import asyncio

from nodeagent.config import edit
from nodeagent.config.digest import file_digest
from nodeagent.model.run import DareRun
from nodeagent.wire.console import Apply
from tests.lab import changes
from tests.lab.stage import Stage, Steps
from tui.demo import warden
from tui.demo.scene import told
from tui.demo.watch import done, require
from tui.viewmodels.preview import Foretold, outcomes

GROUPS = ("web", "orders")
FILLING = 4
ROUNDS = 8
TELL_S = 1.2
"""So long after a DARE all agents have told what it took."""
MISSED_MAX = 0.2


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
        missed = [one for one in judged if not one.inside]
        require(len(judged) >= len(runs), f"{len(judged)} forecasts for {len(runs)} runs")
        late = sum(_is_late(one) for one in missed)
        text = (
            f"{len(judged) - len(missed)} of {len(judged)} actuals of {len(runs)} runs lie inside"
            f"; {late} above, {len(missed) - late} below"
        )
        require(len(missed) <= MISSED_MAX * len(judged), text)
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
        return await self._done(edit.set_value(await self._active(), path, values), {})

    async def _move(self, group: str, number: int) -> DareRun:
        del number
        members = self.stage.lab.cast.members
        place = members.index((await self.stage.owners())[group])
        return await self._done(await self._active(), {group: members[(place + 1) % len(members)]})

    async def _active(self) -> str:
        return (await self.stage.watch.look(self.stage.scene.alive[0])).active

    async def _done(self, text: str, owners: dict[str, str]) -> DareRun:
        stage, base = self.stage, file_digest((await self._active()).encode())
        through = stage.scene.alive[0]
        request = Apply(text, base, reason="forecast", author="lab", owners=owners)
        answer = done(await stage.watch.ask(through, request, timeout_s=10.0), "the change")
        run = await stage.watch.follow(through, answer.tx)
        require(run.state == "done", told(run))
        await stage.settled()
        await asyncio.sleep(TELL_S)
        return run


def _is_late(one: Foretold) -> bool:
    return bool(one.forecast and one.actual_s is not None and one.actual_s > one.forecast.high_s)
