"""A linear mixed model with one latent error a unit, measured several times: closed-form posterior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, vstack

from groundplan.maths.measurements import Measurements, Variances, cut_units, error_variance
from groundplan.maths.sweep import Places, Swept, effects_posterior, row_precision, sweep_units
from groundplan.workers.threads import in_threads

__all__ = ["Posterior", "held_out", "lay_out", "quadratic", "solve"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_UNITS = 10_000
"""So many units are swept out at once."""


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


def lay_out(data: Measurements) -> list[Places]:
    """Lay out where the design's entries fall by unit, for those who solve several times with one design."""
    return list(in_threads(Places.of, cut_units(data, _UNITS)))


def solve(data: Measurements, variances: Variances, layout: list[Places] | None = None) -> Posterior:
    """Find the posterior of effects and units for given variances (Henderson's mixed model equations, units swept out).

    Args:
        data: measurements.
        variances: of the model.
        layout: of the design, where it is known.

    Source:
        Henderson (1975), Biometrics 31.
    """

    def sweep(pair: tuple[Measurements, Places]) -> tuple[Places, Swept, FloatArray]:
        part, places = pair
        swept = sweep_units(part, places, variances)
        return places, swept, row_precision(part.design, swept.variance) - swept.unit_precision(places)

    done = list(in_threads(sweep, zip(cut_units(data, _UNITS), layout or lay_out(data), strict=True)))
    width = data.unit_design.shape[1]
    precision = np.sum([np.zeros((width, width)), *(each[2] for each in done)], axis=0)
    moment = np.sum([np.zeros(width), *(each[1].moment for each in done)], axis=0)
    shift, covariance = effects_posterior(data, variances, precision, moment)
    effects = data.mean + shift
    means = [swept.means(places, shift) for places, swept, _ in done]
    pulled = [csr_array(vstack([csr_array((0, width)), *(places.by_unit(swept.pulled[at]) for places, swept, _ in done)])) for at in (0, 1)]

    def joined(values: list[FloatArray]) -> FloatArray:
        return np.concatenate([np.zeros(0), *values])

    return Posterior(
        effects=effects,
        covariance=covariance,
        unit_mean=np.asarray(data.unit_design @ effects + joined([mean for mean, _ in means])),
        unit_shared=csr_array(data.unit_design - pulled[0]),
        unit_own=joined([swept.own for _, swept, _ in done]),
        common_mean=joined([mean for _, mean in means]),
        common_shared=-pulled[1],
        common_own=joined([swept.common_own for _, swept, _ in done]),
        both_own=joined([swept.both for _, swept, _ in done]),
    )


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
    first, second = data.loading[rows], (np.zeros(len(data.unit)) if data.common is None else data.common)[rows]
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
