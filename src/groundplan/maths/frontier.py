"""Frontiers: what could be made with given inputs, and how far each unit stays below it; and what could be made over time, from what was made.

A frontier is log output = x'beta + v - u (a production frontier) or log cost = x'beta + v + u (a cost frontier): v is noise, normal; u >= 0 is
inefficiency, half-normal or exponential, and both are found by maximum likelihood. The scale of u may differ between units that are described by z:
log sigma_u^2 = z'gamma. Over time the frontier is capacity, which moves smoothly, and the distance is the gap of utilisation, which swings and is never above zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_ndtr, ndtri_exp

__all__ = ["Frontier", "Gap", "Inefficiency", "best_years", "capacity_paths", "fit_frontier", "inefficiency"]

FloatArray = NDArray[np.float64]
Law = Literal["half-normal", "exponential"]

_SCALES = (0.1, 0.3, 0.6, 0.9)
"""Shares of the residual variance that inefficiency has at the starts of the search: the likelihood can have more than one top."""
_LEAST_LOG_VARIANCE = -40.0
_LEAST_DRAW = 1e-8
"""Inefficiency with a smaller share of the variance than this has come out as none at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """A fitted frontier.

    Args:
        beta: shape (k,), of the frontier.
        gamma: shape (m,), of log sigma_u^2 (half-normal: sigma_u is the scale before truncation; exponential: the mean).
        log_noise: log sigma_v^2.
        covariance: of (beta, gamma, log_noise), shape (k + m + 1,) squared, from the curvature of the likelihood; NaN where inefficiency vanished.
        log_likelihood: at the maximum.
        law: of u.
        cost: whether inefficiency raises the left-hand side.
        vanished: the residuals are skewed the wrong way, so that the most likely inefficiency is none; the frontier is then least squares.
        converged: whether the search came to rest at a point without slope.
    """

    beta: FloatArray
    gamma: FloatArray
    log_noise: float
    covariance: FloatArray
    log_likelihood: float
    law: Law
    cost: bool
    vanished: bool
    converged: bool

    @property
    def standard_errors(self) -> FloatArray:
        """Give the standard errors of (beta, gamma, log_noise)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


@dataclass(frozen=True, slots=True, eq=False)
class Inefficiency:
    """Inefficiency of each unit given its residual, shape (n,) each, natural logs.

    Args:
        mean: E(u | residual).
        efficiency: E(exp(-u) | residual), in (0, 1].
        centre, spread: u | residual is normal(centre, spread^2) cut off at zero.
    """

    mean: FloatArray
    efficiency: FloatArray
    centre: FloatArray
    spread: FloatArray

    def quantile(self, chance: float) -> FloatArray:
        """Give a quantile of u, shape (n,), for a chance between 0 and 1."""
        return _cut_quantile(self.centre, self.spread, chance)


@dataclass(frozen=True, slots=True)
class Gap:
    """How output swings below a capacity that grows, per period, in natural logs.

    Args:
        mean, mean_sd: prior of the mean of log(output / capacity): from output alone it cannot be learned, beyond that the gap is never above zero.
        persistence, innovation: of the gap's autoregression around its mean, the latter a standard deviation.
        growth_sd: standard deviation of the change of capacity's growth.
    """

    mean: float
    mean_sd: float
    persistence: float
    innovation: float
    growth_sd: float


def fit_frontier(y: FloatArray, x: FloatArray, *, z: FloatArray | None = None, law: Law = "half-normal", cost: bool = False) -> Frontier:
    """Fit a frontier by maximum likelihood.

    With e = y - x'beta (its sign turned for a cost frontier), s_v and s_u the scales of noise and inefficiency, each unit's log likelihood is,
    half-normal, log 2 - log s + log phi(e / s) + log Phi(-e s_u / (s_v s)), s^2 = s_u^2 + s_v^2, and, exponential,
    -log s_u + e / s_u + s_v^2 / (2 s_u^2) + log Phi(-e / s_v - s_v / s_u).

    Args:
        y: logs of output or cost, shape (n,), finite.
        x: regressors with their constant, shape (n, k), of full column rank, n > k.
        z: what the scale of inefficiency depends on, its constant included, shape (n, m); None: a constant.
        law: of inefficiency.
        cost: True for a cost frontier.

    Raises:
        ValueError: there are too few rows, a value is not finite, or regressors are linearly dependent.

    Source:
        Aigner, Lovell and Schmidt (1977), Journal of Econometrics 6, equation 8; Meeusen and van den Broeck (1977), International Economic
        Review 18 (exponential); Caudill and Ford (1993), Economics Letters 41 (scales by z); Waldman (1982), Journal of Econometrics 18 (wrong skewness).
    """
    z = np.ones((len(y), 1)) if z is None else z
    _check(y, x, z)
    sign = -1.0 if cost else 1.0
    least = np.asarray(np.linalg.lstsq(x, y, rcond=None)[0], np.float64)
    residual = sign * (y - x @ least)
    variance = max(float(residual @ residual) / len(y), 1e-12)
    starts = [_start(least, sign, variance, share, z.shape[1], law) for share in _SCALES]
    k = x.shape[1]

    def loss(theta: FloatArray) -> tuple[float, FloatArray]:
        value, slope = _log_likelihood(theta, y, x, z, law, sign)
        return -value / len(y), -slope / len(y)

    found = [minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 2000}) for start in starts]
    best = min(found, key=lambda one: float(one.fun))
    theta = np.asarray(best.x, np.float64)
    value, slope = _log_likelihood(theta, y, x, z, law, sign)
    scale = np.exp(np.clip(z @ theta[k:-1], _LEAST_LOG_VARIANCE, None)) / np.exp(theta[-1])
    plain = -0.5 * len(y) * (np.log(2 * np.pi * variance) + 1)
    vanished = bool(np.mean(scale) < _LEAST_DRAW or value <= plain + 1e-7)
    if vanished:
        theta = np.concatenate([least, np.full(z.shape[1], np.nan), [np.log(variance)]])
        return Frontier(least, theta[k:-1], float(theta[-1]), np.full((len(theta),) * 2, np.nan), plain, law, cost, True, True)
    curvature = _curvature(theta, y, x, z, law, sign)
    covariance = np.asarray(np.linalg.pinv(curvature, hermitian=True), np.float64)
    # What is left of the slope, measured in standard errors: the step to the top would move nothing by a hundredth of one.
    converged = bool(np.sqrt(max(float(slope @ covariance @ slope), 0.0)) < 1e-2)
    return Frontier(theta[:k], theta[k:-1], float(theta[-1]), covariance, value, law, cost, False, converged)


def inefficiency(frontier: Frontier, y: FloatArray, x: FloatArray, *, z: FloatArray | None = None) -> Inefficiency:
    """Judge each unit's inefficiency from its residual; where inefficiency vanished, all are zero.

    Source:
        Jondrow, Lovell, Materov and Schmidt (1982), Journal of Econometrics 19 (mean); Battese and Coelli (1988), Journal of Econometrics 38 (efficiency).
    """
    z = np.ones((len(y), 1)) if z is None else z
    if frontier.vanished:
        nothing = np.zeros(len(y))
        return Inefficiency(nothing, np.ones(len(y)), nothing, nothing)
    residual = (-1.0 if frontier.cost else 1.0) * (y - x @ frontier.beta)
    noise, own = np.exp(frontier.log_noise), np.exp(z @ frontier.gamma)
    if frontier.law == "half-normal":
        centre, variance = -residual * own / (own + noise), own * noise / (own + noise)
    else:
        centre, variance = -residual - noise / np.sqrt(own), np.full(len(y), noise)
    spread = np.sqrt(variance)
    at = centre / spread
    mean = centre + spread * _hazard(at)
    efficiency = np.exp(-centre + variance / 2 + log_ndtr(at - spread) - log_ndtr(at))
    return Inefficiency(np.maximum(mean, 0.0), np.minimum(efficiency, 1.0), centre, spread)


def best_years(values: FloatArray, count: int) -> FloatArray:
    """Give the mean of each row's `count` best values: what was made in a good time can be made, so it is a lower bound on capacity.

    Args:
        values: shape (n, periods), NaN where there is none.
        count: how many, at least 1; rows with fewer take all they have, rows with none are NaN.
    """
    there = np.isfinite(values)
    ordered = -np.sort(-np.where(there, values, -np.inf), axis=1)[:, :count]
    kept = np.isfinite(ordered)
    number = kept.sum(axis=1)
    return np.where(number > 0, np.where(kept, ordered, 0.0).sum(axis=1) / np.maximum(number, 1), np.nan)


def capacity_paths(output: FloatArray, gap: Gap) -> tuple[FloatArray, FloatArray]:
    """Judge capacity at each time from output up to then: a smooth trend less the mean gap, held above what was made.

    A Kalman filter splits log output into a trend whose growth wanders and an autoregression around it. Capacity is the trend less the mean gap; the latter's prior
    is cut off where it would put some gap seen so far above zero, the gaps around their mean taken as the filter has them.

    Args:
        output: logs, shape (units, periods); NaN where there is none.
        gap: its stated dynamics.

    Returns:
        Mean and standard deviation of log capacity, shape (units, periods); NaN until the first output.

    Source:
        Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, section 2.3 (trend and cycle); Klein and Summers (1966) for capacity from peaks.
    """
    units, periods = output.shape
    there = np.isfinite(output)
    move = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, gap.persistence]])
    shock = np.diag([0.0, gap.growth_sd**2, gap.innovation**2])
    stationary = gap.innovation**2 / max(1.0 - gap.persistence**2, 1e-9)
    see = np.array([1.0, 0.0, 1.0])
    state, spread = np.zeros((units, 3)), np.tile(np.diag([100.0, 0.01**2, stationary]), (units, 1, 1))
    begun, highest = np.zeros(units, bool), np.full(units, -np.inf)
    mean, sd = np.full(output.shape, np.nan), np.full(output.shape, np.nan)
    for at in range(periods):
        state = np.where(begun[:, None], state @ move.T, state)
        spread = np.where(begun[:, None, None], move @ spread @ move.T + shock, spread)
        now = there[:, at]
        reach = spread @ see
        total = reach @ see
        gain = np.where(now, 1.0, 0.0)[:, None] * reach / total[:, None]
        surprise = np.where(now, np.where(now, output[:, at], 0.0) - state @ see, 0.0)
        state = state + gain * surprise[:, None]
        spread = spread - gain[:, :, None] * reach[:, None, :]
        begun |= now
        highest = np.where(now, np.maximum(highest, state[:, 2]), highest)
        level, variance = _cut_below(gap.mean, gap.mean_sd, -highest)
        mean[:, at] = np.where(begun, state[:, 0] - level, np.nan)
        sd[:, at] = np.where(begun, np.sqrt(np.maximum(spread[:, 0, 0], 0.0) + variance), np.nan)
    return mean, sd


def _cut_below(mean: float, sd: float, most: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of a normal that is cut off above `most`."""
    at = np.clip((most - mean) / sd, -30.0, 30.0)
    hazard = _hazard(at)
    return mean - sd * hazard, sd**2 * np.maximum(1.0 - at * hazard - hazard**2, 1e-6)


def _check(y: FloatArray, x: FloatArray, z: FloatArray) -> None:
    rows, columns = x.shape
    if rows <= columns + z.shape[1]:
        raise ValueError(f"a frontier with {columns} coefficients needs more than {columns + z.shape[1]} rows, found {rows}")
    if not (np.isfinite(y).all() and np.isfinite(x).all() and np.isfinite(z).all()):
        raise ValueError("a frontier needs finite values; leave rows with missing ones out")
    for name, matrix in (("x", x), ("z", z)):
        if np.linalg.matrix_rank(matrix / np.maximum(np.abs(matrix).max(axis=0), 1e-300)) < matrix.shape[1]:
            raise ValueError(f"columns of {name} are linearly dependent; leave one out")


def _start(least: FloatArray, sign: float, variance: float, share: float, scales: int, law: Law) -> FloatArray:
    """Split the residual variance, and lift the constant's fit by the mean inefficiency that this means."""
    spread = np.sqrt(share * variance) / (np.sqrt(1 - 2 / np.pi) if law == "half-normal" else 1.0)
    lift = spread * (np.sqrt(2 / np.pi) if law == "half-normal" else 1.0)
    beta = least.copy()
    # The first column stands for the constant; where it is none, the search moves the others.
    beta[0] += sign * lift
    return np.concatenate([beta, [2 * np.log(spread)], np.zeros(scales - 1), [np.log((1 - share) * variance)]])


def _log_likelihood(theta: FloatArray, y: FloatArray, x: FloatArray, z: FloatArray, law: Law, sign: float) -> tuple[float, FloatArray]:
    """Log likelihood and its slope, shape (k + m + 1,)."""
    k = x.shape[1]
    own, noise = np.exp(np.clip(z @ theta[k:-1], _LEAST_LOG_VARIANCE, 40)), np.exp(np.clip(theta[-1], _LEAST_LOG_VARIANCE, 40))
    residual = sign * (y - x @ theta[:k])
    value, by_residual, by_own, by_noise = (_half_normal if law == "half-normal" else _exponential)(residual, own, float(noise))
    slope = np.concatenate([-sign * (x.T @ by_residual), z.T @ (by_own * own), [float(np.sum(by_noise)) * float(noise)]])
    return float(np.sum(value)), slope


def _half_normal(e: FloatArray, own: FloatArray, noise: float) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Log density and its slopes by residual, sigma_u^2 and sigma_v^2."""
    total = own + noise
    ratio = np.sqrt(own / noise / total)
    at = -e * ratio
    hazard = _hazard(at)
    value = np.log(2.0) - 0.5 * np.log(2 * np.pi * total) - e**2 / (2 * total) + log_ndtr(at)
    common = -0.5 / total + e**2 / (2 * total**2)
    half = -0.5 * e * ratio * hazard
    return value, -e / total - ratio * hazard, common + half * (1 / own - 1 / total), common - half * (1 / noise + 1 / total)


def _exponential(e: FloatArray, own: FloatArray, noise: float) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Log density and its slopes by residual, sigma_u^2 and sigma_v^2."""
    scale, spread = np.sqrt(own), np.sqrt(noise)
    at = -e / spread - spread / scale
    hazard = _hazard(at)
    value = -np.log(scale) + e / scale + noise / (2 * own) + log_ndtr(at)
    by_own = -0.5 / own - 0.5 * e / own**1.5 - noise / (2 * own**2) + hazard * 0.5 * spread / own**1.5
    by_noise = 1 / (2 * own) + hazard * 0.5 * (e / noise**1.5 - 1 / (spread * scale))
    return value, 1 / scale - hazard / spread, by_own, by_noise


def _hazard(at: FloatArray) -> FloatArray:
    """Phi / Phi, without overflow far out."""
    return np.asarray(np.exp(-0.5 * at**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(at)))


def _curvature(theta: FloatArray, y: FloatArray, x: FloatArray, z: FloatArray, law: Law, sign: float) -> FloatArray:
    """Negative second derivatives by central differences of the exact slope."""
    step = 1e-5 * np.maximum(np.abs(theta), 0.1)
    rows = []
    for at, width in enumerate(step):
        ahead, behind = theta.copy(), theta.copy()
        ahead[at] += width
        behind[at] -= width
        rows.append((_log_likelihood(behind, y, x, z, law, sign)[1] - _log_likelihood(ahead, y, x, z, law, sign)[1]) / (2 * width))
    whole = np.array(rows)
    return np.asarray((whole + whole.T) / 2)


def _cut_quantile(centre: FloatArray, spread: FloatArray, chance: float) -> FloatArray:
    """Quantile of a normal that is cut off at zero, by its upper tail so that nothing cancels."""
    positive = np.where(spread > 0, spread, 1.0)
    above = np.log1p(-chance) + log_ndtr(centre / positive)
    return np.asarray(np.where(spread > 0, np.maximum(centre - positive * ndtri_exp(above), 0.0), 0.0))
