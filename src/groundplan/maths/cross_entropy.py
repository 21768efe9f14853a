"""Adjust a table to its totals with the least information added: cross-entropy, of flows or of coefficients, negative cells included (GRAS)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundplan.maths.balance import Balanced
from groundplan.maths.margins import margin_variances, meet_margins

__all__ = ["balance_by_entropy", "coefficients_by_entropy"]

FloatArray = NDArray[np.float64]


def balance_by_entropy(
    prior: FloatArray,
    row_totals: FloatArray,
    column_totals: FloatArray,
    *,
    row_error: FloatArray | None = None,
    column_error: FloatArray | None = None,
    dispersion: float = 1.0,
    column_weight: FloatArray | None = None,
    tolerance: float = 1e-12,
    max_steps: int = 200,
) -> Balanced:
    """Find the table z with given totals that adds the least information to a prior one.

    Minimises  sum_ij w_j |p_ij| (y log y - y + 1) / dispersion + sum e^2 / (2 error^2),  y = z / p,  where e is by how much a row or column
    misses its total. Zero cells stay zero and no cell changes its sign. With exact totals and no weights this is RAS; where p has
    negative cells it is GRAS: positive cells are multiplied by r_i s_j, negative ones divided by it.

    Args:
        prior: p, shape (m, n), finite, any sign.
        row_totals: shape (m,), same measure as `prior`.
        column_totals: shape (n,); where no total has an error, the same sum as `row_totals`.
        row_error: standard errors of the row totals, same shape and measure; 0 or None = exact.
        column_error: the same for the column totals.
        dispersion: variance of a cell over the cell, in the measure of the flows: what totals with errors are weighed against; without
            such it changes nothing.
        column_weight: w, shape (n,), > 0; None = 1 for all. 1 / output makes the entropy one of coefficients.
        tolerance: largest deviation of a total, as a share of the sum of all totals' sizes.
        max_steps: bound on Newton steps.

    Raises:
        ValueError: shapes do not fit, a value is not finite, exact totals differ in sum, or a row or column has no cell of the sign of
            its exact total.

    Source:
        Golan, Judge and Robinson (1994), Review of Economics and Statistics 76, 541-549; Robinson, Cattaneo and El-Said (2001), Economic
        Systems Research 13, 47-64 (errors of totals, here normal in place of a discrete support); Junius and Oosterhaven (2003), same
        journal 15, 87-96, with the objective of Lenzen, Wood and Gallego (2007), same journal 19, 461-465.
    """
    table = np.array(prior, dtype=np.float64)
    if table.ndim != 2 or table.shape != (row_totals.size, column_totals.size):
        raise ValueError(f"the table has shape {table.shape}, its totals {row_totals.size} rows and {column_totals.size} columns")
    if not np.isfinite(table).all():
        raise ValueError("the table holds values that are not finite")
    rows, columns = margin_variances(row_totals, column_totals, row_error, column_error)
    weight = np.ones(column_totals.size) if column_weight is None else np.asarray(column_weight, np.float64)
    if not (dispersion > 0 and np.isfinite(dispersion) and np.isfinite(weight).all() and (weight > 0).all()):
        raise ValueError("dispersion and column weights must be finite and above 0")
    _drop_empty(table, row_totals, rows == 0, axis=1)
    _drop_empty(table, column_totals, columns == 0, axis=0)
    for name, totals, exact, axis in (("rows", row_totals, rows == 0, 1), ("columns", column_totals, columns == 0, 0)):
        lost = exact & (((totals > 0) & ~(table > 0).any(axis=axis)) | ((totals < 0) & ~(table < 0).any(axis=axis)))
        if lost.any():
            raise ValueError(f"{np.count_nonzero(lost)} {name} have no cell with the sign of their total ({np.flatnonzero(lost)[:5].tolist()}); no scaling can meet it")
    sign, size = np.sign(table), np.abs(table)
    # Columns of mean weight answer as in RAS, which keeps the multipliers near 0.
    answer = np.average(weight) / weight

    def link(pressure: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        moved = np.where(size > 0, size * np.exp(sign * pressure * answer), 0.0)
        return float((moved / answer).sum()), sign * moved, moved * answer

    return meet_margins(link, row_totals, column_totals, rows / dispersion, columns / dispersion, tolerance=tolerance, max_steps=max_steps)


def coefficients_by_entropy(
    prior: FloatArray, outputs: FloatArray, row_totals: FloatArray, column_totals: FloatArray, *, tolerance: float = 1e-12, max_steps: int = 200
) -> Balanced:
    """Find input coefficients A that are nearest to old ones, and whose flows A diag(outputs) have given totals.

    Minimises sum_ij A_ij log(A_ij / prior_ij), so that a coefficient of a small industry weighs as much as one of a large industry.

    Args:
        prior: old coefficients, shape (m, n), >= 0 for the entropy of the source; negative ones as in GRAS.
        outputs: shape (n,), > 0, of the new period.
        row_totals: what is used of each product, shape (m,).
        column_totals: what each industry uses in all, shape (n,).
        tolerance: see `balance_by_entropy`.
        max_steps: see `balance_by_entropy`.

    Returns:
        `Balanced` whose table holds coefficients.

    Raises:
        ValueError: as `balance_by_entropy`; an output is not above 0.

    Source:
        Golan, Judge and Robinson (1994), eq. 8-11.
    """
    if not (np.isfinite(outputs).all() and (outputs > 0).all()):
        raise ValueError("outputs must be finite and above 0")
    flows = balance_by_entropy(prior * outputs, row_totals, column_totals, column_weight=1.0 / outputs, tolerance=tolerance, max_steps=max_steps)
    return Balanced(flows.table / outputs, flows.rounds, flows.error, flows.converged)


def _drop_empty(table: FloatArray, totals: FloatArray, exact: NDArray[np.bool_], *, axis: int) -> None:
    """Set to zero, in place, the rows (axis 1) or columns whose exact total is 0 and whose cells are of one sign: no multiplier reaches that."""
    one_signed = (table >= 0).all(axis=axis) | (table <= 0).all(axis=axis)
    gone = exact & (totals == 0) & one_signed
    table[gone if axis == 1 else (slice(None), gone)] = 0.0
