"""A group whose agent takes over new parameters: told once it is decided, restarted if refused."""

from itertools import count

import msgspec

from nodeagent.core.effects import Effect, RunDriver
from nodeagent.core.events import DriverFinished, Now
from nodeagent.core.groups import GroupRunner
from nodeagent.model.configuration import Group, Ocf
from nodeagent.model.ownership import Token

SHOP = Ocf(agent="test:shop", parameters={"port": "80"}, reloadable=("port",))


def group(port: str, **fields: object) -> Group:
    shop = msgspec.structs.replace(SHOP, parameters={"port": port}, **fields)
    return Group(nodes=("alpha",), resource={"shop": shop})


class Played:
    """A runner whose driver answers what a test says."""

    def __init__(self) -> None:
        self.ms = 0
        numbers = count(1)
        self.runner = GroupRunner("web", lambda: next(numbers))
        self.take(self.runner.acquire(group("80"), Token(), self.now()))

    def now(self) -> Now:
        self.ms += 100
        return Now(self.ms, self.ms / 1000)

    def take(self, effects: list[Effect], *, ok: bool = True) -> list[tuple[str, str]]:
        """Answer all driver actions, and those that follow; return them with their ports."""
        found: list[tuple[str, str]] = []
        todo = list(effects)
        while todo:
            effect = todo.pop(0)
            if isinstance(effect, RunDriver):
                assert isinstance(effect.resource, Ocf)
                found.append((effect.action, effect.resource.parameters["port"]))
                done = DriverFinished(effect.op, ok, text="" if ok else "refused")
                todo += self.runner.finished(done, self.now())
                ok = True
        return found

    def tick(self, *, ok: bool = True, may: bool = True) -> list[tuple[str, str]]:
        return self.take(self.runner.tick(self.now(), may_restart=may, may_leave=may), ok=ok)


def test_new_parameters_are_told_once() -> None:
    played = Played()
    assert played.tick() == [("monitor", "80")]

    played.runner.update(group("81"))

    assert played.tick(may=False) == []
    assert played.tick() == [("reload", "81")]
    assert played.tick() == []
    assert played.runner.state == "online"
    assert [news.text for news in played.runner.news] == [
        "online here",
        "shop took over its new parameters",
    ]


def test_other_new_values_are_not_told() -> None:
    played = Played()

    played.runner.update(group("80", stop_seconds=9.0, check_level=10))

    assert played.tick() == [("monitor", "80")]


def test_a_refused_reload_restarts_with_the_new_parameters() -> None:
    played = Played()
    played.runner.update(group("81"))

    assert played.tick(ok=False) == [("reload", "81")]
    assert played.runner.waits_for_recovery == "reload: refused"
    assert played.tick() == [("stop", "81"), ("start", "81")]
    assert played.runner.state == "online"
    assert "reload" not in dict(played.tick())


def test_a_release_during_a_reload_waits_for_its_end() -> None:
    played = Played()
    played.runner.update(group("81"))
    (order,) = played.runner.tick(played.now(), may_restart=True, may_leave=True)
    assert isinstance(order, RunDriver)

    assert played.runner.release(played.now()) == []
    assert played.runner.held
    following = played.runner.finished(DriverFinished(order.op, True), played.now())

    assert played.take(following) == [("stop", "81")]
    assert played.runner.state == "offline"
