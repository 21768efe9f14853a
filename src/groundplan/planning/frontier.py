"""The frontier between two goals: the most of the one that can be delivered for each amount of the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.errors import Fault, InputError
from groundplan.maths.programme import Programme, scale_programme
from groundplan.maths.trade_off import TradeOff, at_corner, trade_off
from groundplan.outcome import Note, Outcome
from groundplan.planning.chance import capacities_at_chance
from groundplan.planning.columns import Layout
from groundplan.planning.costs import goal_cost
from groundplan.planning.frontier_words import frontier_method, frontier_sentence
from groundplan.planning.inputs import Inputs
from groundplan.planning.loss import BREAKS
from groundplan.planning.reach import implied_upper
from groundplan.planning.rows import pool_scales
from groundplan.planning.solved import Solved
from groundplan.planning.solving import solve_economy
from groundplan.tables.bundles import Frontier
from groundplan.tables.economy import Economy
from groundplan.tables.goal_sides import GoalSide, read_sides
from groundplan.tables.results import FrontierGoals, FrontierPoints

__all__ = ["MOST_CORNERS", "MOST_FRONTIER_ROWS", "frontier"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MOST_CORNERS = 24
"""So many corners are sought where nothing else is asked for: more are hard to read, and what lies between them is proven to be near."""
MOST_FRONTIER_ROWS = 5_000
"""Larger programmes are not taken: each corner is a vertex of its own, and six of them took more than nine minutes at 7,272 rows."""
_TOLERANCE = 1e-6
"""Corners that raise the curve by less than this share of a goal are not sought."""
_ROOM = 1e-10
"""What a goal that is held may be missed by beyond what the plan misses, as a share of it: rounding."""
_EARLIER = 100.0
"""What a goal counts, against one of the next priority, where a corner leaves it open how the other goals are served."""
_WORSE = 1e-6
"""Share of a goal from which on less is delivered than in the plan."""
_ON_CURVE = 1e-9
"""Shares nearer than this are the same."""


def frontier(
    economy: Economy,
    first: str,
    second: str,
    *,
    others: Literal["held", "free"] = "held",
    capacities: pl.DataFrame | None = None,
    capacity_factors: pl.DataFrame | None = None,
    most_corners: int = MOST_CORNERS,
    progress: Callable[[str, float], None] | None = None,
) -> Frontier:
    """Find the most of one goal that can be delivered for each amount of another, where minima, floors of stocks and fixed numbers hold as in the plan.

    A goal is measured by its share met: of one period, or the mean over all plan periods in which the product has a goal. The curve is concave and piecewise linear; its
    corners are found exactly. The year after the plan is served no worse than in the plan, so that the curve does not rest on eating the future.

    Args:
        economy: an economy that has passed its checks.
        first: the id of a product, alone or with a plan period: "steel@2023".
        second: another one.
        others: "held": every other goal is served at least as well as in the plan; "free": the other goals of the plan's periods give way to these
            two, down to their minima, whatever their priority, and are then served as well as each corner leaves room for.
        capacities: result table `capacities`; None: nameplates are taken as certain.
        capacity_factors: result table `capacity_factors`, the capacities' shared errors.
        most_corners: so many corners are found at the most, at least 2; those that matter most come first, and how far the truth can lie above is proven.
        progress: called with what is being done and the share that is done, 0 to 1.

    Returns:
        The frontier, with the plan as it is marked on it.

    Raises:
        InputError: a product or period that is not there or has no goal, twice the same goal, no goal within the plan at all, or an economy of more than
            `MOST_FRONTIER_ROWS` rows.
        SolverError: the solver broke down.
    """
    if most_corners < 2:
        raise InputError(f"A frontier has at least 2 corners to be sought, not {most_corners}.")
    if others not in ("held", "free"):
        raise InputError(f"Other goals are 'held' or 'free', not {others!r}.")
    sides = read_sides(economy, first, second)
    tell = progress if progress is not None else lambda _at, _share: None
    tell("the plan as it is", 0.0)
    inputs, layout, solved = solve_economy(economy, capacities_at_chance(economy, capacities, capacity_factors), lambda at, share: tell(at, 0.5 * share), check=_refuse_large)
    if solved is None:
        raise InputError("No goal lies within the plan's periods, so there is no plan and no frontier. Add rows to goals for these periods.")
    problem = _Problem(inputs, layout, solved, sides, held=others == "held")
    programme = problem.programme()
    costs = problem.cost(0), problem.cost(1)
    implied = implied_upper(inputs, layout, pool_scales(inputs))[0] / solved.scaling.columns
    found = trade_off(
        programme, *costs, implied=implied, tolerance=_TOLERANCE, most=most_corners, tell=lambda count: tell("corners of the frontier", 0.5 + 0.4 * count / (count + most_corners))
    )
    corners, served = found.corners[::-1], problem.others_cost()
    plans = []
    for number, corner in enumerate(corners):
        tell("what is left to other goals", 0.9 + 0.1 * number / len(corners))
        plans.append(solved.scaling.columns * at_corner(programme, *costs, corner, served))
    places = [(problem.met(solved.x, 0), problem.met(solved.x, 1)), *((_snapped(1.0 - corner.first), _snapped(1.0 - corner.second)) for corner in corners)]
    goals = pl.concat([_goals_table(problem, number, x) for number, x in enumerate([solved.x, *plans])])
    points = _points_table(places, goals, sides)
    outcome = Outcome("done", frontier_sentence(sides, points, held=problem.held), frontier_method(found, len(programme.row_lower), tolerance=_TOLERANCE))
    tell("done", 1.0)
    return Frontier(outcome, *sides, others, found.excess, found.is_whole, points, goals, _notes(solved, found))


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """The plan as it is, and the two goals."""

    inputs: Inputs
    layout: Layout
    solved: Solved
    sides: tuple[GoalSide, GoalSide]
    held: bool

    def cells(self, side: int) -> tuple[IntArray, IntArray]:
        """Give the positions of the markets of a side's product, and of its periods."""
        one = self.sides[side]
        return self.inputs.markets.of(self.inputs.products.position(one.product)), np.array([self.inputs.periods.index(period) for period in one.periods])

    def cost(self, side: int) -> FloatArray:
        """Count what is missed of a side's goals, as a mean share, scaled, shape (n,)."""
        markets, periods = self.cells(side)
        cost = np.zeros(self.layout.columns)
        for period in periods:
            places = np.append(self.layout.short[markets, period].ravel(), self.layout.below[markets, period])
            cost[places[places >= 0]] = 1.0 / (self.inputs.goals.quantity[markets, period].sum() * len(periods))
        return cost * self.solved.scaling.columns

    def met(self, x: FloatArray, side: int) -> float:
        """Give the share of a side's goals that a plan meets."""
        return 1.0 - float(self.cost(side) @ (x / self.solved.scaling.columns))

    def programme(self) -> Programme:
        """Write the scaled programme of all plans that keep what must be kept; the plan as it is is one of them."""
        layout, goals, x = self.layout, self.inputs.goals, self.solved.x
        upper = self.solved.programme.upper.copy()
        # What cannot be kept (a minimum, a floor, a fixed number) is kept as nearly as in the plan.
        for places in (layout.below, layout.low, layout.under, layout.over):
            own = places[places >= 0]
            upper[own] = np.maximum(x[own], 0.0)
        held = (goals.quantity > 0) & ~self._own()
        if not self.held:
            held[:, : self.inputs.planned] = False
        # Only the sum over a goal's segments counts, so they are opened from the first on as far as the plan misses the goal.
        share = x[layout.short[held]].sum(axis=1) / goals.quantity[held] + _ROOM
        widths = np.clip(share[:, None] - BREAKS[:-1], 0.0, np.diff(BREAKS)) * goals.quantity[held][:, None]
        upper[layout.short[held]] = np.minimum(upper[layout.short[held]], widths)
        return scale_programme(replace(self.solved.programme, upper=upper), self.solved.scaling)

    def others_cost(self) -> FloatArray:
        """Count what all but the two goals miss, an earlier priority many times as much as the next, scaled, shape (n,)."""
        ranks = np.unique(self.inputs.goals.priority[self.inputs.goals.quantity > 0])[::-1]
        cost = sum((goal_cost(self.inputs, self.layout, int(priority)) * _EARLIER**rank for rank, priority in enumerate(ranks)), np.zeros(self.layout.columns))
        own = self._own()
        places = np.concatenate([self.layout.short[own].ravel(), self.layout.below[own]])
        cost[places[places >= 0]] = 0.0
        return np.asarray(cost * self.solved.scaling.columns)

    def missed(self, x: FloatArray) -> FloatArray:
        """Give what a plan misses of each goal of the country, shape (P, T)."""
        planned, layout = self.inputs.planned, self.layout
        short, below = layout.short[:, :planned], layout.below[:, :planned]
        missed = np.where(short >= 0, x[short], 0.0).sum(axis=2) + np.where(below >= 0, x[below], 0.0)
        goal = self.inputs.goals.quantity[:, :planned]
        # Rounding of the sum of segments is no gap.
        return self.inputs.markets.summed(np.where(missed <= 1e-12 * goal, 0.0, np.minimum(missed, goal)))

    def _own(self) -> NDArray[np.bool_]:
        """Say which goals, shape (M, H), are those of the two sides."""
        own = np.zeros(self.inputs.goals.quantity.shape, dtype=bool)
        for side in (0, 1):
            markets, periods = self.cells(side)
            own[np.ix_(markets, periods)] = True
        return own


def _snapped(share: float) -> float:
    """Take off the rounding of a share that is nothing or all."""
    return 0.0 if abs(share) <= _ON_CURVE else 1.0 if abs(share - 1.0) <= _ON_CURVE else share


def _refuse_large(layout: Layout) -> None:
    """Refuse a programme that is too large.

    Raises:
        InputError: it has more than `MOST_FRONTIER_ROWS` rows.
    """
    if layout.rows > MOST_FRONTIER_ROWS:
        found, expected = f"a plan of {layout.rows:,} rows (balances, capacities and limits by period)", f"at most {MOST_FRONTIER_ROWS:,}"
        remedy = "Plan fewer periods (horizon in groundplan.toml) or fewer products; single points can be had by fixing numbers: groundplan plan --fix."
        raise InputError("The plan is too large for a frontier", [Fault("groundplan.toml", "horizon", "too_large", 1, (), found, expected, remedy)])


def _goals_table(problem: _Problem, point: int, x: FloatArray) -> pl.DataFrame:
    """Write what a plan delivers of each goal."""
    inputs = problem.inputs
    quantity = inputs.markets.summed(inputs.goals.quantity)[:, : inputs.planned]
    priority = inputs.goals.priority[inputs.markets.first]
    product, period = np.nonzero(quantity > 0)
    goal = quantity[product, period]
    roles = np.full((len(inputs.products), inputs.planned), "other", dtype=object)
    for side, role in enumerate(("first", "second")):
        at, periods = problem.cells(side)
        roles[inputs.markets.product[at[0]], periods] = role
    table = pl.DataFrame(
        {
            "point": np.full(len(product), point, np.int64),
            "product": inputs.products.column("product", product),
            "period": [inputs.periods[at] for at in period],
            "role": roles[product, period].tolist(),
            "priority": priority[product, period],
            "goal": goal,
            "delivered": goal - problem.missed(x)[product, period],
            "planned": goal - problem.missed(problem.solved.x)[product, period],
        }
    )
    return _fitted(FrontierGoals, table)


def _points_table(places: Sequence[tuple[float, float]], goals: pl.DataFrame, sides: tuple[GoalSide, GoalSide]) -> pl.DataFrame:
    """Write the plan as it is and the corners, by their shares met, with the rates at which the one is exchanged for the other."""
    sums = goals.group_by("point", "role").agg(pl.col("delivered").sum())
    delivered = {(point, role): amount for point, role, amount in sums.iter_rows()}
    rows = []
    for point, (one, other) in enumerate(places):
        at = _next_corner(places, one) if point == 0 else point
        rate, share = _rates(places, delivered, at) if 0 < at < len(places) - 1 else (None, None)
        rows.append(
            {
                "point": point, "kind": "corner" if point else "plan", "first_delivered": delivered[point, "first"], "first_share": one,
                "second_delivered": delivered[point, "second"], "second_share": other, "second_per_first": rate, "share_per_share": share,
                "second_room": 0.0 if point else max(0.0, _most(places[1:], one) - other),
            }
        )  # fmt: skip
    rest = (
        goals.filter(pl.col("role") == "other")
        .group_by("point")
        .agg((pl.col("delivered") / pl.col("goal")).mean().alias("others_share"), (pl.col("planned") - pl.col("delivered") > _WORSE * pl.col("goal")).sum().alias("others_worse"))
    )
    return _fitted(FrontierPoints, pl.DataFrame(rows, infer_schema_length=None).join(rest, on="point", how="left").with_columns(pl.col("others_worse").fill_null(0)))


def _next_corner(places: Sequence[tuple[float, float]], first: float) -> int:
    """Give the corner from which the line begins that more of the first than this lies on; 0 where a plan with less of the first has no better second."""
    if first < places[1][0] - _ON_CURVE:
        return 0
    return max(point for point in range(1, len(places)) if places[point][0] <= first + _ON_CURVE)


def _rates(places: Sequence[tuple[float, float]], delivered: dict[tuple[int, str], float], at: int) -> tuple[float | None, float]:
    """Give what one more unit of the first costs of the second from a corner on, in own measures (None where amounts do not say) and in shares."""
    (one, other), (next_one, next_other) = places[at], places[at + 1]
    more, less = (sign * (delivered[at + 1, role] - delivered[at, role]) for role, sign in (("first", 1.0), ("second", -1.0)))
    return (less / more if more > 0 and less > 0 else None), (other - next_other) / (next_one - one)


def _most(corners: Sequence[tuple[float, float]], first: float) -> float:
    """Give the most of the second with as much of the first."""
    return float(np.interp(first, [corner[0] for corner in corners], [corner[1] for corner in corners]))


def _fitted(schema: type[FrontierPoints | FrontierGoals], table: pl.DataFrame) -> pl.DataFrame:
    return table.select(pl.col(name).cast(kind) for name, kind in schema.create_empty().schema.items()).sort(list(schema.primary_key()))


def _notes(solved: Solved, found: TradeOff) -> tuple[Note, ...]:
    notes = []
    unproven = sum(max(0.0, level.objective - level.bound) for level in solved.levels if level.name == "goals")
    if not solved.by_vertices:
        sentence = f"The plan as it is was found by first-order steps: it may lose up to {unproven:.1g} more than the best one, and lie as little below the curve."
        notes.append(Note("frontier", "info", "plan", sentence))
    if not found.is_whole:
        sentence = (
            f"There are more corners than the {len(found.corners)} that were sought; between them the truth lies at most {100 * found.excess:.2g} % of a goal "
            "above the curve, which is proven."
        )
        notes.append(Note("frontier", "info", "corners", sentence))
    return tuple(notes)
