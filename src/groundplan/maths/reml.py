"""Variances of a mixed model by expectation-maximisation: restricted likelihood with a weak prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from groundplan.maths.acceleration import find_fixed_point
from groundplan.maths.groups import group_count, group_sum
from groundplan.maths.measurements import Measurements, Variances, cut_units
from groundplan.maths.sweep import Places, Swept, effects_posterior, row_precision, sweep_units
from groundplan.workers.threads import in_threads

__all__ = ["fit_variances"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_UNITS = 1_000
"""So many units are gone through at once."""


def fit_variances(data: Measurements, start: Variances, *, counts: Variances, begin: Variances | None = None, rounds: int = 60, tolerance: float = 2e-3) -> tuple[Variances, float]:
    """Estimate variances by expectation-maximisation of the marginal posterior, effects and units integrated out, its steps lengthened by extrapolation.

    Each variance has a scaled inverse chi-squared prior with the start as its scale: with no data it stays at its start. Effects are
    integrated out with the units, so the estimate is a restricted one (REML) up to that prior.

    Args:
        data: measurements.
        start: the prior's scale, and where to begin; a common variance of 0 stays 0.
        counts: the prior's degrees of freedom, one for each variance.
        begin: where to begin instead.
        rounds: most steps of expectation-maximisation.
        tolerance: largest relative change of a variance in such a step at which to stop.

    Returns:
        The variances, and the largest relative change of one in the last step: below the tolerance unless the steps were too few.

    Source:
        Dempster, Laird and Rubin (1977); Patterson and Thompson (1971); Laird and Ware (1982); Varadhan and Roland (2008), Scandinavian Journal of
        Statistics 35, for the extrapolation.
    """
    expectation = _Expectation(data, start, counts)
    first = start if begin is None else begin
    shared, apart = start.common > 0, start.apart > 0

    def listed(variances: Variances) -> FloatArray:
        return np.asarray(np.log(np.concatenate([[variances.unit], variances.error, variances.effect, [variances.common][: int(shared)], [variances.apart][: int(apart)]])))

    def named(logs: FloatArray) -> Variances:
        unit, error, effect, common, last = np.split(np.exp(logs), np.cumsum([1, len(start.error), len(start.effect), int(shared)]))
        return Variances(float(unit[0]), error, effect, float(common[0]) if shared else 0.0, float(last[0]) if apart else 0.0)

    found, moved = find_fixed_point(lambda logs: listed(expectation.step(named(logs))), listed(first), rounds=rounds, tolerance=tolerance)
    return named(found), moved


class _Expectation:
    """Steps of expectation-maximisation; what does not change between them is laid out once."""

    def __init__(self, data: Measurements, start: Variances, counts: Variances) -> None:
        self.data, self.start, self.counts = data, start, counts
        self.parts = list(in_threads(lambda part: _Part.of(part, len(start.error)), cut_units(data, _UNITS)))
        width = data.unit_design.shape[1]
        # X' X of the measurements of each component.
        self.gram = np.sum([np.zeros((len(start.error), width, width)), *(part.gram for part in self.parts)], axis=0)
        self.measured = np.sum([np.zeros(2), *(group_count(part.apart[part.measured], 2) for part in self.parts)], axis=0)
        self.sharing = sum(int(part.sharing.sum()) for part in self.parts)

    def step(self, current: Variances) -> Variances:
        """Replace each variance by the expected mean square of what it is the variance of, drawn to its prior's scale."""
        data, start, counts = self.data, self.start, self.counts
        done = list(in_threads(lambda part: part.sweep(current), self.parts))
        width = data.unit_design.shape[1]
        precision = np.sum([np.tensordot(1.0 / current.error, self.gram, 1), *(each[1] for each in done)], axis=0)
        moment = np.sum([np.zeros(width), *(each[0].moment for each in done)], axis=0)
        shift, covariance = effects_posterior(data, current, precision, moment)
        found = list(in_threads(lambda pair: pair[0].squares(pair[1][0], current, shift, covariance), zip(self.parts, done, strict=True)))
        delta = np.sum([np.zeros(2), *(each[0] for each in found)], axis=0)
        common = float(sum(each[1] for each in found))
        error = np.sum([np.einsum("cij,ij->c", self.gram, covariance), *(each[2] for each in found)], axis=0)
        random = data.block >= 0
        effect = group_sum(data.block[random], (shift**2 + np.diag(covariance))[random], len(start.effect))
        return Variances(
            float((delta[0] + counts.unit * start.unit) / (self.measured[0] + counts.unit)),
            (error + counts.error * start.error) / (group_count(data.component[data.component >= 0], len(start.error)) + counts.error),
            (effect + counts.effect * start.effect) / (group_count(data.block[random], len(start.effect)) + counts.effect),
            (common + counts.common * start.common) / (self.sharing + counts.common) if start.common > 0 else 0.0,
            float((delta[1] + counts.apart * start.apart) / (self.measured[1] + counts.apart)) if start.apart > 0 else 0.0,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Some of the units.

    Args:
        data: their measurements.
        places: of the design.
        plain: shape (N,), the measurement's error is all its component's; those of a component then have one variance, and only sums over them count.
        rest: design of the other measurements.
        gram: X' X of the plain measurements of each of C components, shape (C, p, p).
        levers: h x and g x of the plain measurements of each component, added up by unit at the places, shape (2, C, K).
        squares_of: h h, g g and h g of the plain measurements of each component, added up by unit, shape (3, C, U).
        pairs: pairs of places of a unit, as a sparse pattern (K, K).
        cell: shape (pairs,), where each falls in a matrix (p, p), written out.
        half: positions of the pairs on the diagonal or below, one of each two that mirror each other.
        first, second: shape (half,), the places of these.
        measured, sharing: shape (U,), the unit has measurements, and measurements that share its second error.
        apart: shape (U,), 1 where the unit's variance is that of units apart, else 0.
    """

    data: Measurements
    places: Places
    plain: NDArray[np.bool_]
    rest: csr_array
    gram: FloatArray
    levers: FloatArray
    squares_of: FloatArray
    pairs: csr_array
    cell: IntArray
    half: IntArray
    first: IntArray
    second: IntArray
    measured: NDArray[np.bool_]
    sharing: NDArray[np.bool_]
    apart: IntArray

    @classmethod
    def of(cls, data: Measurements, components: int) -> _Part:
        """Lay a part out."""
        assert data.common is not None
        places, units = Places.of(data), data.unit_design.shape[0]
        plain = (data.component >= 0) & (data.known == 0)
        width = places.width
        gram, levers, squares = np.zeros((components, width, width)), np.zeros((2, components, len(places.column))), np.zeros((3, components, units))
        for component in range(components):
            mine = plain & (data.component == component)
            inside = csr_array(data.design[mine])
            gram[component] = (inside.T @ inside).toarray()
            entries = np.where(mine[places.row], data.design.data, 0.0)
            for at, loading in enumerate((data.loading, data.common)):
                levers[at, component] = places.add_up(loading[places.row] * entries)
            for at, square in enumerate((data.loading**2, data.common**2, data.loading * data.common)):
                squares[at, component] = group_sum(data.unit, np.where(mine, square, 0.0), units)
        size = np.diff(places.start)[places.unit]
        ends = np.cumsum(size)
        second = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - size - places.start[places.unit], size)
        first = np.repeat(np.arange(len(size)), size)
        cell = places.column[first] * width + places.column[second]
        pairs = csr_array((np.zeros(len(cell)), second, np.concatenate([[0], ends])), shape=(len(size), len(size)))
        half = np.flatnonzero(first >= second)
        shared = group_count(data.unit[data.common != 0], units) > 0
        return cls(
            data, places, plain, csr_array(data.design[~plain]), gram, levers, squares, pairs, cell, half, first[half], second[half],
            group_count(data.unit, units) > 0, shared, np.zeros(units, np.int64) if data.apart is None else data.apart.astype(np.int64),
        )  # fmt: skip

    def sweep(self, current: Variances) -> tuple[Swept, FloatArray]:
        """Sweep the units out, and say what the part adds to the precision of theta beside its plain measurements, shape (p, p)."""
        places = self.places
        swept, width = sweep_units(self.data, places, current), places.width
        taken = np.zeros(len(self.half))
        for total, pull in zip(swept.sums, swept.pulled, strict=True):
            if total.any():
                taken += total[self.first] * pull[self.second]
        below = group_sum(self.cell[self.half], taken, width * width).reshape(width, width)
        below += below.T
        below[np.diag_indices(width)] /= 2.0
        return swept, row_precision(self.rest, swept.variance[~self.plain]) - below

    def squares(self, swept: Swept, current: Variances, shift: FloatArray, covariance: FloatArray) -> tuple[FloatArray, float, FloatArray]:
        """Give expected squares: of delta, of units alike and apart, shape (2,), and of a, over their scales, added up over units, and of errors by component, shape (C,).

        What the covariance of theta adds to the plain measurements' own errors is left to the sum of all parts.
        """
        data, places = self.data, self.places
        assert data.common is not None and data.common_scale is not None
        units, unit = len(swept.own), places.unit
        crossed = csr_array((covariance.ravel()[self.cell], self.pairs.indices, self.pairs.indptr), shape=self.pairs.shape)
        through = (crossed @ np.stack(swept.pulled, axis=1)).T
        square = [np.bincount(unit, left * right, units) for left, right in zip((*swept.pulled, swept.pulled[0]), (*through, through[1]), strict=True)]
        spread = np.stack([swept.own + square[0], swept.common_own + square[1], swept.both + square[2]])
        mean, common_mean = swept.means(places, shift)
        delta = (mean**2 + spread[0]) / data.unit_scale
        common = (common_mean**2 + spread[1]) / data.common_scale
        left = data.value - data.design @ (data.mean + shift) - data.loading * mean[data.unit] - data.common * common_mean[data.unit]
        components, plain = len(current.error), self.plain
        error = group_sum(data.component[plain], left[plain] ** 2, components)
        error -= 2.0 * np.einsum("ick,ik->c", self.levers, through)
        error += np.einsum("icu,iu->c", self.squares_of, spread * np.array([1.0, 1.0, 2.0])[:, None])
        error += self._rest_squares(swept, current, left, through, spread, covariance)
        return group_sum(self.apart[self.measured], delta[self.measured], 2), float(common[self.sharing].sum()), error

    def _rest_squares(self, swept: Swept, current: Variances, left: FloatArray, through: FloatArray, spread: FloatArray, covariance: FloatArray) -> FloatArray:
        """Give the expected squares of the components' part of those errors that have a known part on top, added up by component, shape (C,)."""
        data, places = self.data, self.places
        assert data.common is not None
        mixed = np.flatnonzero(~self.plain & (data.component >= 0))
        components = len(current.error)
        if not len(mixed):
            return np.zeros(components)
        rows = csr_array(data.design[mixed])
        straight = np.asarray(rows.multiply(rows @ covariance).sum(axis=1)).ravel()
        first, second, unit = data.loading[mixed], data.common[mixed], data.unit[mixed]
        inside = np.full(len(data.unit), -1)
        inside[mixed] = np.arange(len(mixed))
        entry = np.flatnonzero(inside[places.row] >= 0)
        row, place = inside[places.row[entry]], places.place[entry]
        crossed = np.bincount(row, data.design.data[entry] * (first[row] * through[0][place] + second[row] * through[1][place]), len(mixed))
        square = left[mixed] ** 2 + straight - 2.0 * crossed + first**2 * spread[0][unit] + second**2 * spread[1][unit] + 2.0 * first * second * spread[2][unit]
        # Of an error with a known part on top, the share of the square that is the component's own.
        own = current.error[data.component[mixed]]
        share = own / swept.variance[mixed]
        return group_sum(data.component[mixed], share**2 * square + own * (1.0 - share), components)
