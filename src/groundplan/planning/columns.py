"""Which variables and rows the programme has, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundplan.planning.inputs import Inputs
from groundplan.planning.loss import SLOPES

__all__ = ["Layout", "lay_out"]

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Positions of columns and rows; -1 where there is none.

    Args:
        activity, built: shape (Q, H): level of a pool; new capacity first usable in the period.
        imports, exports, stock, unused, below, low: shape (M, H): `below` the minimum and `low` (stock below its floor) are there to be
            opened where nothing else helps.
        short: shape (M, H, segments): parts of the goal that are missed.
        under, over: shape (F,): what is lacking to a number that is decided, and what is beyond it; like `below` there to be opened.
        drawn: shape (M,): closing stock of the last plan period below the opening stock.
        columns: number of columns.
        balance: rows, shape (M, H).
        capacity: rows, shape (Q, H), for pools that may have grown.
        growth: rows, shape (R, H), limit on new capacity.
        limit: rows, shape (entries of limits,).
        keep: rows, shape (M,), of `drawn`.
        fixed: rows, shape (F,).
        rows: number of rows.
    """

    activity: IntArray
    built: IntArray
    imports: IntArray
    exports: IntArray
    stock: IntArray
    unused: IntArray
    below: IntArray
    low: IntArray
    short: IntArray
    under: IntArray
    over: IntArray
    drawn: IntArray
    columns: int
    balance: IntArray
    capacity: IntArray
    growth: IntArray
    limit: IntArray
    keep: IntArray
    fixed: IntArray
    rows: int


def lay_out(inputs: Inputs) -> Layout:
    """Give a column to each thing that can be decided, in a fixed order: by kind, then product or pool, then period."""
    invest, goals, trade, stocks = inputs.investment, inputs.goals, inputs.trade, inputs.stocks
    markets, span = len(inputs.markets), len(inputs.periods)
    longest = invest.longest[inputs.pool_recipe]
    grows = inputs.pools.table["grows"].to_numpy() & (longest >= 0)
    built = grows[:, None] & (np.arange(span)[None, :] >= longest[:, None])
    grown = np.cumsum(built, axis=1) > 0
    runs = inputs.pools.runs[:, :span]
    storable = (stocks.ceiling > 0)[:, None] & np.ones((markets, span), dtype=bool)
    # The year after the plan keeps stocks only as far as a floor asks for it.
    storable[:, inputs.planned :] &= (stocks.floor > 0)[:, None]
    wanted = goals.quantity > 0
    # A recipe that nobody has capacity for keeps its pools, at a limit of zero, so that it can be found to be what is lacking.
    able = np.zeros((len(inputs.recipes), span))
    np.add.at(able, inputs.pool_recipe, inputs.capacity)
    lacking = (able == 0.0)[inputs.pool_recipe]
    counter = _Counter()
    columns = {
        "activity": counter.number(runs & ((inputs.capacity > 0) | grown | lacking)),
        "built": counter.number(built),
        "imports": counter.number(trade.import_limit > 0),
        "exports": counter.number((trade.export_limit > 0) & (trade.export_price > 0)),
        "stock": counter.number(storable),
        "unused": counter.number(np.ones((markets, span), dtype=bool)),
        "below": counter.number(goals.minimum > 0),
        "low": counter.number(storable & (stocks.floor > 0)[:, None]),
        "short": counter.number(np.repeat(wanted[:, :, None], len(SLOPES), axis=2)),
        "under": counter.number(inputs.fixed.least > 0),
        "over": counter.number(np.isfinite(inputs.fixed.most)),
        "drawn": counter.number(np.minimum(stocks.opening, stocks.ceiling) > stocks.floor),
    }
    limited = np.zeros((len(inputs.recipes), span), dtype=bool)
    pool, period = np.nonzero(built)
    limited[inputs.pool_recipe[pool], period] = True
    rows = _Counter()
    places = {
        "balance": rows.number(np.ones((markets, span), dtype=bool)),
        "capacity": rows.number(runs & grown),
        "growth": rows.number(limited & np.isfinite(invest.limit)[:, None]),
        "limit": rows.number(np.ones(len(inputs.limits.limit), dtype=bool)),
        "keep": rows.number(columns["drawn"] >= 0),
        "fixed": rows.number(np.ones(len(inputs.fixed.flow), dtype=bool)),
    }
    return Layout(**columns, columns=counter.count, **places, rows=rows.count)


@dataclass(slots=True)
class _Counter:
    """Numbers positions in a row."""

    count: int = 0

    def number(self, there: NDArray[np.bool_]) -> IntArray:
        positions = np.full(there.shape, -1, np.int64)
        size = int(there.sum())
        positions[there] = self.count + np.arange(size)
        self.count += size
        return positions
