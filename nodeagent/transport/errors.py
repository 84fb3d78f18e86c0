"""What can go wrong when sockets or keys are set up, told with what would be right."""


class TransportError(Exception):
    """A socket or key cannot be used; the text names the file or address and the remedy."""

    def __init__(self, subject: str, what: str, remedy: str = "") -> None:
        super().__init__(f"{subject}: {what}" + (f" ({remedy})" if remedy else ""))
        self.subject = subject
        self.what = what
        self.remedy = remedy
