"""What differs between plans: figures that can be set side by side, and what binds in the one and not in the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.planning.loss import goal_losses
from groundplan.tables.bundles import Plan
from groundplan.tables.results import BindingChanges, ChangeParts, PlanChanges

__all__ = ["AFTER_THE_PLAN", "KEYS", "MEASURES", "binding_changes", "change_tables", "plan_figures", "set_side_by_side"]

FloatArray = NDArray[np.float64]

MEASURES = ("loss", "fulfilment", "delivered", "production", "imports", "new_capacity")
"""What is compared, in the order in which a planner asks."""

AFTER_THE_PLAN = "after the plan"
"""Stands as the period of what is lost in the year after the plan, which is part of the objective."""

KEYS = ["measure", "item", "period", "priority"]

_ROUNDING = 1e-9
"""Differences up to this share of a figure are rounding: it is the share to which plans close their balances."""


def plan_figures(plan: Plan) -> pl.DataFrame:
    """Give a plan's figures, long: measure, item, period, priority, value; what is not listed is 0, and fulfilment 1.

    What no goal of the plan explains of the objective is the loss of the year after.
    """
    gaps = plan.gaps.with_columns(pl.Series("loss", goal_losses(plan.gaps)), (1.0 - pl.col("shortfall_share")).alias("fulfilment"))
    of_goals = pl.concat([_long(gaps, "loss", pl.col("priority")), *(_long(gaps, name, pl.lit(0)) for name in ("fulfilment", "delivered"))])
    of_outputs = pl.concat([_long(plan.outputs, name, pl.lit(0)) for name in ("production", "imports")])
    built = plan.new_capacity.group_by(pl.col("recipe").alias("product"), "period").agg(pl.col("quantity").sum().alias("new_capacity"))
    sums = gaps.group_by("priority").agg(pl.col("loss").sum()).select(pl.lit("").alias("product"), pl.lit("").alias("period"), "priority", "loss")
    lost = float(gaps["loss"].sum())
    whole = pl.DataFrame({"product": ["", ""], "period": ["", AFTER_THE_PLAN], "loss": [plan.objective, _above_rounding(plan.objective - lost, plan.objective)]})
    return pl.concat([of_goals, _long(sums, "loss", pl.col("priority")), _long(whole, "loss", pl.lit(0)), of_outputs, _long(built, "new_capacity", pl.lit(0))])


def set_side_by_side(figures: Sequence[pl.DataFrame]) -> tuple[pl.DataFrame, FloatArray]:
    """Align the figures of several plans.

    Returns:
        The keys, sorted, and the figures, shape (plans, keys).
    """
    order = pl.col("measure").replace_strict({name: place for place, name in enumerate(MEASURES)}, return_dtype=pl.Int64)
    keys = pl.concat([frame.select(KEYS) for frame in figures]).unique().sort(order, "priority", "item", "period")
    absent = np.where(keys["measure"] == "fulfilment", 1.0, 0.0)
    rows = [keys.join(frame, on=KEYS, how="left", maintain_order="left")["value"].to_numpy() for frame in figures]
    return keys, np.array([np.where(np.isnan(row), absent, row) for row in rows])


def change_tables(keys: pl.DataFrame, before: FloatArray, after: FloatArray, parts: FloatArray, causes: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Write the result tables `plan_changes` and `change_parts`, without what is the same and to which no cause does anything.

    Args:
        keys: what each figure is, from `set_side_by_side`.
        before: figures of the first plan, shape (keys,).
        after: those of the second.
        parts: shape (causes, keys), adding up to `after - before`.
        causes: their names.
    """
    size = np.maximum(np.abs(before), np.abs(after))
    moved = np.maximum(np.abs(after - before), np.abs(parts).max(axis=0, initial=0.0)) > _ROUNDING * size
    kept = moved | ((keys["measure"] == "loss") & (keys["item"] == "") & (keys["period"] == "")).to_numpy()
    rows = keys.filter(pl.Series(kept))
    changes = rows.with_columns(pl.Series("before", before[kept]), pl.Series("after", after[kept]), pl.Series("change", (after - before)[kept]))
    each = rows[np.repeat(np.arange(len(rows)), len(causes))]
    shares = each.with_columns(pl.Series("cause", list(causes) * len(rows), dtype=pl.String), pl.Series("part", parts[:, kept].T.ravel()))
    return changes.select(PlanChanges.column_names()), shares.select(ChangeParts.column_names())


def binding_changes(before: Plan, after: Plan) -> pl.DataFrame:
    """Write the result table `binding_changes`, what is new first, and of the same kind what is worth most."""
    key = ["kind", "item", "region", "period"]
    sides = [plan.shadow_prices.filter(pl.col("kind") != "product").select(*key, "price", "value", "priority") for plan in (before, after)]
    joined = sides[0].join(sides[1], on=key, how="full", coalesce=True, suffix="_after").rename({name: f"{name}_before" for name in ("price", "value", "priority")})
    binds = pl.when(pl.col("price_before").is_null()).then(pl.lit("now")).when(pl.col("price_after").is_null()).then(pl.lit("no more")).otherwise(pl.lit("still"))
    filled = joined.with_columns(binds.alias("binds"), *(pl.col(f"{name}_{side}").fill_null(0.0) for name in ("price", "value") for side in ("before", "after")))
    place = pl.col("binds").replace_strict({"now": 0, "no more": 1, "still": 2}, return_dtype=pl.Int64)
    worth = pl.max_horizontal("value_before", "value_after")
    return filled.select(BindingChanges.column_names()).sort(place, pl.coalesce("priority_after", "priority_before"), worth, *key, descending=[False, False, True, *([False] * 4)])


def _long(table: pl.DataFrame, measure: str, priority: pl.Expr) -> pl.DataFrame:
    return table.select(
        pl.lit(measure).alias("measure"), pl.col("product").alias("item"), "period", priority.cast(pl.Int64).alias("priority"), pl.col(measure).cast(pl.Float64).alias("value")
    )


def _above_rounding(value: float, scale: float) -> float:
    return value if value > _ROUNDING * max(scale, 1.0) else 0.0
