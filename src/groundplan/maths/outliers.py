"""Gross outliers of a mixed model: told apart as a strange unit or a strange measurement, and tempered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from groundplan.maths.groups import group_count, group_sum
from groundplan.maths.measurements import Measurements, Variances, error_variance, unit_variance
from groundplan.maths.mixed import Posterior

__all__ = ["temper"]

_GROSS = 4.5
"""Standard deviations from which a measurement is no part of the model's world."""
_GROSS_TRUSTED = 1.5
"""A trusted measurement (one without a free error) counts as a slip only from this absolute size up."""


def temper(data: Measurements, variances: Variances, post: Posterior, aside: int = -2) -> tuple[Measurements, NDArray[np.bool_]]:
    """Widen the unit's variance where its measurements agree that it is strange, and a measurement's where it stands alone.

    A unit is strange where the mean of its two or more measurements lies 4.5 standard deviations off while they agree among themselves, or
    where a trusted measurement says so; its prior variance is raised to the square seen. Without a trusted one, and where measurements share
    an error, that error's variance is raised by the same factor: a plant that is unlike others and one that reports wildly look alike then.
    Any other measurement 4.5 standard deviations off has its error variance raised by its square: it hardly counts. Trusted measurements are
    those with known variance alone.

    Args:
        data: measurements as they came, untempered.
        variances: of the model.
        post: posterior of the effects.
        aside: component of measurements that say what such units are like, and nothing of how this one was measured: they do not make it strange.

    Returns:
        Tempered measurements, and which were set aside in this way, shape (N,).
    """
    units = data.unit_design.shape[0]
    error = error_variance(data, variances)
    residual = data.value - data.design @ post.effects
    counted = data.component != aside
    pull = np.where(counted, data.loading / error, 0.0)
    precision = group_sum(data.unit, data.loading * pull, units)
    seen = group_sum(data.unit, pull * residual, units) / np.maximum(precision, 1e-300)
    deviation = np.abs(residual - data.loading * seen[data.unit]) / np.sqrt(error)
    worst = np.zeros(units)
    np.maximum.at(worst, data.unit[counted], deviation[counted])
    trusted = data.component < 0
    trusted_units = group_count(data.unit[trusted], units) > 0
    shares = np.zeros(len(error)) if data.common is None else data.common
    # The mean's part of what the unit's measurements share.
    together = group_sum(data.unit, pull * shares, units) / np.maximum(precision, 1e-300)
    usual = unit_variance(data, variances)
    marginal = np.abs(residual) / np.sqrt(error + data.loading**2 * usual[data.unit] + shares**2 * variances.common)
    several = group_count(data.unit[counted], units) >= 2
    strange = several & (worst < _GROSS) & (np.abs(seen) > _GROSS * np.sqrt(usual + together**2 * variances.common + 1.0 / np.maximum(precision, 1e-300)))
    told = trusted & (marginal > _GROSS) & ((np.abs(residual) < _GROSS_TRUSTED) | ~several[data.unit])
    unsure = strange & ~trusted_units & (together != 0)
    size = np.where(strange, seen, 0.0) ** 2 * np.where(unsure, usual / (usual + together**2 * variances.common), 1.0)
    np.maximum.at(size, data.unit[told], residual[told] ** 2)
    scale = np.where(size > 0, np.maximum(size / usual, 1.0), 1.0)
    common_scale = np.where(unsure, scale, 1.0)
    within = np.abs(residual) / np.sqrt(error + data.loading**2 * (usual * scale)[data.unit] + shares**2 * variances.common * common_scale[data.unit])
    odd = (within > _GROSS) & ~told
    return replace(data, known=data.known + np.where(odd, residual**2, 0.0), unit_scale=scale, common_scale=common_scale), odd
