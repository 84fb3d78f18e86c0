"""How many agents say that there is no quorum, where the one that is listened to says so."""

import msgspec

from tui.viewmodels.spans import brief

NAMES = 24


class Agreement(msgspec.Struct, frozen=True):
    """What the other agents that are known say while `agent` has no quorum.

    `same` have none, either; `silent` do not answer; `better` is one that has it ("": none).
    """

    agent: str
    same: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    better: str = ""

    @property
    def text(self) -> str:
        """Return who says so, in words."""
        agent = brief(self.agent, NAMES)
        if self.better:
            return f"only {agent} says so; {brief(self.better, NAMES)} has it"
        if self.same:
            count = len(self.same) + 1
            return f"{count} of {count + len(self.silent)} agents say so{self._rest()}"
        if self.silent:
            return f"only {agent} says so{self._rest()}"
        return f"only {agent} says so, and no other agent is known"

    def _rest(self) -> str:
        if not self.silent:
            return ""
        names = brief(", ".join(self.silent), NAMES)
        return f"; no answer from {names}"
