"""``python -m convergence`` is the command line."""

from __future__ import annotations

import sys

from convergence.cli import main

if __name__ == "__main__":  # a process that draws figures imports this module, too
    sys.exit(main())
