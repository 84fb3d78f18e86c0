"""Says of an action that takes long what it is, how long it has run, and what it printed last."""

from dataclasses import dataclass

from nodeagent.core.events import Now

SLOW_MS = 5_000
"""From then on it is told, and again after each further time of this length."""


@dataclass(slots=True)
class Pace:
    """How one action goes on. `output` is the last line that it printed."""

    what: str
    began_ms: int
    limit_s: float
    output: str = ""
    told: bool = False
    text: str = ""

    def look(self, now: Now) -> bool:
        """Work out `text` ("" until it is slow); returns whether it became slow just now."""
        steps = (now.ms - self.began_ms) // SLOW_MS
        if steps < 1:
            return False
        seconds = steps * SLOW_MS // 1000
        last = f" | {self.output}" if self.output else ""
        self.text = f"{self.what} has run for {seconds} s of {self.limit_s:g}{last}"
        first, self.told = not self.told, True
        return first
