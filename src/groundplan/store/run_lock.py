"""A lock that says whether a run folder is being written at this moment.

The operating system holds it for the process that writes and lets it go however that process ends, by `kill -9` too. So no
process number is guessed at, and what a dead process left is not taken for a run in progress.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["LOCK", "is_being_written", "writing_lock"]

LOCK = ".writing"
"""Name of the lock file in a run folder; it goes when the run is whole."""


@contextmanager
def writing_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a run folder while the block runs, then take the lock file away.

    Where the file system knows no locks the run goes on without one; `is_being_written` then cannot tell and says yes.

    Raises:
        OSError: the folder cannot be written to.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with suppress(OSError):
            _take(descriptor)
        yield
    finally:
        os.close(descriptor)
        (folder / LOCK).unlink(missing_ok=True)


def is_being_written(folder: Path) -> bool:
    """Say whether a living process writes into a run folder; yes where that cannot be told, so that nobody deletes it."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        _take(descriptor)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
