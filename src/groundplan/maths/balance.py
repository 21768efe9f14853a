"""Adjust a table of non-negative flows to totals that are known better than its cells (RAS)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Balanced", "balance_to_totals", "margins_agree"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Balanced:
    """A table adjusted to its totals.

    Args:
        table: shape (m, n), same units as the table that was given.
        rounds: how many rounds of rows and columns were made.
        error: largest deviation of a row or column total, as a share of the sum of all flows.
        converged: whether `error` is at most the tolerance that was asked for.
    """

    table: FloatArray
    rounds: int
    error: float
    converged: bool


def margins_agree(row_totals: FloatArray, column_totals: FloatArray, *, tolerance: float = 1e-9) -> bool:
    """Say whether row and column totals have the same sum, to a share `tolerance` of it."""
    total = max(abs(float(row_totals.sum())), abs(float(column_totals.sum())))
    return abs(float(row_totals.sum() - column_totals.sum())) <= tolerance * total


def balance_to_totals(prior: FloatArray, row_totals: FloatArray, column_totals: FloatArray, *, tolerance: float = 1e-12, max_rounds: int = 10_000) -> Balanced:
    """Scale the rows and columns of a table, in turn, until they add up to given totals (RAS).

    The result is r_i prior_ij s_j: zero cells stay zero, and among all tables with these totals it is the one with the least
    information gain over the prior, sum z log(z / prior).

    Args:
        prior: shape (m, n), >= 0, finite.
        row_totals: shape (m,), >= 0, finite, same units as `prior`.
        column_totals: shape (n,), >= 0, finite; the same sum as `row_totals`.
        tolerance: largest deviation of a total, as a share of the sum of all flows.
        max_rounds: bound on the rounds; zeros in the prior can make the totals unreachable, and then it does not converge.

    Raises:
        ValueError: shapes do not fit, a value is negative or not finite, the totals differ in sum, or a row or column
            without any flow is to have a positive total.

    Source:
        Bacharach (1970), Biproportional Matrices and Input-Output Change, ch. 3-4; Miller and Blair (2009), sec. 7.4.
    """
    table = np.array(prior, dtype=np.float64)
    _refuse_unusable(table, row_totals, column_totals)
    scale = max(float(row_totals.sum()), np.finfo(np.float64).tiny)
    error, rounds = np.inf, 0
    while rounds < max_rounds:
        rounds += 1
        table *= _factors(row_totals, table.sum(axis=1))[:, None]
        table *= _factors(column_totals, table.sum(axis=0))[None, :]
        error = float(np.abs(table.sum(axis=1) - row_totals).max(initial=0.0)) / scale
        if error <= tolerance:
            break
    return Balanced(table, rounds, error, error <= tolerance)


def _factors(wanted: FloatArray, found: FloatArray) -> FloatArray:
    return np.divide(wanted, found, out=np.zeros_like(found), where=found > 0)


def _refuse_unusable(prior: FloatArray, row_totals: FloatArray, column_totals: FloatArray) -> None:
    if prior.ndim != 2 or prior.shape != (row_totals.size, column_totals.size):
        raise ValueError(f"the table has shape {prior.shape}, its totals {row_totals.size} rows and {column_totals.size} columns")
    for name, values in (("table", prior), ("row totals", row_totals), ("column totals", column_totals)):
        if not (np.isfinite(values).all() and (values >= 0).all()):
            raise ValueError(f"the {name} hold negative or non-finite values; RAS needs flows >= 0")
    if not margins_agree(row_totals, column_totals):
        raise ValueError(f"rows add up to {row_totals.sum():.10g}, columns to {column_totals.sum():.10g}; the totals must have one sum")
    empty = np.count_nonzero((prior.sum(axis=1) == 0) & (row_totals > 0)) + np.count_nonzero((prior.sum(axis=0) == 0) & (column_totals > 0))
    if empty:
        raise ValueError(f"{empty} rows or columns without any flow have a positive total; RAS cannot fill them")
