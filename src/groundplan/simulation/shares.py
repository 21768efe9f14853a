"""Whole numbers that add up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["share_out"]


def share_out(count: int, weights: NDArray[np.float64], *, least: int = 0, most: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Split a whole number by weights, by largest remainder.

    Args:
        count: what is split, >= 0.
        weights: shape (n,), >= 0, not all zero.
        least: at least so many each, where `count` allows that for all.
        most: shape (n,), at most so many each; what is over goes to the others by what they still lack. None: no limit.

    Returns:
        Whole numbers, shape (n,), that add up to `count`, or to the sum of `most` where that is less.
    """
    floor = np.full(len(weights), least if count >= least * len(weights) else 0)
    exact = (count - floor.sum()) * weights / weights.sum()
    whole = np.floor(exact).astype(np.int64)
    missing = int(count - floor.sum() - whole.sum())
    whole[np.argsort(-(exact - whole), kind="stable")[:missing]] += 1
    numbers = np.asarray(floor + whole, np.int64)
    if most is None or (numbers <= most).all():
        return numbers
    numbers = np.minimum(numbers, most)
    left = most - numbers
    if not left.any():
        return numbers
    return numbers + share_out(min(int(count - numbers.sum()), int(left.sum())), left.astype(float), most=left)
