"""How large each variable can become at all: bounds that follow from the rows, which make a bound on the optimum provable."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundplan.planning.columns import Layout
from groundplan.planning.inputs import Inputs

__all__ = ["MOST_GROWTH", "implied_upper"]

FloatArray = NDArray[np.float64]

MOST_GROWTH = 1e6
"""New capacity in a period, in multiples of a pool's scale, where nothing else bounds it: no limit, and no capital good from an earlier period."""


def implied_upper(inputs: Inputs, layout: Layout, pool_scale: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Bound each column from above, period by period: what is there at most can be made into capacity, which makes more.

    Args:
        inputs: the plan's inputs.
        layout: its columns.
        pool_scale: shape (Q,), scale of each pool's activity.

    Returns:
        Bounds, shape (n,), unscaled, infinite for columns that have bounds of their own; and which of them follow from no row, so that the programme must state them:
        new capacity that nothing else bounds, at `MOST_GROWTH`, and transfers.
    """
    markets, pools, span = len(inputs.markets), len(inputs.pool_recipe), len(inputs.periods)
    invest, stocks, transfers = inputs.investment, inputs.stocks, inputs.transfers
    left = 1.0 - invest.wear[inputs.pool_recipe]
    supply, built, able = np.zeros((markets, span)), np.zeros((pools, span)), np.zeros((pools, span))
    stated = np.zeros((pools, span), dtype=bool)
    for period in range(span):
        most = invest.limit[inputs.pool_recipe]
        earlier = (invest.lag > 0) & (invest.lag <= period)
        np.minimum.at(most, invest.pool[earlier], supply[invest.market[earlier], period - invest.lag[earlier]] / invest.amount[earlier])
        own = np.where(layout.built[:, period] >= 0, most, 0.0)
        stated[:, period] = ~np.isfinite(own)
        built[:, period] = np.where(np.isfinite(own), own, MOST_GROWTH * pool_scale)
        added = sum((left ** (period - usable) * built[:, usable] for usable in range(period + 1)), np.zeros(pools))
        able[:, period] = np.where(inputs.pools.runs[:, period] & inputs.makes, inputs.capacity[:, period] + added, 0.0)
        before = stocks.kept * (supply[:, period - 1] if period else _everywhere(inputs, stocks.opening))
        supply[:, period] = _everywhere(inputs, inputs.made @ able[:, period] + inputs.trade.import_limit[:, period]) + before + _everywhere(inputs, stocks.floor)
        able[transfers.pool, period] = np.minimum(transfers.limit, supply[transfers.origin, period])
    # Rounding on the way must not cut off a plan.
    supply, built, able = supply * 1.001, built * 1.001, able * 1.001
    upper = np.full(layout.columns, np.inf)
    for places, values in ((layout.activity, able), (layout.built, built), (layout.stock, supply), (layout.unused, supply)):
        there = places >= 0
        upper[places[there]] = values[there]
    by_column = np.zeros(layout.columns, dtype=bool)
    there = layout.built >= 0
    by_column[layout.built[there]] = stated[there]
    # Moving round in circles could go beyond what there is; no plan needs it.
    by_column[layout.activity[transfers.pool]] = True
    return upper, by_column


def _everywhere(inputs: Inputs, values: FloatArray) -> FloatArray:
    """Give each market what there is in all markets of its product, shape (M,)."""
    return inputs.markets.spread(inputs.markets.summed(values))
