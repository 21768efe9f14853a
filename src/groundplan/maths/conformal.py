"""Factors on interval widths from studentised residuals, the noise of what they are measured against taken off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from groundplan.maths.lognormal import Z50, Z90

__all__ = ["BOUNDS", "PSEUDO_SCORES", "conformal_factor", "held_out_factors", "left_out_factors"]

FloatArray = NDArray[np.float64]

PSEUDO_SCORES = 20
"""How many perfectly normal residuals are added to the real ones, so that a handful of inspections cannot swing the intervals."""

BOUNDS = (0.7, 3.0)
"""Factors are held within these, for a few visits may say anything."""
_FOLDS = 10


def conformal_factor(residual: FloatArray, variance: FloatArray, noise: FloatArray, *, level: float, bounds: tuple[float, float] = BOUNDS) -> float:
    """Find the factor on standard deviations with which intervals hold a share `level` of the residuals, with room for a new one.

    Each residual has the factor at which its interval would just hold it, |r| = z sqrt(f^2 variance + noise). The factor is the
    quantile of these of rank ceil((n + 1) level), over the n residuals and `PSEUDO_SCORES` quantiles of a normal. Without residuals it is 1.

    Args:
        residual: shape (n,), one a cluster (an inspected unit): measured less predicted without the cluster.
        variance: shape (n,), of what is predicted.
        noise: shape (n,), variance of the measurement itself.
        level: 0.5 or 0.9.
        bounds: within which the factor is held.

    Source:
        Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), JASA 113, section 2; Papadopoulos (2008) for studentised residuals.
    """
    if not len(residual):
        return 1.0
    z = Z90 if level > 0.7 else Z50
    real = np.sqrt(np.maximum(residual**2 / z**2 - noise, 0.0) / np.maximum(variance, 1e-300))
    scores = np.sort(np.concatenate([real, _normal_scores() / z]))
    rank = min(int(np.ceil((len(scores) + 1) * level)), len(scores))
    return float(np.clip(scores[rank - 1], *bounds))


def held_out_factors(residual: FloatArray, variance: FloatArray, noise: FloatArray, *, level: float, bounds: tuple[float, float] = BOUNDS) -> FloatArray:
    """Give each residual the factor that the others, in ten folds, would have given it, shape (n,)."""
    fold = np.arange(len(residual)) % _FOLDS
    factors = np.ones(len(residual))
    for number in range(min(_FOLDS, len(residual))):
        rest = fold != number
        factors[~rest] = conformal_factor(residual[rest], variance[rest], noise[rest], level=level, bounds=bounds)
    return factors


def left_out_factors(residual: FloatArray, variance: FloatArray, noise: FloatArray, *, level: float, bounds: tuple[float, float] = BOUNDS) -> FloatArray:
    """Give each residual the factor that all others together would have given it, shape (n,): exactly `conformal_factor` without it.

    Leaving one score out moves the quantile by at most one place: to the next score where the one left out is not beyond it, not at all otherwise.
    """
    if len(residual) <= 1:
        return np.ones(len(residual))
    z = Z90 if level > 0.7 else Z50
    real = np.sqrt(np.maximum(residual**2 / z**2 - noise, 0.0) / np.maximum(variance, 1e-300))
    scores = np.sort(np.concatenate([real, _normal_scores() / z]))
    rank = min(int(np.ceil(len(scores) * level)), len(scores) - 1)
    factors = np.where(real <= scores[rank - 1], scores[rank], scores[rank - 1])
    return np.asarray(np.clip(factors, *bounds))


def _normal_scores() -> FloatArray:
    chances = (np.arange(PSEUDO_SCORES) + 0.5) / PSEUDO_SCORES
    return np.asarray(ndtri((1.0 + chances) / 2.0))
