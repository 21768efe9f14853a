"""One volume a unit: its products added with weights, to be set against what the whole unit uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence
from groundplan.maths.groups import group_sum

__all__ = ["Volume", "unit_volume"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ROUNDS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """Volumes of units, in the proxy's measure.

    Args:
        log_volume: shape (U, T), NaN where a product that the unit otherwise reports is missing or nothing was made.
        main: shape (U,), position of the unit's main product; -1 where it reports nothing.
        weight: shape (P,), weight of each product, > 0.
    """

    log_volume: FloatArray
    main: IntArray
    weight: FloatArray


def unit_volume(evidence: Evidence, log_report: FloatArray, proxy: FloatArray) -> Volume:
    """Add the products of each unit with weights that make the sums go along with a proxy.

    Weights w_p minimise the Poisson deviance of proxy_i ~ sum_p w_p q_ip over units, by the multiplicative algorithm of Lee and Seung
    (1999). Another measure of a product changes its weight and no volume.

    Args:
        evidence: what is known.
        log_report: shape (S, T), log of the usable reports, NaN elsewhere.
        proxy: shape (U, T), logs.
    """
    unit, product, units = evidence.series_unit, evidence.series_product, len(evidence.units)
    usable = np.isfinite(log_report)
    made = np.where(usable, np.exp(np.where(usable, log_report, 0.0)), 0.0)
    there = usable | (evidence.reported == 0)
    usual = np.asarray(usable.any(axis=1))
    mean = np.where(usual, made.sum(axis=1) / np.maximum(there.sum(axis=1), 1), 0.0)
    known = np.isfinite(proxy)
    use = np.where(known, np.exp(np.where(known, proxy, 0.0)), 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    weight = _weights(unit, product, mean, use, len(evidence.products))
    part = weight[product] * mean
    # Series stand sorted by unit: the first of each unit by falling part is its main one.
    order = np.lexsort((np.arange(len(unit)), -part, unit))
    starts = np.flatnonzero(np.diff(unit, prepend=-1))
    main = np.full(units, -1)
    main[unit[starts]] = np.where(part[order[starts]] > 0, product[order[starts]], -1)
    if not len(starts):
        return Volume(np.full(proxy.shape, np.nan), main, weight)
    volume, complete = np.zeros(proxy.shape), np.zeros(proxy.shape, bool)
    volume[unit[starts]] = np.add.reduceat(made * weight[product][:, None], starts, axis=0)
    complete[unit[starts]] = np.logical_and.reduceat(there | ~usual[:, None], starts, axis=0)
    good = complete & (volume > 0)
    return Volume(np.where(good, np.log(np.where(good, volume, 1.0)), np.nan), main, weight)


def _weights(unit: IntArray, product: IntArray, mean: FloatArray, use: FloatArray, products: int) -> FloatArray:
    """Find product weights, shape (products,), > 0."""
    total = group_sum(product, mean, products)
    there = use > 0
    counted = np.where(there[unit], mean, 0.0)
    base = group_sum(product, counted, products)
    weight = np.where(total > 0, 1.0 / np.where(total > 0, total, 1.0), 1.0)
    for _ in range(_ROUNDS):
        fitted = group_sum(unit, weight[product] * mean, len(use))
        good = there & (fitted > 0)
        ratio = np.where(good, use / np.where(good, fitted, 1.0), 0.0)
        moved = weight * group_sum(product, counted * ratio[unit], products) / np.where(base > 0, base, 1.0)
        weight = np.where((base > 0) & (moved > 0), moved, weight)
    return weight
