"""With what chance the plan's deliveries are made: goal by goal, and all together, in draws of what pools can really make."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.errors import SolverError
from groundplan.outcome import Note
from groundplan.planning.chance import LineCapacities
from groundplan.planning.draws import draw_pools
from groundplan.planning.inputs import Inputs
from groundplan.planning.recourse import deliveries_of
from groundplan.planning.tables_out import Levels
from groundplan.tables.economy import Economy
from groundplan.tables.results import Chances, JointChances

__all__ = ["IN_FULL", "DeliveryChances", "chance_in_words", "delivery_chances", "draws_for", "standard_error"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

IN_FULL = 1e-3
"""Share of a planned delivery, or of a minimum, that may be lacking where it counts as made in full."""
_DRAWS = ((150, 100), (300, 60), (600, 20))
"""Up to so many rows of a period's programme, so many draws: a draw of 86 rows takes 3 ms a period, of 512 rows 0.1 s."""


@dataclass(frozen=True, slots=True, eq=False)
class DeliveryChances:
    """Chances of a plan.

    Args:
        chances, joint: result tables `chances` and `joint_chances`; without rows where nothing was worked out.
        sentence: what to tell first; empty where nothing was worked out.
        notes: why something was not worked out.
    """

    chances: pl.DataFrame
    joint: pl.DataFrame
    sentence: str = ""
    notes: tuple[Note, ...] = ()


def delivery_chances(economy: Economy, inputs: Inputs, plan: Levels, lines: LineCapacities, *, draws: int | None = None) -> DeliveryChances:
    """Follow the plan in joint draws of all capacities and count in how many its deliveries are made.

    Args:
        economy: names, seed and the chance of the settings.
        inputs: the plan's inputs.
        plan: the plan.
        lines: the capacities' errors; where there are none at all, there is nothing to draw, and the tables have no rows.
        draws: how many; None: `draws_for`; 0: none.
    """
    nothing = DeliveryChances(Chances.create_empty(), JointChances.create_empty())
    if draws == 0 or not ((lines.table["own"] > 0).any() or (lines.shared["loading"] != 0).any()):
        return nothing
    rows = len(inputs.markets) + int(np.bincount(inputs.limits.period, minlength=1).max(initial=0))
    count = draws_for(rows) if draws is None else draws
    if count == 0:
        sentence = "With what chance deliveries are made is not worked out for a plan of this size; that each product's capacity is there has the chance of the settings."
        return DeliveryChances(nothing.chances, nothing.joint, notes=(Note("plan", "warning", "chances", sentence),))
    try:
        delivered = deliveries_of(inputs, plan, draw_pools(inputs, lines, draws=count, seed=economy.settings.seed))
    except SolverError as error:
        # The plan itself holds; it is not to be lost for its chances.
        sentence = f"With what chance deliveries are made could not be worked out: {error}."
        return DeliveryChances(nothing.chances, nothing.joint, notes=(Note("plan", "warning", "chances", sentence),))
    total, goals = inputs.markets.summed, inputs.goals
    minima = total(goals.minimum)
    product, period = np.nonzero(total(goals.quantity)[:, : inputs.planned] > 0)
    priority = goals.priority[inputs.markets.first][product, period]
    planned, minimum = total(plan.delivered)[product, period], minima[product, period]
    made = total(delivered)[product, period]
    in_full, kept = (made >= (1.0 - IN_FULL) * wanted[:, None] for wanted in (planned, minimum))
    cells = _Cells(product, period, priority, planned, minimum)
    chances = _chances(inputs, cells, np.clip(made, 0.0, None), in_full, kept)
    joint = _joint(inputs, cells, in_full, kept)
    return DeliveryChances(chances, joint, _sentence(in_full, economy.settings.capacity_chance))


def draws_for(rows: int) -> int:
    """Say how many draws suit a plan whose periods have programmes of so many rows: 100 for small ones, fewer for larger ones, none above 600 rows."""
    return next((draws for most, draws in _DRAWS if rows <= most), 0)


def standard_error(hits: int | FloatArray, draws: int) -> FloatArray:
    """Give the standard error of a chance found as hits / draws, shape as hits, with one hit and one miss added so that it is never zero (Agresti and Caffo 2000)."""
    share = (np.asarray(hits) + 1.0) / (draws + 2.0)
    return np.asarray(np.sqrt(share * (1.0 - share) / draws))


def chance_in_words(chance: float, draws: int) -> str:
    """Write a chance as a per cent; where all draws or none were hits, the 95 % bound by the rule of three: "less than 2%"."""
    bound = max(1, round(300 / draws))
    return f"less than {bound}%" if chance <= 0 else f"more than {100 - bound}%" if chance >= 1 else f"{chance:.0%}"


def _sentence(in_full: BoolArray, capacity_chance: float) -> str:
    draws = in_full.shape[1]
    hits = int(in_full.all(axis=0).sum())
    error = max(1, round(100 * float(standard_error(hits, draws))))
    told = chance_in_words(hits / draws, draws)
    spread = f" (give or take {error} points, {draws} draws)" if 0 < hits < draws else f" ({draws} draws)"
    return f"All planned deliveries together are made in full with a chance of {told}{spread}; each product's capacity was taken at a chance of {capacity_chance:.0%}."


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Goals of the country, one entry a product and period: positions, priority, what is planned, and its minimum."""

    product: NDArray[np.int64]
    period: NDArray[np.int64]
    priority: NDArray[np.int64]
    planned: FloatArray
    minimum: FloatArray


def _chances(inputs: Inputs, cells: _Cells, made: FloatArray, in_full: BoolArray, kept: BoolArray) -> pl.DataFrame:
    draws = made.shape[1]
    lower, middle = np.quantile(made, [0.05, 0.5], axis=1)
    # A minimum that the plan itself does not keep is kept in no draw; what has no minimum has nothing to keep.
    minimum = cells.minimum
    table = pl.DataFrame(
        {
            "product": inputs.products.column("product", cells.product),
            "period": pl.Series([inputs.periods[at] for at in cells.period], dtype=pl.String),
            "priority": cells.priority,
            "delivered": cells.planned,
            "chance": in_full.mean(axis=1),
            "standard_error": standard_error(in_full.sum(axis=1), draws),
            "lower_5": lower,
            "median": middle,
            "minimum": minimum,
            "minimum_chance": pl.Series(np.where(minimum > 0, kept.mean(axis=1), np.nan), nan_to_null=True),
            "draws": np.full(len(minimum), draws),
        }
    )
    return table.select(pl.col(name).cast(dtype) for name, dtype in Chances.create_empty().schema.items()).sort("product", "period")


def _joint(inputs: Inputs, cells: _Cells, in_full: BoolArray, kept: BoolArray) -> pl.DataFrame:
    """Count draws in which all goals of a priority and of earlier ones are met up to the end of a period, and those in which all minima are."""
    priority, period, draws = cells.priority, cells.period, in_full.shape[1]
    owed = cells.minimum > 0
    wanted = [("deliveries", int(one), priority <= one, in_full) for one in np.unique(priority)] + ([("minima", 0, owed, kept)] if owed.any() else [])
    rows = []
    for what, one, among, met in wanted:
        for at in np.unique(period):
            hits = int(met[among & (period <= at)].all(axis=0).sum())
            rows.append((what, one, inputs.periods[at], hits / draws, float(standard_error(hits, draws)), draws))
    return pl.DataFrame(rows, schema=dict(JointChances.create_empty().schema), orient="row").sort("what", "priority", "period")
