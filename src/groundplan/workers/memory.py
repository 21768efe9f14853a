"""Memory that is free again, given back to the system: the C library keeps it for arrays to come, beside which tables of other libraries would grow."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["give_back_memory"]


def give_back_memory() -> None:
    """Give freed memory back where the C library can (GNU's, on Linux); elsewhere do nothing."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
