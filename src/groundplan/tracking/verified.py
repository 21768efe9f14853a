"""Sums of estimates over units and periods, with shared errors counted."""

from __future__ import annotations

import polars as pl

from groundplan.tables.calendar import enclosing_periods
from groundplan.tables.sums import ordered_sum

__all__ = ["verified_sums"]

_Z90 = 1.6448536269514722


def verified_sums(members: pl.DataFrame, estimates: pl.DataFrame | None, factors: pl.DataFrame | None) -> pl.DataFrame:
    """Add estimates up to groups of units, products and periods, with the variance of the sum.

    Rows keep their order at every step, so that floating-point sums come out the same each time.

    Each estimate is lognormal. The sum's mean is exact; its variance is that of the logs, carried over at first order:
    Var = sum over factors of (sum_i w_i m_i loading_i)^2 + sum_i (w_i m_i own_i)^2. The sum is then taken as lognormal with
    that mean and variance (Fenton 1960).

    Args:
        members: `level`, `key`, `group_product`, `period` (the group's, for instance a year), `unit`, `product`, `weight`.
        estimates: result table `estimates`, for periods inside the groups' own; None gives an empty result.
        factors: result table `estimate_factors`.

    Returns:
        `level`, `key`, `group_product`, `period`, `verified` (median), `verified_lower_90`, `verified_upper_90`.
    """
    keys = ["level", "key", "group_product", "period"]
    schema = dict.fromkeys(keys, pl.String) | dict.fromkeys(("verified", "verified_lower_90", "verified_upper_90"), pl.Float64)
    if estimates is None or estimates.is_empty():
        return pl.DataFrame(schema=schema)
    cells = _yearly(estimates, members["period"].unique())
    rows = members.join(cells, on=["unit", "product", "period"], maintain_order="left").with_columns((pl.col("weight") * pl.col("mean")).alias("pull"))
    sums = rows.group_by(keys, maintain_order=True).agg(ordered_sum(pl.col("pull")).alias("mean"), ordered_sum((pl.col("weight") ** 2) * pl.col("own_variance")).alias("variance"))
    if factors is not None and not factors.is_empty():
        shared = (
            rows.select(*keys, "unit", "product", "pull")
            .join(factors, on=["unit", "product"], maintain_order="left_right")
            .group_by(*keys, "factor", maintain_order=True)
            .agg(ordered_sum(pl.col("pull") * pl.col("loading")).alias("pull"))
            .group_by(keys, maintain_order=True)
            .agg(ordered_sum(pl.col("pull") ** 2).alias("shared"))
        )
        sums = sums.join(shared, on=keys, how="left").with_columns((pl.col("variance") + pl.col("shared").fill_null(0.0)).alias("variance"))
    log_sd = (1.0 + pl.col("variance") / pl.col("mean") ** 2).log().sqrt()
    sums = sums.with_columns(pl.when(pl.col("mean") > 0).then(log_sd).otherwise(0.0).alias("log_sd"))
    median = pl.col("mean") * (-(pl.col("log_sd") ** 2) / 2).exp()
    return sums.select(
        *keys,
        median.alias("verified"),
        (median * (-_Z90 * pl.col("log_sd")).exp()).alias("verified_lower_90"),
        (median * (_Z90 * pl.col("log_sd")).exp()).alias("verified_upper_90"),
    ).cast(dict.fromkeys(keys, pl.String))


def _yearly(estimates: pl.DataFrame, years: pl.Series) -> pl.DataFrame:
    """Sum means and own variances over the periods inside each year."""
    calendar = enclosing_periods(estimates["period"].unique(), years)
    spread = pl.col("log_sd").fill_null(0.0)
    own = pl.col("own_log_sd").fill_null(pl.col("log_sd")).fill_null(0.0)
    mean = pl.col("median") * (spread**2 / 2).exp()
    return (
        estimates.join(calendar.select("period", "outer"), on="period", maintain_order="left_right")
        .with_columns(mean.alias("mean"), (mean * own).alias("own"))
        .group_by("unit", "product", pl.col("outer").alias("period"), maintain_order=True)
        .agg(ordered_sum(pl.col("mean")), ordered_sum(pl.col("own") ** 2).alias("own_variance"))
    )
