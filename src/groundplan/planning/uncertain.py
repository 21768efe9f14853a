"""Units whose uncertainty matters most for the plan: the spread of their capacity times what it is worth."""

from __future__ import annotations

import polars as pl

from groundplan.planning.chance import LineCapacities
from groundplan.planning.inputs import Inputs
from groundplan.tables.economy import Economy
from groundplan.tables.results import Uncertain
from groundplan.tables.sums import ordered_sum

__all__ = ["uncertain_table"]


def uncertain_table(economy: Economy, inputs: Inputs, lines: LineCapacities, prices: pl.DataFrame) -> pl.DataFrame:
    """Rank units by product: standard deviation of capacity times its shadow price, mean over the plan's periods.

    A unit's lines of one main product are added as if their errors moved together, which they do at least in part.
    """
    pool_prices = prices.filter(pl.col("kind") == "capacity").group_by(pl.col("item").alias("pool")).agg((ordered_sum(pl.col("price")) / inputs.planned).alias("price"))
    shared = lines.shared.group_by("line").agg(ordered_sum(pl.col("loading") ** 2).alias("shared"))
    table = lines.table.join(shared, on="line", how="left").join(inputs.pools.lines.select("line", "unit", "pool"), on="line").join(pool_prices, on="pool", how="left")
    spread = ((pl.col("shared").fill_null(0.0) + pl.col("own") ** 2).sqrt()).alias("sd")
    table = table.with_columns(spread, pl.col("price").fill_null(0.0), pl.col("product").fill_null(""))
    found = table.sort("line").group_by("unit", "product", maintain_order=True).agg(
        ordered_sum(pl.col("median")).alias("capacity"),
        ordered_sum(pl.col("sd")),
        ordered_sum(pl.col("price") * pl.col("median")).alias("worth_of_all"),
        ordered_sum(pl.col("sd") * pl.col("price")).alias("worth"),
    )  # fmt: skip
    seen = economy.findings.select("unit").unique().with_columns(pl.lit(value=True).alias("inspected"))
    some = pl.col("capacity") > 0
    found = found.filter(pl.col("sd") > 0).join(seen, on="unit", how="left").with_columns(
        pl.when(some).then(pl.col("sd") / pl.col("capacity")).alias("relative_sd"),
        pl.when(some).then(pl.col("worth_of_all") / pl.col("capacity")).otherwise(0.0).alias("price"),
        pl.col("inspected").fill_null(value=False),
    )  # fmt: skip
    schema = Uncertain.create_empty().schema
    return found.select(pl.col(name).cast(dtype) for name, dtype in schema.items()).sort(["worth", "unit", "product"], descending=[True, False, False])
