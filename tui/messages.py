"""What the session tells the console, named in the past tense. Handlers own all state."""

from textual.message import Message

from nodeagent.model.run import DareRun


class SnapshotArrived(Message):
    """Everything was learnt anew."""


class AgentChanged(Message):
    """The console listens to another agent now."""

    def __init__(self, agent: str) -> None:
        super().__init__()
        self.agent = agent


class Turned(Message):
    """The console left the agent `before`, which has no quorum, for one that has it."""

    def __init__(self, before: str, agent: str) -> None:
        super().__init__()
        self.before = before
        self.agent = agent


class AgentLost(Message):
    """Nothing is heard from the agent; the client looks for another."""

    def __init__(self, agent: str, text: str) -> None:
        super().__init__()
        self.agent = agent
        self.text = text


class RunBegan(Message):
    """A DARE was started, here or elsewhere, or was found running."""

    def __init__(self, run: DareRun) -> None:
        super().__init__()
        self.run = run


class RunAdvanced(Message):
    """A DARE moved on."""

    def __init__(self, run: DareRun) -> None:
        super().__init__()
        self.run = run


class RunEnded(Message):
    """A DARE came to its result."""

    def __init__(self, run: DareRun) -> None:
        super().__init__()
        self.run = run


class ConfigurationArrived(Message):
    """A new active configuration was decided, or (`draft`) the cluster's default one changed."""

    def __init__(self, *, draft: bool) -> None:
        super().__init__()
        self.draft = draft


class ProblemArose(Message):
    """Something that was asked for did not happen; it is shown, never swallowed."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self.title = title
        self.text = text
