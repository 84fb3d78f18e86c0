"""Turns from an agent that has no quorum to one that has it.

Asks the others when `viewmodels.agreement` says so, and carries out what that makes of the answers.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from nodeagent.client.errors import ClientError
from nodeagent.model.configuration import Configuration
from nodeagent.wire.console import Answer, GetSnapshot, Request
from nodeagent.wire.live import ClusterLive, Snapshot
from tui.viewmodels.agreement import Agreement, Doubt, agreement_with, asked_as
from tui.viewmodels.store import View

ANSWER_S = 3.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Times in seconds.

    `patience_s`: an agent that has just started hears the others within so long. `turn_s`: so long
    an agent is kept that was turned to, whatever it says.
    """

    look_s: float = 0.5
    patience_s: float = 3.0
    ask_s: float = 3.0
    turn_s: float = 15.0


@runtime_checkable
class Turnable(Protocol):
    """A client that can be told whom to talk to; one on a recorded past cannot."""

    def others(self, configuration: Configuration | None = None) -> tuple[str, ...]:
        """Return the names of all agents but the one that is talked to."""
        ...

    async def ask_node(
        self,
        node: str,
        request: Request,
        *,
        configuration: Configuration | None = None,
        timeout_s: float = ANSWER_S,
    ) -> Answer:
        """Return the answer of the agent on `node`; raises when there is none."""
        ...

    async def turn_to(self, node: str, *, configuration: Configuration | None = None) -> None:
        """Talk to the agent on `node` from now on; raises, and nothing changes, if it cannot be."""
        ...


@dataclass(frozen=True, slots=True)
class Opinions:
    """What all others answered to the question for everything, and how that agrees."""

    agreement: Agreement
    best: Snapshot | None = None
    """What `agreement.better` told."""
    way: str = ""
    """The name by which that one is turned to."""


async def ask_others(
    client: Turnable, cluster: ClusterLive, configuration: Configuration | None
) -> Opinions:
    """Ask all other agents at once whether they have the quorum that `cluster` has not."""
    names = client.others(configuration)
    answers = await asyncio.gather(*(_asked(client, name, configuration) for name in names))
    told = dict(zip(names, answers, strict=True))
    agreement = agreement_with(cluster, told, configuration.node if configuration else None)
    way = asked_as(told, agreement.better) if agreement.better else ""
    return Opinions(agreement, told.get(way), way)


async def _asked(
    client: Turnable, name: str, configuration: Configuration | None
) -> Snapshot | None:
    with suppress(Exception):  # whatever it is, this agent does not help
        answer = await client.ask_node(
            name, GetSnapshot(), configuration=configuration, timeout_s=ANSWER_S
        )
        return answer if isinstance(answer, Snapshot) else None
    return None


class Turning:
    """Looks whether the agent that is listened to has quorum, until `run` is cancelled.

    `view` gives what is known now, `agreed` takes what the others say (None: there is no question),
    `may_turn` says whether the person would not be disturbed, and `turned` takes both names.
    `failed` takes the name of one that cannot be turned to, and why: once, not at each attempt.
    """

    def __init__(
        self,
        client: Turnable,
        *,
        view: Callable[[], View],
        agreed: Callable[[Agreement | None], None],
        may_turn: Callable[[], bool],
        turned: Callable[[str, str], object],
        failed: Callable[[str, str], object],
        pace: Pace,
    ) -> None:
        self._client = client
        self._view = view
        self._agreed = agreed
        self._may_turn = may_turn
        self._turned = turned
        self._failed = failed
        self._why_not: tuple[str, str] | None = None
        self._pace = pace
        self._doubt = Doubt()
        self._kept_until_s = 0.0

    async def run(self) -> None:
        """Look, ask and turn."""
        while True:
            cluster = self._doubtful()
            pause_s = self._pace.look_s
            if cluster is not None:
                await self._ask(cluster)
                pause_s = self._pace.ask_s
            await asyncio.sleep(pause_s)

    def _doubtful(self) -> ClusterLive | None:
        """Return what an agent says that has had no quorum for a while."""
        heard, now_s = self._view().cluster, asyncio.get_running_loop().time()
        cluster = heard.value if heard is not None else None
        self._doubt = self._doubt.heard(cluster, now_s)
        if not self._doubt.agent:
            self._why_not = None
            self._agreed(None)
        return cluster if self._doubt.lasts(now_s, self._pace.patience_s) else None

    async def _ask(self, cluster: ClusterLive) -> None:
        configuration = self._view().active.configuration
        opinions = await ask_others(self._client, cluster, configuration)
        heard = self._view().cluster
        if heard is None or heard.value.quorum or heard.value.observer != cluster.observer:
            return  # it is another question by now
        self._agreed(opinions.agreement)
        now_s = asyncio.get_running_loop().time()
        if opinions.way and now_s >= self._kept_until_s and self._may_turn():
            await self._turn(cluster.observer, opinions, configuration)

    async def _turn(
        self, before: str, opinions: Opinions, configuration: Configuration | None
    ) -> None:
        better = opinions.agreement.better
        try:
            await self._client.turn_to(opinions.way, configuration=configuration)
        except ClientError as error:  # it is asked again, and the banner says who has quorum
            self._tell_why_not(better, str(error))
            return
        self._why_not = None
        self._kept_until_s = asyncio.get_running_loop().time() + self._pace.turn_s
        self._turned(before, better)

    def _tell_why_not(self, better: str, why: str) -> None:
        if self._why_not != (better, why):
            self._why_not = (better, why)
            self._failed(better, why)
