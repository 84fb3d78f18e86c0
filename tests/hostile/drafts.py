"""Class 18: the draft is edited while a DARE runs, at every step, by either console.

A case is what the draft becomes, at which step, and at whose agent.
"""

from dataclasses import dataclass

from tests.simulation.shapes import Shape

STEPS = ("lock", "stage", "compare", "release", "keep", "greet", "acquire", "decide", "activate")
KINDS = ("other", "broken", "empty", "same", "remark")


@dataclass(frozen=True)
class Edit:
    """At the beginning of `step`, `at` saves a draft of this kind."""

    step: str
    kind: str
    at: str

    def text(self, wanted: Shape, before: Shape) -> str:
        """Return the draft; `wanted` is what the DARE brings, `before` what was active."""
        texts = {
            "other": before.text.replace("interval-seconds = 2.0", "interval-seconds = 7.0"),
            "broken": wanted.text[: len(wanted.text) // 2] + "\n[[[",
            "empty": "",
            "same": wanted.text,
            "remark": wanted.text + "# seen by ann\n",
        }
        return texts[self.kind]


CASES = {
    f"{step}-{kind}-{at}": Edit(step, kind, at)
    for number, step in enumerate(STEPS)
    for kind in KINDS
    for at in (("alpha", "bravo")[(number + KINDS.index(kind)) % 2],)
}
