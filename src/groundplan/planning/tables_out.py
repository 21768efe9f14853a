"""From the programme's numbers to result tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.planning.columns import Layout
from groundplan.planning.inputs import Inputs
from groundplan.planning.merit import Merit, merit_order
from groundplan.tables.facts import ALL_REGIONS
from groundplan.tables.results import RESULTS

__all__ = [
    "TRANSFERS",
    "Levels",
    "activities_table",
    "allocations_table",
    "gaps_table",
    "levels_of",
    "line_activities_table",
    "new_capacity_table",
    "outputs_table",
    "regional_outputs_table",
    "resource_use_table",
    "shipments_table",
]

FloatArray = NDArray[np.float64]

TRANSFERS = "transfers"
"""User of what moving products between regions takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """The plan's numbers by what they mean, plan periods only.

    Args:
        activity, efficiency: shape (Q, T), as the pools' lines run in merit order.
        merit: levels of lines that differ within their pool.
        built: shape (Q, H), new capacity first usable in the period; the last of H may lie behind the plan.
        capacity, median: shape (Q, T), with what was built.
        imports, exports, opening, losses, closing, unused: shape (M, T).
        delivered, missed: shape (M, T): missed is what is lacking to the goal.
        production, intermediate, investment: shape (M, T).
        received, sent: shape (M, T), from and to other markets of the product; what is lost on the way is sent and not received.
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
    received: FloatArray
    sent: FloatArray


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
    transfers, makes = inputs.transfers, inputs.makes[:, None]
    moved, sent, carried = activity[transfers.pool], np.zeros_like(unused), np.zeros_like(unused)
    np.add.at(sent, transfers.origin, moved)
    taking = transfers.item >= 0
    np.add.at(carried, transfers.item[taking], (transfers.amount[:, None] * moved)[taking])
    return Levels(
        activity, merit.efficiency, merit, built, inputs.capacity[:, :planned] + added, inputs.median[:, :planned] + added, take(layout.imports)[:, :planned],
        take(layout.exports)[:, :planned], opening, opening * (1.0 - inputs.stocks.kept)[:, None], closing, unused, inputs.goals.quantity[:, :planned] - missed, missed,
        inputs.made @ np.where(makes, found, 0.0), inputs.used @ np.where(makes, activity, 0.0) + carried, _invested(inputs, built),
        inputs.made @ np.where(makes, 0.0, activity), sent,
    )  # fmt: skip


def _invested(inputs: Inputs, built: FloatArray) -> FloatArray:
    """Sum the capital goods that are delivered in each plan period, shape (M, T)."""
    invest = inputs.investment
    total = np.zeros((len(inputs.markets), inputs.planned))
    for period in range(inputs.planned):
        usable = period + invest.lag
        inside = usable < built.shape[1]
        total[:, period] = np.bincount(invest.market[inside], invest.amount[inside] * built[invest.pool[inside], usable[inside]], len(inputs.markets))
    return total


def outputs_table(inputs: Inputs, plan: Levels, lower: FloatArray, upper: FloatArray) -> pl.DataFrame:
    """Write the balance of each product and period for the whole country; `lower` and `upper`, shape (P, T), bound what the planned lines can make."""
    total = inputs.markets.summed
    flows = {name: total(values) for name, values in _balance(plan).items()}
    # What leaves one market and reaches another cancels, but for what is lost on the way.
    transfers, moved = inputs.transfers, plan.activity[inputs.transfers.pool]
    np.add.at(flows["losses"], inputs.markets.product[transfers.origin], (1.0 - transfers.kept)[:, None] * moved)
    del flows["sent"], flows["received"]
    sources = flows["production"] + flows["imports"] + flows["opening_stock"]
    uses = sum((flows[name] for name in flows if name not in ("production", "imports", "opening_stock")), np.zeros_like(sources))
    values = {"production": flows.pop("production"), "production_lower_90": lower, "production_upper_90": upper, **flows, "residual": sources - uses}
    return _long("outputs", "product", inputs.products.labels, inputs.periods[: inputs.planned], values)


def regional_outputs_table(inputs: Inputs, plan: Levels) -> pl.DataFrame:
    """Write the balance of each market that is one of several regions."""
    markets, periods, regional = inputs.markets, inputs.periods[: inputs.planned], inputs.markets.is_regional
    flows = _balance(plan)
    sources = ("production", "imports", "opening_stock", "received")
    residual = sum((values if name in sources else -values for name, values in flows.items()), np.zeros_like(plan.production))
    goals = {"goal": inputs.goals.quantity[:, : inputs.planned], "minimum": inputs.goals.minimum[:, : inputs.planned], "shortfall": _gap(plan.missed, inputs.goals.quantity)}
    values = {name: array[regional] for name, array in (*flows.items(), ("residual", residual), *goals.items())}
    table = _long(None, "market", tuple(np.array(markets.axis.labels, dtype=object)[regional]), periods, values)
    places = pl.DataFrame(
        {"market": markets.axis.labels, "product": markets.products.column("product", markets.product), "region": markets.region}, schema_overrides={"region": pl.String}
    )
    return _finish("regional_outputs", table.join(places, on="market", how="left", maintain_order="left"))


def shipments_table(inputs: Inputs, plan: Levels) -> pl.DataFrame:
    """Write what is moved between regions; what is not moved is left out."""
    transfers, markets, periods = inputs.transfers, inputs.markets, inputs.periods[: inputs.planned]
    labels = tuple(inputs.pools.table["pool"].gather(transfers.pool))
    moved = plan.activity[transfers.pool]
    limit = np.broadcast_to(np.where(np.isfinite(transfers.limit), transfers.limit, np.nan)[:, None], moved.shape)
    values = {"sent": moved, "received": transfers.kept[:, None] * moved, "limit": limit, "taken": transfers.amount[:, None] * moved}
    table = _long(None, "pool", labels, periods, values).filter(pl.col("sent") > 0).with_columns(pl.col("limit").fill_nan(None))
    region = np.array(markets.region, dtype=object)
    ends = pl.DataFrame(
        {"pool": labels, "product": markets.products.column("product", markets.product[transfers.origin]), "from": region[transfers.origin], "to": region[transfers.target]},
        schema={"pool": pl.String, "product": pl.String, "from": pl.String, "to": pl.String},
    )
    return _finish("shipments", table.join(ends, on="pool", how="left", maintain_order="left"))


def _balance(plan: Levels) -> dict[str, FloatArray]:
    """Give each market's sources and uses, shape (M, T)."""
    return {
        "production": plan.production, "imports": plan.imports, "opening_stock": plan.opening, "received": plan.received, "losses": plan.losses,
        "intermediate": plan.intermediate, "investment": plan.investment, "final_use": plan.delivered, "exports": plan.exports, "sent": plan.sent,
        "closing_stock": plan.closing, "unused": plan.unused,
    }  # fmt: skip


def _gap(missed: FloatArray, goal: FloatArray) -> FloatArray:
    """Give what is missed; rounding of the sum of segments is no gap."""
    return np.where(missed <= 1e-12 * goal[:, : missed.shape[1]], 0.0, missed)


def activities_table(inputs: Inputs, plan: Levels) -> pl.DataFrame:
    """Write each pool's level and capacity, for the periods in which it can run."""
    values = {"level": plan.activity, "efficiency": plan.efficiency, "capacity": plan.capacity, "capacity_median": plan.median, "new_capacity": plan.built[:, : inputs.planned]}
    labels = tuple(inputs.pools.table["pool"])
    table = _long(None, "pool", labels, inputs.periods[: inputs.planned], values)
    table = table.filter(pl.Series((inputs.pools.runs[:, : inputs.planned] & inputs.makes[:, None]).ravel()))
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
    added = np.where(inputs.makes[:, None], plan.capacity, 0.0) - np.where(inputs.makes[:, None], inputs.capacity[:, : inputs.planned], 0.0)
    new = _long(None, "pool", labels, periods, {"level": added * share, "capacity": added}).filter(pl.col("capacity") > 0)
    new = new.select(("new | " + pl.col("pool")).alias("line"), "period", "pool", "level", "capacity")
    return _finish("line_activities", pl.concat([lines, *ranked, new]))


def allocations_table(inputs: Inputs, plan: Levels) -> pl.DataFrame:
    """Say who uses each product: recipes by name, other uses as a whole; what is zero is left out."""
    periods = inputs.periods[: inputs.planned]
    frames = []
    by_recipe: FloatArray = np.zeros((len(inputs.recipes), inputs.planned))
    np.add.at(by_recipe, inputs.pool_recipe, plan.activity)
    # Inputs do not depend on efficiency: one column a recipe stands for all its pools, wherever they take them from.
    first = np.unique(inputs.pool_recipe[inputs.makes], return_index=True)
    part = inputs.used[:, first[1]].tocoo()
    product, recipe = inputs.markets.product[part.row], first[0][part.col]
    transfers, total, everything = inputs.transfers, inputs.markets.summed, np.arange(len(inputs.products))
    taking = np.flatnonzero(transfers.item >= 0)
    carriage = np.zeros((len(inputs.products), inputs.planned))
    np.add.at(carriage, inputs.markets.product[transfers.item[taking]], (transfers.amount[:, None] * plan.activity[transfers.pool])[taking])
    uses = {"investment": plan.investment, "final_use": plan.delivered, "exports": plan.exports, "closing_stock": plan.closing}
    uses = {use: total(values) for use, values in uses.items()}
    for at, period in enumerate(periods):
        frames.append(_allocation(inputs, product, period, "intermediate", part.data * by_recipe[recipe, at], inputs.recipes.column("user", recipe)))
        frames.append(_allocation(inputs, everything, period, "intermediate", carriage[:, at], pl.Series("user", [TRANSFERS] * len(everything), dtype=pl.String)))
        for use, values in uses.items():
            frames.append(_allocation(inputs, everything, period, use, values[:, at], None))
    table = pl.concat(frames).filter(pl.col("quantity") > 0)
    return _finish("allocations", table)


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
    """Write each goal of the country with what is delivered, and why not more."""
    goals, total = inputs.goals, inputs.markets.summed
    quantity, minimum, weight = total(goals.quantity), total(goals.minimum), total(goals.weight)
    product, period = np.nonzero(quantity[:, : inputs.planned] > 0)
    goal, minimum = quantity[product, period], minimum[product, period]
    missed = total(_gap(plan.missed, goals.quantity))[product, period]
    below = total(_below(inputs, plan))[product, period]
    priority = goals.priority[inputs.markets.first]
    return _finish(
        "gaps",
        pl.DataFrame(
            {
                "product": inputs.products.column("product", product),
                "period": [inputs.periods[at] for at in period],
                "priority": priority[product, period],
                "weight": weight[product, period],
                "goal": goal,
                "minimum": minimum,
                "delivered": total(plan.delivered)[product, period],
                "shortfall": missed,
                "shortfall_share": missed / goal,
                "below_minimum": below,
                "cause": pl.Series([_cause(inputs, plan, causes, int(row), int(at)) for row, at in zip(product, period, strict=True)], dtype=pl.String),
            },
            schema_overrides={"period": pl.String},
        ),
    )


def _below(inputs: Inputs, plan: Levels) -> FloatArray:
    """Give what is lacking to each market's minimum, shape (M, T)."""
    goal, minimum = (values[:, : inputs.planned] for values in (inputs.goals.quantity, inputs.goals.minimum))
    missed = _gap(plan.missed, goal)
    return np.maximum(np.where(missed > (goal - minimum) + 1e-12 * goal, missed - (goal - minimum), 0.0), 0.0)


def _cause(inputs: Inputs, plan: Levels, causes: dict[tuple[int, int], str], product: int, period: int) -> str | None:
    """Give why a goal is missed; of several regions the one that misses most speaks, by name."""
    told = [market for market in inputs.markets.of(product).tolist() if (market, period) in causes]
    if not told:
        return None
    worst = max(told, key=lambda market: (plan.missed[market, period], -market))
    region = inputs.markets.region[worst]
    return causes[worst, period] if region == ALL_REGIONS else f"{region}: {causes[worst, period]}"


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
