"""Sums and means by group, for arrays of positions, and means of what is there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["group_count", "group_mean", "group_sum", "masked_mean", "membership"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def group_sum(group: IntArray, values: FloatArray, count: int) -> FloatArray:
    """Add values up by group: `group` and `values` of shape (n,), positions in [0, count); gives shape (count,)."""
    return np.bincount(group, values, count).astype(np.float64)


def group_count(group: IntArray, count: int) -> FloatArray:
    """Count the rows of each group, shape (count,), as numbers to divide by."""
    return np.bincount(group, minlength=count).astype(np.float64)


def group_mean(group: IntArray, values: FloatArray, count: int) -> FloatArray:
    """Average values by group, shape (count,); 0 where a group has none."""
    return group_sum(group, values, count) / np.maximum(group_count(group, count), 1.0)


def membership(group: IntArray, count: int, weight: FloatArray | None = None) -> csr_array:
    """Make the sparse matrix (count, n) that adds the rows of a matrix (n, m) up by group, each times its weight (1 if not given), shape (n,)."""
    ends = np.concatenate([[0], np.cumsum(np.bincount(group, minlength=count))])
    order = np.argsort(group, kind="stable")
    return csr_array((np.ones(len(group)) if weight is None else weight[order], order, ends), shape=(count, len(group)))


def masked_mean(values: FloatArray, mask: BoolArray) -> FloatArray:
    """Average each row over the places where `mask` holds, both of shape (n, m); gives shape (n,), NaN where it holds nowhere."""
    number = mask.sum(axis=1)
    return np.where(number > 0, np.where(mask, values, 0.0).sum(axis=1) / np.maximum(number, 1), np.nan)
