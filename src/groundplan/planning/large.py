"""Levels of large plans by first-order steps: the same order as by vertices, each level certified and then held by a row that bounds its loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from groundplan.maths.certify import Certified, certify, step_onto
from groundplan.maths.programme import Programme, Scaling, held_below
from groundplan.planning.columns import Layout
from groundplan.planning.costs import share_cost, stock_cost, waste_cost
from groundplan.planning.inputs import Inputs
from groundplan.planning.rows import floors_hold_by_themselves, floors_of
from groundplan.planning.solved import Level, Solved

__all__ = ["solve_large"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_GAP = 1e-4
"""How far a level may be from its optimum, as a share of what it would lose if nothing that it wants were there; later levels may take what it then has left of this."""
_TIDY = 0.2
"""Share of a level's gap that waste and the use of stocks may count for on the way, so that of many plans that serve the goals alike a thrifty one is found."""
_SLIGHT = (1e-1, 1e-2, 1e-3, 1e-4)
"""Shares of a segment of a goal's loss that may be next to nothing, the first that will do."""
_ROUNDING = 1e-5
"""Prices up to this size, as a share of the level's largest cost, are rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """The plan as it stands after some levels.

    Args:
        programme: scaled, with a row for each level that is held.
        x: shape (n,), a plan that is feasible; None before the first.
        last: what the last level found, whose walk the next goes on from.
        levels: all levels, in order.
        steps: taken in all.
        certified: whether each level's gap was reached.
    """

    programme: Programme
    x: FloatArray | None
    last: Certified | None
    levels: tuple[Level, ...]
    steps: int
    certified: bool = True


def solve_large(
    inputs: Inputs, layout: Layout, programme: Programme, scaling: Scaling, scaled: Programme, implied: FloatArray, wanted: list[tuple[int, FloatArray]],
    *, whatever: bool, tell: Callable[[str, float], None],
) -> Solved | None:  # fmt: skip
    """Solve level after level; each is certified to be within 10^-4 of what it could lose, and may lose no more than that to later ones.

    Args:
        inputs: the plan's inputs.
        layout: its columns and rows.
        programme: unscaled, without costs.
        scaling: of the programme.
        scaled: the programme, scaled.
        implied: shape (n,), scaled upper bounds that follow from the rows.
        wanted: priorities and their costs, shape (n,), unscaled.
        whatever: whether a plan is wanted although some level was not certified.
        tell: called with what is being done and the share that is done.

    Returns:
        The plan; None where some level was not certified, or no feasible plan was found.
    """
    solver = _Solver(scaling, implied, len(scaled.row_lower), scaling.columns * _tidiness(inputs, layout))
    tell("minima and floors", 0.0)
    state = solver.begin(scaled, inputs, layout)
    for at, (priority, cost) in enumerate(wanted):
        if (cost > 0).any():
            share, what = 0.1 + 0.6 * at / len(wanted), f"goals of priority {priority}"
            tell(what, share)
            state = solver.serve(state, priority, cost, partial(_tell_steps, tell, what, share))
            if state.x is None or not (state.certified or whatever):
                return None
    assert state.x is not None
    state = solver.settle(state, [cost for _, cost in wanted])
    assert state.x is not None
    x = scaling.columns * state.x
    # Later levels may have found less of an earlier one's loss than that did itself.
    levels = tuple(replace(level, objective=min(level.objective, float(level.cost @ x))) for level in state.levels)
    given_up = np.array([max(0.0, float(level.cost @ x) - level.objective) for level in levels])
    levelled = {level.priority for level in levels if level.name == "goals"}
    settled = sum(float(cost @ (scaling.columns * state.programme.lower)) for priority, cost in wanted if priority not in levelled)
    rows, entries = scaled.matrix.shape[0], scaled.matrix.nnz
    words = (
        f"primal-dual steps, {state.steps:,} in all: {rows:,} rows and {entries:,} entries are too many to factorise a basis; "
        "each level stepped onto what is feasible, and its bound proven by dual feasible prices"
    )
    return Solved(x, levels, scaling, programme, words, given_up, settled, by_vertices=False)


@dataclass(frozen=True, slots=True, eq=False)
class _Solver:
    """What holds for all levels.

    Args:
        scaling: of the programme.
        implied: shape (n,), scaled upper bounds that follow from the rows.
        rows: number of rows without those that hold levels.
        tidy: shape (n,), scaled: what a plan should not do without need.
    """

    scaling: Scaling
    implied: FloatArray
    rows: int
    tidy: FloatArray

    def begin(self, programme: Programme, inputs: Inputs, layout: Layout) -> _State:
        """Find a plan that meets all minima and floors, or comes as near as can be: minima come first."""
        x, met = step_onto(programme)
        if met:
            return _State(programme, x, None, (), 0)
        floors = share_cost(layout, layout.low, np.broadcast_to(inputs.stocks.floor[:, None], layout.low.shape))
        below = share_cost(layout, layout.below, inputs.goals.minimum)
        state = _State(programme, None, None, (), 0)
        if not floors_hold_by_themselves(inputs):
            state = replace(state, programme=self._opened(programme, layout.low, floors_of(inputs)))
            x, met = step_onto(state.programme)
            if met:
                return self._level(replace(state, x=x), "floors", 0, floors)
        state = self._level(replace(state, programme=self._opened(state.programme, layout.below, inputs.goals.minimum)), "minima", 0, below)
        if state.x is not None:
            # From near they may be reached all the same.
            x, met = step_onto(programme, state.x)
            if met:
                return _State(programme, x, None, (), state.steps)
        return state if floors_hold_by_themselves(inputs) else self._level(state, "floors", 0, floors)

    def serve(self, state: _State, priority: int, cost: FloatArray, tell: Callable[[int], None]) -> _State:
        """Serve the goals of a priority: try first to meet them all."""
        upper = state.programme.upper.copy()
        upper[cost > 0] = state.programme.lower[cost > 0]
        closed = replace(state.programme, upper=upper)
        x, met = step_onto(closed, state.x)
        return replace(state, programme=closed, x=x) if met else self._level(state, "goals", priority, cost, tell)

    def settle(self, state: _State, costs: list[FloatArray]) -> _State:
        """Meet those goals in full that are missed by next to nothing, where that can be done with all levels held."""
        assert state.x is not None
        wanted = np.logical_or.reduce([cost > 0 for cost in costs])
        for share in _SLIGHT:
            slight = wanted & (state.x > state.programme.lower) & (state.x <= state.programme.lower + share * np.minimum(state.programme.upper, self.implied))
            upper = np.where(slight, state.programme.lower, state.programme.upper)
            x, met = step_onto(replace(state.programme, upper=upper), state.x)
            if met:
                return replace(state, x=x)
        return state

    def _level(self, state: _State, name: str, priority: int, cost: FloatArray, tell: Callable[[int], None] | None = None) -> _State:
        scaled = cost * self.scaling.columns
        size = float(scaled.max(initial=0.0)) or 1.0
        programme = replace(state.programme, cost=scaled / size)
        wanted = scaled > 0
        upper = np.minimum(programme.upper, self.implied)
        allowed = _GAP * float(scaled[wanted] @ (upper - programme.lower)[wanted]) / size
        effort = float(self.tidy @ state.x) if state.x is not None else 0.0
        aside = _TIDY * allowed / effort * self.tidy if effort > 0 else None
        found = certify(programme, self.implied, gap=allowed, start=state.last, aside=aside, tell=tell)
        if not found.feasible:
            if state.x is None:
                return replace(state, certified=False)
            # The plan that is there already serves; the bound holds for it as well.
            found = replace(found, x=state.x, objective=float(programme.cost @ state.x))
        values, duals = (programme.matrix @ found.x)[: self.rows], found.duals[: self.rows] * size
        free = np.zeros(len(cost) + self.rows, dtype=bool)
        level = Level(name, priority, cost, found.objective * size, found.bound * size, programme, found.x, values, duals, free, np.inf, _ROUNDING, None)
        held = held_below(programme, max(found.objective, found.bound + allowed))
        return _State(replace(held, cost=np.zeros_like(scaled)), found.x, found, (*state.levels, level), state.steps + found.steps, state.certified and found.done)

    def _opened(self, programme: Programme, places: IntArray, size: FloatArray) -> Programme:
        """Let columns go up to a size."""
        upper = programme.upper.copy()
        there = places >= 0
        upper[places[there]] = size[there] / self.scaling.columns[places[there]]
        return replace(programme, upper=upper)


def _tell_steps(tell: Callable[[str, float], None], what: str, share: float, steps: int) -> None:
    tell(f"{what}: {steps:,} steps", share)


def _tidiness(inputs: Inputs, layout: Layout) -> FloatArray:
    """Count waste, and closing stocks below opening ones as much as all products' flows."""
    return waste_cost(inputs, layout) + stock_cost(inputs, layout)
