"""The programme: balances, capacities, limits on growth and resources, as sparse arrays built by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from groundplan.maths.programme import Programme, Scaling, power_of_two
from groundplan.planning.columns import Layout
from groundplan.planning.inputs import Inputs
from groundplan.planning.loss import segment_widths

__all__ = ["build_programme", "fixed_sizes", "floors_hold_by_themselves", "floors_of", "flow_scales", "pool_scales", "scale_of"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_TRIM = 1e4
_ROUNDS = 12
_NONE = 1e-300
"""Stands for the capacity of a pool that has none, so that makers without any have shares too; needs that come from it alone are no needs."""


def build_programme(inputs: Inputs, layout: Layout) -> Programme:
    """Write all rows and bounds; the costs are zero, each level brings its own.

    Balance of a product in a period: made + imported + kept from before = used up + built in + exported + in stock + unused
    + (goal - missed). Capacity of a pool: activity <= what is left of its capacity + what is left of what was added.
    """
    entries = _Entries()
    _balances(inputs, layout, entries)
    _capacities(inputs, layout, entries)
    _limits(inputs, layout, entries)
    _fixed(inputs, layout, entries)
    keep = np.flatnonzero(layout.keep >= 0)
    last = inputs.planned - 1
    entries.add(layout.keep[keep], layout.stock[keep, last], 1.0)
    entries.add(layout.keep[keep], layout.drawn[keep], 1.0)
    matrix = entries.matrix(layout.rows, layout.columns)
    row_lower, row_upper = _row_bounds(inputs, layout)
    lower, upper = _bounds(inputs, layout)
    return Programme(np.zeros(layout.columns), matrix, row_lower, row_upper, lower, upper)


def floors_hold_by_themselves(inputs: Inputs) -> bool:
    """Say whether every stock floor is met by merely keeping what is there at the start."""
    stocks = inputs.stocks
    kept = np.minimum(stocks.opening * stocks.kept, stocks.ceiling) * stocks.kept ** (inputs.planned - 1)
    return bool((kept >= stocks.floor).all())


def floors_of(inputs: Inputs) -> FloatArray:
    """Give the floor of each stock, shape (P, H). Merely keeping it loses a part of it: the year after must not fail for that."""
    floor = np.repeat(inputs.stocks.floor[:, None], len(inputs.periods), axis=1)
    floor[:, inputs.planned :] *= inputs.stocks.kept[:, None]
    return floor


def flow_scales(inputs: Inputs) -> FloatArray:
    """Give the size of each market's flows, shape (M,): the most of what can be made, imported, wanted or is in stock; 1 for none.

    What goes more than 10,000 times beyond all that goals could need is trimmed: a capacity of 1e30 must not make a goal look like nothing.
    """
    able = inputs.made @ inputs.largest_capacity
    wanted = inputs.goals.quantity.max(axis=1, initial=0.0)
    size = np.maximum.reduce([able, inputs.trade.import_limit.max(axis=1, initial=0.0), inputs.stocks.opening])
    need = _needs(inputs, wanted)
    need = np.where(need > _NONE**0.5, need, 0.0)
    # A market may live on what it receives, or only pass on what others have.
    size = np.where(inputs.markets.is_regional, np.maximum(size, need), size)
    size = np.maximum(np.where(need > 0, np.minimum(size, _TRIM * need), size), wanted)
    largest = np.zeros(len(inputs.products))
    np.maximum.at(largest, inputs.markets.product, size)
    size = np.where(size > 0, size, largest[inputs.markets.product])
    return np.where(size > 0, size, 1.0)


def _needs(inputs: Inputs, wanted: FloatArray) -> FloatArray:
    """Sum, roughly, what the goals need of each product up the chain, and what all of its makers would be built from: makers in the shares of their capacity, few rounds."""
    capacity = inputs.largest_capacity
    capacity = np.where(capacity > 0, capacity, _NONE)
    able = inputs.made @ capacity
    # Activity of each pool per unit of each product, were it made in the shares of capacity.
    made = inputs.made.tocoo()
    makers = csc_array((capacity[made.col] / able[made.row], (made.col, made.row)), shape=made.shape[::-1])
    invest = inputs.investment
    taken = inputs.used + csc_array((invest.amount, (invest.market, invest.pool)), shape=inputs.used.shape)
    need = wanted.copy()
    for _ in range(_ROUNDS):
        need = wanted + taken @ (makers @ need)
    return np.asarray(need)


def pool_scales(inputs: Inputs) -> FloatArray:
    """Give the size of each pool's activity, shape (Q,): its capacity, or else what would make as much of its products as the country has.

    A pool that can grow may outgrow all others of its recipe and region: its size is what they have together.
    """
    own, flow, table = inputs.largest_capacity, flow_scales(inputs), inputs.pools.table
    place = table.select(pl.struct("recipe", "region").rank("dense")).to_series().to_numpy()
    own = np.where(table["grows"].to_numpy(), np.bincount(place, own)[place], own)
    made = inputs.made.tocsc()
    per_unit = np.repeat(np.arange(made.shape[1]), np.diff(made.indptr))
    reach = np.full(made.shape[1], np.inf)
    np.minimum.at(reach, per_unit, flow[made.indices] / made.data)
    return np.where(own > 0, np.minimum(own, reach), np.where(np.isfinite(reach), reach, 1.0))


def fixed_sizes(inputs: Inputs) -> FloatArray:
    """Give the size of what each number that is decided counts, shape (F,): the flow of its product or the capacity of its recipe, or the number itself where that is larger."""
    fixed, flow = inputs.fixed, flow_scales(inputs)
    capacity = np.bincount(inputs.pool_recipe, pool_scales(inputs), len(inputs.recipes))
    flow = inputs.markets.summed(flow)
    size = np.array([capacity[item] if kind == "new_capacity" else flow[item] for kind, item in zip(fixed.flow, fixed.item, strict=True)])
    return np.maximum.reduce([size, fixed.least, np.where(np.isfinite(fixed.most), fixed.most, 0.0)]) if len(size) else size


def scale_of(inputs: Inputs, layout: Layout, programme: Programme) -> Scaling:
    """Scale each product by its flows, each pool by its capacity and each limit by its use, so that solvers see figures near 1."""
    flow, pool = flow_scales(inputs), pool_scales(inputs)
    columns = np.ones(layout.columns)
    for places, size in ((layout.activity, pool), (layout.built, pool), (layout.drawn, flow)):
        _put(columns, places, size)
    for places in (layout.imports, layout.exports, layout.stock, layout.unused, layout.low):
        _put(columns, places, flow)
    for places in (layout.below, layout.short):
        _put(columns, places, np.where(inputs.goals.quantity.max(axis=1) > 0, inputs.goals.quantity.max(axis=1), 1.0))
    sizes = fixed_sizes(inputs)
    for places in (layout.under, layout.over):
        _put(columns, places, sizes)
    columns = power_of_two(columns)
    rows = np.ones(layout.rows)
    _put(rows, layout.balance, 1.0 / flow)
    _put(rows, layout.keep, 1.0 / flow)
    _put(rows, layout.capacity, 1.0 / pool)
    _put(rows, layout.fixed, 1.0 / sizes)
    scaled = abs(programme.matrix) * columns[None, :]
    largest = np.asarray(csc_array(scaled).max(axis=1).toarray()).ravel()
    for places in (layout.growth, layout.limit):
        at = places[places >= 0]
        rows[at] = 1.0 / np.where(largest[at] > 0, largest[at], 1.0)
    return Scaling(power_of_two(rows), columns)


def _put(target: FloatArray, places: IntArray, values: FloatArray) -> None:
    there = places >= 0
    spread = np.broadcast_to(values.reshape(values.shape + (1,) * (places.ndim - values.ndim)), places.shape)
    target[places[there]] = spread[there]


def _balances(inputs: Inputs, layout: Layout, entries: _Entries) -> None:
    span = len(inputs.periods)
    made, used, invest = inputs.made.tocoo(), inputs.used.tocoo(), inputs.investment
    wear = invest.wear[inputs.pool_recipe]
    builder, item, lag, amount = invest.pool, invest.market, invest.lag, invest.amount
    for period in range(span):
        row = layout.balance[:, period]
        entries.add(row[made.row], layout.activity[made.col, period], made.data)
        entries.add(row[used.row], layout.activity[used.col, period], -used.data)
        entries.add(row, layout.imports[:, period], 1.0)
        entries.add(row, layout.exports[:, period], -1.0)
        entries.add(row, layout.unused[:, period], -1.0)
        entries.add(row, layout.stock[:, period], -1.0)
        entries.add(row, layout.low[:, period], 1.0)
        if period:
            entries.add(row, layout.stock[:, period - 1], inputs.stocks.kept)
            entries.add(row, layout.low[:, period - 1], -inputs.stocks.kept)
        entries.add(row, layout.below[:, period], 1.0)
        for segment in range(layout.short.shape[2]):
            entries.add(row, layout.short[:, period, segment], 1.0)
        # A capital good is delivered its lag before the capacity is usable.
        usable = period + lag
        inside = usable < span
        entries.add(row[item[inside]], layout.built[builder[inside], usable[inside]], -amount[inside])
        if period >= inputs.planned:
            # The year after replaces what wears out in use, so that it could be repeated.
            entries.add(row[item], layout.activity[builder, period], -amount * wear[builder])


def _capacities(inputs: Inputs, layout: Layout, entries: _Entries) -> None:
    span = len(inputs.periods)
    left = 1.0 - inputs.investment.wear[inputs.pool_recipe]
    for period in range(span):
        row = layout.capacity[:, period]
        entries.add(row, layout.activity[:, period], 1.0)
        for usable in range(period + 1):
            entries.add(row, layout.built[:, usable], -(left ** (period - usable)))
        entries.add(layout.growth[inputs.pool_recipe, period], layout.built[:, period], 1.0)


def _limits(inputs: Inputs, layout: Layout, entries: _Entries) -> None:
    limits = inputs.limits
    use = limits.use.tocoo()
    entries.add(layout.limit[use.row], layout.activity[use.col, limits.period[use.row]], use.data)
    for entry in np.flatnonzero(limits.trades):
        period, row = limits.period[entry], layout.limit[entry]
        entries.add(row, layout.imports[:, period], inputs.trade.import_price[:, period])
        entries.add(row, layout.exports[:, period], -inputs.trade.export_price[:, period])


def _fixed(inputs: Inputs, layout: Layout, entries: _Entries) -> None:
    """A number that is decided, what is lacking to it and what is beyond it taken into account, lies between its bounds. Deliveries are counted down from the goal."""
    fixed, made = inputs.fixed, csr_array(inputs.made)
    for at, (flow, item, period) in enumerate(zip(fixed.flow, fixed.item, fixed.period, strict=True)):
        row, markets = layout.fixed[at], inputs.markets.of(item)
        if flow == "production":
            part = made[markets, :].tocoo()
            own = inputs.makes[part.col]
            entries.add(row, layout.activity[part.col[own], period], part.data[own])
        elif flow == "final_use":
            entries.add(row, layout.short[markets, period].ravel(), -1.0)
            entries.add(row, layout.below[markets, period], -1.0)
        elif flow == "new_capacity":
            entries.add(row, layout.built[np.flatnonzero(inputs.pool_recipe == item), period], 1.0)
        elif flow == "closing_stock":
            entries.add(row, layout.stock[markets, period], 1.0)
            entries.add(row, layout.low[markets, period], -1.0)
        else:
            entries.add(row, (layout.imports if flow == "imports" else layout.exports)[markets, period], 1.0)
        entries.add(row, layout.under[[at]], 1.0)
        entries.add(row, layout.over[[at]], -1.0)


def _row_bounds(inputs: Inputs, layout: Layout) -> tuple[FloatArray, FloatArray]:
    lower, upper = np.full(layout.rows, -np.inf), np.full(layout.rows, np.inf)
    wanted = inputs.goals.quantity.copy()
    wanted[:, 0] -= inputs.stocks.opening * inputs.stocks.kept
    _put(lower, layout.balance, wanted)
    _put(upper, layout.balance, wanted)
    _put(upper, layout.capacity, inputs.capacity)
    _put(upper, layout.growth, inputs.investment.limit)
    _put(upper, layout.limit, inputs.limits.limit)
    _put(lower, layout.keep, np.minimum(inputs.stocks.opening, inputs.stocks.ceiling))
    fixed = inputs.fixed
    goals = inputs.markets.summed(inputs.goals.quantity)
    goal = np.array([goals[item, period] if flow == "final_use" else 0.0 for flow, item, period in zip(fixed.flow, fixed.item, fixed.period, strict=True)])
    _put(lower, layout.fixed, np.where(fixed.least > 0, fixed.least - goal, -np.inf))
    _put(upper, layout.fixed, fixed.most - goal)
    return lower, upper


def _bounds(inputs: Inputs, layout: Layout) -> tuple[FloatArray, FloatArray]:
    goals, stocks = inputs.goals, inputs.stocks
    lower, upper = np.zeros(layout.columns), np.full(layout.columns, np.inf)
    _put(upper, layout.activity, np.where(layout.capacity >= 0, np.inf, inputs.capacity))
    _put(upper, layout.imports, inputs.trade.import_limit)
    _put(upper, layout.exports, inputs.trade.export_limit)
    floor = floors_of(inputs)
    _put(lower, layout.stock, floor)
    _put(upper, layout.stock, stocks.ceiling)
    _put(upper, layout.drawn, np.minimum(stocks.opening, stocks.ceiling))
    _put(upper, layout.below, np.zeros(goals.minimum.shape))
    _put(upper, layout.low, np.zeros(floor.shape))
    for places in (layout.under, layout.over):
        _put(upper, places, np.zeros(places.shape))
    share = np.divide(goals.quantity - goals.minimum, goals.quantity, out=np.zeros_like(goals.quantity), where=goals.quantity > 0)
    _put(upper, layout.short, segment_widths(share) * goals.quantity[:, :, None])
    return lower, upper


@dataclass(slots=True)
class _Entries:
    """Entries of the matrix, gathered column-wise."""

    row: list[IntArray] = field(default_factory=list)
    column: list[IntArray] = field(default_factory=list)
    data: list[FloatArray] = field(default_factory=list)

    def add(self, row: IntArray | np.int64, column: IntArray, data: FloatArray | float) -> None:
        """Add entries where both the row and the column are there; a single row stands for as many as there are columns."""
        row = np.broadcast_to(row, column.shape)
        there = (row >= 0) & (column >= 0)
        self.row.append(row[there])
        self.column.append(column[there])
        self.data.append(np.broadcast_to(np.asarray(data, np.float64), row.shape)[there])

    def matrix(self, rows: int, columns: int) -> csc_array:
        matrix = csc_array((np.concatenate(self.data), (np.concatenate(self.row), np.concatenate(self.column))), shape=(rows, columns))
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return matrix
