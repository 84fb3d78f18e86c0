"""What a cluster survives. That agents do the same is shown in `tests/simulation`."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from nodeagent.config.load import load
from nodeagent.config.parse import parse
from nodeagent.config.placement import place
from nodeagent.config.plan import plan
from nodeagent.config.survival import (
    Loss,
    Part,
    Standpoint,
    endurance,
    newly_lost,
    pairs_of,
    parts_of,
    play,
    survival,
)
from nodeagent.config.times import Moment
from nodeagent.model.configuration import Configuration
from tests.simulation.clusters import cluster

CONFIGS = Path(__file__).parents[3] / "configs"


def _read(text: str) -> Configuration:
    loaded = load(text)
    assert loaded.configuration is not None
    return loaded.configuration


def _standing(text: str, **owners: str) -> Standpoint:
    cfg = _read(text)
    view = frozenset(cfg.node)
    return Standpoint(cfg, view, place(cfg, view=view, owners={}) | owners)


def test_a_cluster_of_three_survives_each_node_and_not_any_two() -> None:
    at = _standing(cluster(3))

    found = survival(at)

    assert [loss for loss in found.singles if loss.failure.startswith("node:")] == []
    pair = next(loss for loss in found.pairs if loss.failure == "node:alpha+node:bravo")
    assert not pair.quorum


def test_the_network_of_a_service_address_takes_its_groups_away() -> None:
    at = _standing(cluster(3))

    found = survival(at, pairs=False)

    lost = [loss for loss in found.singles if loss.failure == "network:public"]
    assert lost == [Loss("network:public", groups=("web", "orders"))]
    assert found.played_pairs == 0


def test_an_adapter_moves_its_groups_to_who_still_reaches_the_network() -> None:
    at = _standing(cluster(3))

    outcome = play(at, (Part("adapter", "alpha", "eth0"),))

    assert outcome.view == {"alpha", "bravo", "charlie"}
    assert outcome.owners["web"] == "bravo"
    assert outcome.away == ()


def test_of_two_voters_none_survives_the_other_but_for_a_fence_device() -> None:
    text = cluster(2)
    device = '[node.alpha.fence.board]\nagent = "fence_ipmilan"\ndelay-seconds = 2\n'

    bare = play(_standing(text), (Part("node", "alpha"),))
    fenced = play(_standing(text + device), (Part("node", "alpha"),))
    other = play(_standing(text + device), (Part("node", "bravo"),))

    assert not bare.quorum
    assert fenced.view == {"bravo"}
    assert not other.quorum, "nobody can switch bravo off"


def test_a_group_that_its_policy_ends_is_away() -> None:
    text = cluster(3).replace('startup = "first-available"', 'fallover = "bring-offline"', 1)
    at = _standing(text)

    outcome = play(at, (Part("node", "alpha"),))

    assert outcome.owners["web"] == ""
    assert outcome.away == ("web",)


def test_a_held_group_is_not_taken_over() -> None:
    at = _standing(cluster(3))
    held = Standpoint(at.cfg, at.view, at.owners, held=frozenset({"web"}))

    assert play(held, (Part("node", "alpha"),)).away == ("web",)


def test_what_a_change_takes_away_is_named_and_what_was_never_there_is_not() -> None:
    before = _standing(cluster(3))
    one = cluster(3).replace('nodes = ["alpha", "bravo", "charlie"]', 'nodes = ["alpha"]')
    lonely = '[group.mail]\nnodes = ["bravo"]\nstartup = "first-available"\n'
    after = _standing(one + lonely)

    found = newly_lost(
        survival(before, pairs=False), survival(after, pairs=False), ("web", "orders")
    )

    assert found == (Loss("node:alpha", groups=("web",)),), (
        "and its adapter, which costs no more, need not be named"
    )


def test_fewer_voters_are_named_as_what_they_are() -> None:
    before = _standing(cluster(3))
    text = cluster(3).replace('name = "box"', 'name = "box"\nvoters = ["alpha"]')

    found = newly_lost(survival(before), survival(_standing(text)), ("web", "orders"))

    assert found[0] == Loss("node:alpha", quorum=False, groups=("web", "orders"))
    assert "majority" in found[0].text


def test_a_node_and_its_own_adapter_are_no_pair() -> None:
    cfg = _read(cluster(2))

    names = {"+".join(map(str, pair)) for pair in pairs_of(parts_of(cfg, cfg.node))}

    assert "node:alpha+adapter:bravo/eth0" in names
    assert "node:alpha+adapter:alpha/eth0" not in names


def test_pairs_are_played_while_they_are_few_and_it_is_said_where_they_are_not() -> None:
    crowd = (CONFIGS / "six-nodes-booking.toml").read_text("utf-8")
    cfg = _read(crowd)
    many = {f"eth{n}": cfg.node["alpha"].adapter["eth0"] for n in range(90)}
    wide = replace(cfg, node=cfg.node | {"alpha": replace(cfg.node["alpha"], adapter=many)})

    few, most = (
        survival(Standpoint(one, frozenset(one.node), place(one, view=one.node, owners={})))
        for one in (cfg, wide)
    )

    assert few.played_pairs > few.played_singles
    assert not few.too_many
    assert most.played_pairs == 0
    assert most.too_many


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('startup = "first-available"', 'after = ["nobody"]\nwith = ["none"]\napart-from = ["no"]'),
        ('startup = "first-available"', 'after = ["orders"]\nwith = ["web"]\napart-from = ["web"]'),
        ('nodes = ["alpha", "bravo", "charlie"]', 'nodes = ["alfa"]'),
        ('nodes = ["alpha", "bravo", "charlie"]', "nodes = []"),
        ('network = "public"', 'network = "nowhere"'),
        ('name = "box"', 'name = "box"\nvoters = ["nobody"]'),
    ],
)
def test_a_draft_with_errors_is_played_as_far_as_it_goes(right: str, wrong: str) -> None:
    before, parsed = _standing(cluster(3)), parse(cluster(3).replace(right, wrong, 1))
    assert parsed.configuration is not None
    planned = plan(before.cfg, parsed.configuration, view=before.view, owners=before.owners)

    found = endurance(before, parsed.configuration, planned)

    assert found.after.played_singles


def test_a_group_whose_home_is_cut_off_starts_elsewhere_and_waits_for_one_that_is_late() -> None:
    text = cluster(3).replace('startup = "first-available"', 'startup = "home-node"', 1)
    cfg = _read(text)
    away = {"alpha": frozenset({"public"})}

    cut = place(cfg, view=cfg.node, owners={}, cut=away)
    late = place(cfg, view=("bravo", "charlie"), owners={}, cut=away)
    ran = place(cfg, view=("bravo", "charlie"), owners={}, moment=Moment(ran=frozenset({"web"})))

    assert cut["web"] == "bravo"
    assert late["web"] == ""
    assert ran["web"] == "bravo"
