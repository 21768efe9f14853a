"""Sums of lognormal quantities, and quantiles of one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Z50", "Z90", "lognormal_mean", "sum_log_moments"]

FloatArray = NDArray[np.float64]

Z50, Z90 = 0.6744897501960817, 1.6448536269514722
"""Half-widths of the central 50 % and 90 % intervals of a standard normal."""


def lognormal_mean(median: FloatArray, log_sd: FloatArray) -> FloatArray:
    """Give the mean of lognormal quantities, median x exp(log_sd^2 / 2)."""
    return np.asarray(median * np.exp(log_sd**2 / 2))


def sum_log_moments(mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Take sums as lognormal with a given mean and variance.

    Args:
        mean: of the sums, >= 0.
        variance: of the sums.

    Returns:
        Median and log standard deviation; 0 and 0 where the mean is 0.

    Source:
        Fenton (1960), IRE Transactions on Communications Systems 8.
    """
    positive = mean > 0
    log_sd = np.sqrt(np.log1p(np.where(positive, variance / np.where(positive, mean, 1.0) ** 2, 0.0)))
    return np.where(positive, mean * np.exp(-(log_sd**2) / 2), 0.0), log_sd
