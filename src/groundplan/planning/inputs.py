"""The economy's tables as arrays over markets, pools and periods: all that the programme is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csc_array

from groundplan.planning.markets import Markets, Transfers, read_markets, read_transfers, transfer_inputs, with_transfers
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
    """Goals by market and period of the programme, shape (M, H); zero where there is none. `minimum` is never above `quantity`."""

    quantity: FloatArray
    minimum: FloatArray
    weight: FloatArray
    priority: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Trade:
    """Limits and prices in foreign exchange, shape (M, H)."""

    import_limit: FloatArray
    import_price: FloatArray
    export_limit: FloatArray
    export_price: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Stocks:
    """Stocks of each market, shape (M,). `kept` is 1 - loss_share; `ceiling` is infinite where none is stated, 0 where the product cannot be stored."""

    opening: FloatArray
    floor: FloatArray
    ceiling: FloatArray
    kept: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Investment:
    """What new capacity takes.

    Args:
        pool, market, lag, amount: one entry a pool and capital good, which is taken from the market of the pool's region.
        longest: shape (R,), longest lag of each recipe's capital goods; -1 where there is no investment.
        wear: shape (R,), share of capacity lost in a period.
        limit: shape (R,), most new capacity in a period; infinite where none is stated.
    """

    pool: IntArray
    market: IntArray
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
    """All of a plan's inputs. P products, M markets, R recipes, Q pools, T plan periods, H = T, or T + 1 with the year after the plan.

    A product has one market for the whole country, and then M = P; or one in each region, between which transfers move it: those are the last pools, each with a
    recipe of its own.

    Args:
        products, recipes: axes, sorted by label; recipes of transfers stand last.
        markets, transfers: see `groundplan.planning.markets`.
        periods: labels of the H periods.
        planned: T.
        pools: the pools.
        pool_recipe: shape (Q,).
        made, used: shape (M, Q), output and input per unit of a pool's activity; efficiency counts in output.
        capacity: shape (Q, H), capacity at the chosen chance, worn, 0 where the pool cannot run; without new capacity. Of a transfer its limit, which may be infinite.
        median: shape (Q, H), the same of median capacity.
        goals, trade, stocks, investment, limits, fixed: see their classes.
        unlimited: resources that recipes or trade use without a row: (resource, periods in words, regions in words).
    """

    products: Axis
    recipes: Axis
    markets: Markets
    transfers: Transfers
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

    @property
    def makes(self) -> NDArray[np.bool_]:
        """Whether a pool makes something, shape (Q,): transfers only move it."""
        makes = np.ones(len(self.pool_recipe), dtype=bool)
        makes[self.transfers.pool] = False
        return makes

    @property
    def largest_capacity(self) -> FloatArray:
        """The most that each pool makes in any period, without new capacity, shape (Q,); 0 for transfers."""
        return np.where(self.makes, self.capacity.max(axis=1, initial=0.0), 0.0)


def read_inputs(economy: Economy, pools: Pools) -> Inputs:
    """Turn tables into arrays.

    Where the economy invests, one period is added after the plan's last: it has the goals, limits and trade of the last one and must
    replace what wears out, so it is a year that could be repeated. Rows for periods outside the plan are left out.
    """
    pools = with_transfers(economy, pools)
    markets = read_markets(economy, pools)
    transfers = read_transfers(economy, pools, markets)
    named = sorted(set(economy.recipes["recipe"]) | set(economy.lines["recipe"]) | set(economy.investments["recipe"]))
    recipes = Axis((*named, *pools.table["recipe"].gather(transfers.pool)))
    planned = economy.settings.plan_periods()
    after = () if economy.investments.is_empty() else (str(planned[-1].next()),)
    periods = (*(str(period) for period in planned), *after)
    pool_recipe = recipes.positions(pools.table["recipe"])
    efficiency = pools.table["efficiency"].to_numpy().astype(np.float64)
    made, used = (_technology(economy, role, pools, markets) for role in ("out", "in"))
    made = csc_array(made.multiply(efficiency[None, :]))
    made = csc_array(made + csc_array((transfers.kept, (transfers.target, transfers.pool)), shape=made.shape)) if len(transfers.pool) else made
    investment = _investment(economy, markets, pools, recipes)
    wear = investment.wear[pool_recipe]
    life = np.where(pools.runs, (1.0 - wear)[:, None] ** pools.age, 0.0)[:, : len(periods)]
    base = {name: pools.table[name].to_numpy().astype(np.float64)[:, None] * life for name in ("chosen", "median")}
    for capacity in base.values():
        capacity[transfers.pool] = transfers.limit[:, None]
    limits, unlimited = _limits(economy, pools, periods, efficiency)
    return Inputs(
        markets.products, recipes, markets, transfers, periods, len(planned), pools, pool_recipe, made, used, base["chosen"], base["median"],
        _goals(economy, markets, periods, len(planned)), _trade(economy, markets, periods, len(planned)), _stocks(economy, markets), investment, limits,
        _fixed(economy, markets.products, recipes, periods[: len(planned)]), unlimited,
    )  # fmt: skip


def idle_recipes(inputs: Inputs, market: int, period: int) -> list[str]:
    """Name the recipes that supply a market, by positions of market and period, where none of them has any capacity; none where some has."""
    makers = inputs.made[[market], :].tocoo().col
    return [] if (inputs.capacity[makers, period] > 0).any() else [inputs.recipes.labels[recipe] for recipe in np.unique(inputs.pool_recipe[makers])]


def _coefficients(economy: Economy, role: str, rows: Axis, recipes: Axis) -> csc_array:
    part = _rows(economy).filter(pl.col("role") == role)
    row, column = rows.positions(part["item"]), recipes.positions(part["recipe"])
    known = row >= 0
    return csc_array((part["amount"].to_numpy()[known], (row[known], column[known])), shape=(len(rows), len(recipes)))


def _technology(economy: Economy, role: str, pools: Pools, markets: Markets) -> csc_array:
    """Give what a unit of each pool's activity makes or uses in each market, shape (M, Q): a pool makes and uses in the markets of its region."""
    rows = _rows(economy).filter(pl.col("role") == role)
    number = pl.DataFrame({"recipe": pools.table["recipe"], "region": pools.table["region"], "pool": np.arange(len(pools.table))})
    rows = rows.with_columns(pl.Series("product", markets.products.positions(rows["item"]))).filter(pl.col("product") >= 0).join(number, on="recipe")
    market = markets.at(rows["product"].to_numpy(), rows["region"])
    return csc_array((rows["amount"].to_numpy(), (market, rows["pool"].to_numpy())), shape=(len(markets), len(number)))


def _rows(economy: Economy) -> pl.DataFrame:
    """Give the rows of recipes, with those of what transfers take."""
    return pl.concat([economy.recipes.select("recipe", "item", pl.col("role").cast(pl.String), "amount"), transfer_inputs(economy)])


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


def _goals(economy: Economy, markets: Markets, periods: tuple[str, ...], planned: int) -> Goals:
    quantity, minimum, weight, priority = _cells(economy.goals, ("quantity", "minimum", "weight", "priority"), markets.products, periods, planned)
    minimum[:, planned:] = 0.0
    goal, least, worth = (markets.spread(values, "final_use") for values in (np.maximum(quantity, minimum), minimum, weight))
    return Goals(goal, least, worth, markets.spread(priority).astype(np.int64))


def _trade(economy: Economy, markets: Markets, periods: tuple[str, ...], planned: int) -> Trade:
    columns = {"import_limit": "imports", "import_price": None, "export_limit": "exports", "export_price": None}
    cells = _cells(economy.trade, tuple(columns), markets.products, periods, planned)
    return Trade(*(markets.spread(values, shared) for values, shared in zip(cells, columns.values(), strict=True)))


def _stocks(economy: Economy, markets: Markets) -> Stocks:
    known = economy.products.select("product", "storable", "loss_share").join(economy.stocks.select("product", "opening", "floor", "ceiling"), on="product", how="left")
    known = known.sort("product").with_columns(pl.col("opening", "floor").fill_null(0.0), pl.col("ceiling").fill_null(float("inf")))
    storable = known["storable"].to_numpy()
    ceiling = np.where(storable, known["ceiling"].to_numpy(), 0.0)
    opening, floor, ceiling = (markets.spread(values, "stocks") for values in (known["opening"].to_numpy(), known["floor"].to_numpy(), ceiling))
    return Stocks(opening, np.minimum(floor, ceiling), ceiling, 1.0 - markets.spread(known["loss_share"].to_numpy()))


def _fixed(economy: Economy, products: Axis, recipes: Axis, periods: tuple[str, ...]) -> Fixed:
    table = economy.fixed.with_columns(pl.col("flow").cast(pl.String)).sort("flow", "item", "period")
    capacity = (table["flow"] == "new_capacity").to_numpy()
    item = np.where(capacity, recipes.positions(table["item"]), products.positions(table["item"]))
    period = Axis(periods).positions(table["period"])
    some = np.flatnonzero((item >= 0) & (period >= 0))
    flow, least, most = table["flow"].to_list(), table["at_least"].fill_null(0.0).to_numpy(), table["at_most"].fill_null(float("inf")).to_numpy()
    return Fixed(tuple(flow[at] for at in some), item[some], period[some], least[some], most[some])


def _investment(economy: Economy, markets: Markets, pools: Pools, recipes: Axis) -> Investment:
    table = economy.investments
    recipe, count = recipes.positions(table["recipe"]), len(recipes)
    longest, wear, limit = np.full(count, -1, np.int64), np.zeros(count), np.full(count, np.inf)
    np.maximum.at(longest, recipe, table["lag"].to_numpy().astype(np.int64))
    wear[recipe] = table["depreciation"].to_numpy()
    limit[recipe] = table["limit"].fill_null(float("inf")).to_numpy()
    number = pl.DataFrame({"recipe": pools.table["recipe"], "region": pools.table["region"], "pool": np.arange(len(pools.table))})
    goods = table.join(number, on="recipe").sort("pool", "item")
    market = markets.at(markets.products.positions(goods["item"]), goods["region"])
    return Investment(goods["pool"].to_numpy(), market, goods["lag"].to_numpy().astype(np.int64), goods["amount"].to_numpy(), longest, wear, limit)


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
    resources = _rows(economy).join(economy.products, left_on="item", right_on="product", how="anti").select("recipe", pl.col("item").alias("resource"))
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
