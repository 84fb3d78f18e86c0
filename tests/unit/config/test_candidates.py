"""What is written down about the candidates for a group's place."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from nodeagent.config.candidates import Facts, choices
from nodeagent.config.placement import place
from nodeagent.model.choice import CANDIDATES_MAX, Candidate, Choice
from nodeagent.model.configuration import (
    Adapter,
    Cluster,
    Configuration,
    Group,
    Network,
    Node,
    ServiceAddress,
)

NAMES = ("alpha", "bravo", "charlie")
KEY = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"


def node(number: int, **values: Any) -> Node:
    adapter = Adapter(network="public1", role="service", address=f"10.1.1.{number}")
    return Node(key=KEY, adapter={"eth0": adapter}, **values)


def configuration(groups: Mapping[str, Group], **nodes: Node) -> Configuration:
    plain = {name: node(number) for number, name in enumerate(NAMES, 1)}
    return Configuration(
        cluster=Cluster(name="orders"),
        network={"public1": Network(kind="public", subnet="10.1.1.0/24")},
        node={**plain, **nodes},
        group=dict(groups),
    )


def web(**values: Any) -> Group:
    address = ServiceAddress(network="public1", address="10.1.1.100")
    return Group(**{"nodes": NAMES, "resource": {"address": address}, **values})


def decided(cfg: Configuration, **values: Any) -> dict[str, Choice]:
    """What is told of a placement under these facts, by group."""
    facts = Facts(**{"view": NAMES, "owners": {}, **values})
    after = place(
        cfg, view=facts.view, owners=facts.owners, failed=facts.failed, asked=facts.asked,
        leaving=facts.leaving, cut=facts.cut,
    )  # fmt: skip
    return {choice.group: choice for choice in choices(cfg, facts, after)}


def verdicts(choice: Choice) -> dict[str, str]:
    return {one.node: f"{one.verdict}: {one.reason}" for one in choice.candidates}


def test_a_dead_owner_is_out_and_the_next_is_chosen() -> None:
    cfg = configuration({"web": web()})
    choice = decided(cfg, view=("bravo", "charlie"), owners={"web": "alpha"})["web"]

    assert (choice.source, choice.target) == ("alpha", "bravo")
    assert choice.rule == "alpha is not in; fallover next-node"
    assert verdicts(choice) == {
        "alpha": "out: is not in",
        "bravo": "chosen: first in its takeover order of those that can take it",
        "charlie": "possible: could serve it; comes later in its takeover order",
    }


def test_groups_that_stay_are_not_told() -> None:
    assert decided(configuration({"web": web()}), owners={"web": "alpha"}) == {}


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"failed": {"web": frozenset({"alpha"})}}, "the group failed there"),
        ({"leaving": ("alpha",), "view": ("bravo", "charlie")}, "leaves in good order"),
        ({"cut": {"alpha": frozenset({"public1"})}}, "does not reach public1"),
    ],
)
def test_what_drives_a_group_out_is_told(facts: dict[str, Any], reason: str) -> None:
    choice = decided(configuration({"web": web()}), owners={"web": "alpha"}, **facts)["web"]

    assert verdicts(choice)["alpha"] == f"out: {reason}"
    assert choice.rule == f"alpha {reason}; fallover next-node"


def test_standby_and_a_missing_adapter_are_told() -> None:
    cfg = configuration({"web": web()}, alpha=node(1, standby=True), bravo=Node(key=KEY))
    choice = decided(cfg, owners={"web": "alpha"})["web"]

    assert verdicts(choice)["alpha"] == "out: is on standby"
    assert verdicts(choice)["bravo"] == "out: has no adapter on public1"
    assert choice.target == "charlie"


def test_a_wish_is_told_as_such() -> None:
    cfg = configuration({"web": web()})
    choice = decided(cfg, owners={"web": "alpha"}, asked={"web": "charlie"})["web"]

    assert choice.rule == "an administrator asked for it"
    assert verdicts(choice)["charlie"] == "chosen: asked for by an administrator"


def test_rules_between_groups_are_told() -> None:
    groups = {
        "db": web(),
        "web": web(apart_from=("db",), startup="first-available"),
        "log": web(together=("db",)),
    }
    found = decided(configuration(groups))

    assert found["web"].target == "bravo"
    assert verdicts(found["web"])["alpha"] == "out: must be apart from db, which is there"
    assert verdicts(found["log"])["alpha"] == "chosen: must be with db, which is there"
    assert verdicts(found["log"])["bravo"] == "out: must be with db, on alpha"


def test_a_start_and_an_end_are_told_by_their_policies() -> None:
    cfg = configuration({"web": web(fallover="bring-offline")})
    assert decided(cfg)["web"].rule == "it starts, startup home-node"

    choice = decided(cfg, view=("bravo", "charlie"), owners={"web": "alpha"})["web"]
    assert choice.target == ""
    assert choice.rule.startswith("alpha is not in; fallover bring-offline")


def test_a_decree_never_gets_more_than_fits_into_a_message() -> None:
    cfg = configuration({f"web{number}": web() for number in range(300)})
    found = decided(cfg).values()

    assert sum(len(choice.candidates) for choice in found) == CANDIDATES_MAX


def test_every_choice_can_be_written() -> None:
    names = tuple(f"{'n' * 50}{number}" for number in range(5))
    cfg = configuration({"web": web(nodes=names, together=("db",)), "db": web(nodes=names)})
    found = decided(msgspec.structs.replace(cfg, node={n: node(i) for i, n in enumerate(names)}),
                    view=names)  # fmt: skip

    for choice in found.values():
        msgspec.convert(msgspec.to_builtins(choice), Choice)
        assert all(isinstance(one, Candidate) for one in choice.candidates)
