"""A plan in numbers: the levels that were solved, and where the last of them left it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from groundplan.maths.basic import Vertex
from groundplan.maths.programme import Basis, Programme, Scaling
from groundplan.planning.levelling import Levelled

__all__ = ["Level", "Solved", "Stand", "Start"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One level, solved.

    Args:
        name: "floors", "minima", "goals", "stocks" or "waste".
        priority: priority of its goals; 0 for other levels.
        cost: shape (n,), unscaled.
        objective: least cost found.
        bound: proven lower bound on it.
        programme: the scaled programme that was solved, with its cost and what earlier levels hold.
        x: shape (n,), the plan that was found, scaled.
        row_values: shape (m,), of its rows, scaled.
        duals: shape (m,), scaled.
        free: shape (n + m,), columns and rows that no bound holds: their prices are zero.
        near: what is nearer to a bound than this stands at it; infinite where duals alone say so, since the plan is only near its optimum.
        rounding: prices up to this size, as a share of the level's largest cost, are rounding.
        vertex: the repaired optimal vertex that x is; None where it is none.
        basis: that of the vertex.
    """

    name: str
    priority: int
    cost: FloatArray
    objective: float
    bound: float
    programme: Programme
    x: FloatArray
    row_values: FloatArray
    duals: FloatArray
    free: BoolArray
    near: float
    rounding: float
    vertex: Vertex | None
    basis: Basis | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Stand:
    """Where the walk of a priority ended, from which that of a plan much like it can begin; all unscaled.

    Args:
        priority: the priority.
        x: shape (n,).
        duals: shape (m,), in units of the priority's loss.
        pace: how far duals move for what columns move.
        prices: of a unit of what each earlier priority loses.
    """

    priority: int
    x: FloatArray
    duals: FloatArray
    pace: float
    prices: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """What a plan much like the one to be found left, in this one's columns and rows.

    Args:
        stands: where its walks ended.
        bases: of its levels' vertices, by the level's name and priority.
    """

    stands: tuple[Stand, ...] = ()
    bases: Mapping[tuple[str, int], Basis] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A plan in numbers.

    Args:
        x: shape (n,), unscaled, where the last level left it.
        levels: all levels, in order.
        scaling: what unscales duals: y = rows * y_scaled.
        programme: the unscaled programme, with all minima and floors as they were held.
        method: which solver, how many iterations, and why.
        given_up: what the later levels took from each level's objective, in its own measure, >= 0.
        settled: loss of the goals whose priority needed no level: what earlier levels have settled that they miss, and no less than that.
        by_vertices: whether every level's plan is a vertex.
        stands: where the walk of each priority ended; none where plans are vertices.
        levelled: of the priorities whose gaps were levelled, in order.
    """

    x: FloatArray
    levels: tuple[Level, ...]
    scaling: Scaling
    programme: Programme
    method: str
    given_up: FloatArray
    settled: float
    by_vertices: bool = True
    stands: tuple[Stand, ...] = ()
    levelled: tuple[Levelled, ...] = ()
