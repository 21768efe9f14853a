"""A linear mixed model with one latent error a unit, measured several times: closed-form posterior, variances by expectation-maximisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array, diags_array

from groundplan.maths.acceleration import find_fixed_point
from groundplan.maths.groups import group_count, group_sum

__all__ = ["Measurements", "Posterior", "Variances", "error_variance", "fit_variances", "held_out", "quadratic", "solve"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """N measurements z = h u_i + X theta + e of the errors u_i = W_i theta + delta_i of U units, with p shared effects theta.

    Args:
        unit: shape (N,), position of the unit measured.
        value: z, shape (N,).
        loading: h, shape (N,), how the measurement moves with delta_i.
        design: X, sparse (N, p), with h W_i contained in it.
        component: shape (N,), which error variance the measurement has; -1: none but `known`.
        known: shape (N,), known error variance, > 0 where component is -1.
        unit_design: W, sparse (U, p).
        unit_scale: shape (U,), by how much delta_i's variance exceeds that of others; 1 as a rule.
        block: shape (p,), which variance the effect has; -1: prior variance `wide`, a fixed effect.
        mean: shape (p,), prior mean of the effects.
        wide: shape (p,), prior variance where block is -1.
        common: g, shape (N,), how the measurement moves with a_i, an error that measurements of a unit share and that is no part of u_i: z = h u_i + X
            theta + g a_i + e. None: there is none.
        common_scale: shape (U,), by how much a_i's variance exceeds that of others; None: 1.
    """

    unit: IntArray
    value: FloatArray
    loading: FloatArray
    design: csr_array
    component: IntArray
    known: FloatArray
    unit_design: csr_array
    unit_scale: FloatArray
    block: IntArray
    mean: FloatArray
    wide: FloatArray
    common: FloatArray | None = None
    common_scale: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Variances:
    """Variances of a mixed model.

    Args:
        unit: of delta_i.
        error: shape (components,), of measurements.
        effect: shape (blocks,), of effects.
        common: of a_i.
    """

    unit: float
    error: FloatArray
    effect: FloatArray
    common: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Posterior given the variances.

    Args:
        effects: mean of theta, shape (p,).
        covariance: of theta, shape (p, p).
        unit_mean: mean of u_i, shape (U,).
        unit_shared: L, shape (U, p): u_i = unit_mean_i + L_i (theta - effects) + nu_i.
        unit_own: variance of nu_i, shape (U,), independent of all else.
        common_mean: mean of a_i, shape (U,).
        common_shared: M, shape (U, p): a_i = common_mean_i + M_i (theta - effects) + kappa_i.
        common_own: variance of kappa_i, shape (U,).
        both_own: covariance of nu_i and kappa_i, shape (U,).
    """

    effects: FloatArray
    covariance: FloatArray
    unit_mean: FloatArray
    unit_shared: csr_array
    unit_own: FloatArray
    common_mean: FloatArray
    common_shared: csr_array
    common_own: FloatArray
    both_own: FloatArray

    def unit_variance(self) -> FloatArray:
        """Give the variance of u_i, shape (U,)."""
        return self.unit_own + quadratic(self.unit_shared, self.covariance)


def solve(data: Measurements, variances: Variances) -> Posterior:
    """Find the posterior of effects and units for given variances (Henderson's mixed model equations, units swept out).

    Source:
        Henderson (1975), Biometrics 31; Woodbury's identity unit by unit, on the two errors of a unit.
    """
    return _posterior(_Solved.of(data, _Entries.of(data), variances), data)


def _posterior(solved: _Solved, data: Measurements) -> Posterior:
    return Posterior(
        effects=data.mean + solved.shift,
        covariance=solved.covariance,
        unit_mean=np.asarray(data.unit_design @ (data.mean + solved.shift) + solved.delta),
        unit_shared=csr_array(data.unit_design - solved.entries.by_unit(solved.pulled[0])),
        unit_own=solved.own,
        common_mean=solved.common_mean,
        common_shared=-solved.entries.by_unit(solved.pulled[1]),
        common_own=solved.common,
        both_own=solved.both,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Entries:
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
    def of(cls, data: Measurements) -> _Entries:
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
class _Solved:
    """The posterior in parts: given theta, (delta, a) of a unit has the mean (delta, common_mean) - pulled (theta - effects) and the covariance (own, both, common).

    Args:
        entries: of the design.
        variance: shape (N,), error variances of the measurements.
        sums: h'h, h'g and g'g of each unit, weighed by 1 / variance; each of shape (U,).
        own, both, common: shape (U,).
        pulled: of delta and of a, at the places of `entries`; each of shape (K,).
        covariance: of theta, shape (p, p).
        shift: mean of theta less its prior mean, shape (p,).
        delta, common_mean: shape (U,).
    """

    entries: _Entries
    variance: FloatArray
    own: FloatArray
    both: FloatArray
    common: FloatArray
    pulled: tuple[FloatArray, FloatArray]
    covariance: FloatArray
    shift: FloatArray
    delta: FloatArray
    common_mean: FloatArray

    @classmethod
    def of(cls, data: Measurements, entries: _Entries, variances: Variances) -> _Solved:
        units, design = data.unit_design.shape[0], data.design
        variance = error_variance(data, variances)
        first, second = data.loading / variance, _common(data) / variance
        own, both, common = _unit_covariance(data, variances, first, second)
        sums = [entries.add_up(weight[entries.row] * design.data) for weight in (first, second)]
        # The units' part of the inverse of the marginal variance, on the design: its two columns are weighed by a 2 x 2 block a unit.
        unit = entries.unit
        pulled = own[unit] * sums[0] + both[unit] * sums[1], both[unit] * sums[0] + common[unit] * sums[1]
        weighed = csr_array((design.data / variance[entries.row], design.indices, design.indptr), shape=design.shape)
        precision = (design.T @ weighed).toarray()
        for total, pull in zip(sums, pulled, strict=True):
            precision -= (entries.by_unit(total).T @ entries.by_unit(pull)).toarray()
        precision[np.diag_indices_from(precision)] += 1.0 / _prior_variance(data, variances)
        residual = data.value - design @ data.mean
        seen = [group_sum(data.unit, weight * residual, units) for weight in (first, second)]
        moment = design.T @ (residual / variance) - np.bincount(entries.column, pulled[0] * seen[0][unit] + pulled[1] * seen[1][unit], entries.width)
        factor = cho_factor(precision, lower=True)
        covariance = cho_solve(factor, np.eye(len(precision)))
        shift = cho_solve(factor, moment)
        taken = [np.bincount(unit, pull * shift[entries.column], units) for pull in pulled]
        delta = own * seen[0] + both * seen[1] - taken[0]
        common_mean = both * seen[0] + common * seen[1] - taken[1]
        return cls(entries, variance, own, both, common, pulled, (covariance + covariance.T) / 2, shift, delta, common_mean)


def _unit_covariance(data: Measurements, variances: Variances, first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give the posterior covariance of (delta, a) of each unit given theta, written so that a prior variance of zero is allowed."""
    units, other = data.unit_design.shape[0], _common(data)
    hh, hg, gg = (group_sum(data.unit, weight * loading, units) for weight, loading in ((first, data.loading), (first, other), (second, other)))
    prior, shared = variances.unit * data.unit_scale, variances.common * _common_scale(data)
    determinant = (1.0 + hh * prior) * (1.0 + gg * shared) - hg**2 * prior * shared
    return prior * (1.0 + gg * shared) / determinant, -prior * shared * hg / determinant, shared * (1.0 + hh * prior) / determinant


def _common(data: Measurements) -> FloatArray:
    return np.zeros(len(data.unit)) if data.common is None else data.common


def _common_scale(data: Measurements) -> FloatArray:
    return np.ones(data.unit_design.shape[0]) if data.common_scale is None else data.common_scale


def fit_variances(data: Measurements, start: Variances, *, counts: Variances, begin: Variances | None = None, rounds: int = 60, tolerance: float = 2e-3) -> Variances:
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

    Source:
        Dempster, Laird and Rubin (1977); Patterson and Thompson (1971); Laird and Ware (1982); Varadhan and Roland (2008), Scandinavian Journal of
        Statistics 35, for the extrapolation.
    """
    expectation = _Expectation(data, start, counts)
    first = start if begin is None else begin
    shared = start.common > 0

    def listed(variances: Variances) -> FloatArray:
        return np.asarray(np.log(np.concatenate([[variances.unit], variances.error, variances.effect, [variances.common][: int(shared)]])))

    def named(logs: FloatArray) -> Variances:
        unit, error, effect, common = np.split(np.exp(logs), np.cumsum([1, len(start.error), len(start.effect)]))
        return Variances(float(unit[0]), error, effect, float(common[0]) if shared else 0.0)

    return named(find_fixed_point(lambda logs: listed(expectation.step(named(logs))), listed(first), rounds=rounds, tolerance=tolerance))


class _Expectation:
    """Steps of expectation-maximisation; what does not change between them is laid out once."""

    def __init__(self, data: Measurements, start: Variances, counts: Variances) -> None:
        units = data.unit_design.shape[0]
        self.data, self.start, self.counts = data, start, counts
        self.entries = _Entries.of(data)
        self.of_units = _Products.of(self.entries.start, self.entries.column, self.entries.width)
        self.of_rows = _Products.of(data.design.indptr.astype(np.int64), data.design.indices.astype(np.int64), self.entries.width)
        self.measured = group_count(data.unit, units) > 0
        self.sharing = group_count(data.unit[_common(data) != 0], units) > 0

    def step(self, current: Variances) -> Variances:
        """Replace each variance by the expected mean square of what it is the variance of, drawn to its prior's scale."""
        data, entries, start, counts = self.data, self.entries, self.start, self.counts
        solved, unit, units = _Solved.of(data, entries, current), entries.unit, len(self.measured)
        through = self.of_units(solved.covariance, *solved.pulled)
        square = [np.bincount(unit, left * right, units) for left, right in zip((*solved.pulled, solved.pulled[0]), (*through, through[1]), strict=True)]
        delta, common = (
            (mean**2 + own + levered) / scale
            for mean, own, levered, scale in (
                (solved.delta, solved.own, square[0], data.unit_scale),
                (solved.common_mean, solved.common, square[1], _common_scale(data)),
            )
        )
        error = self._error_squares(solved, through, (solved.own + square[0], solved.common + square[1], solved.both + square[2]))
        # Of an error with a known part on top, the share of the square that is the component's own.
        own = np.append(current.error, 0.0)[data.component]
        share = own / solved.variance
        free, random = data.component >= 0, data.block >= 0
        shift = solved.shift**2 + np.diag(solved.covariance)
        return Variances(
            _drawn(delta[self.measured], start.unit, counts.unit),
            _moderate(data.component[free], (share**2 * error + own * (1.0 - share))[free], start.error, counts.error),
            _moderate(data.block[random], shift[random], start.effect, counts.effect),
            _drawn(common[self.sharing], start.common, counts.common) if start.common > 0 else 0.0,
        )

    def _error_squares(self, solved: _Solved, through: list[FloatArray], spread: tuple[FloatArray, FloatArray, FloatArray]) -> FloatArray:
        """E e_j^2 of each measurement; `spread` is the covariance of a unit's two errors: of delta, of a, of both."""
        data, entries, design, unit = self.data, self.entries, self.data.design, self.data.unit
        first, second = data.loading, _common(data)
        mean = data.value - design @ (data.mean + solved.shift) - first * solved.delta[unit] - second * solved.common_mean[unit]
        (straight,) = self.of_rows(solved.covariance, design.data)
        crossed = first[entries.row] * through[0][entries.place] + second[entries.row] * through[1][entries.place]
        lever = np.bincount(entries.row, design.data * (straight - 2.0 * crossed), len(unit))
        return np.asarray(mean**2 + lever + first**2 * spread[0][unit] + second**2 * spread[1][unit] + 2.0 * first * second * spread[2][unit])


@dataclass(frozen=True, slots=True, eq=False)
class _Products:
    """M v of sparse rows v, at the places of the row alone: pairs of places in a row, laid out once.

    Args:
        pair: positions in M, row by row.
        other: which place each pair's second is.
        start: where each place's pairs start.
    """

    pair: IntArray
    other: IntArray
    start: IntArray

    @classmethod
    def of(cls, start: IntArray, column: IntArray, width: int) -> _Products:
        """Lay out the pairs of a sparse pattern, of rows start[i] to start[i + 1]."""
        size = np.diff(start)
        each = np.repeat(size, size).astype(np.int64)
        ends = np.cumsum(each)
        other = np.arange(each.sum()) - np.repeat(ends - each - np.repeat(start[:-1], size), each)
        return cls(np.repeat(column, each) * width + column[other], other, ends - each)

    def __call__(self, matrix: FloatArray, *rows: FloatArray) -> list[FloatArray]:
        """Multiply: `rows` hold values at the places, shape (K,); gives the same shape."""
        entries = matrix.ravel()[self.pair]
        return [np.add.reduceat(entries * values[self.other], self.start) if len(self.start) else np.zeros(0) for values in rows]


def held_out(data: Measurements, variances: Variances, post: Posterior, rows: IntArray) -> tuple[FloatArray, FloatArray]:
    """Predict measurements from all others: residual and its variance, exact for given variances.

    Args:
        data: measurements.
        variances: those of `post`.
        post: posterior from all measurements.
        rows: shape (k,), which measurements to hold out, each alone.

    Returns:
        Residual value - prediction and its variance (with the measurement's own), each of shape (k,).

    Source:
        With Q = V^-1 - V^-1 X C X' V^-1 the residual is (Q z)_j / Q_jj and its variance 1 / Q_jj (Cook 1977; Dubrule 1983).
    """
    variance, unit = error_variance(data, variances)[rows], data.unit[rows]
    first, second = data.loading[rows], _common(data)[rows]
    # What is left of a row when its unit's errors and the effects are known as well as they are: e_j = z_j - x_j theta - h delta - g a.
    delta = post.unit_mean - data.unit_design @ post.effects
    left = data.value[rows] - data.design[rows] @ post.effects - first * delta[unit] - second * post.common_mean[unit]
    own = first**2 * post.unit_own[unit] + 2.0 * first * second * post.both_own[unit] + second**2 * post.common_own[unit]
    lever = data.design[rows] + diags_array(first) @ csr_array(post.unit_shared - data.unit_design)[unit] + diags_array(second) @ post.common_shared[unit]
    precision = (1.0 - (own + quadratic(csr_array(lever), post.covariance)) / variance) / variance
    return left / variance / precision, 1.0 / precision


def quadratic(rows: csr_array, matrix: FloatArray, *, chunk: int = 20_000) -> FloatArray:
    """Give a_i' M a_i for each sparse row a_i, shape (n,)."""
    parts = [rows[start : start + chunk] for start in range(0, rows.shape[0], chunk)]
    return np.concatenate([np.asarray(part.multiply(part @ matrix).sum(axis=1)).ravel() for part in parts]) if parts else np.zeros(0)


def error_variance(data: Measurements, variances: Variances) -> FloatArray:
    """Give the error variance of each measurement, known part and component, shape (N,)."""
    extended = np.append(variances.error, 0.0)
    return np.asarray(extended[data.component] + data.known)


def _prior_variance(data: Measurements, variances: Variances) -> FloatArray:
    return np.where(data.block >= 0, np.append(variances.effect, 1.0)[data.block], data.wide)


def _drawn(square: FloatArray, start: float, count: float) -> float:
    """Mean square, drawn to where it started by the prior's degrees of freedom."""
    return float((square.sum() + count * start) / (len(square) + count))


def _moderate(group: IntArray, square: FloatArray, start: FloatArray, counts: FloatArray) -> FloatArray:
    """Mean square of each group, drawn to where it started by the prior's degrees of freedom."""
    return np.asarray((group_sum(group, square, len(start)) + counts * start) / (group_count(group, len(start)) + counts))
