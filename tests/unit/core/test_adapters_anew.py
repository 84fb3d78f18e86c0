"""Adapters that keep their addresses and get other names, roles or networks, beside what is new."""

from dataclasses import replace

import pytest

from tests.simulation.shapes import Shape
from tests.unit.core.story import Story, Written, written

LAN = ("eth0", "lan1", "eth2")
SWAPPED = ("eth2", "eth1", "eth0")
SPARE = """
[node.alpha.adapter.eth7]
network = "public"
role = "standby"
address = "10.1.0.71"
"""
UPPER = """
[network.upper]
kind = "private"
subnet = "10.2.0.128/25"
"""


def one_network(shape: Shape) -> Written:
    """Return the cluster with charlie's private address in the upper half of its network."""
    return written(shape, shape.text.replace('"10.2.0.13"', '"10.2.0.213"'))


def two_networks(shape: Shape) -> Written:
    """Return the same, with the upper half as a network of its own."""
    lower = one_network(shape).text.replace("10.2.0.0/24", "10.2.0.0/25")
    others, charlie = lower.split("[node.charlie]")
    charlie = charlie.replace('network = "private"', 'network = "upper"', 1)
    return written(shape, f"{others}[node.charlie]{charlie}{UPPER}")


def links(story: Story, node: str, peer: str) -> set[str]:
    return set(story.node(node).shared.hearts.peers[peer].links)


@pytest.mark.parametrize("adapters", [LAN, SWAPPED], ids=["named anew", "roles changed"])
def test_adapters_change_while_a_node_is_added(adapters: tuple[str, str, str]) -> None:
    story = Story(spare=True)
    shape = replace(story.with_node("delta"), adapters=adapters)
    story.join("delta", shape)

    run = story.dare(shape)

    assert run.state == "done", run.text
    assert story.rest().at("web") == {"alpha": adapters[0]}


def test_an_adapter_is_named_anew_while_one_is_added() -> None:
    story = Story()
    anew = replace(story.shape, adapters=LAN)

    run = story.dare(written(anew, anew.text + SPARE))

    assert run.state == "done", run.text
    story.until(lambda: "eth7" in links(story, "bravo", "alpha"))


def test_the_old_name_of_an_adapter_is_forgotten() -> None:
    story = Story()

    run = story.dare(replace(story.shape, adapters=LAN))

    assert run.state == "done", run.text
    story.until(lambda: links(story, "alpha", "bravo") == {"eth0", "lan1"})


@pytest.mark.parametrize("joined", [True, False])
def test_networks_become_one_only_if_they_are_one(*, joined: bool) -> None:
    """No adapter and no address is new, but two ways are: charlie's and the others'."""
    story = Story()
    story.dare(two_networks(story.shape))
    if not joined:
        story.world.network.dead_adapters |= {("charlie", "eth1")}

    run = story.dare(one_network(story.shape))

    assert run.state == ("done" if joined else "aborted"), run.text
    assert joined or "greet" in run.text
    assert len(story.digests()) == 1


def test_who_comes_is_connected_with_who_goes() -> None:
    """It must ask whether that one let go of the group, and no configuration has them both."""
    story = Story()
    groups = tuple(
        (name, replace(group, nodes=tuple("delta" if n == "bravo" else n for n in group.nodes)))
        for name, group in story.shape.groups
    )
    shape = replace(story.shape, nodes=("alpha", "charlie", "delta"), groups=groups)
    story.join("delta", shape)

    run = story.dare(shape)

    assert run.state == "done", run.text
    story.until(lambda: story.owner("orders") == ["delta"])


NEW_NAMES = {"public": "front", "private": "back"}


def replaced(story: Story) -> Shape:
    """Return the cluster with delta in bravo's place."""
    groups = tuple(
        (name, replace(group, nodes=tuple("delta" if n == "bravo" else n for n in group.nodes)))
        for name, group in story.shape.groups
    )
    return replace(story.shape, nodes=("alpha", "charlie", "delta"), groups=groups)


def test_who_comes_is_told_by_others_what_who_goes_let_go_of() -> None:
    story = Story()
    shape = replaced(story)
    story.join("delta", shape)
    story.world.cut |= {("delta", "bravo"), ("bravo", "delta")}

    run = story.dare(shape)

    assert run.state == "done", run.text
    story.until(lambda: story.owner("orders") == ["delta"])


def test_who_comes_is_connected_with_who_goes_though_all_networks_are_named_anew() -> None:
    story = Story()
    shape = replaced(story)
    words = shape.text
    for before, after in NEW_NAMES.items():
        words = words.replace(f'network = "{before}"', f'network = "{after}"')
        words = words.replace(f"[network.{before}]", f"[network.{after}]")
    shape = written(shape, words)
    story.join("delta", shape)

    run = story.dare(shape)

    assert run.state == "done", run.text
    story.until(lambda: story.owner("orders") == ["delta"])
    story.until(lambda: story.node("bravo").shared.log.standing.epoch == 2)


def test_what_was_heard_at_another_address_greets_nobody() -> None:
    """An administrator corrects the address of a DARE that failed, and asks again at once."""
    story = Story()
    story.drill("alpha", "fail-acquire", "mail")
    first = story.with_group("mail").text + SPARE
    run = story.dare(written(story.shape, first))
    assert "drill" in run.text

    story.world.network.dead_addresses.add("10.1.0.72")
    run = story.dare(written(story.shape, first.replace("10.1.0.71", "10.1.0.72")))

    assert run.state == "aborted", run.text
    assert "greet" in run.text
