"""One volume a unit: its products added with weights, to be set against what the whole unit uses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence

__all__ = ["unit_volume"]

_ROUNDS = 12


def unit_volume(evidence: Evidence, log_report: NDArray[np.float64], proxy: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Add the products of each unit with weights that make the sums go along with a proxy.

    Weights w_p minimise the Poisson deviance of proxy_i ~ sum_p w_p q_ip over units, by the multiplicative algorithm of Lee and Seung
    (1999). A unit's volume is in terms of its main product: log(sum_p w_p q_ipt / w_main), so it is log q itself where there is one product.

    Args:
        evidence: what is known.
        log_report: shape (S, T), log of the usable reports, NaN elsewhere.
        proxy: shape (U, T), logs.

    Returns:
        Log volume, shape (U, T), NaN where a product that the unit otherwise reports is missing or nothing was made; and the position of
        each unit's main product, shape (U,), -1 where it reports nothing.
    """
    unit, product, units = evidence.series_unit, evidence.series_product, len(evidence.units)
    made = np.where(np.isfinite(log_report), np.exp(np.where(np.isfinite(log_report), log_report, 0.0)), 0.0)
    stopped = evidence.reported == 0
    there = np.isfinite(log_report) | stopped
    usual = there.any(axis=1)
    mean = np.where(usual, made.sum(axis=1) / np.maximum(there.sum(axis=1), 1), 0.0)
    known = np.isfinite(proxy)
    use = np.where(known, np.exp(np.where(known, proxy, 0.0)), 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    weight = _weights(unit, product, mean, use, len(evidence.products))
    part = weight[product] * mean
    order = np.lexsort((np.arange(len(unit)), -part, unit))
    main = np.full(units, -1)
    first = order[np.concatenate([[True], np.diff(unit[order]) > 0])] if len(order) else order
    main[unit[first]] = np.where(part[first] > 0, product[first], -1)
    scale = np.where(main >= 0, weight[np.maximum(main, 0)], 1.0)
    starts = np.flatnonzero(np.concatenate([[True], np.diff(unit) > 0])) if len(unit) else np.zeros(0, np.int64)
    volume, complete = np.zeros((units, made.shape[1])), np.zeros((units, made.shape[1]), bool)
    if len(unit):
        volume[unit[starts]] = np.add.reduceat(made * (weight[product] / scale[unit])[:, None], starts, axis=0)
        complete[unit[starts]] = np.logical_and.reduceat(there | ~usual[:, None], starts, axis=0)
    good = complete & (volume > 0)
    return np.where(good, np.log(np.where(good, volume, 1.0)), np.nan), main


def _weights(unit: NDArray[np.int64], product: NDArray[np.int64], mean: NDArray[np.float64], use: NDArray[np.float64], products: int) -> NDArray[np.float64]:
    """Find product weights, shape (products,), > 0."""
    total = np.bincount(product, mean, products)
    there = use > 0
    counted = np.where(there[unit], mean, 0.0)
    weight = np.where(total > 0, 1.0 / np.maximum(total, 1e-300), 1.0)
    base = np.bincount(product, counted, products)
    for _ in range(_ROUNDS):
        fitted = np.bincount(unit, weight[product] * mean, len(use))
        ratio = np.where(there & (fitted > 0), use / np.maximum(fitted, 1e-300), 0.0)
        moved = weight * np.bincount(product, counted * ratio[unit], products) / np.maximum(base, 1e-300)
        weight = np.where((base > 0) & (moved > 0), moved, weight)
    return weight
