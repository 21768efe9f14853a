"""Compiled steps of the primal-dual method: one pass over a sparse matrix, by columns or by rows, with all that is done to each in the same pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

__all__ = ["column_step", "equilibrate", "row_step"]

FloatArray = NDArray[np.float64]
Places = NDArray[np.uint32]
Step = TypeVar("Step", bound=Callable[..., Any])

_PIECES = 64
"""Columns or rows are gone through in so many pieces, which threads share."""


def _compiled(step: Step, *, parallel: bool = True) -> Step:
    """Compile a step for all threads, or for one, and keep the machine code where there is a place for it."""
    try:
        return cast("Step", njit(parallel=parallel, fastmath=True, cache=True)(step))
    except RuntimeError:
        # Neither beside this file nor in the user's cache can anything be kept.
        return cast("Step", njit(parallel=parallel, fastmath=True)(step))


def _equilibrate(starts: Places, places: Places, data: FloatArray, rounds: int, rows: FloatArray, columns: FloatArray) -> None:
    """Scale rows and columns by the roots of their largest entries, so many times, and then by the roots of their sums.

    Args:
        starts: shape (m + 1,), of the matrix by rows.
        places: shape (nnz,), columns.
        data: shape (nnz,).
        rounds: how often by the largest entries.
        rows: shape (m,), multiplied by what scales each row.
        columns: shape (n,), multiplied by what scales each column.
    """
    for turn in range(rounds + 1):
        by_row, by_column = np.zeros(len(rows)), np.zeros(len(columns))
        for row in range(len(rows)):
            for at in range(starts[row], starts[row + 1]):
                size = abs(data[at]) * rows[row] * columns[places[at]]
                if turn < rounds:
                    by_row[row] = max(by_row[row], size)
                    by_column[places[at]] = max(by_column[places[at]], size)
                else:
                    by_row[row] += size
                    by_column[places[at]] += size
        for row in range(len(rows)):
            if by_row[row] > 0.0:
                rows[row] /= np.sqrt(by_row[row])
        for column in range(len(columns)):
            if by_column[column] > 0.0:
                columns[column] /= np.sqrt(by_column[column])


equilibrate = _compiled(_equilibrate, parallel=False)


@_compiled
def column_step(
    starts: Places, rows: Places, data: FloatArray, y: FloatArray, x: FloatArray, anchor: FloatArray, cost: FloatArray, lower: FloatArray, upper: FloatArray,
    size: float, share: float, ahead: FloatArray, after: FloatArray,
) -> None:  # fmt: skip
    """Step down the reduced costs, onto the bounds: t = clip(x - size (cost - A'y)); `ahead` becomes 2 t - x, `after` share (2 t - x) + (1 - share) anchor.

    Args:
        starts: shape (n + 1,), of A by columns; positions as uint32 spare the compiler a test for negative ones.
        rows: shape (nnz,).
        data: shape (nnz,).
        y: shape (m,).
        x: shape (n,).
        anchor: shape (n,).
        cost: shape (n,).
        lower: shape (n,).
        upper: shape (n,).
        size: of the step.
        share: weight of the reflected step against the anchor.
        ahead: shape (n,), written.
        after: shape (n,), written.
    """
    count = len(x)
    for piece in prange(_PIECES):
        first, last = piece * count // _PIECES, (piece + 1) * count // _PIECES
        at = starts[first]
        for column in range(first, last):
            total, end = 0.0, starts[column + 1]
            while at < end:
                total += data[at] * y[rows[at]]
                at += np.uint32(1)
            moved = min(max(x[column] - size * (cost[column] - total), lower[column]), upper[column])
            reflected = 2.0 * moved - x[column]
            ahead[column] = reflected
            after[column] = share * reflected + (1.0 - share) * anchor[column]


@_compiled
def row_step(
    starts: Places, columns: Places, data: FloatArray, ahead: FloatArray, y: FloatArray, anchor: FloatArray, lower: FloatArray, upper: FloatArray,
    size: float, share: float, after: FloatArray,
) -> None:  # fmt: skip
    """Step up what rows lack at `ahead`: t = v + clip(-v, size lower, size upper), v = y - size A ahead; `after` becomes share (2 t - y) + (1 - share) anchor.

    Args:
        starts: shape (m + 1,), of A by rows.
        columns: shape (nnz,).
        data: shape (nnz,).
        ahead: shape (n,).
        y: shape (m,).
        anchor: shape (m,).
        lower: shape (m,).
        upper: shape (m,).
        size: of the step.
        share: weight of the reflected step against the anchor.
        after: shape (m,), written.
    """
    count = len(y)
    for piece in prange(_PIECES):
        first, last = piece * count // _PIECES, (piece + 1) * count // _PIECES
        at = starts[first]
        for row in range(first, last):
            total, end = 0.0, starts[row + 1]
            while at < end:
                total += data[at] * ahead[columns[at]]
                at += np.uint32(1)
            moved = y[row] - size * total
            moved += min(max(-moved, size * lower[row]), size * upper[row])
            after[row] = share * (2.0 * moved - y[row]) + (1.0 - share) * anchor[row]
