"""How far a limit can move before its shadow price changes: ratio tests at an optimal vertex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, eye_array, hstack

from groundplan.maths.basic import Vertex
from groundplan.maths.programme import Programme

__all__ = ["Moves", "price_ranges"]

FloatArray = NDArray[np.float64]

_CHUNK = 64
_SLOPE = 1e-11
"""Rates of change below this, per unit of a limit in its own scale, are rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Bounds that move together, K limits; one entry a bound.

    Args:
        limit: which limit moves, 0 to K - 1.
        variable: position of the variable: below n a column, from n up a row.
        rate: by how much its bound moves per unit of the limit.
        upper, lower: whether its upper and its lower bound move.
    """

    limit: NDArray[np.int64]
    variable: NDArray[np.int64]
    rate: FloatArray
    upper: NDArray[np.bool_]
    lower: NDArray[np.bool_]


def price_ranges(programme: Programme, vertex: Vertex, moves: Moves, count: int) -> tuple[FloatArray, FloatArray]:
    """Find how far down and up each limit can move while the vertex stays optimal: duals do not change as long as it is feasible.

    Args:
        programme: the programme of the vertex.
        vertex: an optimal vertex.
        moves: which bounds each limit moves.
        count: K, number of limits.

    Returns:
        Two arrays of shape (K,): least move (<= 0) and largest (>= 0), infinite where nothing stops it.

    Source:
        Gal (1979), Postoptimal Analyses, Parametric Programming, and Related Topics, ch. 2.
    """
    rows, columns = programme.matrix.shape
    lower = np.concatenate([programme.lower, programme.row_lower])
    upper = np.concatenate([programme.upper, programme.row_upper])
    whole = csc_array(hstack([programme.matrix, -eye_array(rows)], format="csc"))
    basic_place = np.full(columns + rows, -1, np.int64)
    basic_place[vertex.basic] = np.arange(rows)
    values = np.concatenate([vertex.x, vertex.row_values])[vertex.basic]
    low, high = lower[vertex.basic], upper[vertex.basic]
    down, up = np.full(count, -np.inf), np.full(count, np.inf)
    for start in range(0, count, _CHUNK):
        inside = np.flatnonzero((moves.limit >= start) & (moves.limit < start + _CHUNK))
        size = min(_CHUNK, count - start)
        limit, variable, rate = moves.limit[inside] - start, moves.variable[inside], moves.rate[inside]
        place = basic_place[variable]
        outside = place < 0
        spread = csc_array((rate[outside], (variable[outside], limit[outside])), shape=(columns + rows, size))
        change = -vertex.factor.solve((whole @ spread).toarray())
        rise, drop = change.copy(), change.copy()
        for at in np.flatnonzero(~outside):
            rise[place[at], limit[at]] -= rate[at] * moves.upper[inside[at]]
            drop[place[at], limit[at]] -= rate[at] * moves.lower[inside[at]]
        unit = np.zeros(size)
        np.maximum.at(unit, limit, np.abs(rate))
        tiny = _SLOPE * np.where(unit > 0, unit, 1.0)
        room_up, room_down = np.maximum(high - values, 0.0)[:, None], np.maximum(values - low, 0.0)[:, None]
        ends = slice(start, start + size)
        up[ends] = np.minimum(_first(room_up, rise, tiny), _first(room_down, -drop, tiny))
        down[ends] = -np.minimum(_first(room_up, -rise, tiny), _first(room_down, drop, tiny))
    return down, up


def _first(room: FloatArray, speed: FloatArray, tiny: FloatArray) -> FloatArray:
    """Find when the first variable meets its bound, by column."""
    moving = speed > tiny[None, :]
    steps = np.divide(np.broadcast_to(room, speed.shape), speed, out=np.full(speed.shape, np.inf), where=moving)
    return np.asarray(steps.min(axis=0, initial=np.inf))
