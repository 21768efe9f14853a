"""Units swept out of a mixed model: given the effects, the two errors of each unit have a posterior of their own, in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from groundplan.maths.groups import group_sum
from groundplan.maths.measurements import Measurements, Variances, error_variance, prior_variance, unit_variance

__all__ = ["Places", "Swept", "effects_posterior", "row_precision", "sweep_units"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where the design's entries fall when rows are added up by unit: K places, those of one unit beside each other.

    Args:
        row: shape (nnz,), the row of each entry of the design.
        place: shape (nnz,), where it falls.
        column: shape (K,), the effect.
        unit: shape (K,), the unit.
        start: shape (U + 1,), where each unit's places start.
        width: p, number of effects.
    """

    row: IntArray
    place: IntArray
    column: IntArray
    unit: IntArray
    start: IntArray
    width: int

    @classmethod
    def of(cls, data: Measurements) -> Places:
        """Lay out the places of a design."""
        units, width = data.unit_design.shape
        row = np.repeat(np.arange(len(data.unit)), np.diff(data.design.indptr))
        keys, place = np.unique(data.unit[row] * width + data.design.indices, return_inverse=True)
        unit, column = np.divmod(keys, max(width, 1))
        return cls(row, place, column, unit, np.searchsorted(unit, np.arange(units + 1)), width)

    def add_up(self, values: FloatArray) -> FloatArray:
        """Add values of the design's entries up, shape (K,)."""
        return group_sum(self.place, values, len(self.column))

    def by_unit(self, values: FloatArray) -> csr_array:
        """Make a sparse matrix (U, p) of values at the places."""
        return csr_array((values, self.column, self.start), shape=(len(self.start) - 1, self.width))


@dataclass(frozen=True, slots=True, eq=False)
class Swept:
    """Given theta, (delta, a) of a unit has the mean (delta, common) - pulled (theta - prior mean) and the covariance (own, both, common_own).

    Args:
        variance: shape (N,), error variances of the measurements.
        own, both, common_own: shape (U,).
        sums: the design weighed by h / variance and by g / variance, added up by unit, at the places; each of shape (K,).
        pulled: of delta and of a, at the places; each of shape (K,).
        delta, common: shape (U,).
        moment: what the units say of theta, shape (p,).
    """

    variance: FloatArray
    own: FloatArray
    both: FloatArray
    common_own: FloatArray
    sums: tuple[FloatArray, FloatArray]
    pulled: tuple[FloatArray, FloatArray]
    delta: FloatArray
    common: FloatArray
    moment: FloatArray

    def unit_precision(self, places: Places) -> FloatArray:
        """Give what unknown units take back of the precision of theta, shape (p, p)."""
        taken = np.zeros((places.width, places.width))
        for total, pull in zip(self.sums, self.pulled, strict=True):
            if total.any():
                taken += (places.by_unit(total).T @ places.by_unit(pull)).toarray()
        return taken

    def means(self, places: Places, shift: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the means of delta and a of each unit, shape (U,), for theta at its prior mean plus `shift`."""
        units = len(self.own)
        taken = [np.bincount(places.unit, pull * shift[places.column], units) for pull in self.pulled]
        return self.delta - taken[0], self.common - taken[1]


def sweep_units(data: Measurements, places: Places, variances: Variances) -> Swept:
    """Find the posterior of the units given theta, and what they say of it.

    Args:
        data: measurements of a part of the units, as `cut_units` gives them.
        places: of its design.
        variances: of the model.

    Source:
        Henderson (1975), Biometrics 31; Woodbury's identity unit by unit, on the two errors of a unit.
    """
    assert data.common is not None and data.common_scale is not None
    units, design, unit = data.unit_design.shape[0], data.design, places.unit
    variance = error_variance(data, variances)
    first, second = data.loading / variance, data.common / variance
    # Written so that a prior variance of zero is allowed.
    hh, hg, gg = (group_sum(data.unit, weight * loading, units) for weight, loading in ((first, data.loading), (first, data.common), (second, data.common)))
    prior, shared = unit_variance(data, variances), variances.common * data.common_scale
    determinant = (1.0 + hh * prior) * (1.0 + gg * shared) - hg**2 * prior * shared
    own, both, common_own = prior * (1.0 + gg * shared) / determinant, -prior * shared * hg / determinant, shared * (1.0 + hh * prior) / determinant
    sums = places.add_up(first[places.row] * design.data), places.add_up(second[places.row] * design.data)
    pulled = own[unit] * sums[0] + both[unit] * sums[1], both[unit] * sums[0] + common_own[unit] * sums[1]
    residual = data.value - design @ data.mean
    seen = [group_sum(data.unit, weight * residual, units) for weight in (first, second)]
    moment = design.T @ (residual / variance) - np.bincount(places.column, pulled[0] * seen[0][unit] + pulled[1] * seen[1][unit], places.width)
    return Swept(variance, own, both, common_own, sums, pulled, own * seen[0] + both * seen[1], both * seen[0] + common_own * seen[1], moment)


def row_precision(design: csr_array, variance: FloatArray) -> FloatArray:
    """Give what measurements say of theta if their units are known, X' V^-1 X, shape (p, p)."""
    weighed = csr_array((design.data / np.repeat(variance, np.diff(design.indptr)), design.indices, design.indptr), shape=design.shape)
    return np.asarray((design.T @ weighed).toarray())


def effects_posterior(data: Measurements, variances: Variances, precision: FloatArray, moment: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the mean of theta less its prior mean, shape (p,), and its covariance, shape (p, p), from what measurements say of it."""
    factor = cho_factor(precision + np.diag(1.0 / prior_variance(data, variances)), lower=True)
    covariance = cho_solve(factor, np.eye(len(precision)))
    return cho_solve(factor, moment), (covariance + covariance.T) / 2
