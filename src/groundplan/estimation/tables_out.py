"""Posteriors as the result tables `estimates` and `estimate_factors`."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr

from groundplan.estimation.calibrate import Factors
from groundplan.estimation.evidence import Evidence
from groundplan.estimation.rows import Ground, Rows
from groundplan.estimation.spread import Loadings, Spread
from groundplan.maths.lognormal import Z50, Z90
from groundplan.tables.axes import Axis

__all__ = ["estimates_table", "factors_table"]

FloatArray = NDArray[np.float64]

_OVERSTATED = 1.05
_MISSING = ("reported", "log_mean", "log_sd", "own_log_sd", "log_bias", "probability_overstated")
"""Columns that may be empty."""


def estimates_table(evidence: Evidence, ground: Ground, rows: Rows, spread: Spread, factors: Factors) -> pl.DataFrame:
    """Write the posterior of each row of a part; where output is zero, so are its quantiles, and logs are empty."""
    reported = evidence.reported[rows.series, rows.period]
    log_reported = np.log(np.where(reported > 0, reported, np.nan))
    median = np.where(rows.zero, 0.0, np.exp(np.where(rows.zero, 0.0, rows.mean)))
    half, ninety = np.exp(Z50 * spread.half_sd), np.exp(Z90 * spread.log_sd)
    # Intervals nest whatever the two factors are.
    half = np.minimum(half, ninety)
    bias = log_reported - rows.mean
    overstated = ndtr((bias - np.log(_OVERSTATED)) / np.maximum(spread.log_sd, 1e-12))
    overstated = np.where(rows.zero, (reported > 0).astype(float), np.where(reported == 0, 0.0, overstated))
    unit, product = evidence.series_unit[rows.series], evidence.series_product[rows.series]
    periods = Axis(evidence.periods)
    groups = pl.Series("group", factors.source, dtype=pl.String).gather(pl.Series(factors.leaf[unit]))
    columns = {
        "reported": reported,
        "median": median,
        "lower_50": np.where(rows.zero, 0.0, median / half),
        "upper_50": np.where(rows.zero, 0.0, median * half),
        "lower_90": np.where(rows.zero, 0.0, median / ninety),
        "upper_90": np.where(rows.zero, 0.0, median * ninety),
        "log_mean": rows.mean,
        "log_sd": np.where(rows.zero, np.nan, spread.log_sd),
        "own_log_sd": np.where(rows.zero, np.nan, spread.own_sd),
        "log_bias": bias,
        "probability_overstated": np.where(np.isnan(reported), np.nan, overstated),
        "share_report": rows.weights[:, 0],
        "share_finding": rows.weights[:, 1],
        "share_claim": rows.weights[:, 2],
        "share_proxy": rows.weights[:, 3],
        "share_prior": rows.weights[:, 4],
    }
    keys = [evidence.units.column("unit", unit), evidence.products.column("product", product), periods.column("period", rows.period)]
    numbers = [pl.Series(name, values, dtype=pl.Float64) for name, values in columns.items()]
    numbers = [column.fill_nan(None) if column.name in _MISSING else column for column in numbers]
    rest = [pl.Series("inspected", ground.inspected[rows.series], dtype=pl.Boolean), groups]
    return pl.DataFrame([*keys, *numbers, *rest])


def factors_table(evidence: Evidence, loadings: Loadings, live: NDArray[np.bool_]) -> pl.DataFrame:
    """Write the loadings of each series that has a row with output, `live` of shape (S,)."""
    entries = loadings.matrix.tocoo()
    series, factor = entries.coords
    keep = live[series]
    series, factor, loading = series[keep], factor[keep], entries.data[keep]
    order = np.lexsort((factor, series))
    series, factor, loading = series[order], factor[order], loading[order]
    return pl.DataFrame(
        [
            evidence.units.column("unit", evidence.series_unit[series]),
            evidence.products.column("product", evidence.series_product[series]),
            pl.Series("factor", loadings.names, dtype=pl.String).gather(pl.Series(factor.astype(np.int64))),
            pl.Series("loading", loading, dtype=pl.Float64),
        ]
    )
