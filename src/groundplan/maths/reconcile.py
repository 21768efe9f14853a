"""Adjust a table to its totals by least squares, each cell by as much as its error allows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundplan.maths.balance import Balanced
from groundplan.maths.margins import margin_variances, meet_margins

__all__ = ["balance_by_least_squares"]

FloatArray = NDArray[np.float64]


def balance_by_least_squares(
    prior: FloatArray,
    variance: FloatArray,
    row_totals: FloatArray,
    column_totals: FloatArray,
    *,
    row_error: FloatArray | None = None,
    column_error: FloatArray | None = None,
    non_negative: bool = False,
    tolerance: float = 1e-12,
    max_steps: int = 200,
) -> Balanced:
    """Find the table z with given totals that minimises sum (z - p)^2 / variance over cells, plus sum e^2 / error^2 over totals.

    e is by how much a row or column misses its total. With normal errors this is the posterior mean. Without bounds the answer is linear
    and comes in one step (a second one takes off rounding). With `non_negative` the bounds z >= 0 hold exactly, as part of
    the problem: z = max(0, p + variance (a_i + b_j)), and Newton's method finds which cells they bind.

    Args:
        prior: p, shape (m, n), finite, any sign.
        variance: shape (m, n), >= 0, in the square of the flows' measure; (share x p)^2 for a relative error; cells with 0 stay as they are.
        row_totals: shape (m,), same measure as `prior`.
        column_totals: shape (n,); where no total has an error, the same sum as `row_totals`.
        row_error: standard errors of the row totals, same shape and measure; 0 or None = exact.
        column_error: the same for the column totals.
        non_negative: keep all cells at or above 0.
        tolerance: largest deviation of a total, as a share of the sum of all totals' sizes.
        max_steps: bound on Newton steps; where no table has the totals it does not converge.

    Raises:
        ValueError: shapes do not fit, a value is not finite, a variance is negative, exact totals differ in sum, or a fixed cell is
            below 0 where none may be.

    Source:
        Stone, Champernowne and Meade (1942), Review of Economic Studies 9, 111-125; Byron (1978), Journal of the Royal Statistical
        Society A 141, 359-367.
    """
    prior, variance = np.asarray(prior, np.float64), np.asarray(variance, np.float64)
    if prior.ndim != 2 or prior.shape != (row_totals.size, column_totals.size) or variance.shape != prior.shape:
        raise ValueError(f"the table has shape {prior.shape}, its variances {variance.shape}, its totals {row_totals.size} rows and {column_totals.size} columns")
    if not (np.isfinite(prior).all() and np.isfinite(variance).all() and (variance >= 0).all()):
        raise ValueError("cells must be finite, and their variances finite and at least 0")
    if non_negative and ((variance == 0) & (prior < 0)).any():
        raise ValueError("a cell below 0 is fixed by a variance of 0, where none may be below 0")
    rows, columns = margin_variances(row_totals, column_totals, row_error, column_error)
    # In shares of all flows the multipliers are of the order of one over the cells' relative variance, whatever the money.
    scale = max(float(np.abs(row_totals).sum()), float(np.abs(prior).sum())) or 1.0
    cells, spread = prior / scale, variance / scale**2
    free = spread > 0

    def link(pressure: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        moved = cells + spread * pressure
        if not non_negative:
            return float((cells * pressure + 0.5 * spread * pressure**2).sum()), moved, spread
        held = np.where(free, np.maximum(moved, 0.0), cells)
        value = np.where(free, held**2 / np.where(free, 2 * spread, 1.0), cells * pressure)
        return float(value.sum()), held, np.where(free & (moved > 0), spread, 0.0)

    found = meet_margins(link, row_totals / scale, column_totals / scale, rows / scale**2, columns / scale**2, tolerance=tolerance, max_steps=max_steps)
    return Balanced(found.table * scale, found.rounds, found.error, found.converged)
