"""Exact repair: the vertex that a basis names, solved again from its matrix; and a bound that any dual vector proves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, eye_array, hstack
from scipy.sparse.linalg import SuperLU, splu

from groundplan.maths.programme import AT_UPPER, BASIC, FREE_ZERO, Basis, Programme

__all__ = ["Vertex", "proven_bound", "recover_vertex", "row_reach"]

FloatArray = NDArray[np.float64]

_REFINEMENTS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Vertex:
    """The basic solution of a programme with its factorised basis, over columns and rows together (matrix x - row value = 0).

    Args:
        x: shape (n,), columns.
        row_values: shape (m,), matrix x as the basis gives it.
        basic: shape (m,), positions of basic variables: below n columns, from n up rows.
        factor: LU factors of the basis matrix.
        matrix: the basis matrix, shape (m, m).
    """

    x: FloatArray
    row_values: FloatArray
    basic: NDArray[np.int64]
    factor: SuperLU
    matrix: csc_array

    def duals(self, cost: FloatArray) -> FloatArray:
        """Give the dual vector of a cost at this basis, shape (m,): B'y = c_B, refined."""
        padded = np.concatenate([cost, np.zeros(len(self.basic))])[self.basic]
        y = _solve_transposed(self.factor, padded)
        for _ in range(2):
            y = y + _solve_transposed(self.factor, padded - self.matrix.T @ y)
        return y


def _solve_transposed(factor: SuperLU, values: FloatArray) -> FloatArray:
    return np.asarray(factor.solve(values, trans="T"))  # type: ignore[call-overload]  # the stubs forget `trans`


def recover_vertex(programme: Programme, basis: Basis) -> Vertex:
    """Solve the basis again with iterative refinement, residuals in extended precision.

    Values outside the bounds by no more than rounding are put on the bound; larger ones are left as they are, for the caller to see.

    Args:
        programme: the programme of the basis.
        basis: basic variables of an optimal solution.

    Raises:
        RuntimeError: the basis matrix is singular.

    Source:
        Gleixner, Steffy and Wolter (2016), Iterative refinement for linear programming, INFORMS J. Computing 28(3).
    """
    rows, columns = programme.matrix.shape
    lower = np.concatenate([programme.lower, programme.row_lower])
    upper = np.concatenate([programme.upper, programme.row_upper])
    place = np.concatenate([basis.columns, basis.rows])
    values = np.where(place == AT_UPPER, upper, lower)
    values = np.where(place == FREE_ZERO, 0.0, values)
    values = np.where(np.isfinite(values), values, np.where(np.isfinite(upper), upper, 0.0))
    basic = np.flatnonzero(place == BASIC)
    values[basic] = 0.0
    whole = csc_array(hstack([programme.matrix, -eye_array(rows)], format="csc"))
    matrix = csc_array(whole[:, basic])
    factor = splu(matrix.tocsc(), permc_spec="COLAMD", diag_pivot_thresh=0.1)
    entries = whole.tocoo()
    for _ in range(_REFINEMENTS):
        residual = _residual(entries.row, entries.col, entries.data, values, rows)
        values[basic] -= factor.solve(residual)
    magnitude = np.maximum(np.abs(values), 1.0)
    values = np.where(np.abs(values - lower) <= 1e-13 * magnitude, lower, values)
    values = np.where(np.abs(values - upper) <= 1e-13 * magnitude, upper, values)
    return Vertex(values[:columns], values[columns:], basic, factor, matrix)


def proven_bound(programme: Programme, duals: FloatArray) -> float:
    """Bound the optimum from below by any dual vector: what its residuals could lose is taken off through the variables' bounds.

    Weak duality holds for every y: min c'x >= min over rows of y'r + min over columns of (c - A'y)'x, each minimum taken
    over that variable's own bounds. Minus infinity where a bound is missing that is needed.

    Args:
        programme: with valid bounds; implied ones make the bound tight.
        duals: y, shape (m,).
    """
    reduced = programme.cost - programme.matrix.T @ duals
    row_lower, row_upper = row_reach(programme)
    return _least(duals, np.maximum(programme.row_lower, row_lower), np.minimum(programme.row_upper, row_upper)) + _least(reduced, programme.lower, programme.upper)


def row_reach(programme: Programme) -> tuple[FloatArray, FloatArray]:
    """Give the least and the most of each row that its columns' bounds allow, shape (m,) each; a hair is added for rounding, so that no plan is cut off."""
    matrix = programme.matrix.tocoo()
    with np.errstate(invalid="ignore"):
        ends = matrix.data * programme.lower[matrix.col], matrix.data * programme.upper[matrix.col]
    least, most = np.fmin(*ends), np.fmax(*ends)
    rows = programme.matrix.shape[0]
    hair = 1e-9 * (1.0 + np.bincount(matrix.row, np.where(np.isfinite(ends[0]) & np.isfinite(ends[1]), np.abs(least) + np.abs(most), 0.0), rows))
    return np.bincount(matrix.row, least, rows) - hair, np.bincount(matrix.row, most, rows) + hair


def _least(weights: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    ends = np.where(weights > 0, lower, upper)
    used = weights != 0
    return float(np.sum(weights[used] * ends[used]))


def _residual(row: NDArray[np.int32], column: NDArray[np.int32], data: FloatArray, values: FloatArray, rows: int) -> FloatArray:
    """Sum data * value by row in extended precision, then round to double."""
    products = data.astype(np.longdouble) * values[column].astype(np.longdouble)
    order = np.argsort(row, kind="stable")
    sums = np.zeros(rows, np.longdouble)
    starts = np.flatnonzero(np.diff(row[order], prepend=-1))
    sums[row[order][starts]] = np.add.reduceat(products[order], starts) if len(starts) else 0
    return sums.astype(np.float64)
