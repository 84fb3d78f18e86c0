"""`python -m tui.cli` is `clustertui`, for where no command is installed."""

import sys

from tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
