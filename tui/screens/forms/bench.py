"""The bench on which the one draft of this console lies, for every screen that edits it.

It follows the session (a new active configuration, somebody else's draft), has the draft judged
beside the screen after each pause in typing, and keeps it on the agent (`SaveDraft`), which is all
that is ever sent while editing. Screens subscribe to `changed`.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from math import inf
from typing import Any, cast
from weakref import WeakKeyDictionary

from textual.app import App
from textual.signal import Signal

from nodeagent.config.holds import held_groups
from nodeagent.wire.console import (
    ConfigurationFile,
    GetConfiguration,
    Neighbour,
    Refused,
    SaveDraft,
)
from nodeagent.wire.joining import GetJoining
from nodeagent.wire.live import ClusterLive
from tui.keep import keep
from tui.session import Session
from tui.viewmodels.documents import Document, digest_of
from tui.viewmodels.draft import Draft, based, rebased, started
from tui.viewmodels.draft_review import Review, Standing, review
from tui.viewmodels.newcomers import joins_of
from tui.viewmodels.presence import editors_text

REVIEW_S = 0.15
SAVE_S = 0.8
FOLLOW_S = 0.5
ASK_AGAIN_S = 2.0
LAST_SAVE_S = 2.0
JOINS_S, JOINS_NODE_S = 3.0, 0.25
"""Time between two rounds that ask who has joined, and as much more for each node that is asked."""
JOINS_AT_ONCE = 8
"""Nodes that are asked at the same time; each question takes a line of its own."""
UNKNOWN = "unknown-digest"


class Bench:
    """Holds the draft and what is known of it; `saved` is a word on where it is kept.

    `base_wanted` is the digest of the configuration that the draft was made from while its text is
    still asked for; `base_lost` says that no agent remembers it.
    """

    def __init__(self, app: App[Any]) -> None:
        self.app = app
        self.draft = Draft()
        self.review = Review()
        self.saved = ""
        self.other_author = ""
        self.base_wanted = ""
        self.base_lost = False
        self.changed: Signal[Bench] = Signal(app, "draft")
        self._active: Document | None = None
        self._shared = ""
        self._others: tuple[Neighbour, ...] = ()
        self._heard: Document | None = None
        self._sent: deque[str] = deque(maxlen=20)
        self._judged: tuple[str, str, Standing] | None = None
        self._joins_due = 0.0
        self._locked = self.locked
        app.set_interval(FOLLOW_S, self.follow)
        self.follow()

    @property
    def session(self) -> Session:
        """Return the holder of the view and of the client."""
        return cast("Session", self.app.session)  # type: ignore[attr-defined]

    @property
    def read_only(self) -> bool:
        """Return whether nothing may be edited here."""
        return self.session.read_only

    @property
    def locked(self) -> str:
        """Return why nothing may be edited here, "" where it may."""
        return self.session.locked

    @property
    def author(self) -> str:
        """Return the name under which drafts and DAREs are kept."""
        return str(getattr(self.app, "author", ""))

    @property
    def active(self) -> Document:
        """Return the configuration in operation."""
        return self.session.view.active

    @property
    def stale(self) -> bool:
        """Return whether the active configuration moved on since the draft was begun."""
        return self.draft.stale(self.active.text)

    @property
    def judged(self) -> bool:
        """Return whether the review is of the draft as it is now."""
        return self.review.text == self.draft.text

    def beside(self, item: str = "") -> str:
        """Return who else edits the draft, or `item` in it; "" where nobody does."""
        return editors_text(self.session.view.others, item)

    def standing(self) -> Standing:
        """Return who is in and who owns what, as the agent says it now."""
        view = self.session.view
        if view.cluster is None:
            return Standing()
        cluster: ClusterLive = view.cluster.value
        live = tuple(name for name, heard in view.nodes.items() if heard.value.state == "up")
        unix = self.session.now.wall - view.skew
        return Standing(
            cluster.view,
            dict(cluster.owners),
            tuple(sorted(live)),
            dict(cluster.asked),
            held_groups(unix, view.active.configuration),
            view.times,
            joins_of(self.session.guests),
        )

    def follow(self) -> None:
        """Take up what the session learnt since the last look."""
        view = self.session.view
        if not view.active.text:
            return
        if self.locked != self._locked:
            self._locked = self.locked
            self.changed.publish(self)
        if view.others != self._others:
            self._others = view.others
            self.changed.publish(self)
        if view.active is not self._active:
            self._take_active(view.active, view.draft.text)
        if view.draft is not self._heard:
            self._heard = view.draft
            self._take_shared(view.draft)
        self._judge_soon()
        self._ask_joins_soon()

    def edit(self, draft: Draft) -> None:
        """Replace the draft; it is judged and kept after a pause."""
        if self.read_only or draft == self.draft:
            return
        different = (draft.text, draft.base) != (self.draft.text, self.draft.base)
        self.draft = draft
        if different:
            self.saved = "saving"
            self._judge_soon()
            self._work(partial(self._save, SAVE_S), "draft-save")
        self.changed.publish(self)

    def keep_in_file(self, text: str) -> None:
        """Keep in a file what was typed before it was seen that nothing may be edited any more."""
        try:
            path = keep(f"draft-{self.session.view.cluster_name}", ".toml", text)
        except OSError as error:
            said = f"what was typed last cannot be kept: {error}"
        else:
            said = f"the draft with what was typed last is in {path}"
        self.app.notify(said, title="Not in the draft", severity="error", markup=False)

    def keep(self) -> None:
        """Keep the draft on the agent at once, where it is not yet."""
        if self.saved == "saving":
            self._work(partial(self._save, 0), "draft-save")

    @property
    def unkept(self) -> bool:
        """Return whether the draft holds edits that no agent has."""
        return self.saved == "saving" or self.saved.startswith("not kept")

    def start_again(self) -> None:
        """Give up the edits and begin from the configuration in operation."""
        active = self.active
        self.edit(started(active.text, active.epoch))

    def _take_active(self, active: Document, saved: str) -> None:
        first = self._active is None
        self._active = active
        if first:
            self._shared, self._heard = saved, self.session.view.draft
            self.draft = started(active.text, active.epoch, saved)
            self._find_base(self._heard)
        else:
            self.draft = rebased(self.draft, active.text, active.epoch)
        self.changed.publish(self)

    def _take_shared(self, document: Document) -> None:
        """Take somebody else's draft where nothing of ours would be lost, else tell of it."""
        before, self._shared = self._shared, document.text
        if document.text == self.draft.text and self.saved != "saving":
            self._find_base(document)  # somebody merged it with what came since
        if not document.text or document.text in {*self._sent, self.draft.text}:
            return
        untouched = self.draft.text in {before, self.draft.base} and self.saved != "saving"
        if untouched:
            self.draft = self.draft.typed(document.text)
            self._find_base(document)
        else:
            self.other_author = document.author or "somebody"
        self.changed.publish(self)

    def _find_base(self, document: Document) -> None:
        """Have the draft stand on the configuration that its writer made it from."""
        base, active = document.base, self.active
        self.base_wanted, self.base_lost = "", False
        if not base or base == self.draft.base_digest or document.text == active.text:
            return
        if base == digest_of(active.text):
            self.draft = based(self.draft, active.text, active.epoch)
            return
        self.base_wanted = base
        self._work(partial(self._ask_for_base, base), "draft-base")

    async def _ask_for_base(self, digest: str) -> None:
        answer = await self.session.ask(GetConfiguration(digest), show=False)
        while isinstance(answer, Refused) and answer.code != UNKNOWN:
            await asyncio.sleep(ASK_AGAIN_S)
            answer = await self.session.ask(GetConfiguration(digest), show=False)
        self.base_wanted = ""
        if isinstance(answer, ConfigurationFile):
            self.draft = based(self.draft, answer.text, answer.epoch)
            self.draft = rebased(self.draft, self.active.text, self.active.epoch)
        else:
            self.base_lost = True
        self._judge_soon()
        self.changed.publish(self)

    def _judge_soon(self) -> None:
        wanted = (self.draft.text, self.draft.base, self.standing())
        if wanted != self._judged and self.draft.text:
            self._judged = wanted
            self._work(partial(self._judge, *wanted), "draft-review")

    async def _judge(self, text: str, base: str, standing: Standing) -> None:
        await asyncio.sleep(REVIEW_S)
        self.review = await asyncio.to_thread(review, text, base, standing)
        self.changed.publish(self)

    def _ask_joins_soon(self) -> None:
        """Ask now and then how far the nodes are with joining that the draft adds.

        A round ends before the next one begins, however long a node that does not answer takes.
        """
        if self.review.plan.added_nodes and self.session.now.mono >= self._joins_due:
            self._joins_due = inf
            self._work(partial(self._ask_joins, self.standing().live), "draft-joins")

    async def _ask_joins(self, nodes: Collection[str]) -> None:
        places = asyncio.Semaphore(JOINS_AT_ONCE)

        async def ask(node: str) -> None:
            async with places:
                await self.session.ask_node(node, GetJoining())

        self.session.forget_guests(nodes)
        try:  # an invitation is known to one agent alone
            await asyncio.gather(*(ask(node) for node in nodes))
        finally:
            self._joins_due = self.session.now.mono + JOINS_S + len(nodes) * JOINS_NODE_S

    async def _save(self, pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        await self.save_now()
        self.changed.publish(self)

    async def save_now(self) -> bool:
        """Keep the draft on the agent; return whether it is there, `saved` says why not."""
        draft = self.draft
        self._sent.append(draft.text)
        request = SaveDraft(draft.text, self.author, self.base_wanted or draft.base_digest)
        answer = await self.session.ask(request, show=False)
        if isinstance(answer, Refused):
            self.saved = f"not kept: {answer.text}"
            return False
        self._shared = draft.text
        self.other_author = ""
        if self.draft.text == draft.text:
            self.saved = "kept"
        return True

    def _work(self, work: Callable[[], Any], group: str) -> None:
        # A function, not a coroutine: one that is cancelled before it began was never made.
        self.app.run_worker(work, group=group, exclusive=True, exit_on_error=False)


_BENCHES: WeakKeyDictionary[App[Any], Bench] = WeakKeyDictionary()


def bench_of(app: App[Any]) -> Bench:
    """Return the bench of an app; it is set up at the first call."""
    if app not in _BENCHES:
        _BENCHES[app] = Bench(app)
    return _BENCHES[app]


async def keep_draft(app: App[Any]) -> str:
    """Keep the draft of an app that ends, on the agent, else in a file; return where, "" if kept.

    Raises OSError where neither is possible.
    """
    bench = _BENCHES.get(app)
    if bench is None or not bench.unkept:
        return ""
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_SAVE_S):
            if await bench.save_now():
                return ""
    path = keep(f"draft-{bench.session.view.cluster_name}", ".toml", bench.draft.text)
    bench.saved = f"in {path}"
    return path
