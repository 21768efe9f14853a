"""How far each unit's reports of the base period lie from what it made, with the errors that units share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.rows import Rows
from groundplan.estimation.spread import Loadings, Spread
from groundplan.maths.groups import group_count, group_sum
from groundplan.period import Period, parse_period

__all__ = ["BaseSums", "YearBias", "sum_base", "year_bias"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_LEAST_SD = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class YearBias:
    """Log of reported to true output of the base period, n units.

    Args:
        unit: shape (n,), positions of the units of which something was reported.
        mean: shape (n,); infinite where all that was reported was not made, or nothing was reported of what was made.
        own_sd: shape (n,), part of the standard deviation that no other unit shares, > 0.
        shared: sparse (n, F), loadings on independent standard normal factors that units have in common.
    """

    unit: IntArray
    mean: FloatArray
    own_sd: FloatArray
    shared: csr_array

    def log_sd(self) -> FloatArray:
        """Give the standard deviation, shape (n,)."""
        return np.asarray(np.sqrt(self.own_sd**2 + np.asarray(self.shared.power(2).sum(axis=1)).ravel()))


@dataclass(frozen=True, slots=True, eq=False)
class BaseSums:
    """Sums over the rows of each series in the base period that have a report, shape (S,) each: reports, mean output, squares of the rows' own errors."""

    reported: FloatArray
    made: FloatArray
    square: FloatArray


def sum_base(evidence: Evidence, rows: Rows, spread: Spread, base: Period) -> BaseSums:
    """Add reports and estimates of a part up over the base period."""
    inside = np.array([base.contains(parse_period(label)) for label in evidence.periods])
    report = evidence.reported[rows.series, rows.period]
    at = np.flatnonzero(inside[rows.period] & np.isfinite(report))
    series, live = rows.series[at], ~rows.zero[at]
    own = np.where(live, spread.own_sd[at], 0.0)
    made = np.where(live, np.exp(np.where(live, rows.mean[at], 0.0) + own**2 / 2), 0.0)
    return BaseSums(*(group_sum(series, values, len(evidence.series_unit)) for values in (report[at], made, (made * own) ** 2)))


def year_bias(evidence: Evidence, sums: BaseSums, loadings: Loadings) -> YearBias:
    """Take the mean of log(reported / made) over each unit's products.

    Products have measures of their own, so each counts alike. Only periods with a report count; series of which nothing was reported and nothing made do not.

    Args:
        evidence: what is known.
        sums: of the base period.
        loadings: of the series on shared factors.
    """
    count = len(evidence.series_unit)
    reported, total, square = sums.reported, sums.made, sums.square
    kept = np.flatnonzero((reported > 0) | (total > 0))
    reported, total, square = reported[kept], total[kept], square[kept]
    unit, place = np.unique(evidence.series_unit[kept], return_inverse=True)
    share = 1.0 / group_count(place, len(unit))[place]
    with np.errstate(divide="ignore"):
        gap = np.log(reported) - np.log(total)
    mean = np.zeros(len(unit))
    with np.errstate(invalid="ignore"):
        np.add.at(mean, place, share * gap)
    # One product out of nothing and another into nothing: nothing can be said of the unit as a whole.
    mean[np.isnan(mean)] = 0.0
    counts = np.where(total > 0, share, 0.0)
    variance = group_sum(place, counts**2 * square / np.where(total > 0, total, 1.0) ** 2, len(unit))
    # What output has too much the bias has too little; the sign of a factor is arbitrary, but it is the same for all.
    shared = csr_array(csr_array((-counts, (place, kept)), shape=(len(unit), count)) @ loadings.matrix)
    shared.eliminate_zeros()
    common = np.bincount(shared.indices, minlength=shared.shape[1]) > 1
    variance += np.asarray(shared[:, ~common].power(2).sum(axis=1)).ravel()
    return YearBias(unit, mean, np.maximum(np.sqrt(variance), _LEAST_SD), csr_array(shared[:, common]))
