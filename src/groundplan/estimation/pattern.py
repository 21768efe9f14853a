"""What a series would have reported in a month without a usable report: its level, its product's month, and what its proxies did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from groundplan.estimation.evidence import Evidence
from groundplan.maths.groups import group_mean, masked_mean

__all__ = ["Pattern", "report_pattern"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_PSEUDO = 2.0
"""Series at zero that are added to each product's month: a lone series' ups and downs are not its product's."""
_ROUNDS = 3
_LEAST_SPREAD = 0.03
_PRIOR_SPREAD = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """How reports move from period to period.

    Args:
        level: shape (S,), mean log report, the product's months taken off; NaN where there is none.
        count: shape (S,), how many usable reports there are.
        movement: shape (S, T), expected deviation of a period from the level.
        variance: of a report around level and movement.
    """

    level: FloatArray
    count: IntArray
    movement: FloatArray
    variance: float


def report_pattern(evidence: Evidence, log_report: FloatArray) -> Pattern:
    """Fit level + product's month + slope x proxy to the usable reports.

    Levels and months are fitted in turns (two-way means); the proxy is the one whose movement within units, its sector's month taken off, goes along
    with the reports' best, by least squares over all units.

    Args:
        evidence: what is known.
        log_report: shape (S, T), log of the usable reports, NaN elsewhere.
    """
    there = np.isfinite(log_report)
    filled = np.where(there, log_report, 0.0)
    count = there.sum(axis=1)
    series = len(count)
    member = csr_array((np.ones(series), (evidence.series_product, np.arange(series))), shape=(len(evidence.products), series))
    number = member @ there.astype(float) + _PSEUDO
    wave = np.zeros(number.shape)
    level = np.zeros(series)
    for _ in range(_ROUNDS):
        level = np.where(there, filled - wave[evidence.series_product], 0.0).sum(axis=1) / np.maximum(count, 1)
        wave = (member @ np.where(there, filled - level[:, None], 0.0)) / number
    movement = wave[evidence.series_product]
    rest = np.where(there, filled - level[:, None] - movement, 0.0)
    follow = _proxy_movement(evidence, there, rest)
    rest = np.where(there, rest - follow, 0.0)
    freedom = max(float(there.sum() - (count > 0).sum()), 1.0)
    variance = (float((rest**2).sum()) + 10.0 * _PRIOR_SPREAD**2) / (freedom + 10.0)
    return Pattern(np.where(count > 0, level, np.nan), count, movement + follow, max(variance, _LEAST_SPREAD**2))


def _proxy_movement(evidence: Evidence, there: NDArray[np.bool_], rest: FloatArray) -> FloatArray:
    """Part of the rest that the best proxy explains, shape (S, T); zero where the proxy is missing."""
    best, found = 0.0, np.zeros(rest.shape)
    for values in evidence.proxies.values():
        moved = _within(evidence, values, there)
        known = np.isfinite(moved)
        x = np.where(known, moved, 0.0)
        both = known & there
        square, cross, total = (float(part[both].sum()) for part in (x * x, x * rest, rest * rest))
        if square <= 0 or total <= 0:
            continue
        explained = cross**2 / square / total
        if explained > max(best, 0.05):
            best, found = explained, cross / square * x
    return found


def _within(evidence: Evidence, values: FloatArray, there: NDArray[np.bool_]) -> FloatArray:
    """Movement of a proxy around its mean in the months that the series reports, its sector's month taken off, shape (S, T)."""
    unit, sectors = evidence.series_unit, len(evidence.sector.labels)
    mean = masked_mean(values, np.isfinite(values))
    deviation = values - mean[:, None]
    wave = np.stack([_column_mean(evidence.sector.position, deviation[:, at], sectors) for at in range(values.shape[1])], axis=1) if values.shape[1] else deviation
    moved = (deviation - wave[evidence.sector.position])[unit]
    both = np.isfinite(moved) & there
    offset = masked_mean(moved, both)
    return np.asarray(moved - np.where(np.isfinite(offset), offset, 0.0)[:, None])


def _column_mean(group: IntArray, values: FloatArray, count: int) -> FloatArray:
    known = np.flatnonzero(np.isfinite(values))
    return group_mean(group[known], values[known], count)
