"""Visits that may have been steered to the honest: chosen units that proxies show closer to the truth than the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundplan.maths.groups import group_sum
from groundplan.maths.measurements import Measurements, Variances, error_variance, unit_variance
from groundplan.maths.mixed import Posterior

__all__ = ["chosen_look_honest"]

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_LEAST_CHOSEN = 10
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
    weight = 1.0 / (unit_variance(data, variances)[seen] + variances.common + 1.0 / precision[seen])
    inside, outside = (float((weight * bias)[part].sum() / weight[part].sum()) for part in (here, there))
    return inside - outside < -_FAR * float(np.sqrt(1.0 / weight[here].sum() + 1.0 / weight[there].sum()))
