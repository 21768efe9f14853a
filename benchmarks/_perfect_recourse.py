"""Whether a plan's deliveries could be made in a draw of capacities by somebody who foresees all periods: the whole programme, solved again for the draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.maths.highs import solve_programme
from groundplan.maths.programme import Programme, scale_programme
from groundplan.planning.chance import LineCapacities, capacities_at_chance
from groundplan.planning.columns import Layout, lay_out
from groundplan.planning.delivery_chances import IN_FULL
from groundplan.planning.inputs import Inputs, read_inputs
from groundplan.planning.levels import solve_levels
from groundplan.planning.pools import make_pools, placed_lines
from groundplan.planning.rows import build_programme, scale_of
from groundplan.planning.tables_out import Levels, levels_of
from groundplan.tables.economy import Economy

__all__ = ["all_in_full", "perfectly_in_full", "planned"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def planned(economy: Economy, capacities: pl.DataFrame, factors: pl.DataFrame) -> tuple[Inputs, Layout, Levels, LineCapacities]:
    """Plan an economy and keep what the result tables leave out."""
    lines = capacities_at_chance(economy, capacities, factors)
    inputs = read_inputs(economy, make_pools(economy, placed_lines(economy, lines)))
    layout = lay_out(inputs)
    return inputs, layout, levels_of(inputs, layout, solve_levels(inputs, layout, tell=lambda _at, _share: None).x), lines


def all_in_full(plan: Levels, delivered: FloatArray) -> BoolArray:
    """Say in which draws all that is planned is delivered; `delivered` has shape (P, T, D)."""
    return np.asarray((delivered >= (1.0 - IN_FULL) * plan.delivered[:, :, None]).all(axis=(0, 1)))


def perfectly_in_full(inputs: Inputs, layout: Layout, plan: Levels, drawn: FloatArray, *, as_built: bool) -> BoolArray:
    """Say in which draws, shape (Q, D), some course of all periods together makes all planned deliveries.

    Args:
        inputs: the plan's inputs.
        layout: the programme's columns and rows.
        plan: the plan.
        drawn: of `draw_pools`.
        as_built: whether all is built that is planned; else less may be, where foresight tells that it is not needed.
    """
    programme = _held(inputs, layout, plan, as_built=as_built)
    scaling = scale_of(inputs, layout, programme)
    wear = inputs.investment.wear[inputs.pool_recipe]
    life = np.where(inputs.pools.runs, (1.0 - wear)[:, None] ** inputs.pools.age, 0.0)[:, : inputs.planned]
    rows = layout.capacity[:, : inputs.planned]
    alone = np.where(rows >= 0, -1, layout.activity[:, : inputs.planned])
    found = []
    for capacity in drawn.T:
        able, upper, row_upper = capacity[:, None] * life, programme.upper.copy(), programme.row_upper.copy()
        upper[alone[alone >= 0]], row_upper[rows[rows >= 0]] = able[alone >= 0], able[rows >= 0]
        found.append(solve_programme(scale_programme(replace(programme, upper=upper, row_upper=row_upper), scaling), method="simplex").status == "optimal")
    return np.array(found)


def _held(inputs: Inputs, layout: Layout, plan: Levels, *, as_built: bool) -> Programme:
    """Write the programme without a cost, with deliveries held, building bounded, and neither a year after nor fixed numbers."""
    programme = build_programme(inputs, layout)
    upper, row_lower, row_upper = (part.copy() for part in (programme.upper, programme.row_lower, programme.row_upper))
    planned = inputs.planned
    built = layout.built >= 0
    upper[layout.built[built]] = plan.built[built]
    lower = programme.lower.copy()
    lower[layout.built[built]] = plan.built[built] if as_built else 0.0
    later = layout.limit[inputs.limits.period >= planned]
    for rows in (layout.balance[:, planned:], layout.capacity[:, planned:], layout.growth, later, layout.fixed):
        row_lower[rows[rows >= 0]], row_upper[rows[rows >= 0]] = -np.inf, np.inf
    allowed = inputs.goals.quantity[:, :planned] - (1.0 - IN_FULL) * plan.delivered
    for segment in range(layout.short.shape[2]):
        places = layout.short[:, :planned, segment]
        upper[places[places >= 0]] = np.maximum(allowed[places >= 0], 0.0) if segment == 0 else 0.0
    below, low = layout.below[:, :planned], layout.low[:, :planned]
    upper[below[below >= 0]] = 0.0
    upper[low[low >= 0]] = np.maximum(inputs.stocks.floor[:, None] - plan.closing, 0.0)[low >= 0]
    return replace(programme, cost=np.zeros_like(programme.cost), lower=lower, upper=upper, row_lower=row_lower, row_upper=row_upper)
