"""Visits that may have been steered to the honest: chosen units that proxies show closer to the truth than the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from groundplan.maths.groups import group_sum
from groundplan.maths.measurements import Measurements, Variances, error_variance
from groundplan.maths.mixed import Posterior, quadratic

__all__ = ["chosen_look_honest", "spread_of_chosen"]

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_LEAST_CHOSEN = 10
_ALIKE = 4.0
"""Units that a prior of equal spread is worth."""
_FAR = 0.5
"""Standard errors from which the contrast counts: low, since it sees little and what follows from it costs little."""


def chosen_look_honest(data: Measurements, variances: Variances, post: Posterior, findings: IntArray, chosen: BoolArray) -> bool:
    """Say whether units that were chosen for a visit look less biased than the others, by all sources but findings.

    The contrast is one-sided. Teams that are sent where reports look padded make visited units look worse, which is no harm: what they were chosen
    by is itself in the likelihood (Rubin 1976). Units that look better than the others are what nobody would choose who wants to learn something.

    Args:
        data: measurements.
        variances: fitted to them.
        post: posterior of the effects.
        findings: rows of `data` that are findings.
        chosen: shape (U,), visited, and not drawn at random.
    """
    other = np.ones(len(data.unit), bool)
    other[findings] = False
    pull = np.where(other, data.loading / error_variance(data, variances), 0.0)
    residual = data.value - data.design @ post.effects
    units = data.unit_design.shape[0]
    precision = group_sum(data.unit, data.loading * pull, units)
    seen = precision > 0
    here, there = chosen[seen], ~chosen[seen]
    if here.sum() < _LEAST_CHOSEN or not there.any():
        return False
    bias = group_sum(data.unit, pull * residual, units)[seen] / precision[seen]
    weight = 1.0 / (variances.unit * data.unit_scale[seen] + variances.common + 1.0 / precision[seen])
    inside, outside = (float((weight * bias)[part].sum() / weight[part].sum()) for part in (here, there))
    return inside - outside < -_FAR * float(np.sqrt(1.0 / weight[here].sum() + 1.0 / weight[there].sum()))


def spread_of_chosen(data: Measurements, variances: Variances, post: Posterior, chosen: IntArray) -> float:
    """Give the variance of the chosen units' own biases over that of others, at most 1: among the honest, biases differ less.

    Args:
        data: measurements.
        variances: fitted to them, the unit's being that of the others.
        post: posterior of effects and units.
        chosen: units that were chosen for a visit.
    """
    own = csr_array((post.unit_shared - data.unit_design)[chosen])
    mean = post.unit_mean[chosen] - data.unit_design[chosen] @ post.effects
    square = mean**2 + post.unit_own[chosen] + quadratic(own, post.covariance)
    return min(1.0, float((square.sum() / variances.unit + _ALIKE) / (len(chosen) + _ALIKE)))
