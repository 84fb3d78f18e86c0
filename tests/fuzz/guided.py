"""The same, led by coverage, where atheris is installed (it is no dependency of this project).

python -m tests.fuzz.guided -max_total_time=60 [CORPUS]: the first byte of an input chooses what has
it: a control message, a heartbeat, a request, a journal or a configuration.
"""

import importlib
import sys
from typing import Any


def main() -> int:
    """Fuzz until told to end; libFuzzer's own options are understood."""
    try:
        atheris: Any = importlib.import_module("atheris")
    except ImportError:
        sys.stderr.write("atheris is not installed: pip install atheris\n")
        return 2
    with atheris.instrument_imports(include=["nodeagent"]):
        targets: Any = importlib.import_module("tests.fuzz.targets")  # and all of nodeagent
    message, beat, console = targets.samples()

    def one(data: bytes) -> None:
        kind, body = data[:1], data[1:]
        if kind < b"\x60":
            targets._have_frame((body, message))
        elif kind < b"\x80":
            targets._have_frame((body, beat))
        elif kind < b"\xa0":
            targets._have_frame((body, console))
        elif kind < b"\xd0":
            targets._have_toml(body)
        else:
            targets._have_journal(targets.JOURNAL_BYTES + body)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
