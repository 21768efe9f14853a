"""Sums and means by group, for arrays of positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["group_count", "group_mean", "group_sum"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def group_sum(group: IntArray, values: FloatArray, count: int) -> FloatArray:
    """Add values up by group: `group` and `values` of shape (n,), positions in [0, count); gives shape (count,)."""
    return np.bincount(group, values, count).astype(np.float64)


def group_count(group: IntArray, count: int) -> FloatArray:
    """Count the rows of each group, shape (count,), as numbers to divide by."""
    return np.bincount(group, minlength=count).astype(np.float64)


def group_mean(group: IntArray, values: FloatArray, count: int) -> FloatArray:
    """Average values by group, shape (count,); 0 where a group has none."""
    return group_sum(group, values, count) / np.maximum(group_count(group, count), 1.0)
