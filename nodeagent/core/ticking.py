"""When the next tick is due: each TICK_MS while anything goes on, and more rarely at rest.

Told the whole state of a node; decides only how soon it looks again. Ticks divide the time between
two heartbeats evenly, so that these are as regular as the ticks; at rest there is one for each
heartbeat, if that is not long. What goes on shifts the ticks, so at rest they divide the time that
is left until the next heartbeat, and one of them falls on it. Whatever is not foreseen here is
noticed one such tick later, and what comes as a message or from a driver, and each beat that is
missing, ends the rest at once. While a console watches there is none, for its strips show every
beat.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nodeagent.core.node import Node
    from nodeagent.core.shared import Shared

TICK_MS = 100
REST_TICK_MS = 200
IN_STEP_MS = 20
"""A tick that comes so much sooner or later than its heartbeat is planned moves no later ones, and
so much longer than else may a rest be: after a tick that came sooner, more time is left.
"""


def next_tick_ms(node: Node) -> float:
    """Return in how many milliseconds the next tick is due, asked right after one.

    Asked between two, it is at most TICK_MS if the rest is over, or the tick is that near anyway.
    """
    timing, left_ms = node.shared.timing, node.reporter.left_ms
    soon_ms = even_part_ms(timing.heartbeat_ms, TICK_MS)
    longest_ms = max(1, min(REST_TICK_MS, timing.watchdog_ms // 5))  # it is fed by ticks
    rest_ms = even_part_ms(timing.heartbeat_ms, longest_ms)
    if rest_ms <= soon_ms or left_ms <= 0 or not _rests(node):
        return soon_ms
    return left_ms / max(1, ceil((left_ms - IN_STEP_MS) / rest_ms))


def even_part_ms(whole_ms: int, longest_ms: int) -> float:
    """Return the longest part that goes into a time evenly and is no longer than `longest_ms`."""
    return whole_ms / -(-whole_ms // longest_ms)


def is_settled(node: Node) -> bool:
    """Return whether nothing goes on here, as far as only steps that are looked at end it.

    Asked once after each of those; a lease that ends and a beat that is missing come with time.
    """
    shared = node.shared
    if shared.consoles or shared.stopping or shared.suspended:
        return False
    if node.busy() or not shared.is_member or not node.governor.idle:
        return False
    return _holds_what_is_decreed(shared)


def _rests(node: Node) -> bool:
    return node.settled and node.shared.lease_valid and not _misses_a_beat(node.shared)


def _holds_what_is_decreed(shared: Shared) -> bool:
    owners = shared.log.standing.owners
    for name, runner in shared.runners.items():
        if not runner.settled or runner.waits_for_recovery:
            return False
        if (runner.state == "online") != (owners.get(name) == shared.name):
            return False
    return True


def _misses_a_beat(shared: Shared) -> bool:
    """Return whether a beat of a member is late on a link that is not known to be down."""
    now_ms, timing, view = shared.now.ms, shared.timing, shared.log.standing.view
    late_ms = timing.heartbeat_ms * 3 // 2  # the beats of others come between any two ticks
    down_ms = 2 * timing.dead_after_ms
    for name, peer in shared.hearts.peers.items():
        if name not in view:
            continue
        for link in peer.links.values():
            if late_ms <= now_ms - link.heard_ms < down_ms:
                return True
    return False
