"""One volume a unit: its products added with weights, to be set against what the whole unit uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.estimation.evidence import Evidence
from groundplan.estimation.partitions import put_together
from groundplan.maths.groups import group_sum

__all__ = ["Volume", "unit_volumes"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ROUNDS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """Volumes of units, in a proxy's measure.

    Args:
        log_volume, log_proxy: shape (U,), mean logs over the periods that have both; a period has a volume where no product that the unit otherwise reports
            is missing and something was made.
        count: shape (U,), how many such periods there are.
        main: shape (U,), position of the unit's main product; -1 where it reports nothing.
    """

    log_volume: FloatArray
    log_proxy: FloatArray
    count: IntArray
    main: IntArray


def unit_volumes(evidence: Evidence, log_report: FloatArray) -> dict[str, tuple[Volume, FloatArray]]:
    """Add the products of each unit with weights that make the sums go along with a proxy, for each proxy.

    Weights w_p minimise the Poisson deviance of proxy_i ~ sum_p w_p q_ip over units, by the multiplicative algorithm of Lee and Seung
    (1999). Another measure of a product changes its weight and no volume.

    Args:
        evidence: what is known.
        log_report: shape (S, T), log of the usable reports, NaN elsewhere.

    Returns:
        Of each proxy the volumes, and the weights of products, shape (P,), > 0.
    """
    usual = [np.concatenate(parts) for parts in zip(*evidence.by_part(lambda inside, part: _usual(inside, log_report[part.series])), strict=True)]
    mean, uses = usual[0], dict(zip(evidence.proxies, usual[1:], strict=True))
    weights = {name: _weights(evidence.series_unit, evidence.series_product, mean, use, len(evidence.products)) for name, use in uses.items()}

    found = evidence.by_part(lambda inside, part: _volumes(inside, log_report[part.series], mean[part.series], weights))
    return {name: (put_together([volumes[name] for volumes in found]), weight) for name, weight in weights.items()}


def _made(evidence: Evidence, log_report: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """What was reported as made, 0 where nothing usable was, and where something was said, a zero included; shape (S, T)."""
    usable = np.isfinite(log_report)
    return np.where(usable, np.exp(np.where(usable, log_report, 0.0)), 0.0), usable | (evidence.reported == 0)


def _usual(evidence: Evidence, log_report: FloatArray) -> list[FloatArray]:
    """Mean report of each series, shape (S,), 0 where none is usable, and mean use of each proxy, shape (U,)."""
    made, there = _made(evidence, log_report)
    means = [made.sum(axis=1) / np.maximum(there.sum(axis=1), 1)]
    for proxy in evidence.proxies.values():
        known = np.isfinite(proxy)
        means.append(np.where(known, np.exp(np.where(known, proxy, 0.0)), 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))
    return means


def _volumes(evidence: Evidence, log_report: FloatArray, mean: FloatArray, weights: dict[str, FloatArray]) -> dict[str, Volume]:
    """Give the volumes of the units of a part, for each proxy; `mean` is the mean report of each series."""
    made, there = _made(evidence, log_report)
    unit, product, units = evidence.series_unit, evidence.series_product, len(evidence.units)
    # Series stand sorted by unit, and each unit has one.
    starts = np.flatnonzero(np.diff(unit, prepend=-1))
    if not len(starts):
        return {name: Volume(np.zeros(0), np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64)) for name in weights}
    complete = np.logical_and.reduceat(there | ~np.isfinite(log_report).any(axis=1, keepdims=True), starts, axis=0)
    found = {}
    for name, weight in weights.items():
        part = weight[product] * mean
        # The first of each unit by falling part is its main one.
        order = np.lexsort((np.arange(len(unit)), -part, unit))
        main = np.full(units, -1)
        main[unit[starts]] = np.where(part[order[starts]] > 0, product[order[starts]], -1)
        volume, proxy = np.add.reduceat(made * weight[product][:, None], starts, axis=0), evidence.proxies[name]
        both = complete & (volume > 0) & np.isfinite(proxy)
        count = both.sum(axis=1)
        log_volume, log_proxy = (np.where(both, values, 0.0).sum(axis=1) / np.maximum(count, 1) for values in (np.log(np.where(both, volume, 1.0)), proxy))
        found[name] = Volume(log_volume, log_proxy, count, main)
    return found


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
