"""A linear programme as arrays, its solution, and the scaling that brings physical units together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, diags_array, vstack

__all__ = ["AT_LOWER", "AT_UPPER", "BASIC", "FREE_ZERO", "Basis", "Method", "Programme", "Scaling", "Solution", "SolveStatus", "held_below", "power_of_two", "scale_programme"]

FloatArray = NDArray[np.float64]
Method = Literal["simplex", "ipm", "pdlp"]
SolveStatus = Literal["optimal", "infeasible", "unbounded", "stopped"]

AT_LOWER, BASIC, AT_UPPER, FREE_ZERO = 0, 1, 2, 3
"""Where a variable or row stands in a basic solution."""


@dataclass(frozen=True, slots=True, eq=False)
class Programme:
    """Minimise cost'x subject to row_lower <= matrix x <= row_upper and lower <= x <= upper.

    Args:
        cost: shape (n,).
        matrix: shape (m, n).
        row_lower, row_upper: shape (m,), may be infinite; equal where the row is an equation.
        lower, upper: shape (n,), may be infinite.
    """

    cost: FloatArray
    matrix: csc_array
    row_lower: FloatArray
    row_upper: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """Which variables are basic: one of AT_LOWER, BASIC, AT_UPPER, FREE_ZERO for each column and row."""

    columns: NDArray[np.int8]
    rows: NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """What a solver found.

    Args:
        status: how it ended; "stopped" means at the bound on iterations.
        x: shape (n,), values of the columns.
        duals: shape (m,), gain in cost per unit of each row's right-hand side.
        basis: the optimal basis, where the method gives one.
        iterations: how many it took.
        method: method that was used.
        why: why it was chosen, in words.
    """

    status: SolveStatus
    x: FloatArray
    duals: FloatArray
    basis: Basis | None
    iterations: int
    method: str
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Powers of two: scaled matrix = diag(rows) matrix diag(columns), and x = columns * scaled x."""

    rows: FloatArray
    columns: FloatArray


def power_of_two(values: FloatArray) -> FloatArray:
    """Round positive numbers to the nearest power of two in the logarithm, so that scaling by them is exact; zero gives 1."""
    safe = np.where((values > 0) & np.isfinite(values), values, 1.0)
    return np.exp2(np.round(np.log2(safe)))


def scale_programme(programme: Programme, scaling: Scaling) -> Programme:
    """Scale rows and columns; with powers of two no digit is lost."""
    rows, columns = scaling.rows, scaling.columns
    matrix = csc_array(diags_array(rows) @ programme.matrix @ diags_array(columns))
    return replace(
        programme,
        cost=programme.cost * columns,
        matrix=matrix,
        row_lower=programme.row_lower * rows,
        row_upper=programme.row_upper * rows,
        lower=programme.lower / columns,
        upper=programme.upper / columns,
    )


def held_below(programme: Programme, most: float) -> Programme:
    """Add a row that holds the cost at or below a value."""
    return replace(
        programme,
        matrix=csc_array(vstack([programme.matrix, csr_array(programme.cost[None, :])], format="csc")),
        row_lower=np.append(programme.row_lower, -np.inf),
        row_upper=np.append(programme.row_upper, most),
    )
