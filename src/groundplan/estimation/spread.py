"""Calibrated spread of every row, split into what rows share and what is their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, hstack

from groundplan.estimation.calibrate import Factors
from groundplan.estimation.evidence import Evidence
from groundplan.estimation.factors import shared_loadings
from groundplan.estimation.level import Level
from groundplan.estimation.rows import Rows

__all__ = ["MODEL_SD", "Spread", "spread_rows"]

FloatArray = NDArray[np.float64]

MODEL_SD = 0.015
"""Part of the log error that all uninspected makers of a product are taken to share because no model is exact: without it, the total of
tens of thousands of units would seem known to a fraction of a per cent. It is counted out of each row's own part."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Calibrated errors of the rows.

    Args:
        log_sd: shape (n,), log standard deviation with the factor of the 90 % interval.
        own_sd: shape (n,), part of log_sd that is the row's own.
        half_sd: shape (n,), log standard deviation with the factor of the 50 % interval.
        loadings: sparse (S, F), on independent factors; log_sd^2 = own_sd^2 + sum of squares of its series' loadings.
        names: of the F factors.
    """

    log_sd: FloatArray
    own_sd: FloatArray
    half_sd: FloatArray
    loadings: csr_array
    names: tuple[str, ...]


def spread_rows(evidence: Evidence, level: Level, rows: Rows, factors: Factors) -> Spread:
    """Calibrate lasting errors by the factors of their group, and split each row's variance.

    Loadings are constant over a series' periods, so where findings leave a row with less variance than its series shares, the series' loadings
    are held at what its best-known row has, and the rest of the others' variance counts as their own.
    """
    unit = evidence.series_unit
    group = evidence.sector.position[unit]
    # Series that do not report do not share the bias of reports, but what is made of nameplates.
    effect_loadings = shared_loadings(rows.shared, level.posterior.covariance)
    shared = np.asarray(effect_loadings.power(2).sum(axis=1)).ravel()
    lasting = shared + rows.unit_variance + rows.series_variance
    # Inspected units are measured, not predicted: what inspection found of the others says nothing of them.
    calm = rows.inspected
    ninety, half = np.where(calm, 1.0, factors.ninety[group]), np.where(calm, 1.0, factors.half[group])
    log_variance = rows.damping**2 * (ninety**2 * lasting)[rows.series] + rows.own
    half_variance = rows.damping**2 * (half**2 * lasting)[rows.series] + rows.own
    least = np.full(len(unit), np.inf)
    np.minimum.at(least, rows.series[~rows.zero], log_variance[~rows.zero])
    held = ninety**2 * lasting
    scale = ninety * np.sqrt(np.minimum(1.0, np.where(np.isfinite(least), 0.98 * least, 1.0) / np.maximum(held, 1e-300)))
    unit_sd = scale * np.sqrt(rows.unit_variance)
    series_sd = scale * np.sqrt(rows.series_variance)
    count = len(unit)
    unit_part = csr_array((unit_sd, (np.arange(count), unit)), shape=(count, len(evidence.units)))
    product_part = csr_array((np.where(calm, 0.0, MODEL_SD), (np.arange(count), evidence.series_product)), shape=(count, len(evidence.products)))
    # What rows of a year have in common beside level and bias is a lasting error to whoever adds them up.
    linked = np.minimum(rows.linked, np.where(np.isfinite(least), 0.9 * np.maximum(least - scale**2 * lasting, 0.0), 0.0))
    series_part = diags_array(np.sqrt(series_sd**2 + linked))
    loadings = csr_array(hstack([diags_array(scale) @ effect_loadings, unit_part, series_part, product_part]))
    loadings.eliminate_zeros()
    common = np.asarray(loadings.power(2).sum(axis=1)).ravel()
    own = np.sqrt(np.maximum(log_variance - common[rows.series], 0.0))
    names = (*level.names, *(f"unit|{label}" for label in evidence.units.labels), *_series_names(evidence), *(f"model|product={label}" for label in evidence.products.labels))
    return Spread(np.sqrt(own**2 + common[rows.series]), own, np.sqrt(half_variance), loadings, names)


def _series_names(evidence: Evidence) -> list[str]:
    units, products = evidence.units.labels, evidence.products.labels
    return [f"unit|{units[unit]}|{products[product]}" for unit, product in zip(evidence.series_unit, evidence.series_product, strict=True)]
