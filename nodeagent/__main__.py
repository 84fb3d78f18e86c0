"""`python -m nodeagent` is the command `nodeagent`."""

import sys

from nodeagent.cli import main

sys.exit(main())
