"""What the members of a group do together over time: a local level and a season, seen through the members' own ups and downs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundplan.maths.dynamics import Dynamics

__all__ = ["smooth_common"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_DRIFT = (0.0, 0.001, 0.004, 0.016, 0.064)
"""Variances that a group's level may gain over a year, in logs."""
_SEASON = (0.0, 0.0005, 0.002, 0.008, 0.032, 0.128)
"""Variances that its months (weeks, quarters) may have."""
_POOLED_COUNT = 50.0
"""So many times all groups together are worth in each of them."""
_UNSEEN = 1e6


def smooth_common(mean: FloatArray, number: FloatArray, years: FloatArray, season: IntArray, own: Dynamics, steps: FloatArray) -> FloatArray:
    """Find the path that the members of each group have in common: m_t = c + l_t + s_month(t) + own / sqrt(n_t).

    l is a random walk, s a season that repeats itself; what members do on their own (an autoregression and white movement) is left in their mean the more, the fewer they are. How
    fast levels drift and how large seasons are is chosen from a grid by restricted likelihood, each group on its own and on what all show together.

    Args:
        mean: m, shape (G, T), of the members' values; anything where there is none.
        number: n, shape (G, T), of members seen.
        years: shape (T,), when each time begins.
        season: shape (T,), which part of the year it is; times of one part share its season.
        own: how a member moves, a single group.
        steps: shape (T - 1,), lengths of the steps between times, as `own` counts them.

    Returns:
        l + s, shape (G, T), at all times; its mean over the times seen, weighed by their numbers, is zero.

    Source:
        Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, section 2.3; solved as a normal process of T times.
    """
    groups, times = mean.shape
    if not groups or times < 2:
        return np.zeros(mean.shape)
    there = number > 0
    weight = np.where(there, 1.0 / np.sqrt(np.maximum(number, 1.0)), 0.0)
    apart = np.abs(np.subtract.outer(*[np.concatenate([[0.0], np.cumsum(steps)])] * 2))
    alone = own.stationary[0] * own.persistence[0] ** apart + np.diag(np.full(times, own.white[0]))
    noise = weight[:, :, None] * alone * weight[:, None, :] + np.where(there, 0.0, _UNSEEN)[:, :, None] * np.eye(times)
    walk = np.minimum.outer(years - years.min(), years - years.min())
    same = (season[:, None] == season).astype(float)
    values = np.where(there, mean, 0.0)
    grid = [(drift, part) for drift in _DRIFT for part in _SEASON]
    likelihood = np.stack([_likelihood(noise + drift * walk + part * same, values, there) for drift, part in grid])
    seen = float(there.sum())
    pooled = likelihood.sum(axis=1, keepdims=True) * (min(_POOLED_COUNT, seen) / max(seen, 1.0))
    best = np.argmax(likelihood + pooled, axis=0)
    drift, part = np.array(grid)[best].T
    common = drift[:, None, None] * walk + part[:, None, None] * same
    solved, one = _solve(noise + common, values, there)
    level = (one * values).sum(axis=1) / np.maximum((one * there).sum(axis=1), 1e-300)
    path = np.einsum("gst,gt->gs", common, solved - level[:, None] * one)
    # What a path has on the whole belongs to the members' levels.
    return np.asarray(path - ((number * path).sum(axis=1) / np.maximum(number.sum(axis=1), 1.0))[:, None])


def _solve(covariance: FloatArray, values: FloatArray, there: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Give V^-1 m and V^-1 1, shape (G, T) each, 1 being what is seen."""
    both = np.linalg.solve(covariance, np.stack([values, there.astype(float)], axis=2))
    return both[:, :, 0], both[:, :, 1]


def _likelihood(covariance: FloatArray, values: FloatArray, there: NDArray[np.bool_]) -> FloatArray:
    """Give the restricted log likelihood of each group up to a constant, shape (G,)."""
    solved, one = _solve(covariance, values, there)
    information = (one * there).sum(axis=1)
    level = (one * values).sum(axis=1) / np.maximum(information, 1e-300)
    squares = (values * solved).sum(axis=1) - level**2 * information
    return np.asarray(-0.5 * (np.linalg.slogdet(covariance)[1] + np.log(np.maximum(information, 1e-300)) + squares))
