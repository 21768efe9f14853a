"""What each level counts: minima and floors by their share, goals by weight, stocks, and waste."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundplan.planning.columns import Layout
from groundplan.planning.inputs import Inputs
from groundplan.planning.loss import SLOPES
from groundplan.planning.rows import fixed_sizes, flow_scales

__all__ = ["fixed_cost", "goal_cost", "share_cost", "stock_cost", "waste_cost"]

FloatArray = NDArray[np.float64]


def share_cost(layout: Layout, places: NDArray[np.int64], size: FloatArray) -> FloatArray:
    """Count columns as shares of a size."""
    cost = np.zeros(layout.columns)
    there = places >= 0
    cost[places[there]] = 1.0 / np.broadcast_to(size, places.shape)[there]
    return cost


def goal_cost(inputs: Inputs, layout: Layout, priority: int) -> FloatArray:
    """Count what is missed of the goals of a priority."""
    goals = inputs.goals
    cost = np.zeros(layout.columns)
    own = (goals.priority == priority) & (goals.quantity > 0)
    per_unit = np.divide(goals.weight, goals.quantity, out=np.zeros_like(goals.weight), where=own)
    for segment, slope in enumerate(SLOPES):
        places = layout.short[:, :, segment][own]
        cost[places] = per_unit[own] * slope
    places = layout.below[own & (layout.below >= 0)]
    cost[places] = per_unit[own & (layout.below >= 0)] * SLOPES[-1]
    return cost


def fixed_cost(inputs: Inputs, layout: Layout) -> FloatArray:
    """Count what is lacking to numbers that are decided, and what is beyond them, as shares of what they count."""
    size = fixed_sizes(inputs)
    return share_cost(layout, layout.under, size) + share_cost(layout, layout.over, size)


def stock_cost(inputs: Inputs, layout: Layout) -> FloatArray:
    """Count closing stocks below opening ones."""
    return share_cost(layout, layout.drawn, inputs.stocks.opening)


def waste_cost(inputs: Inputs, layout: Layout) -> FloatArray:
    """Count what a plan takes: inputs as shares of the country's flows, resources of their limits, imports, what is left unused."""
    flow, limits = flow_scales(inputs), inputs.limits
    cost = np.zeros(layout.columns)
    used, transfers = (1.0 / flow) @ inputs.used, inputs.transfers
    # Of what is moved only what is lost on the way is used up.
    used[transfers.pool] -= transfers.kept / flow[transfers.origin]
    able = inputs.made @ inputs.largest_capacity
    own = inputs.made.T @ (1.0 / np.where(able > 0, able, flow))
    effort = np.repeat((used + 0.01 * own)[:, None], len(inputs.periods), axis=1)
    for entry in np.flatnonzero(limits.limit > 0):
        effort[:, limits.period[entry]] += np.maximum(limits.use[[entry], :].toarray()[0], 0.0) / limits.limit[entry]
    invest = inputs.investment
    capital = np.bincount(invest.pool, invest.amount / flow[invest.market], len(inputs.pool_recipe))
    for places, value in (
        (layout.activity, effort),
        (layout.built, (capital + own)[:, None]),
        (layout.imports, (1.0 / flow)[:, None]),
        (layout.exports, (0.1 / flow)[:, None]),
        (layout.unused, (0.1 / flow)[:, None]),
        (layout.stock, (0.001 / flow)[:, None]),
        (layout.short, (10.0 / flow)[:, None, None]),
    ):
        there = places >= 0
        cost[places[there]] = np.broadcast_to(value, places.shape)[there]
    return cost
