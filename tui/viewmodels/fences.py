"""How a node can be fenced, and how the last fencing of it went, in words."""

from nodeagent.wire.live import FenceLive
from tui.viewmodels.facts import Look
from tui.viewmodels.spans import Tone

_WORDS: dict[str, tuple[str, Tone]] = {
    "waiting": ("waits", "busy"),
    "running": ("is being fenced", "busy"),
    "failed": ("not fenced", "bad"),
    "done": ("fenced", "ok"),
}


def devices_of(look: Look, node: str) -> tuple[str, ...]:
    """Return the fence devices of a node in the order of trying, each as a few words."""
    configuration = look.view.active.configuration
    noun = configuration.node.get(node) if configuration else None
    devices = sorted(noun.fence.items(), key=lambda item: item[1].level) if noun else []
    return tuple(
        f"{name}  {fence.agent} {fence.action}, level {fence.level}"
        + (f", after {fence.delay_seconds:g}s" if fence.delay_seconds else "")
        for name, fence in devices
    )


def last_fence(fence: FenceLive | None) -> tuple[str, Tone] | None:
    """Return how the last fencing went and its tone, None where there was none."""
    if fence is None:
        return None
    word, tone = _WORDS[fence.state]
    text = f": {fence.text}" if fence.text else f" by {fence.device}" if fence.device else ""
    return f"{word}{text} ({fence.by})", tone
