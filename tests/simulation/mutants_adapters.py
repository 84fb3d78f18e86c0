"""Mutants of adapters: who is blamed for silence, and what moves then."""

from typing import Any

from nodeagent.config import placement
from nodeagent.core import adapters, governor, shared
from nodeagent.core.groups import GroupRunner
from tests.simulation.mutants_kit import Mutant, original

_JUDGE = original(adapters, "judge")
_ATTACHMENT = original(shared, "attachment")
_LOOK_AT = original(adapters.Adapters, "_look_at")


def _blames_the_adapter(sight: adapters.Sight, silence_ms: int) -> adapters.Verdict:
    verdict: adapters.Verdict = _JUDGE(sight, silence_ms)
    return "silent" if verdict == "network-failed" else verdict


def _strictly_reaching(at: Any, name: str, nodes: tuple[str, ...]) -> tuple[str, ...]:
    networks = placement.service_networks(at.cfg.group[name])
    return tuple(n for n in nodes if not networks & at.cut.get(n, frozenset()))


def _goes_home(configuration: Any, node: str, network: str, bad: Any, _: str) -> Any:
    return _ATTACHMENT(configuration, node, network, bad)


def _good_at_once(self: Any, state: Any, name: str, one: adapters.Own, heard: int) -> None:
    one.well_ms = max(0, one.well_ms)
    _LOOK_AT(self, state, name, one, heard)


MUTANTS = (
    Mutant(
        "an address stays on a bad adapter",
        "a service address leaves an adapter that failed, while its node has a good one",
        ((GroupRunner, "follow", lambda *_: []),),
    ),
    Mutant(
        "a failed network is blamed on the adapters",
        "where nobody hears anybody, no adapter is bad",
        ((adapters, "judge", _blames_the_adapter),),
    ),
    Mutant(
        "what nobody reaches moves",
        "a group stays where it is when no node reaches its network",
        ((placement, "_reaching", _strictly_reaching),),
    ),
    Mutant(
        "a lost network counts at once",
        "a switch that fails takes all links down, though not in the same moment",
        ((governor, "GRACE_BEATS", 0),),
    ),
    Mutant(
        "an address goes home",
        "an address stays where it is as long as its adapter is good",
        ((shared, "attachment", _goes_home),),
    ),
    Mutant(
        "a bad adapter is good at once",
        "a loose contact does not take an address to and fro",
        ((adapters.Adapters, "_look_at", _good_at_once),),
    ),
)
