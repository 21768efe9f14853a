"""Capacities at a chosen chance: each product's total capacity is there with that chance, shared errors counted.

The capacity of line l is lognormal with mean e_l; Cov(l, m) is e_l e_m sum_f lambda_lf lambda_mf at first order, plus (e_l own_l)^2 on
the diagonal. The total of a product is taken as lognormal with the total's two moments (Fenton 1960); its quantile Q at the chance
is handed back to the lines by e_l - kappa Cov(l, total)/sd(total), where kappa = (E total - Q)/sd(total). For small errors kappa is the normal
quantile z of Charnes and Cooper (1959); for large ones the sum stays positive, which a normal would not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri

from groundplan.tables.economy import Economy
from groundplan.tables.sums import ordered_sum

__all__ = ["LineCapacities", "capacities_at_chance", "lognormal_quantile", "main_products"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LineCapacities:
    """Capacity of each line, in units of activity per plan period.

    Args:
        table: line, recipe, product (main product), chosen (at the chance), median, mean, own (sd of the part that is the line's own).
        shared: line, factor, loading: sd that comes from a shared factor, in units of activity.
        certain: lines that are in no row of the estimate, so that their nameplate is taken as certain.
    """

    table: pl.DataFrame
    shared: pl.DataFrame
    certain: int


def lognormal_quantile(mean: FloatArray, variance: FloatArray, chance: float) -> FloatArray:
    """Give the quantile of a lognormal variable from its mean and variance, shape as they are; zero where the mean is zero."""
    safe = np.where(mean > 0, mean, 1.0)
    spread = np.log1p(np.maximum(variance, 0.0) / safe**2)
    return np.where(mean > 0, safe * np.exp(-spread / 2 + ndtri(chance) * np.sqrt(spread)), 0.0)


def capacities_at_chance(economy: Economy, capacities: pl.DataFrame | None, factors: pl.DataFrame | None) -> LineCapacities:
    """Find each line's capacity so that every product's total is there with the chance of the settings.

    Args:
        economy: lines, recipes and the chance.
        capacities: result table `capacities`; None: nameplates, as certain.
        factors: result table `capacity_factors`, shared errors; None: none are shared.
    """
    main = main_products(economy)
    lines = economy.lines.select("line", "recipe", pl.col("capacity").alias("nameplate"), "efficiency").join(main, on="recipe", how="left").sort("line")
    if capacities is None or capacities.is_empty():
        table = lines.with_columns(pl.col("nameplate").alias("mean"), pl.lit(0.0).alias("own"), pl.col("nameplate").alias("median"), pl.col("nameplate").alias("chosen"))
        shared = pl.DataFrame(schema={"line": pl.String, "factor": pl.String, "loading": pl.Float64})
        return LineCapacities(table, shared, 0 if capacities is None else len(lines))
    known = capacities.select("line", "median", pl.col("log_sd").fill_null(0.0), pl.col("own_log_sd").fill_null(0.0))
    table = lines.join(known, on="line", how="left", maintain_order="left").with_columns(pl.col("median").is_null().alias("unknown"))
    table = table.with_columns(pl.col("median").fill_null(pl.col("nameplate")), pl.col("log_sd", "own_log_sd").fill_null(0.0))
    table = table.with_columns((pl.col("median") * (pl.col("log_sd") ** 2 / 2).exp()).alias("mean"))
    table = table.with_columns((pl.col("mean") * pl.col("own_log_sd")).alias("own"))
    loadings = (factors if factors is not None else pl.DataFrame(schema={"line": pl.String, "factor": pl.String, "loading": pl.Float64})).select("line", "factor", "loading")
    shared = loadings.join(table.select("line", "mean"), on="line", maintain_order="left").select("line", "factor", pl.col("loading") * pl.col("mean")).sort("line", "factor")
    chosen = _share_out(table, shared, economy.settings.capacity_chance)
    return LineCapacities(chosen, shared, int(table["unknown"].sum()))


def main_products(economy: Economy) -> pl.DataFrame:
    """Give the main product of each recipe: the one that comes out in the largest amount, and of equals the first by name.

    Returns:
        recipe, product, yielded (amount per unit of activity).
    """
    out = economy.recipes.filter(pl.col("role").cast(pl.String) == "out")
    products = out.join(economy.products.select(pl.col("product").alias("item")), on="item", how="semi").sort(["recipe", "amount", "item"], descending=[False, True, False])
    return products.group_by("recipe", maintain_order=True).agg(pl.col("item").first().alias("product"), pl.col("amount").first().alias("yielded"))


def _share_out(table: pl.DataFrame, shared: pl.DataFrame, chance: float) -> pl.DataFrame:
    """Take off each line's part in its product's risk."""
    weight = (pl.col("yielded").fill_null(1.0) * pl.col("efficiency")).alias("weight")
    table = table.with_columns(weight, pl.col("product").fill_null(""))
    weighted = shared.join(table.select("line", "product", "weight"), on="line", maintain_order="left").with_columns(pl.col("loading") * pl.col("weight"))
    by_factor = weighted.group_by("product", "factor").agg(ordered_sum(pl.col("loading")).alias("total_loading"))
    common = (
        weighted.join(by_factor, on=["product", "factor"], maintain_order="left").group_by("line").agg(ordered_sum(pl.col("loading") * pl.col("total_loading")).alias("common"))
    )
    table = table.join(common, on="line", how="left", maintain_order="left").with_columns(pl.col("common").fill_null(0.0))
    table = table.with_columns((pl.col("common") + (pl.col("own") * pl.col("weight")) ** 2).alias("covariance"))
    totals = table.group_by("product").agg(ordered_sum(pl.col("mean") * pl.col("weight")).alias("total"), ordered_sum(pl.col("covariance")).alias("variance"))
    mean, variance = totals["total"].to_numpy(), np.maximum(totals["variance"].to_numpy(), 0.0)
    quantile = lognormal_quantile(mean, variance, 1.0 - chance)
    # kappa / sd(total); the mean itself where nothing is uncertain.
    slope = np.divide(mean - quantile, variance, out=np.zeros_like(mean), where=variance > 0)
    table = table.join(totals.with_columns(pl.Series("slope", slope)), on="product", how="left", maintain_order="left")
    chosen = pl.col("mean") - pl.col("slope") * pl.col("covariance") / pl.col("weight")
    return table.with_columns(chosen.clip(lower_bound=0.0).alias("chosen"))
