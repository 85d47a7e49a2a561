"""``python -m convergence`` is the command line."""

from __future__ import annotations

import sys

from convergence.cli import main

sys.exit(main())
