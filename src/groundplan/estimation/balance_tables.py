"""Result tables after estimates were reconciled with balances."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array, hstack
from scipy.special import ndtr

from groundplan.estimation.balance_inputs import BalanceInputs, Live
from groundplan.estimation.balance_suspects import Suspects
from groundplan.estimation.evidence import NOT_STATED
from groundplan.estimation.factors import effect_root, shared_loadings
from groundplan.maths.conditioning import Conditioned, conditioned_sums
from groundplan.maths.lognormal import Z50, Z90, lognormal_mean, sum_log_moments
from groundplan.tables.calendar import enclosing_periods
from groundplan.tables.economy import Economy
from groundplan.tables.results import Balances

__all__ = ["adjusted_estimates", "adjusted_factors", "adjusted_totals", "balances_table"]

FloatArray = NDArray[np.float64]

_BROAD = 10
"""Factors that so many series load keep their covariance after balances; of the others each keeps its variance."""
_OVERSTATED = 1.05
_MOST_SHARED = 0.98


def adjusted_factors(live: Live, after: Conditioned) -> tuple[pl.DataFrame, FloatArray]:
    """Write the factors' posterior as loadings again, and give the variance they make up, shape (S,).

    Balances leave factors and rows correlated with each other: no loadings and own parts can say all of it. What broad factors (groups) have in
    common is kept, narrow ones (a unit's) keep their variance, and each row's own part makes its variance exact. Totals are
    computed apart, with all covariances.
    """
    loadings, root = live.quantities.loadings.copy(), after.factor_root
    loadings.eliminate_zeros()
    broad = np.bincount(loadings.indices, minlength=loadings.shape[1]) >= _BROAD
    kept = np.eye(int(broad.sum())) - root[:, broad].T @ root[:, broad]
    narrow = np.sqrt(np.maximum(1.0 - (root[:, ~broad] ** 2).sum(axis=0), 0.0))
    order = np.concatenate([np.flatnonzero(broad), np.flatnonzero(~broad)])
    joined = csr_array(hstack([shared_loadings(csr_array(loadings[:, broad]), effect_root(kept)), loadings[:, ~broad] @ diags_array(narrow)]))
    common = np.asarray(joined.power(2).sum(axis=1)).ravel()
    least = np.full(len(common), np.inf)
    np.minimum.at(least, live.quantities.series, after.log_sd**2)
    scale = np.sqrt(np.minimum(1.0, np.where(np.isfinite(least), _MOST_SHARED * least, np.inf) / np.maximum(common, 1e-300)))
    entries = csr_array(diags_array(scale) @ joined).tocoo()
    series, factor = entries.coords
    nonzero = entries.data != 0
    series, factor, data = series[nonzero], order[factor[nonzero]], entries.data[nonzero]
    sorted_ = np.lexsort((factor, series))
    series, factor, data = series[sorted_].astype(np.int64), factor[sorted_], data[sorted_]
    names = pl.Series("factor", live.factors, dtype=pl.String).gather(pl.Series(factor.astype(np.int64)))
    return pl.DataFrame([*live.series[series].get_columns(), names, pl.Series("loading", data, dtype=pl.Float64)]), scale**2 * common


def adjusted_estimates(estimates: pl.DataFrame, live: Live, after: Conditioned, common: FloatArray) -> pl.DataFrame:
    """Write the posterior after balances into the rows with output; shares of sources stay those before balances."""
    rows = estimates[live.at]
    mean, sd = after.mean, np.sqrt(np.maximum(after.log_sd**2, common[live.quantities.series]))
    median, before = np.exp(mean), np.maximum(live.quantities.log_sd(), 1e-300)
    # The calibrated 50 % interval narrows by as much as the other.
    half = np.exp(np.log(rows["upper_50"].to_numpy() / rows["median"].to_numpy()) * sd / before)
    ninety = np.exp(Z90 * sd)
    half = np.minimum(half, ninety)
    reported = rows["reported"].fill_null(np.nan).to_numpy()
    bias = np.log(np.where(reported > 0, reported, np.nan)) - mean
    overstated = np.where(np.isnan(reported), np.nan, np.where(reported == 0, 0.0, ndtr((bias - np.log(_OVERSTATED)) / np.maximum(sd, 1e-12))))
    columns = {
        "median": median,
        "lower_50": median / half,
        "upper_50": median * half,
        "lower_90": median / ninety,
        "upper_90": median * ninety,
        "log_mean": mean,
        "log_sd": sd,
        "own_log_sd": np.sqrt(np.maximum(sd**2 - common[live.quantities.series], 0.0)),
        "log_bias": bias,
        "probability_overstated": overstated,
    }

    def whole(name: str, values: FloatArray) -> pl.Series:
        filled = estimates[name].fill_null(np.nan).to_numpy().copy()
        filled[live.at] = values
        return pl.Series(name, filled, dtype=pl.Float64).fill_nan(None)

    return estimates.with_columns([whole(name, values) for name, values in columns.items()])


def adjusted_totals(economy: Economy, estimates: pl.DataFrame, totals: pl.DataFrame, live: Live, after: Conditioned) -> pl.DataFrame:
    """Add rows up again by the keys of `totals`, with all covariances that balances leave."""
    groups = economy.units.unique("unit", keep="first", maintain_order=True).select("unit", pl.col("sector", "region").fill_null(NOT_STATED), total=pl.lit("all"))
    rows = estimates.select("unit", "product", "period")[live.at].with_row_index("row")
    inside = enclosing_periods(rows["period"].unique(), totals["period"].unique().to_list()).select("period", "outer")
    rows = (
        rows.join(inside, on="period")
        .join(groups, on="unit", how="left")
        .unpivot(["total", "sector", "region"], index=["row", "product", "outer"], variable_name="level", value_name="key")
    )
    place = totals.select("level", "key", "product", pl.col("period").alias("outer")).with_row_index("total_at")
    found = rows.join(place, on=["level", "key", "product", "outer"])
    pair = (found["total_at"].to_numpy().astype(np.int64), found["row"].to_numpy().astype(np.int64))
    mean, variance = conditioned_sums(live.quantities, after, csr_array((np.ones(len(found)), pair), shape=(len(totals), len(live.at))))
    median, log_sd = sum_log_moments(mean, variance)
    steps = {"median": 0.0, "lower_50": -Z50, "upper_50": Z50, "lower_90": -Z90, "upper_90": Z90}
    return totals.with_columns([pl.Series(name, median * np.exp(step * log_sd)) for name, step in steps.items()])


def balances_table(
    live: Live, inputs: BalanceInputs, judged: tuple[FloatArray, FloatArray, FloatArray, NDArray[np.bool_]], suspects: Mapping[int, Suspects], after: Conditioned
) -> pl.DataFrame:
    """Write the result table `balances`: residual, its standard deviation, p-value and use come as `judged`, shape (K,) each."""
    residual, sd, p_value, used = judged
    before = lognormal_mean(np.exp(live.quantities.mean), live.quantities.log_sd())
    mean, variance = conditioned_sums(live.quantities, after, inputs.made)
    median, log_sd = sum_log_moments(mean, variance)
    later = conditioned_sums(live.quantities, after, inputs.made - inputs.used)[0] + inputs.known
    columns: dict[str, FloatArray | NDArray[np.bool_] | pl.Series] = {
        "output": inputs.made @ before,
        "intermediate": inputs.used @ before,
        "residual": residual,
        "residual_sd": sd,
        "residual_in_sd": residual / sd,
        "p_value": p_value,
        "used": used,
        "output_after": median,
        "output_lower_90": median * np.exp(-Z90 * log_sd),
        "output_upper_90": median * np.exp(Z90 * log_sd),
        "residual_after": later,
        "residual_after_in_sd": later / sd,
        "explained_by": pl.Series([suspects[at].sentence() or None if at in suspects else None for at in range(len(residual))], dtype=pl.String),
    }
    table = inputs.keys.rename({"import": "imports", "export": "exports"}).with_columns([pl.Series(name, values) for name, values in columns.items()])
    return table.with_columns(pl.col("p_value").fill_nan(None)).select(Balances.column_names())
