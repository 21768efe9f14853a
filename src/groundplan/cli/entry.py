"""Where the command starts: even the loading of its modules can be stopped in words."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Load the command line and run it."""
    try:
        from groundplan.cli.main import main as run
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; nothing was begun.\n")
        sys.exit(130)
    run()
