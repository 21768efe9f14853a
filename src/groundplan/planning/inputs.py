"""The economy's tables as arrays over products, pools and periods: all that the programme is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csc_array

from groundplan.planning.pools import Pools
from groundplan.tables.axes import Axis
from groundplan.tables.economy import Economy
from groundplan.tables.facts import ALL_REGIONS

__all__ = ["FOREIGN_EXCHANGE", "Fixed", "Goals", "Inputs", "Investment", "Limits", "Stocks", "Trade", "idle_recipes", "read_inputs"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FOREIGN_EXCHANGE = "foreign_exchange"
"""Resource that imports use and exports earn."""


@dataclass(frozen=True, slots=True, eq=False)
class Goals:
    """Goals by product and period of the programme, shape (P, H); zero where there is none. `minimum` is never above `quantity`."""

    quantity: FloatArray
    minimum: FloatArray
    weight: FloatArray
    priority: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Trade:
    """Limits and prices in foreign exchange, shape (P, H)."""

    import_limit: FloatArray
    import_price: FloatArray
    export_limit: FloatArray
    export_price: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Stocks:
    """Stocks of each product, shape (P,). `kept` is 1 - loss_share; `ceiling` is infinite where none is stated, 0 where the product cannot be stored."""

    opening: FloatArray
    floor: FloatArray
    ceiling: FloatArray
    kept: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Investment:
    """What new capacity takes.

    Args:
        recipe, product, lag, amount: one entry a capital good.
        longest: shape (R,), longest lag of each recipe's capital goods; -1 where there is no investment.
        wear: shape (R,), share of capacity lost in a period.
        limit: shape (R,), most new capacity in a period; infinite where none is stated.
    """

    recipe: IntArray
    product: IntArray
    lag: IntArray
    amount: FloatArray
    longest: IntArray
    wear: FloatArray
    limit: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Limited resources: one entry a row of the table resources within the plan, and its copy for the year after.

    Args:
        resource, region: labels.
        period: position of the period.
        limit: how much there is.
        use: shape (entries, Q), use per unit of each pool's activity, what it yields taken off.
        trades: whether imports and exports count (foreign exchange of the whole country).
    """

    resource: tuple[str, ...]
    region: tuple[str, ...]
    period: IntArray
    limit: FloatArray
    use: csc_array
    trades: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Fixed:
    """Numbers that are decided already, F of them within the plan, in the order of the table.

    Args:
        flow: shape (F,), one of `FIXED_FLOWS`.
        item: shape (F,), position of the product, or of the recipe where the flow is new_capacity.
        period: shape (F,), position of the period.
        least, most: shape (F,), infinite where there is no such bound.
    """

    flow: tuple[str, ...]
    item: IntArray
    period: IntArray
    least: FloatArray
    most: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """All of a plan's inputs. P products, R recipes, Q pools, T plan periods, H = T, or T + 1 with the year after the plan.

    Args:
        products, recipes: axes, sorted by label.
        periods: labels of the H periods.
        planned: T.
        pools: the pools.
        pool_recipe: shape (Q,).
        made, used: shape (P, Q), output and input per unit of a pool's activity; efficiency counts in output.
        capacity: shape (Q, H), capacity at the chosen chance, worn, 0 where the pool cannot run; without new capacity.
        median: shape (Q, H), the same of median capacity.
        goals, trade, stocks, investment, limits, fixed: see their classes.
        unlimited: resources that recipes or trade use without a row: (resource, periods in words, regions in words).
    """

    products: Axis
    recipes: Axis
    periods: tuple[str, ...]
    planned: int
    pools: Pools
    pool_recipe: IntArray
    made: csc_array
    used: csc_array
    capacity: FloatArray
    median: FloatArray
    goals: Goals
    trade: Trade
    stocks: Stocks
    investment: Investment
    limits: Limits
    fixed: Fixed
    unlimited: tuple[tuple[str, str, str], ...]

    @property
    def has_year_after(self) -> bool:
        """Whether the programme looks one period beyond the plan."""
        return len(self.periods) > self.planned


def read_inputs(economy: Economy, pools: Pools) -> Inputs:
    """Turn tables into arrays.

    Where the economy invests, one period is added after the plan's last: it has the goals, limits and trade of the last one and must
    replace what wears out, so it is a year that could be repeated. Rows for periods outside the plan are left out.
    """
    products = Axis(tuple(sorted(economy.products["product"])))
    recipes = Axis(tuple(sorted(set(economy.recipes["recipe"]) | set(economy.lines["recipe"]) | set(economy.investments["recipe"]))))
    planned = economy.settings.plan_periods()
    after = () if economy.investments.is_empty() else (str(planned[-1].next()),)
    periods = (*(str(period) for period in planned), *after)
    pool_recipe = recipes.positions(pools.table["recipe"])
    efficiency = pools.table["efficiency"].to_numpy().astype(np.float64)
    made, used = (_coefficients(economy, role, products, recipes)[:, pool_recipe] for role in ("out", "in"))
    made = csc_array(made.multiply(efficiency[None, :]))
    investment = _investment(economy, products, recipes)
    wear = investment.wear[pool_recipe]
    life = np.where(pools.runs, (1.0 - wear)[:, None] ** pools.age, 0.0)[:, : len(periods)]
    base = {name: pools.table[name].to_numpy().astype(np.float64)[:, None] * life for name in ("chosen", "median")}
    limits, unlimited = _limits(economy, pools, periods, efficiency)
    return Inputs(
        products, recipes, periods, len(planned), pools, pool_recipe, made, csc_array(used), base["chosen"], base["median"],
        _goals(economy, products, periods, len(planned)), _trade(economy, products, periods, len(planned)), _stocks(economy), investment, limits,
        _fixed(economy, products, recipes, periods[: len(planned)]), unlimited,
    )  # fmt: skip


def idle_recipes(inputs: Inputs, product: int, period: int) -> list[str]:
    """Name the recipes of a product, by positions of product and period, where none of them has any capacity; none where some has."""
    makers = inputs.made[[product], :].tocoo().col
    return [] if (inputs.capacity[makers, period] > 0).any() else [inputs.recipes.labels[recipe] for recipe in np.unique(inputs.pool_recipe[makers])]


def _coefficients(economy: Economy, role: str, rows: Axis, recipes: Axis) -> csc_array:
    part = economy.recipes.filter(pl.col("role").cast(pl.String) == role)
    row, column = rows.positions(part["item"]), recipes.positions(part["recipe"])
    known = row >= 0
    return csc_array((part["amount"].to_numpy()[known], (row[known], column[known])), shape=(len(rows), len(recipes)))


def _cells(table: pl.DataFrame, columns: tuple[str, ...], products: Axis, periods: tuple[str, ...], planned: int) -> list[FloatArray]:
    """Spread columns over products and periods; the year after repeats the last period."""
    row, column = products.positions(table["product"]), Axis(periods[:planned]).positions(table["period"])
    inside = (row >= 0) & (column >= 0)
    cells = []
    for name in columns:
        values = np.zeros((len(products), len(periods)))
        values[row[inside], column[inside]] = table[name].cast(pl.Float64).to_numpy()[inside]
        values[:, planned:] = values[:, planned - 1 : planned]
        cells.append(values)
    return cells


def _goals(economy: Economy, products: Axis, periods: tuple[str, ...], planned: int) -> Goals:
    quantity, minimum, weight, priority = _cells(economy.goals, ("quantity", "minimum", "weight", "priority"), products, periods, planned)
    minimum[:, planned:] = 0.0
    return Goals(np.maximum(quantity, minimum), minimum, weight, priority.astype(np.int64))


def _trade(economy: Economy, products: Axis, periods: tuple[str, ...], planned: int) -> Trade:
    return Trade(*_cells(economy.trade, ("import_limit", "import_price", "export_limit", "export_price"), products, periods, planned))


def _stocks(economy: Economy) -> Stocks:
    known = economy.products.select("product", "storable", "loss_share").join(economy.stocks.select("product", "opening", "floor", "ceiling"), on="product", how="left")
    known = known.sort("product").with_columns(pl.col("opening", "floor").fill_null(0.0), pl.col("ceiling").fill_null(float("inf")))
    storable = known["storable"].to_numpy()
    ceiling = np.where(storable, known["ceiling"].to_numpy(), 0.0)
    return Stocks(known["opening"].to_numpy(), np.minimum(known["floor"].to_numpy(), ceiling), ceiling, 1.0 - known["loss_share"].to_numpy())


def _fixed(economy: Economy, products: Axis, recipes: Axis, periods: tuple[str, ...]) -> Fixed:
    table = economy.fixed.with_columns(pl.col("flow").cast(pl.String)).sort("flow", "item", "period")
    capacity = (table["flow"] == "new_capacity").to_numpy()
    item = np.where(capacity, recipes.positions(table["item"]), products.positions(table["item"]))
    period = Axis(periods).positions(table["period"])
    some = np.flatnonzero((item >= 0) & (period >= 0))
    flow, least, most = table["flow"].to_list(), table["at_least"].fill_null(0.0).to_numpy(), table["at_most"].fill_null(float("inf")).to_numpy()
    return Fixed(tuple(flow[at] for at in some), item[some], period[some], least[some], most[some])


def _investment(economy: Economy, products: Axis, recipes: Axis) -> Investment:
    table = economy.investments.sort("recipe", "item")
    recipe, product = recipes.positions(table["recipe"]), products.positions(table["item"])
    lag, count = table["lag"].to_numpy().astype(np.int64), len(recipes)
    longest, wear, limit = np.full(count, -1, np.int64), np.zeros(count), np.full(count, np.inf)
    np.maximum.at(longest, recipe, lag)
    wear[recipe] = table["depreciation"].to_numpy()
    limit[recipe] = table["limit"].fill_null(float("inf")).to_numpy()
    return Investment(recipe, product, lag, table["amount"].to_numpy(), longest, wear, limit)


def _limits(economy: Economy, pools: Pools, periods: tuple[str, ...], efficiency: FloatArray) -> tuple[Limits, tuple[tuple[str, str, str], ...]]:
    names = Axis(tuple(sorted(set(economy.resources["resource"]))))
    recipes = Axis(tuple(sorted(set(economy.recipes["recipe"]) | set(pools.table["recipe"]))))
    pool_recipe, region = recipes.positions(pools.table["recipe"]), pools.table["region"].to_numpy()
    taken, given = (_coefficients(economy, role, names, recipes)[:, pool_recipe] for role in ("in", "out"))
    net = (taken - csc_array(given.multiply(efficiency[None, :]))).tocsr()
    table = economy.resources.sort("resource", "region", "period")
    planned = len(economy.settings.plan_periods())
    rows = [(row["resource"], row["region"], at, row["limit"]) for row in table.to_dicts() for at in _places(row["period"], periods, planned)]
    blocks = []
    for resource, place, _, _ in rows:
        use = net[[names.position(resource)], :].toarray()[0]
        blocks.append(use if place == ALL_REGIONS else np.where(region == place, use, 0.0))
    use = csc_array(np.array(blocks)) if blocks else csc_array((0, len(pool_recipe)))
    trades = np.array([resource == FOREIGN_EXCHANGE and place == ALL_REGIONS for resource, place, _, _ in rows], dtype=bool)
    limits = Limits(
        tuple(row[0] for row in rows), tuple(row[1] for row in rows), np.array([row[2] for row in rows], np.int64), np.array([row[3] for row in rows], np.float64), use, trades
    )
    return limits, _unlimited(economy, pools, periods[:planned])


def _places(period: str, periods: tuple[str, ...], planned: int) -> list[int]:
    """Give the positions that a row of the table holds for: its own, and the year after for the last one."""
    if period not in periods[:planned]:
        return []
    at = periods.index(period)
    return [at, *range(planned, len(periods))] if at == planned - 1 else [at]


def _unlimited(economy: Economy, pools: Pools, periods: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """Find resources that are used in a region and period without a row that limits them."""
    resources = economy.recipes.join(economy.products, left_on="item", right_on="product", how="anti").select("recipe", pl.col("item").alias("resource"))
    used = resources.join(pools.table.select("recipe", "region"), on="recipe").select("resource", "region").unique()
    if (economy.trade["import_price"] > 0).any():
        used = pl.concat([used, pl.DataFrame({"resource": [FOREIGN_EXCHANGE], "region": [ALL_REGIONS]})]).unique()
    cells = used.join(pl.DataFrame({"period": periods}), how="cross")
    known = economy.resources.select("resource", "region", "period")
    free = cells.join(known, on=["resource", "region", "period"], how="anti").join(known.filter(pl.col("region") == ALL_REGIONS), on=["resource", "period"], how="anti")
    found = free.group_by("resource").agg(pl.col("period").unique().sort(), pl.col("region").unique().sort()).sort("resource")
    everywhere = {row["resource"]: row["region"] for row in used.group_by("resource").agg(pl.col("region").n_unique()).to_dicts()}
    return tuple(
        (row["resource"], _span(row["period"], periods), "" if len(row["region"]) == everywhere[row["resource"]] else ", ".join(row["region"])) for row in found.to_dicts()
    )


def _span(found: list[str], periods: tuple[str, ...]) -> str:
    return "any period" if len(found) == len(periods) else ", ".join(found)
