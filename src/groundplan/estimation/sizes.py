"""What a unit's size says of the bias of its reports."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.design import Terms
from groundplan.estimation.evidence import Evidence, Grouping
from groundplan.estimation.sources import Source
from groundplan.maths.groups import group_count, group_mean, group_sum

__all__ = ["SIZE", "size_classes", "size_source"]

FloatArray = NDArray[np.float64]

SIZE = "size"
_CLASSES = ("smallest quarter", "second quarter", "third quarter", "largest quarter")
_LEAST_UNITS = 40
"""Fewer units are not split into classes."""
_LEAST_FREEDOM = 10.0
"""With fewer degrees of freedom the spread of sizes is not known, and sizes say nothing."""


def size_classes(evidence: Evidence, level: FloatArray) -> Grouping | None:
    """Part the units into quarters by how their reports stand to the mean of each product's makers; -1: the unit does not report. None: too few units.

    Args:
        evidence: what is known.
        level: shape (S,), mean log report at a yearly rate.
    """
    there, units = np.flatnonzero(np.isfinite(level)), len(evidence.units)
    unit, product = evidence.series_unit[there], evidence.series_product[there]
    distance = level[there] - group_mean(product, level[there], len(evidence.products))[product]
    shown = np.flatnonzero(group_count(unit, units))
    if len(shown) < _LEAST_UNITS:
        return None
    size = group_mean(unit, distance, units)[shown]
    position = np.full(units, -1)
    position[shown] = np.searchsorted(np.quantile(size, np.arange(1, len(_CLASSES)) / len(_CLASSES)), size, side="right")
    return Grouping(_CLASSES, position)


def size_source(evidence: Evidence, level: FloatArray) -> Source:
    """Set the reported level of each series against the mean of its product's in its sector and kind: what stands out is size, or the unit's own bias.

    Of those who seem large, more are padded than not. On one unit that is about a per cent of the distance; in a total, which the large make up, it does not average out,
    and slopes of proxies on reports come out too flat without it. The distances of a unit's K series count as one measurement with the variance of sizes over K.

    Args:
        evidence: what is known.
        level: shape (S,), mean log report at a yearly rate.
    """
    there, unit = np.flatnonzero(np.isfinite(level)), evidence.series_unit
    group = (evidence.series_product * len(evidence.sector.labels) + evidence.sector.position[unit]) * len(evidence.kind.labels) + evidence.kind.position[unit]
    pairs, group = np.unique(group[there], return_inverse=True)
    number = group_count(group, len(pairs))
    distance = level[there] - group_mean(group, level[there], len(pairs))[group]
    freedom = float((number - 1.0).sum())
    if freedom < _LEAST_FREEDOM:
        return Source(SIZE, there[:0], level[:0], 1.0, Terms(), level[:0], 1.0, of_own=True)
    # A distance from a mean that the unit is part of moves with 1 - 1/n of its bias and of its size.
    share = 1.0 - 1.0 / number[group]
    weight, total = (group_sum(unit[there], values, len(evidence.units)) for values in (share, distance))
    measured = np.flatnonzero(weight > 0)
    loading = np.sqrt(weight[measured])
    return Source(SIZE, measured, total[measured] / loading, loading, Terms(), np.zeros(len(measured)), float(np.sqrt((distance**2).sum() / freedom)), of_own=True)
