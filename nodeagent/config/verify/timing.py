"""Inequalities between intervals and deadlines, and ports that must differ.

A dead node is noticed before a lease runs out, a lease before its resources are taken (the time to
take is computed from lease and watchdog, so it always is longer), and a step ends long before the
suspension that it is part of.
"""

from collections.abc import Iterator

from nodeagent.config.nouns import specs
from nodeagent.config.verify.scope import Scope
from nodeagent.model.configuration import WATCHDOG_LEAST_MS, Timing
from nodeagent.model.reports import Report

_EASY_NODES = 8
_MORE_MS_PER_NODE = 50


def heartbeats_before_dead(scope: Scope) -> Iterator[Report]:
    """One or two lost heartbeats are no death."""
    timing = scope.cfg.timing
    least = 3 * timing.heartbeat_ms
    if timing.dead_after_ms < least:
        yield scope.report(
            "E401",
            ("timing", "dead-after-ms"),
            f"dead-after-ms is {timing.dead_after_ms}, less than 3 heartbeats of "
            f"{timing.heartbeat_ms} ms",
            f"at least {least}, better {10 * timing.heartbeat_ms}",
            str(10 * timing.heartbeat_ms),
        )


def dead_before_lease(scope: Scope) -> Iterator[Report]:
    """The others notice a death before the dead one's lease ends."""
    timing = scope.cfg.timing
    if timing.lease_ms <= timing.dead_after_ms:
        fix = str(timing.dead_after_ms * 3 // 2)
        yield scope.report(
            "E402",
            ("timing", "lease-ms"),
            f"lease-ms is {timing.lease_ms}, not more than dead-after-ms {timing.dead_after_ms}",
            f"use {fix}, or notice the dead sooner",
            fix,
        )


def renewed_in_time(scope: Scope) -> Iterator[Report]:
    """One renewal may get lost without loss of the lease."""
    timing = scope.cfg.timing
    if 2 * timing.renew_ms >= timing.lease_ms:
        fix = str(max(1, timing.lease_ms // 6))
        yield scope.report(
            "E403",
            ("timing", "renew-ms"),
            f"renew-ms is {timing.renew_ms}, so a lease of {timing.lease_ms} ms "
            "ends with one lost renewal",
            f"less than half of the lease, better {fix}",
            fix,
        )


def step_within_suspension(scope: Scope) -> Iterator[Report]:
    """A step that hangs is noticed while the nodes still wait."""
    timing = scope.cfg.timing
    if 2 * timing.step_ms >= timing.suspend_ms:
        fix = str(max(1, timing.suspend_ms * 2 // 5))
        yield scope.report(
            "E404",
            ("timing", "step-ms"),
            f"step-ms is {timing.step_ms}, not less than half of suspend-ms {timing.suspend_ms}",
            f"use {fix}, or a longer suspension",
            fix,
        )


def suspension_outlives_lease(scope: Scope) -> Iterator[Report]:
    """A suspension shorter than a lease would end before a death in it is sorted out."""
    timing = scope.cfg.timing
    if timing.suspend_ms <= timing.lease_ms:
        fix = str(timing.lease_ms * 10 // 3)
        yield scope.report(
            "E405",
            ("timing", "suspend-ms"),
            f"suspend-ms is {timing.suspend_ms}, not more than lease-ms {timing.lease_ms}",
            f"use {fix}",
            fix,
        )


def watchdog_waits(scope: Scope) -> Iterator[Report]:
    """The watchdog must not fire between two renewals."""
    timing = scope.cfg.timing
    if timing.watchdog_ms <= timing.renew_ms:
        fix = str(max(WATCHDOG_LEAST_MS, 10 * timing.renew_ms))
        yield scope.report(
            "E406",
            ("timing", "watchdog-ms"),
            f"watchdog-ms is {timing.watchdog_ms}, not more than renew-ms {timing.renew_ms}",
            f"use {fix}",
            fix,
        )


def long_enough_for_agents(scope: Scope) -> Iterator[Report]:
    """Agents feed the watchdog and send heartbeats beside all else that their machine does."""
    for key, spec in specs(Timing).items():
        value, least = getattr(scope.cfg.timing, spec.attribute), spec.least
        if least is not None and value < least:
            text = f"{key} is {value}, shorter than agents can keep up with"
            yield scope.report("E410", ("timing", key), text, f"at least {least}", str(least))


def adopted_within_lease(scope: Scope) -> Iterator[Report]:
    """Services outlive their agent no longer than its lease and half of the watchdog's time.

    The deadman sees to that whatever this file says; the file only promises what will not be.
    """
    timing = scope.cfg.timing
    most = timing.lease_ms + timing.watchdog_ms // 2
    if timing.adopt_ms > most and timing.adopt_ms != Timing().adopt_ms:
        yield scope.report(
            "W409",
            ("timing", "adopt-ms"),
            f"adopt-ms is {timing.adopt_ms}, more than lease-ms and half of watchdog-ms, {most} ms",
            f"use {most} at most, or a longer lease",
            str(most),
        )


def dead_with_many_nodes(scope: Scope) -> Iterator[Report]:
    """Above 8 nodes, 50 ms more for each."""
    timing, count = scope.cfg.timing, len(scope.cfg.node)
    wanted = 10 * timing.heartbeat_ms + _MORE_MS_PER_NODE * max(0, count - _EASY_NODES)
    if count > _EASY_NODES and timing.dead_after_ms < wanted:
        yield scope.report(
            "W407",
            ("timing", "dead-after-ms"),
            f"dead-after-ms is {timing.dead_after_ms}, which is short for {count} nodes",
            f"use {wanted}",
            str(wanted),
        )


def ports_differ(scope: Scope) -> Iterator[Report]:
    """Four sockets, four ports."""
    cluster = scope.cfg.cluster
    seen: dict[int, str] = {}
    for key, port in (
        ("control-port", cluster.control_port),
        ("heartbeat-port", cluster.heartbeat_port),
        ("admin-port", cluster.admin_port),
        ("event-port", cluster.event_port),
    ):
        first = seen.setdefault(port, key)
        if first != key:
            text = f"{key} is {port}, which is {first} already"
            yield scope.report("E408", ("cluster", key), text, "use four different ports")


CHECKS = (
    heartbeats_before_dead,
    dead_before_lease,
    renewed_in_time,
    step_within_suspension,
    suspension_outlives_lease,
    watchdog_waits,
    long_enough_for_agents,
    adopted_within_lease,
    dead_with_many_nodes,
    ports_differ,
)
