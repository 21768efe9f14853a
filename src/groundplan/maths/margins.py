"""Meet the row and column totals of a table by Newton's method on the dual: m + n unknowns, however many cells."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from groundplan.maths.balance import Balanced, margins_agree

__all__ = ["Link", "margin_variances", "meet_margins"]

FloatArray = NDArray[np.float64]

_RIDGE = 1e-13
_HALVINGS = 50
_SUFFICIENT = 1e-4


class Link(Protocol):
    """How cells answer to the multipliers of their row and column: the gradient of a convex function of one variable a cell."""

    def __call__(self, pressure: FloatArray, /) -> tuple[float, FloatArray, FloatArray]:
        """Give the sum of the convex functions, their gradient (the table) and their second derivatives, >= 0, for `pressure` of shape (m, n)."""


def margin_variances(row_totals: FloatArray, column_totals: FloatArray, row_error: FloatArray | None, column_error: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """Check totals and their standard errors at the door, and give the variances; None means exact.

    Raises:
        ValueError: a total or error is not finite, an error is negative or of another shape, or exact totals differ in sum.
    """
    rows = np.zeros(row_totals.size) if row_error is None else np.asarray(row_error, np.float64)
    columns = np.zeros(column_totals.size) if column_error is None else np.asarray(column_error, np.float64)
    for name, totals, errors in (("row", row_totals, rows), ("column", column_totals, columns)):
        if not np.isfinite(totals).all():
            raise ValueError(f"{name} totals hold values that are not finite")
        if errors.shape != totals.shape or not (np.isfinite(errors).all() and (errors >= 0).all()):
            raise ValueError(f"standard errors of {name} totals must be {totals.size} finite numbers >= 0")
    if not rows.any() and not columns.any() and not margins_agree(row_totals, column_totals):
        raise ValueError(f"rows add up to {row_totals.sum():.10g}, columns to {column_totals.sum():.10g}; exact totals must have one sum")
    return rows**2, columns**2


def meet_margins(
    link: Link, row_totals: FloatArray, column_totals: FloatArray, row_variance: FloatArray, column_variance: FloatArray, *, tolerance: float = 1e-12, max_steps: int = 200
) -> Balanced:
    """Find multipliers a, b for which the table link(a_i + b_j) has the totals r - (row variance) a and c - (column variance) b.

    They minimise the convex dual  sum F(a_i + b_j) - a'r - b'c + (a' Vr a + b' Vc b) / 2  with F' the link: the constrained adjustment whose
    penalty is the conjugate of F, with totals that are exact where their variance is 0. Newton steps are halved until the dual
    falls enough (Armijo), so each round is no worse than the last.

    Args:
        link: how cells answer.
        row_totals: r, shape (m,), any sign.
        column_totals: c, shape (n,), any sign.
        row_variance: shape (m,), >= 0, in the square of the totals' measure.
        column_variance: shape (n,), likewise.
        tolerance: largest deviation of a total, as a share of the sum of all totals' sizes.
        max_steps: bound on Newton steps; where zeros make the totals unreachable it does not converge.

    Returns:
        `Balanced`; its rounds are Newton steps, its error that of the totals less their own adjustment.
    """
    m, totals, variance = row_totals.size, np.concatenate([row_totals, column_totals]), np.concatenate([row_variance, column_variance])
    scale = max(float(np.abs(totals).sum()) / 2, np.finfo(np.float64).tiny)
    at = np.zeros(totals.size)

    def look(multipliers: FloatArray) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        with np.errstate(over="ignore", invalid="ignore"):
            value, table, slope = link(multipliers[:m, None] + multipliers[None, m:])
            dual = value - float(multipliers @ totals) + 0.5 * float(variance @ multipliers**2)
            gradient = np.concatenate([table.sum(axis=1), table.sum(axis=0)]) - totals + variance * multipliers
        return dual, gradient, table, slope

    dual, gradient, table, slope = look(at)
    error, steps = float(np.abs(gradient).max(initial=0.0)) / scale, 0
    while error > tolerance and steps < max_steps:
        steps += 1
        step = -_solve(_hessian(slope, variance), gradient)
        fall, share = float(gradient @ step), 1.0
        for _ in range(_HALVINGS):
            trial = look(at + share * step)
            nearer = float(np.abs(trial[1]).max(initial=0.0)) / scale
            # Close to the end the dual's differences drown in rounding; then the totals themselves decide.
            if np.isfinite(trial[0]) and (trial[0] <= dual + _SUFFICIENT * share * fall or (nearer < error and trial[0] <= dual + 1e-12 * (abs(dual) + scale))):
                break
            share /= 2
        else:
            break
        at = at + share * step
        (dual, gradient, table, slope), error = trial, nearer
    return Balanced(table, steps, error, error <= tolerance)


def _hessian(slope: FloatArray, variance: FloatArray) -> FloatArray:
    hessian = np.block([[np.diag(slope.sum(axis=1)), slope], [slope.T, np.diag(slope.sum(axis=0))]])
    hessian[np.diag_indices_from(hessian)] += variance
    return np.asarray(hessian, np.float64)


def _solve(hessian: FloatArray, gradient: FloatArray) -> FloatArray:
    """Solve by Cholesky with a ridge that is as small as it can be: raising all rows and lowering all columns by one number changes nothing."""
    size = hessian.diagonal().copy()
    size = np.where(size > 0, size, max(float(size.max(initial=0.0)), 1.0))
    ridge = _RIDGE
    while True:
        try:
            return np.asarray(cho_solve(cho_factor(hessian + np.diag(ridge * size)), gradient))
        except LinAlgError:
            ridge *= 100
