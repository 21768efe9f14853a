"""A linear mixed model with one latent error a unit, measured several times: closed-form posterior, variances by expectation-maximisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array, diags_array

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
    variance = error_variance(data, variances)
    swept = _sweep(data, variances, variance)
    residual = data.value - data.design @ data.mean
    first, second = swept.first @ data.design, swept.second @ data.design
    # The units' part of the inverse of the marginal variance, on the design: its two columns are weighed by a 2 x 2 block a unit.
    pulled_first = diags_array(swept.own) @ first + diags_array(swept.both) @ second
    pulled_second = diags_array(swept.both) @ first + diags_array(swept.common) @ second
    precision = (data.design.T @ diags_array(1.0 / variance) @ data.design).toarray() - (first.T @ pulled_first + second.T @ pulled_second).toarray()
    precision[np.diag_indices_from(precision)] += 1.0 / _prior_variance(data, variances)
    seen_first, seen_second = swept.first @ residual, swept.second @ residual
    moment = data.design.T @ (residual / variance) - pulled_first.T @ seen_first - pulled_second.T @ seen_second
    factor = cho_factor(precision, lower=True)
    covariance = cho_solve(factor, np.eye(len(precision)))
    covariance = (covariance + covariance.T) / 2
    shift = cho_solve(factor, moment)
    effects = data.mean + shift
    delta = swept.own * seen_first + swept.both * seen_second - pulled_first @ shift
    common = swept.both * seen_first + swept.common * seen_second - pulled_second @ shift
    return Posterior(
        effects=effects,
        covariance=covariance,
        unit_mean=np.asarray(data.unit_design @ effects + delta),
        unit_shared=csr_array(data.unit_design - pulled_first),
        unit_own=swept.own,
        common_mean=np.asarray(common),
        common_shared=csr_array(-pulled_second),
        common_own=swept.common,
        both_own=swept.both,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Swept:
    """What units' measurements say of their two errors: weights that add measurements up, sparse (U, N), and the errors' posterior given theta."""

    first: csr_array
    second: csr_array
    own: FloatArray
    both: FloatArray
    common: FloatArray


def _sweep(data: Measurements, variances: Variances, variance: FloatArray) -> _Swept:
    units, rows = data.unit_design.shape[0], len(data.unit)
    second = _common(data)
    sums = [group_sum(data.unit, left * right / variance, units) for left, right in ((data.loading, data.loading), (data.loading, second), (second, second))]
    prior = variances.unit * data.unit_scale
    shared = np.broadcast_to(variances.common, units) * (1.0 if data.common_scale is None else data.common_scale)
    # Posterior variances of (delta, a), written so that a prior variance of zero is allowed.
    determinant = (1.0 + sums[0] * prior) * (1.0 + sums[2] * shared) - sums[1] ** 2 * prior * shared
    by_unit = [csr_array((loading / variance, (data.unit, np.arange(rows))), shape=(units, rows)) for loading in (data.loading, second)]
    by_unit[1].eliminate_zeros()
    return _Swept(by_unit[0], by_unit[1], prior * (1.0 + sums[2] * shared) / determinant, -prior * shared * sums[1] / determinant, shared * (1.0 + sums[0] * prior) / determinant)


def _common(data: Measurements) -> FloatArray:
    return np.zeros(len(data.unit)) if data.common is None else data.common


def fit_variances(data: Measurements, start: Variances, *, counts: Variances, begin: Variances | None = None, rounds: int = 60, tolerance: float = 2e-3) -> Variances:
    """Estimate variances by expectation-maximisation of the marginal posterior, effects and units integrated out.

    Each variance has a scaled inverse chi-squared prior with the start as its scale: with no data it stays at its start. Effects are
    integrated out with the units, so the estimate is a restricted one (REML) up to that prior.

    Args:
        data: measurements.
        start: the prior's scale, and where to begin.
        counts: the prior's degrees of freedom, one for each variance.
        begin: where to begin instead.
        rounds: most iterations.
        tolerance: largest relative change of a variance at which to stop.

    Source:
        Dempster, Laird and Rubin (1977); Patterson and Thompson (1971); Laird and Ware (1982).
    """
    units = data.unit_design.shape[0]
    measured = group_count(data.unit, units) > 0
    sharing = group_count(data.unit[_common(data) != 0], units) > 0
    current = start if begin is None else begin
    free, random = data.component >= 0, data.block >= 0
    for _ in range(rounds):
        post = solve(data, current)
        unit_square = (_unit_squares(data, post) / data.unit_scale)[measured]
        # Of an error with a known part on top, the share of the square that is the component's own.
        own = np.append(current.error, 0.0)[data.component]
        share = own / error_variance(data, current)
        square = share**2 * _error_squares(data, post) + own * (1.0 - share)
        error = _moderate(data.component[free], square[free], start.error, counts.error)
        shift = (post.effects - data.mean) ** 2 + np.diag(post.covariance)
        effect = _moderate(data.block[random], shift[random], start.effect, counts.effect)
        unit = float((unit_square.sum() + counts.unit * start.unit) / (measured.sum() + counts.unit))
        common = _common_variance(data, post, sharing, start.common, counts.common)
        before = np.concatenate([[current.unit], current.error, current.effect, [current.common][: int(common > 0)]])
        current = Variances(unit, error, effect, common)
        if np.max(np.abs(np.concatenate([[unit], error, effect, [common][: int(common > 0)]]) / before - 1.0)) < tolerance:
            break
    return current


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
    variance = error_variance(data, variances)
    unit, swept = data.unit[rows], _sweep(data, variances, variance)
    # Row j of V^-1: e_j / d_j less what the unit's errors take up, units being independent given theta.
    first, second = data.loading[rows] / variance[rows], _common(data)[rows] / variance[rows]
    weights = first * swept.own[unit] + second * swept.both[unit], first * swept.both[unit] + second * swept.common[unit]
    residual = data.value - data.design @ post.effects
    top = residual[rows] / variance[rows] - weights[0] * (swept.first @ residual)[unit] - weights[1] * (swept.second @ residual)[unit]
    diagonal = 1.0 / variance[rows] - weights[0] * first - weights[1] * second
    weighted = (
        diags_array(1.0 / variance[rows]) @ data.design[rows]
        - diags_array(weights[0]) @ csr_array(swept.first @ data.design)[unit]
        - diags_array(weights[1]) @ csr_array(swept.second @ data.design)[unit]
    )
    diagonal = diagonal - quadratic(csr_array(weighted), post.covariance)
    return top / diagonal, 1.0 / diagonal


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


def _unit_squares(data: Measurements, post: Posterior) -> FloatArray:
    """E delta_i^2."""
    mean = post.unit_mean - data.unit_design @ post.effects
    return np.asarray(mean**2 + post.unit_own + quadratic(csr_array(post.unit_shared - data.unit_design), post.covariance))


def _common_variance(data: Measurements, post: Posterior, sharing: NDArray[np.bool_], start: float, count: float) -> float:
    """Mean of E a_i^2 over the units whose measurements share it, drawn to where it started; 0 where it started there."""
    if start == 0:
        return 0.0
    scale = np.ones(len(sharing)) if data.common_scale is None else data.common_scale
    square = (post.common_mean**2 + post.common_own + quadratic(post.common_shared, post.covariance)) / scale
    return float((square[sharing].sum() + count * start) / (sharing.sum() + count))


def _error_squares(data: Measurements, post: Posterior) -> FloatArray:
    """E e_j^2 for each measurement."""
    first, second = data.loading, _common(data)
    delta = post.unit_mean - data.unit_design @ post.effects
    mean = data.value - data.design @ post.effects - first * delta[data.unit] - second * post.common_mean[data.unit]
    lever = csr_array(data.design + diags_array(first) @ csr_array(post.unit_shared - data.unit_design)[data.unit] + diags_array(second) @ post.common_shared[data.unit])
    own = first**2 * post.unit_own[data.unit] + 2.0 * first * second * post.both_own[data.unit] + second**2 * post.common_own[data.unit]
    return np.asarray(mean**2 + own + quadratic(lever, post.covariance))


def _moderate(group: IntArray, square: FloatArray, start: FloatArray, counts: FloatArray) -> FloatArray:
    """Mean square of each group, drawn to where it started by the prior's degrees of freedom."""
    return np.asarray((group_sum(group, square, len(start)) + counts * start) / (group_count(group, len(start)) + counts))
