"""The faults of the console's menu, caused on a real cluster."""

from collections.abc import Awaitable, Callable, Iterator, Mapping

import pytest

from nodeagent.wire.console import Drill, DrillKind
from nodeagent.wire.live import NodeLive
from tui.demo import asker
from tui.demo.asker import Asker
from tui.demo.box import Box
from tui.demo.drills import BoxDrills
from tui.demo.scene import Scene
from tui.demo.watch import NotHeld, Views, Watch, agree, done, group_at, require, where
from tui.viewmodels.ages import Moment
from tui.viewmodels.store import View, fold

pytestmark = [pytest.mark.xdist_group("cluster-in-a-box"), pytest.mark.timeout(180)]
LIMIT_S = 30.0
LABEL_WIDTH = 26


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box() as made:
        made.start()
        yield made


class Practice:
    def __init__(self, box: Box) -> None:
        self.box = box
        self.drills = BoxDrills(box)
        self.watch = Watch(box.access_to)
        self.scene = Scene(box, self.watch, Asker({}, 0))

    def menu(self, view: View | None = None) -> list[str]:
        items = self.drills.drills(view or View())
        offered = [*items, *(choice for item in items for choice in item.choices)]
        assert all(item.help and len(item.label) <= LABEL_WIDTH for item in offered)
        return [item.key for item in offered]

    async def known(self, node: str) -> View:
        """Return what a console on this agent knows."""
        return fold(View(), await self.watch.look(node), Moment(0.0, 0.0))[0]

    async def settle(self) -> Views:
        self.scene.alive = [name for name, agent in self.box.agents.items() if agent.alive]
        return await self.scene.settle(LIMIT_S)

    async def since(self, node: str, group: str) -> float:
        """Return when the group came into its present state on `node` by its own word."""
        live = group_at(await self.watch.look(node), node, group)
        return live.since if live is not None and live.state == "online" else 0.0

    async def seen_by(self, observer: str, node: str, holds: Callable[[NodeLive], bool]) -> None:
        async def check() -> None:
            view = await self.watch.look(observer)
            live = next(one for one in view.nodes if one.node == node)
            require(holds(live), f"{observer} sees {live}")

        await self.watch.until(check, LIMIT_S, f"{node} as wanted")

    async def owned(self, observer: str, check: Callable[[Mapping[str, str]], bool]) -> None:
        async def look() -> None:
            owners = dict((await self.watch.look(observer)).cluster.owners)
            require(check(owners), f"owners are {owners}")

        await self.watch.until(look, LIMIT_S, "owners as wanted")


async def practise(box: Box, story: Callable[[Practice], Awaitable[None]]) -> None:
    practice = Practice(box)
    try:
        await practice.settle()
        await story(practice)
        await practice.settle()
    finally:
        await practice.watch.close()


async def test_node_is_switched_off_and_on(box: Box) -> None:
    async def story(practice: Practice) -> None:
        assert "kill bravo" in practice.menu()
        await practice.drills.run("kill bravo")
        assert "start bravo" in practice.menu()
        assert "kill bravo" not in practice.menu()
        await practice.seen_by("charlie", "bravo", lambda live: live.state == "down")
        await practice.drills.run("start bravo")
        await practice.seen_by("charlie", "bravo", lambda live: live.state == "up")

    await practise(box, story)


async def test_agent_is_restarted_alone(box: Box) -> None:
    async def story(practice: Practice) -> None:
        assert "restart bravo" in practice.menu()
        lives = {live.node: live for live in (await practice.watch.look("charlie")).nodes}
        before = lives["bravo"].incarnation
        await practice.drills.run("restart bravo")
        await practice.seen_by("charlie", "bravo", lambda live: live.incarnation > before)

    await practise(box, story)


async def test_frozen_owner_is_succeeded_and_thawed(box: Box) -> None:
    async def story(practice: Practice) -> None:
        owner = where(await practice.settle())["web"]
        observer = next(name for name in box.names if name != owner)
        await practice.drills.run(f"freeze {owner}")
        assert f"thaw {owner}" in practice.menu()
        await practice.owned(observer, lambda owners: owners["web"] not in {"", owner})
        await practice.drills.run(f"thaw {owner}")

    await practise(box, story)


async def test_adapter_is_cut_and_mended(box: Box) -> None:
    def link(live: NodeLive) -> str:
        return next(one.state for one in live.links if one.adapter == "eth1")

    async def story(practice: Practice) -> None:
        await practice.drills.run("cut bravo eth1")
        assert "mend bravo eth1" in practice.menu()
        await practice.seen_by("alpha", "bravo", lambda live: link(live) == "down")
        await practice.seen_by("alpha", "bravo", lambda live: live.state == "up")
        await practice.drills.run("mend bravo eth1")
        await practice.seen_by("alpha", "bravo", lambda live: link(live) == "up")

    await practise(box, story)


async def test_crashed_application_comes_back(box: Box) -> None:
    async def story(practice: Practice) -> None:
        owner = where(await practice.settle())["orders"]
        address, port = box.recipe.address_of("orders"), box.places.service_port
        before = asker.ask(address, port)
        since = await practice.since(owner, "orders")
        said = await practice.drills.run("fail orders")
        assert said == f"the application of orders was killed on {owner}"

        async def back() -> None:
            require(await practice.since(owner, "orders") > since, "its end was not noticed yet")

        await practice.watch.until(back, LIMIT_S, "a new start of orders")
        await practice.settle()

        async def serves_anew() -> None:
            # It counts as started with its process, and listens a moment later.
            try:
                require(asker.ask(address, port)[1] > before[1], "the old one still answers")
            except OSError as error:
                raise NotHeld(str(error)) from error

        await practice.watch.until(serves_anew, LIMIT_S, "an answer of the new one")

    await practise(box, story)


async def test_refused_acquire_makes_a_change_abort(box: Box) -> None:
    async def story(practice: Practice) -> None:
        before = agree(await practice.settle())
        await practice.drills.run("refuse mail")
        example = (box.folder / "add-group.toml").read_text()
        run = await practice.watch.follow(
            "alpha", await practice.scene.begin("alpha", example, "add mail")
        )
        assert (run.state, run.restored) == ("aborted", "restored")
        await practice.drills.run("allow mail")
        assert agree(await practice.settle()) == before

    await practise(box, story)


async def test_next_coordinator_dies(box: Box) -> None:
    async def story(practice: Practice) -> None:
        assert "disarm" not in practice.menu(await practice.known("alpha"))
        await practice.drills.run("die stage")
        assert "disarm" in practice.menu(await practice.known("alpha"))
        example = (box.folder / "add-group.toml").read_text()
        await practice.scene.begin_fatally("bravo", example, "add mail")

        async def gone() -> None:
            require(not box.agents["bravo"].alive, "bravo still runs")

        await practice.watch.until(gone, LIMIT_S, "end of bravo")
        assert "start bravo" in practice.menu()
        await practice.drills.run("start bravo")
        await practice.settle()

        async def used() -> None:
            menu = practice.menu(await practice.known("alpha"))
            require("disarm" not in menu, "it is still offered to disarm it")

        await practice.watch.until(used, LIMIT_S, "a menu without what was armed")

    await practise(box, story)


async def test_disarmed_coordinator_lives_and_its_new_group_is_offered(box: Box) -> None:
    async def story(practice: Practice) -> None:
        await practice.drills.run("die compare")
        await practice.drills.run("disarm")
        assert "disarm" not in practice.menu(await practice.known("bravo"))
        example = (box.folder / "add-group.toml").read_text()
        await practice.scene.change("bravo", example, "add mail")
        await practice.settle()
        menu = practice.menu(await practice.known("bravo"))
        assert {"fail mail", "refuse mail", "fail web", "fail orders"} <= set(menu)

    await practise(box, story)


@pytest.mark.parametrize(
    ("kind", "target", "named"),
    [
        ("cut-adapter", "eth9", "eth0, eth1, eth2"),
        ("fail-application", "lunch", "orders"),
        ("stop-at-step", "dinner", "verify, lock, stage"),
    ],
)
async def test_unknown_target_is_refused_with_what_there_is(
    box: Box, kind: DrillKind, target: str, named: str
) -> None:
    async def story(practice: Practice) -> None:
        answer = await practice.watch.ask("alpha", Drill(kind=kind, target=target))
        with pytest.raises(NotHeld, match=f"no '{target}' on alpha; known: .*{named}"):
            done(answer, "the drill")

    await practise(box, story)


async def test_what_cannot_be_done_is_said(box: Box) -> None:
    async def story(practice: Practice) -> None:
        await practice.drills.run("freeze charlie")
        try:
            assert "not done" in await practice.drills.run("cut charlie eth0")
        finally:
            await practice.drills.run("thaw charlie")

    await practise(box, story)
