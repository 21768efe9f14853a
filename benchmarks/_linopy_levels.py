"""Solves the linopy model of a plan level after level, in the instance of HiGHS that linopy makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import linopy
import numpy as np
from linopy.solvers import Solver

from _linopy_plan import AFTER, state_plan
from groundplan.tables.economy import Economy

__all__ = ["Levels", "Nudge", "Programme", "build", "solve", "solve_with_room"]

MATTERS = 1e-11
"""Reduced costs and duals from this share of a level's largest cost on hold the level."""


@dataclass(frozen=True, slots=True)
class Nudge:
    """One limit moved by an amount.

    Args:
        kind: a kind of shadow price, or "new capacity" for one that no line has yet.
        item: a line (capacity), a recipe and region as "mill | north" (new capacity), a recipe (growth), a resource as "labour in all", a road as
            "coal: north > south", or a product (by region: "coal @ north").
        period: plan period.
        amount: by how much, in the limit's own unit.
    """

    kind: str
    item: str
    period: str
    amount: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of all columns, shape (n,), and of all rows, shape (m,), of a programme."""

    lower: np.ndarray
    upper: np.ndarray
    row_lower: np.ndarray
    row_upper: np.ndarray

    def copy(self) -> Bounds:
        """Give bounds that can be changed without changing these."""
        return Bounds(self.lower.copy(), self.upper.copy(), self.row_lower.copy(), self.row_upper.copy())


@dataclass(frozen=True, slots=True)
class Programme:
    """A model as linopy states it and as HiGHS holds it, and what each level minimises.

    Args:
        model: the model.
        highs: the instance of HiGHS that linopy has made of it.
        bounds: the bounds as stated.
        costs: by level, "minima", "floors", a priority, or "stocks", in the order in which they are solved.
        weights: by level, what all of it weighs.
        last: the last period of the plan.
    """

    model: linopy.Model
    highs: highspy.Highs
    bounds: Bounds
    costs: dict[str | int, np.ndarray]
    weights: dict[str | int, float]
    last: str


@dataclass(slots=True)
class Levels:
    """What each level comes to.

    `minima`: shares of minima missed, summed; `floors`: shares of floors missed, summed (in the year after too); `goals`: loss by priority; `stocks`: shares of
    opening stocks that are lacking at the end of the plan, summed.
    """

    minima: float = 0.0
    floors: float = 0.0
    goals: dict[int, float] = field(default_factory=dict)
    stocks: float = 0.0

    def put(self, level: str | int, value: float) -> None:
        """Write the value of a level."""
        if isinstance(level, int):
            self.goals[level] = value
        else:
            setattr(self, level, value)

    def of(self, level: str | int) -> float:
        """Read the value of a level."""
        return self.goals[level] if isinstance(level, int) else float(getattr(self, level))


def build(economy: Economy) -> Programme:
    """Build the programme of an economy, up to the instance of HiGHS."""
    stated = state_plan(economy)
    model = stated.model
    costs = {}
    for name, level in stated.levels.items():
        model.add_objective(level, overwrite=True)
        costs[name] = np.array(model.matrices.c, dtype=float)
    highs = Solver.from_name("highs", model=model, io_api="direct").solver_model
    for option, value in (("output_flag", False), ("threads", 1), ("primal_feasibility_tolerance", 1e-9), ("dual_feasibility_tolerance", 1e-9)):
        highs.setOptionValue(option, value)
    lp = highs.getLp()
    bounds = Bounds(*(np.array(part, dtype=float) for part in (lp.col_lower_, lp.col_upper_, lp.row_lower_, lp.row_upper_)))
    return Programme(model, highs, bounds, costs, stated.weights, stated.last)


def solve(programme: Programme, *, nudge: Nudge | None = None, until: int | None = None) -> Levels:
    """Solve level after level, each held strictly before the next.

    The optimal face of a level is what is left when columns with a reduced cost are fixed at their bounds and rows with a dual are equations (Isermann 1982).

    Args:
        programme: the programme.
        nudge: a limit that is moved.
        until: the last priority that is solved; None: all, and the stocks.

    Raises:
        RuntimeError: HiGHS found no optimum.
    """
    bounds = programme.bounds.copy()
    if nudge is not None:
        _move(programme, bounds, nudge)
    found = Levels()
    for level, cost in programme.costs.items():
        if until is not None and (level == "stocks" or (isinstance(level, int) and level > until)):
            break
        found.put(level, _minimise(programme, level, cost, bounds))
        solution = programme.highs.getSolution()
        least = MATTERS * np.abs(cost).max(initial=0.0)
        for duals, lower, upper in ((solution.col_dual, bounds.lower, bounds.upper), (solution.row_dual, bounds.row_lower, bounds.row_upper)):
            dual = np.array(duals)
            # A dual that holds nothing at a bound which is not there is rounding.
            falls, rises = (dual < -least) & np.isfinite(upper), (dual > least) & np.isfinite(lower)
            lower[falls] = upper[falls]
            upper[rises] = lower[rises]
    return found


def solve_with_room(programme: Programme, strict: Levels, room: float) -> Levels:
    """Give the least that each level can come to if every earlier one may exceed its strict value by a share of its weight."""
    found = Levels()
    for level, cost in programme.costs.items():
        found.put(level, _minimise(programme, level, cost, programme.bounds))
        there = np.flatnonzero(cost)
        programme.highs.addRow(-np.inf, strict.of(level) + room * programme.weights[level], len(there), there.astype(np.int32), cost[there])
    rows = len(programme.bounds.row_lower)
    programme.highs.deleteRows(len(programme.costs), np.arange(rows, rows + len(programme.costs), dtype=np.int32))
    return found


def _minimise(programme: Programme, level: str | int, cost: np.ndarray, bounds: Bounds) -> float:
    highs = programme.highs
    columns, rows = np.arange(len(bounds.lower), dtype=np.int32), np.arange(len(bounds.row_lower), dtype=np.int32)
    highs.changeColsBounds(len(columns), columns, bounds.lower, bounds.upper)
    highs.changeRowsBounds(len(rows), rows, bounds.row_lower, bounds.row_upper)
    highs.changeColsCost(len(columns), columns, cost)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"level {level}: {highs.modelStatusToString(highs.getModelStatus())}")
    return float(highs.getInfo().objective_function_value)


def _move(programme: Programme, bounds: Bounds, nudge: Nudge) -> None:
    """Move a limit, with its copy in the year after; capacities and products are priced for their period alone."""
    name, is_column, sign = _PLACES[nudge.kind]
    held = programme.model.variables[name] if is_column else programme.model.constraints[name]
    other = next(label for label in held.labels.dims if label != "period")
    is_copied = nudge.kind not in ("capacity", "new capacity", "product") and nudge.period == programme.last and AFTER in held.indexes["period"]
    labels = held.labels.sel({other: nudge.item, "period": [nudge.period, AFTER] if is_copied else [nudge.period]}).values
    matrices = programme.model.matrices
    places = np.flatnonzero(np.isin(matrices.vlabels if is_column else matrices.clabels, labels))
    if is_column:
        bounds.upper[places] += sign * nudge.amount
    else:
        bounds.row_upper[places] += sign * nudge.amount
        bounds.row_lower[places] += sign * nudge.amount


_PLACES = {
    "capacity": ("activity", True, 1.0),
    "new capacity": ("new capacity", False, 1.0),
    "growth": ("growth", False, 1.0),
    "resource": ("resources", False, 1.0),
    "import": ("imports", True, 1.0),
    "export": ("exports", True, 1.0),
    "stock": ("stock", True, 1.0),
    "transfer": ("moved", True, 1.0),
    # What is given stands on the side of what is there.
    "product": ("balance", False, -1.0),
}
"""Kind of a limit: the columns or rows that hold it, whether they are columns, and the sign."""
