"""From the programme's numbers to result tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.planning.columns import Layout
from groundplan.planning.inputs import Inputs
from groundplan.planning.merit import Merit, merit_order
from groundplan.tables.results import RESULTS

__all__ = ["Levels", "activities_table", "allocations_table", "gaps_table", "levels_of", "line_activities_table", "new_capacity_table", "outputs_table", "resource_use_table"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """The plan's numbers by what they mean, plan periods only.

    Args:
        activity, efficiency: shape (Q, T), as the pools' lines run in merit order.
        merit: levels of lines that differ within their pool.
        built: shape (Q, H), new capacity first usable in the period; the last of H may lie behind the plan.
        capacity, median: shape (Q, T), with what was built.
        imports, exports, opening, losses, closing, unused: shape (P, T).
        delivered, missed: shape (P, T): missed is what is lacking to the goal.
        production, intermediate, investment: shape (P, T).
    """

    activity: FloatArray
    efficiency: FloatArray
    merit: Merit
    built: FloatArray
    capacity: FloatArray
    median: FloatArray
    imports: FloatArray
    exports: FloatArray
    opening: FloatArray
    losses: FloatArray
    closing: FloatArray
    unused: FloatArray
    delivered: FloatArray
    missed: FloatArray
    production: FloatArray
    intermediate: FloatArray
    investment: FloatArray


def levels_of(inputs: Inputs, layout: Layout, x: FloatArray) -> Levels:
    """Read the plan's numbers off the columns, shape (n,)."""
    planned = inputs.planned

    def take(places: NDArray[np.int64]) -> FloatArray:
        return np.where(places >= 0, x[places], 0.0) if len(x) else np.zeros(places.shape)

    found = take(layout.activity)[:, :planned]
    merit = merit_order(inputs, found)
    activity = merit.activity
    built = take(layout.built)
    closing = (take(layout.stock) - take(layout.low))[:, :planned]
    opening = np.concatenate([inputs.stocks.opening[:, None], closing[:, :-1]], axis=1)
    missed = take(layout.short).sum(axis=2)[:, :planned] + take(layout.below)[:, :planned]
    left = 1.0 - inputs.investment.wear[inputs.pool_recipe]
    added = np.zeros_like(activity)
    for period in range(planned):
        added[:, period] = (added[:, period - 1] * left if period else 0.0) + built[:, period]
    unused = take(layout.unused)[:, :planned] + inputs.used @ (found - activity)
    return Levels(
        activity, merit.efficiency, merit, built, inputs.capacity[:, :planned] + added, inputs.median[:, :planned] + added, take(layout.imports)[:, :planned],
        take(layout.exports)[:, :planned], opening, opening * (1.0 - inputs.stocks.kept)[:, None], closing, unused, inputs.goals.quantity[:, :planned] - missed, missed,
        inputs.made @ found, inputs.used @ activity, _invested(inputs, built),
    )  # fmt: skip


def _invested(inputs: Inputs, built: FloatArray) -> FloatArray:
    """Sum the capital goods that are delivered in each plan period, shape (P, T)."""
    invest = inputs.investment
    by_recipe = np.zeros((len(inputs.recipes), built.shape[1]))
    np.add.at(by_recipe, inputs.pool_recipe, built)
    total = np.zeros((len(inputs.products), inputs.planned))
    for period in range(inputs.planned):
        usable = period + invest.lag
        inside = usable < built.shape[1]
        total[:, period] = np.bincount(invest.product[inside], invest.amount[inside] * by_recipe[invest.recipe[inside], usable[inside]], len(inputs.products))
    return total


def outputs_table(inputs: Inputs, plan: Levels, lower: FloatArray, upper: FloatArray) -> pl.DataFrame:
    """Write the balance of each product and period; `lower` and `upper`, shape (P, T), bound what the planned lines can make."""
    sources = plan.production + plan.imports + plan.opening
    uses = plan.losses + plan.intermediate + plan.investment + plan.delivered + plan.exports + plan.closing + plan.unused
    values = {
        "production": plan.production, "production_lower_90": lower, "production_upper_90": upper, "imports": plan.imports, "opening_stock": plan.opening,
        "losses": plan.losses, "intermediate": plan.intermediate, "investment": plan.investment, "final_use": plan.delivered, "exports": plan.exports,
        "closing_stock": plan.closing, "unused": plan.unused, "residual": sources - uses,
    }  # fmt: skip
    return _long("outputs", "product", inputs.products.labels, inputs.periods[: inputs.planned], values)


def activities_table(inputs: Inputs, plan: Levels) -> pl.DataFrame:
    """Write each pool's level and capacity, for the periods in which it can run."""
    values = {"level": plan.activity, "efficiency": plan.efficiency, "capacity": plan.capacity, "capacity_median": plan.median, "new_capacity": plan.built[:, : inputs.planned]}
    labels = tuple(inputs.pools.table["pool"])
    table = _long(None, "pool", labels, inputs.periods[: inputs.planned], values)
    table = table.filter(pl.Series(inputs.pools.runs[:, : inputs.planned].ravel()))
    table = table.join(inputs.pools.table.select("pool", "recipe", "region", "lines"), on="pool", maintain_order="left")
    # A pool that has no lines and gets no capacity is only a place where something could have been built.
    active = ((pl.col("lines") > 0) | (pl.col("capacity") > 0)).any().over("pool")
    return _finish("activities", table.filter(active))


def line_activities_table(inputs: Inputs, plan: Levels) -> pl.DataFrame:
    """Hand each pool's level to its lines: in merit order where they differ, else in proportion to capacity.

    What new capacity carries stands in a row of its own, under the line `new | <pool>`, so that lines add up to pools.
    """
    periods, merit = inputs.periods[: inputs.planned], plan.merit
    share = np.divide(plan.activity, plan.capacity, out=np.zeros_like(plan.activity), where=plan.capacity > 0)
    chosen = inputs.pools.table["chosen"].to_numpy()[:, None]
    left = np.divide(inputs.capacity, chosen, out=np.zeros_like(inputs.capacity), where=chosen > 0)
    labels, runs = tuple(inputs.pools.table["pool"]), inputs.pools.runs[:, : inputs.planned]
    pools = _long(None, "pool", labels, periods, {"share": share, "left": left[:, : inputs.planned]}).filter(pl.Series(runs.ravel()))
    alike = np.ones(len(inputs.pools.lines), dtype=bool)
    alike[merit.rows] = False
    lines = inputs.pools.lines.filter(pl.Series(alike)).select("line", "pool", "chosen").join(pools, on="pool").with_columns((pl.col("chosen") * pl.col("left")).alias("capacity"))
    lines = lines.select("line", "period", "pool", (pl.col("capacity") * pl.col("share")).alias("level"), "capacity")
    named = inputs.pools.lines.select("line", "pool")[merit.rows]
    ranked = [
        named.select("line", pl.lit(period).alias("period"), "pool").with_columns(pl.Series("level", merit.level[:, at]), pl.Series("capacity", merit.capacity[:, at]))
        for at, period in enumerate(periods)
    ]
    ranked = [table.filter(pl.Series(runs[merit.pool, at])) for at, table in enumerate(ranked)]
    added = plan.capacity - inputs.capacity[:, : inputs.planned]
    new = _long(None, "pool", labels, periods, {"level": added * share, "capacity": added}).filter(pl.col("capacity") > 0)
    new = new.select(("new | " + pl.col("pool")).alias("line"), "period", "pool", "level", "capacity")
    return _finish("line_activities", pl.concat([lines, *ranked, new]))


def allocations_table(inputs: Inputs, plan: Levels) -> pl.DataFrame:
    """Say who uses each product: recipes by name, other uses as a whole; what is zero is left out."""
    periods = inputs.periods[: inputs.planned]
    frames = []
    by_recipe: FloatArray = np.zeros((len(inputs.recipes), inputs.planned))
    np.add.at(by_recipe, inputs.pool_recipe, plan.activity)
    # Inputs do not depend on efficiency: one column a recipe stands for all its pools.
    first = np.unique(inputs.pool_recipe, return_index=True)
    part = inputs.used[:, first[1]].tocoo()
    product, recipe = part.row, first[0][part.col]
    for at, period in enumerate(periods):
        frames.append(_allocation(inputs, product, period, "intermediate", part.data * by_recipe[recipe, at], inputs.recipes.column("user", recipe)))
        for use, values in (("investment", plan.investment), ("final_use", plan.delivered), ("exports", plan.exports), ("closing_stock", plan.closing)):
            frames.append(_allocation(inputs, np.arange(len(inputs.products)), period, use, values[:, at], None))
    return _finish("allocations", pl.concat(frames).filter(pl.col("quantity") > 0))


def _allocation(inputs: Inputs, product: NDArray[np.signedinteger], period: str, use: str, quantity: FloatArray, user: pl.Series | None) -> pl.DataFrame:
    users = user if user is not None else pl.Series("user", [""] * len(product), dtype=pl.String)
    return pl.DataFrame(
        {"product": inputs.products.column("product", product), "period": pl.Series([period] * len(product), dtype=pl.String),
         "use": pl.Series([use] * len(product), dtype=pl.String), "user": users, "quantity": quantity}
    )  # fmt: skip


def resource_use_table(inputs: Inputs, plan: Levels) -> pl.DataFrame:
    """Write how much of each limited resource is used."""
    limits = inputs.limits
    inside = np.flatnonzero(limits.period < inputs.planned)
    use = np.zeros(len(limits.limit))
    for entry in inside:
        period = limits.period[entry]
        use[entry] = (limits.use[[entry], :] @ plan.activity[:, period])[0]
        if limits.trades[entry]:
            use[entry] += inputs.trade.import_price[:, period] @ plan.imports[:, period] - inputs.trade.export_price[:, period] @ plan.exports[:, period]
    return _finish(
        "resource_use",
        pl.DataFrame(
            {
                "resource": [limits.resource[entry] for entry in inside],
                "region": [limits.region[entry] for entry in inside],
                "period": [inputs.periods[limits.period[entry]] for entry in inside],
                "limit": limits.limit[inside],
                "use": use[inside],
            },
            schema={"resource": pl.String, "region": pl.String, "period": pl.String, "limit": pl.Float64, "use": pl.Float64},
        ),
    )


def gaps_table(inputs: Inputs, plan: Levels, causes: dict[tuple[int, int], str]) -> pl.DataFrame:
    """Write each goal with what is delivered, and why not more."""
    goals = inputs.goals
    product, period = np.nonzero(goals.quantity[:, : inputs.planned] > 0)
    goal, minimum, missed = goals.quantity[product, period], goals.minimum[product, period], plan.missed[product, period]
    # Rounding of the sum of segments is no gap.
    missed = np.where(missed <= 1e-12 * goal, 0.0, missed)
    return _finish(
        "gaps",
        pl.DataFrame(
            {
                "product": inputs.products.column("product", product),
                "period": [inputs.periods[at] for at in period],
                "priority": goals.priority[product, period],
                "weight": goals.weight[product, period],
                "goal": goal,
                "minimum": minimum,
                "delivered": plan.delivered[product, period],
                "shortfall": missed,
                "shortfall_share": missed / goal,
                "below_minimum": np.maximum(np.where(missed > (goal - minimum) + 1e-12 * goal, missed - (goal - minimum), 0.0), 0.0),
                "cause": pl.Series([causes.get((int(row), int(at))) for row, at in zip(product, period, strict=True)], dtype=pl.String),
            },
            schema_overrides={"period": pl.String},
        ),
    )


def new_capacity_table(inputs: Inputs, plan: Levels) -> pl.DataFrame:
    """Write what is built; what is delivered within the plan and first usable after it stands under the period after the plan."""
    table = _long(None, "pool", tuple(inputs.pools.table["pool"]), inputs.periods, {"quantity": plan.built}).filter(pl.col("quantity") > 0)
    return _finish("new_capacity", table.join(inputs.pools.table.select("pool", "recipe", "region"), on="pool"))


def _long(name: str | None, key: str, labels: tuple[str, ...], periods: tuple[str, ...], values: dict[str, FloatArray]) -> pl.DataFrame:
    """Write arrays of shape (labels, periods) as rows, key by key."""
    table = pl.DataFrame(
        {
            key: pl.Series(np.repeat(np.array(labels, dtype=object), len(periods)), dtype=pl.String),
            "period": pl.Series(list(periods) * len(labels), dtype=pl.String),
            **{column: np.ascontiguousarray(array).ravel() for column, array in values.items()},
        }
    )
    return table if name is None else _finish(name, table)


def _finish(name: str, table: pl.DataFrame) -> pl.DataFrame:
    """Bring a table into the columns, types and key order of its schema."""
    schema = RESULTS[name]
    empty = schema.create_empty()
    # A negative zero reads badly and has other bytes.
    fitted = table.select(
        pl.col(column).cast(dtype) + (0.0 if dtype == pl.Float64 else "") if dtype in (pl.Float64, pl.String) else pl.col(column).cast(dtype)
        for column, dtype in empty.schema.items()
    )
    return fitted.sort(list(schema.primary_key()))
