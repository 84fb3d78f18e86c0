"""How long actions took, here and as peers tell: what a forecast is made of.

A memory, not a promise: it is written down now and then, and where it is lost it is gathered anew.
Told: what drivers took on this node, what peers say of theirs, how DAREs went.
"""

import msgspec

from nodeagent.config.forecast import turn_name, turn_of
from nodeagent.core.effects import Effect, KeepTimes, Publish, Send
from nodeagent.model.run import DareRun
from nodeagent.model.times import Durations, Recorded, Timed, with_timed
from nodeagent.wire.limits import MESSAGE_BYTES_MAX
from nodeagent.wire.live import TimesLearned
from nodeagent.wire.peer import TIMES_TOLD_MAX, TimesNote

KEYS_MAX = 4_000
"""Of so many actions durations are kept: 250 groups of three resources on two nodes each."""
TELL_EVERY_MS = 1_000
KEEP_EVERY_MS = 30_000
_packer = msgspec.msgpack.Encoder()
_unpacker = msgspec.msgpack.Decoder(tuple[Recorded, ...])


class Times:
    """The durations that this node knows, its own ones and those of its peers."""

    def __init__(self, data: bytes = b"") -> None:
        self.known: Durations = {one.key: one.ms for one in _read(data)}
        self._own: list[Timed] = []
        self._news: list[tuple[str, Timed]] = []
        self._told_ms = self._kept_ms = -KEEP_EVERY_MS
        self._unkept = False

    def took(self, node: str, timed: Timed) -> None:
        """Learn how long an action took on this node."""
        self._learn(node, timed)
        if timed.action != "monitor":
            self._own.append(timed)

    def heard(self, node: str, note: TimesNote) -> None:
        """Learn what a peer says of itself."""
        for timed in note.times:
            if timed.action != "step":
                self._learn(node, timed)

    def ran(self, run: DareRun) -> None:
        """Learn from a DARE that went through how long its steps took."""
        if run.state != "done":
            return
        for row in run.steps:
            if row.state == "done" and not row.undo:
                self._learn("", Timed("", row.name, "step", int(row.seconds * 1000)))
        turn = turn_of(run)
        if turn is not None:
            self._learn("", Timed("", turn_name(run.plan), "step", int(turn * 1000)))

    def _learn(self, node: str, timed: Timed) -> None:
        known = with_timed(self.known, node, timed)
        while len(known) > KEYS_MAX:
            del known[next(iter(known))]
        self.known = known
        if timed.action != "monitor":
            self._news.append((node, timed))
            self._unkept = True

    def recorded(self) -> tuple[Recorded, ...]:
        """Return everything that is known, as it is told and kept."""
        return tuple(Recorded(*key, ms) for key, ms in self.known.items())  # type: ignore[arg-type]

    def tick(self, now_ms: int, peers: tuple[str, ...], *, consoles: bool) -> list[Effect]:
        """Return what is to be told to peers and consoles, and what is to be kept."""
        found: list[Effect] = []
        if self._news and now_ms - self._told_ms >= TELL_EVERY_MS:
            self._told_ms = now_ms
            own, self._own = self._own[:TIMES_TOLD_MAX], self._own[TIMES_TOLD_MAX:]
            found += [Send(peer, TimesNote(tuple(own))) for peer in peers if own]
            news, self._news = self._news, []
            found += [Publish(TimesLearned(n, t)) for n, t in news if consoles]
        if self._unkept and now_ms - self._kept_ms >= KEEP_EVERY_MS:
            found.append(self.keep(now_ms))
        return found

    def keep(self, now_ms: int) -> Effect:
        """Return the order to write it all down."""
        self._unkept, self._kept_ms = False, now_ms
        return KeepTimes(_packer.encode(self.recorded()))


def _read(data: bytes) -> tuple[Recorded, ...]:
    """Return what was kept; nothing where it cannot be read, for it can be gathered anew."""
    if not data or len(data) > MESSAGE_BYTES_MAX * 4:
        return ()
    try:
        return _unpacker.decode(data)
    except (msgspec.MsgspecError, ValueError):
        return ()
