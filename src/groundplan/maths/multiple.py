"""Many tests at once: p-values that hold for all of them together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["holm"]

FloatArray = NDArray[np.float64]


def holm(p_values: FloatArray) -> FloatArray:
    """Adjust p-values so that rejecting those under a level errs in any of them with at most that chance.

    Args:
        p_values: shape (n,), 0 to 1.

    Source:
        Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    order = np.argsort(p_values, kind="stable")
    adjusted = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    found = np.empty(len(p_values))
    found[order] = np.minimum(adjusted, 1.0)
    return found
