"""Fixed points of steps that creep, such as those of expectation-maximisation, found sooner by extrapolation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["find_fixed_point"]

FloatArray = NDArray[np.float64]

_LONGER = 4.0
"""By how much the longest extrapolation grows where it was long enough to be cut, and shrinks where it went too far."""
_FAR = 20.0
"""A step so many times as long as the one before shows that an extrapolation went too far; somewhat longer ones belong to the method."""


def find_fixed_point(step: Callable[[FloatArray], FloatArray], begin: FloatArray, *, rounds: int, tolerance: float) -> tuple[FloatArray, float]:
    """Find x = step(x): two steps, whose lengths and bend say how far to extrapolate; an extrapolation after which steps are far longer is taken back.

    Args:
        step: a map of vectors of shape (n,) that converges by itself, if slowly.
        begin: where to begin, shape (n,).
        rounds: most calls of `step`.
        tolerance: largest change of an element in one step at which to stop.

    Returns:
        The last point, and the largest change of an element in the last step: below the tolerance if the point was found.

    Source:
        Varadhan and Roland (2008), Scandinavian Journal of Statistics 35(2), scheme S3.
    """
    current, retreat, before, longest, moved = begin, begin, np.inf, 1.0, np.inf
    for taken in range(1, rounds + 1, 2):
        first = step(current)
        change = first - current
        size, moved = float(np.linalg.norm(change)), float(np.max(np.abs(change), initial=0.0))
        if size > _FAR * before:
            current, before, longest = retreat, np.inf, max(1.0, longest / _LONGER)
            continue
        if moved < tolerance or taken == rounds:
            return first, moved
        second = step(first)
        bend = second - first - change
        if np.max(np.abs(second - first)) < tolerance:
            return second, float(np.max(np.abs(second - first)))
        length = min(max(size / max(float(np.linalg.norm(bend)), 1e-300), 1.0), longest)
        longest = longest * _LONGER if length == longest else longest
        current, retreat, before = current + 2.0 * length * change + length**2 * bend, second, size
    return retreat, moved
