"""How fast paths forget and how far they swing: autoregression and white noise by group, drawn to what all groups have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.maths.groups import group_sum
from groundplan.maths.paths import filter_paths

__all__ = ["Dynamics", "fit_dynamics"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_PERSISTENCE = (0.0, 0.2, 0.4, 0.55, 0.7, 0.8, 0.87, 0.92, 0.96, 0.98)
_SHARE = (0.03, 0.15, 0.3, 0.45, 0.6, 0.75, 0.87, 0.97)
"""Of the variance, the autoregression's part."""
_PRIOR_PERSISTENCE, _PRIOR_SHARE, _PRIOR_SD = (0.7, 0.3), (0.5, 0.3), 0.15
"""Means and spreads where there are no data, of a path in logs and steps of a month."""
_PRIOR_COUNT = 10.0
_POOLED_COUNT = 100.0
"""So many observations all groups together are worth in each of them."""
_FAR = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Dynamics:
    """Of each of G groups of paths, shape (G,).

    Args:
        persistence: autocorrelation of the autoregression over a step of length 1.
        stationary: its variance.
        white: variance that one time does not share with the next.
    """

    persistence: FloatArray
    stationary: FloatArray
    white: FloatArray


def fit_dynamics(values: FloatArray, steps: FloatArray, group: IntArray, groups: int) -> Dynamics:
    """Find the best of a grid of persistences and shares by restricted likelihood, with the scale that goes with it.

    A group is judged on its own likelihood plus that of all paths, counted as 100 observations; the whole on its likelihood
    and a weak prior. Values that stick out beyond 4 robust standard deviations of their group are drawn in to that.

    Args:
        values: shape (S, T), logs; NaN where nothing is seen.
        steps: shape (T - 1,), lengths of the steps between times.
        group: shape (S,), positions.
        groups: number of groups.

    Source:
        Patterson and Thompson (1971), Biometrika 58; Morris (1983), Parametric empirical Bayes inference, JASA 78.
    """
    values = _drawn_in(values, group, groups)
    noise = np.where(np.isfinite(values), 1.0, np.inf)
    count = len(values)
    grid = [(persistence, share) for persistence in _PERSISTENCE for share in _SHARE]
    square, determinant, freedom = np.zeros((len(grid), groups)), np.zeros((len(grid), groups)), np.zeros(groups)
    # All shares of a persistence at once: a step through time is then worth its call.
    shares, many = np.repeat(_SHARE, count), len(_SHARE)
    noises, copies = np.tile(noise, (many, 1)) * (1.0 - shares)[:, None], np.tile(values, (many, 1))
    cell = np.repeat(np.arange(many) * groups, count) + np.tile(group, many)
    for at, persistence in enumerate(_PERSISTENCE):
        paths = filter_paths(noises, persistence=np.full(many * count, persistence), stationary=shares, steps=steps, level_variance=np.full(many * count, np.inf))
        found = [group_sum(cell, part, many * groups).reshape(many, groups) for part in paths.fit(copies)]
        square[at * many : (at + 1) * many], determinant[at * many : (at + 1) * many], freedom = found[0], found[1], found[2][0]
    number = float(freedom.sum())
    pooled_scale = (square.sum(axis=1) + _PRIOR_COUNT * _PRIOR_SD**2) / (number + _PRIOR_COUNT)
    nearest = np.array([((p - _PRIOR_PERSISTENCE[0]) / _PRIOR_PERSISTENCE[1]) ** 2 + ((s - _PRIOR_SHARE[0]) / _PRIOR_SHARE[1]) ** 2 for p, s in grid])
    pooled = number * np.log(pooled_scale) + determinant.sum(axis=1) + nearest
    # The scale is drawn to that of all under an inverse gamma prior, and integrated out.
    scale = (square + _PRIOR_COUNT * pooled_scale[:, None]) / (freedom + _PRIOR_COUNT)
    deviance = (freedom + _PRIOR_COUNT) * np.log(scale) + determinant + (pooled * min(1.0, _POOLED_COUNT / max(number, 1.0)))[:, None]
    best = np.argmin(deviance, axis=0)
    chosen, variance = np.array(grid)[best], scale[best, np.arange(groups)]
    return Dynamics(chosen[:, 0], chosen[:, 1] * variance, (1.0 - chosen[:, 1]) * variance)


def _drawn_in(values: FloatArray, group: IntArray, groups: int) -> FloatArray:
    seen = np.isfinite(values)
    number = np.maximum(seen.sum(axis=1), 1)
    mean = np.where(seen, values, 0.0).sum(axis=1) / number
    centred = np.where(seen, values - mean[:, None], np.nan)
    spread = np.full(groups, np.inf)
    sizes = np.where(seen, np.abs(np.where(seen, centred, 0.0)), 0.0).sum(axis=1)
    # 1.2533 times the mean absolute deviation is a normal's standard deviation, and one slip among many moves it little.
    total, count = group_sum(group, sizes, groups), group_sum(group, seen.sum(axis=1).astype(float), groups)
    known = (count > 0) & (total > 0)
    spread[known] = _FAR * 1.2533 * total[known] / count[known]
    bound = spread[group][:, None]
    return np.where(seen, np.clip(centred, -bound, bound), np.nan)
