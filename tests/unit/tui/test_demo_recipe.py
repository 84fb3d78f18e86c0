"""Configurations of the demonstration: their times fit the number of agents."""

from pathlib import Path

from nodeagent.config.load import load
from nodeagent.model.configuration import Configuration, Timing
from tui.demo.places import FEW, NODE_NAMES, Places
from tui.demo.recipe import Recipe, base_text

KEY = "0" * 38


def configuration(nodes: int) -> Configuration:
    keys = {name: f"{KEY}{index:02}" for index, name in enumerate(NODE_NAMES)}
    recipe = Recipe(Places(20, 30, nodes=nodes), Path("/nowhere"), "mark", keys, f"{KEY}99")
    found = load(base_text(recipe, NODE_NAMES[:nodes]))
    assert found.reports == ()
    assert found.configuration is not None
    return found.configuration


def test_verification_has_nothing_to_say_of_any_size() -> None:
    assert configuration(FEW).timing.dead_after_ms == 1_000
    assert configuration(FEW + 1).timing.heartbeat_ms == Timing().heartbeat_ms


def test_more_agents_on_one_machine_send_no_more_heartbeats() -> None:
    few, many = configuration(16).timing.heartbeat_ms, configuration(32).timing.heartbeat_ms
    assert 32 * 32 / many <= 16 * 16 / few
