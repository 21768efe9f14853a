"""Calibrated spread of every row, split into what rows share and what is their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, hstack

from groundplan.estimation.calibrate import Factors
from groundplan.estimation.evidence import Evidence
from groundplan.estimation.factors import shared_loadings
from groundplan.estimation.rows import Ground, Rows

__all__ = ["MODEL_SD", "Lasting", "Loadings", "Spread", "join_loadings", "spread_rows"]

FloatArray = NDArray[np.float64]

MODEL_SD = 0.01
"""Part of the log error that all uninspected makers of a product are taken to share because no model is exact: without it, the total of
tens of thousands of units would seem known to a fraction of a per cent. It is counted out of each row's own part."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Calibrated errors of n rows.

    Args:
        log_sd: shape (n,), log standard deviation with the factor of the 90 % interval.
        own_sd: shape (n,), part of log_sd that is the row's own.
        half_sd: shape (n,), log standard deviation with the factor of the 50 % interval.
    """

    log_sd: FloatArray
    own_sd: FloatArray
    half_sd: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Lasting:
    """Errors that last over the periods of a series, by what they are shared with.

    Args:
        effects: sparse (S, p), loadings on the effects' factors.
        unit, series, product: shape (S,), standard deviations of what the series shares with its unit's others, with no other, and with the makers of its product.
    """

    effects: csr_array
    unit: FloatArray
    series: FloatArray
    product: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Loadings:
    """Loadings of series on independent factors: log_sd^2 of a row is own_sd^2 plus the sum of squares of its series' loadings.

    Args:
        matrix: sparse (S, F).
        names: of the F factors.
    """

    matrix: csr_array
    names: tuple[str, ...]


def spread_rows(evidence: Evidence, ground: Ground, rows: Rows, factors: Factors, root: FloatArray) -> tuple[Spread, Lasting]:
    """Calibrate lasting errors by the factors of their group, and split each row's variance.

    Loadings are constant over a series' periods, so where findings leave a row with less variance than its series shares, the series' loadings
    are held at what its best-known row has, and the rest of the others' variance counts as their own.

    Args:
        evidence: of a part of the series.
        ground: what holds of each of them.
        rows: their posterior.
        factors: of calibration.
        root: Cholesky factor of the effects' covariance, shape (p, p).
    """
    group = factors.leaf[evidence.series_unit]
    # Series that do not report do not share the bias of reports, but what is made of nameplates.
    effect_loadings = shared_loadings(ground.shared, root)
    lasting = np.asarray(effect_loadings.power(2).sum(axis=1)).ravel() + ground.unit_variance + ground.series_variance
    # Inspected units are measured, not predicted: what inspection found of the others says nothing of them.
    calm = ground.inspected
    ninety, half = np.where(calm, 1.0, factors.ninety[group]), np.where(calm, 1.0, factors.half[group])
    log_variance = rows.damping**2 * (ninety**2 * lasting)[rows.series] + rows.own
    half_variance = rows.damping**2 * (half**2 * lasting)[rows.series] + rows.own
    least = np.full(len(group), np.inf)
    np.minimum.at(least, rows.series[~rows.zero], log_variance[~rows.zero])
    held = ninety**2 * lasting
    scale = ninety * np.sqrt(np.minimum(1.0, np.where(np.isfinite(least), 0.98 * least, 1.0) / np.maximum(held, 1e-300)))
    # What rows of a year have in common beside level and bias is a lasting error to whoever adds them up.
    linked = np.minimum(rows.linked, np.where(np.isfinite(least), 0.9 * np.maximum(least - scale**2 * lasting, 0.0), 0.0))
    shared = Lasting(
        effects=csr_array(diags_array(scale) @ effect_loadings),
        unit=scale * np.sqrt(ground.unit_variance),
        series=np.sqrt(scale**2 * ground.series_variance + linked),
        product=np.where(calm, 0.0, MODEL_SD),
    )
    common = np.asarray(shared.effects.power(2).sum(axis=1)).ravel() + shared.unit**2 + shared.series**2 + shared.product**2
    own = np.sqrt(np.maximum(log_variance - common[rows.series], 0.0))
    return Spread(np.sqrt(own**2 + common[rows.series]), own, np.sqrt(half_variance)), shared


def join_loadings(evidence: Evidence, lasting: Lasting, effects: tuple[str, ...]) -> Loadings:
    """Write the lasting errors of all series as loadings: a factor for each effect, unit, series and product."""
    units, products, count = evidence.units.labels, evidence.products.labels, len(evidence.series_unit)
    one = np.arange(count)

    def single(values: FloatArray, column: NDArray[np.int64], width: int) -> csr_array:
        return csr_array((values, (one, column)), shape=(count, width))

    matrix = csr_array(
        hstack(
            [
                lasting.effects,
                single(lasting.unit, evidence.series_unit, len(units)),
                single(lasting.series, one, count),
                single(lasting.product, evidence.series_product, len(products)),
            ]
        )
    )
    matrix.eliminate_zeros()
    pairs = zip(evidence.series_unit.tolist(), evidence.series_product.tolist(), strict=True)
    names = (
        *effects,
        *(f"unit|{label}" for label in units),
        *(f"unit|{units[unit]}|{products[product]}" for unit, product in pairs),
        *(f"model|product={label}" for label in products),
    )
    return Loadings(matrix, names)
