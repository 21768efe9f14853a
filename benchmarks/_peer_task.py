"""The task that all planning methods are given: goods, techniques and goals, in shares of what there is; and the way back to a plan's tables."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csc_array

from groundplan.outcome import Outcome
from groundplan.planning.chance import capacities_at_chance
from groundplan.planning.columns import Layout, lay_out
from groundplan.planning.inputs import Inputs, read_inputs
from groundplan.planning.pools import make_pools, placed_lines
from groundplan.planning.tables_out import activities_table, allocations_table, gaps_table, levels_of, line_activities_table, new_capacity_table, outputs_table, resource_use_table
from groundplan.tables.bundles import Plan
from groundplan.tables.economy import Economy
from groundplan.tables.results import RESULTS
from plan import random_economy

__all__ = ["Task", "as_plan", "growing_economy", "read_task", "static_economy"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Goods G, techniques N, each in a unit of its own size, so that figures lie near 1: v >= 0, v <= upper, endowment + (made - used) v >= 0.

    Goods are products by period, capacities by pool and period, and limited resources. Techniques are production, building, import and storage, each by period. Where the
    economy invests, its periods are the plan's and one after, in which wear is replaced.

    Args:
        made, used: shape (G, N), what one unit of a technique yields and takes.
        endowment: shape (G,), what is there without any technique.
        upper: shape (N,), limit of imports and stocks, infinite elsewhere.
        goal: shape (G,), what is wanted for final use; 0 where nothing is.
        period: shape (G,), the period of a good.
        planned: number of plan periods.
        size, scale: shapes (G,) and (N,), units of measure in a unit here.
        product, activity, built, imports, stock: where the products' goods stand, shape (P, H), and the techniques, shapes (Q, H) and (P, H); -1 where there is none.
        inputs, layout: the economy as groundplan reads it, for the way back.
    """

    made: csc_array
    used: csc_array
    endowment: FloatArray
    upper: FloatArray
    goal: FloatArray
    period: IntArray
    planned: int
    size: FloatArray
    scale: FloatArray
    product: IntArray
    activity: IntArray
    built: IntArray
    imports: IntArray
    stock: IntArray
    inputs: Inputs
    layout: Layout

    def net(self, v: FloatArray) -> FloatArray:
        """Give what is left of each good, shape (G,)."""
        return np.asarray(self.endowment + self.made @ v - self.used @ v)


def static_economy(products: int, seed: int) -> Economy:
    """Draw an economy without trade, stocks and investment, so that years are apart from each other; its goals are all alike."""
    return _plain_goals(random_economy(products, seed, closed=True))


def growing_economy(products: int, seed: int, *, ambition: float) -> Economy:
    """Draw an economy with trade, stocks and investment; its goals are all alike and grow by `ambition` a year beyond those of `random_economy`, most of which can be met."""
    economy = _plain_goals(random_economy(products, seed))
    year = pl.col("period").cast(pl.Int64) - int(economy.settings.base_period)
    return replace(economy, goals=economy.goals.with_columns(pl.col("quantity") * (1.0 + ambition) ** year))


def read_task(economy: Economy) -> Task:
    """Read an economy as goods and techniques."""
    inputs = read_inputs(economy, make_pools(economy, placed_lines(economy, capacities_at_chance(economy, None, None))))
    layout = lay_out(inputs)
    products, pools, span = len(inputs.products), len(inputs.pool_recipe), len(inputs.periods)
    product = np.arange(products * span).reshape(products, span)
    capacity = products * span + np.arange(pools * span).reshape(pools, span)
    limit = (products + pools) * span + np.arange(len(inputs.limits.limit))
    counter, techniques = 0, {}
    for name in ("activity", "built", "imports", "stock"):
        there = getattr(layout, name) >= 0
        techniques[name] = np.where(there, counter + np.cumsum(there).reshape(there.shape) - 1, -1)
        counter += int(there.sum())
    made, used = _flows(inputs, product, capacity, limit, techniques, (len(limit) + (products + pools) * span, counter))
    flow = inputs.made @ inputs.capacity[:, 0] + inputs.trade.import_limit[:, 0]
    size = np.concatenate([np.repeat(flow, span), np.repeat(inputs.capacity[:, 0], span), inputs.limits.limit])
    scale = np.ones(counter)
    for name, whole in (("activity", inputs.capacity[:, 0]), ("built", inputs.capacity[:, 0]), ("imports", inputs.trade.import_limit[:, 0]), ("stock", inputs.stocks.ceiling)):
        there = techniques[name] >= 0
        scale[techniques[name][there]] = np.broadcast_to(whole[:, None], there.shape)[there]
    upper = np.full(counter, np.inf)
    for name, most in (("imports", inputs.trade.import_limit), ("stock", np.repeat(inputs.stocks.ceiling[:, None], span, axis=1))):
        there = techniques[name] >= 0
        upper[techniques[name][there]] = most[there]
    endowment = np.concatenate([np.zeros(products * span), inputs.capacity.ravel(), inputs.limits.limit])
    endowment[product[:, 0]] = inputs.stocks.opening * inputs.stocks.kept
    goal = np.concatenate([inputs.goals.quantity.ravel(), np.zeros(pools * span + len(limit))])
    period = np.concatenate([np.tile(np.arange(span), products + pools), inputs.limits.period])
    made, used = (csc_array(flows.multiply(scale[None, :]).multiply(1.0 / size[:, None])) for flows in (made, used))
    return Task(made, used, endowment / size, upper / scale, goal / size, period, inputs.planned, size, scale, product, **techniques, inputs=inputs, layout=layout)


def _plain_goals(economy: Economy) -> Economy:
    """Leave out minima, priorities and weights, which not every method knows."""
    kind = economy.goals.schema["priority"]
    return replace(economy, goals=economy.goals.with_columns(pl.lit(0.0).alias("minimum"), pl.lit(1.0).alias("weight"), pl.lit(1).cast(kind).alias("priority")))


def _flows(inputs: Inputs, product: IntArray, capacity: IntArray, limit: IntArray, techniques: dict[str, IntArray], shape: tuple[int, int]) -> tuple[csc_array, csc_array]:
    """Gather what techniques yield and take, in the economy's units."""
    yields, takes = ([], []), ([], [])
    span, invest, limits = len(inputs.periods), inputs.investment, inputs.limits
    made, used = inputs.made.tocoo(), inputs.used.tocoo()
    left = 1.0 - invest.wear[inputs.pool_recipe]

    def add(into: tuple[list, list], good: IntArray, technique: IntArray, amount: FloatArray | float) -> None:
        there = technique >= 0
        into[0].append(np.stack([good[there], technique[there]]))
        into[1].append(np.broadcast_to(np.asarray(amount, np.float64), there.shape)[there])

    builder = invest.pool
    for at in range(span):
        runs = techniques["activity"][:, at]
        add(yields, product[made.row, at], runs[made.col], made.data)
        add(takes, product[used.row, at], runs[used.col], used.data)
        add(takes, capacity[:, at], runs, 1.0)
        for later in range(at, span):
            add(yields, capacity[:, later], techniques["built"][:, at], left ** (later - at))
        delivered = at - invest.lag
        inside = delivered >= 0
        add(takes, product[invest.market[inside], delivered[inside]], techniques["built"][builder[inside], at], invest.amount[inside])
        if at >= inputs.planned:
            add(takes, product[invest.market, at], runs[builder], invest.amount * invest.wear[inputs.pool_recipe[builder]])
        add(yields, product[:, at], techniques["imports"][:, at], 1.0)
        add(takes, product[:, at], techniques["stock"][:, at], 1.0)
        if at + 1 < span:
            add(yields, product[:, at + 1], techniques["stock"][:, at], inputs.stocks.kept)
    use = limits.use.tocoo()
    add(takes, limit[use.row], techniques["activity"][use.col, limits.period[use.row]], use.data)
    for entry in np.flatnonzero(limits.trades):
        bought = techniques["imports"][:, limits.period[entry]]
        add(takes, np.repeat(limit[entry], len(bought)), bought, inputs.trade.import_price[:, limits.period[entry]])
    return tuple(csc_array((np.concatenate(data), tuple(np.concatenate(places, axis=1))), shape=shape) for places, data in (yields, takes))


def as_plan(economy: Economy, task: Task, v: FloatArray) -> Plan:
    """Write techniques, shape (N,), as a plan's tables: final use is what is left of a product, up to its goal."""
    inputs, layout = task.inputs, task.layout
    x = np.zeros(layout.columns)
    for places, name in ((layout.activity, "activity"), (layout.built, "built"), (layout.imports, "imports"), (layout.stock, "stock")):
        there = places >= 0
        x[places[there]] = (task.scale * v)[getattr(task, name)[there]]
    left, goal = (task.size * task.net(v))[task.product], inputs.goals.quantity
    delivered = np.clip(left, 0.0, goal)
    wanted = layout.short[:, :, 0] >= 0
    x[layout.short[:, :, 0][wanted]] = (goal - delivered)[wanted]
    x[layout.unused] = left - delivered
    levels = levels_of(inputs, layout, x)
    empty = {name: RESULTS[name].create_empty() for name in ("shadow_prices", "uncertain")}
    return Plan(
        Outcome("limited", "a rival's plan"), 0.0, 0.0, 0.0, outputs_table(inputs, levels, levels.production, levels.production), activities_table(inputs, levels),
        line_activities_table(inputs, levels), allocations_table(inputs, levels), resource_use_table(inputs, levels), gaps=gaps_table(inputs, levels, {}),
        new_capacity=new_capacity_table(inputs, levels), **empty,
    )  # fmt: skip
