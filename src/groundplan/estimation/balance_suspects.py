"""Which unit's output alone could explain a balance that does not close."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.linalg import cho_solve
from scipy.sparse import csr_array

__all__ = ["Suspects", "name_suspects"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_SHOWN = 3
_SLIP_SD = 1.0
"""Log size of a slip, one standard deviation: most lie within a factor of three either way."""
_LEAST_FACTOR = 0.02


class Suspects(tuple[tuple[str, float], ...]):
    """Units and the factor on their estimate that would explain the balance best, the likeliest first."""

    def sentence(self) -> str:
        """Write them in a line."""
        return ", ".join(f"{unit} (x {factor:.2g})" for unit, factor in self)


def name_suspects(balance: int, rows: pl.DataFrame, jacobian: csr_array, residual: FloatArray, root: FloatArray) -> Suspects:
    """Rank units by how much better all balances fit where one unit's output of one product in one plan period is off by a factor.

    A factor 1 + d on rows c of a unit moves the residuals by a d, a being the sum of the Jacobian's columns c. With S the residuals' covariance the
    misfit falls by  -(2 d a'S^-1 r + d^2 a'S^-1 a), from which log(1 + d)^2, the price of a slip of that size, is taken off. A unit too
    small to explain the residual, which would have to make less than nothing, falls behind.

    Args:
        balance: the balance that is to be explained; only rows in it are looked at.
        rows: unit, product, outer (plan period) of the n rows.
        jacobian: sparse (K, n), of the balances by logs.
        residual: shape (K,).
        root: lower Cholesky factor of the residuals' covariance, shape (K, K).

    Source:
        The measurement test of data reconciliation, Mah and Tamhane (1982), AIChE Journal 28, 828-830, with sizes of slips bounded.
    """
    here = np.unique(csr_array(jacobian[[balance]]).indices)
    cells = rows[here].with_row_index("at").with_columns(code=pl.struct("unit", "product", "outer").rank("dense") - 1)
    code = cells["code"].to_numpy().astype(np.int64)
    count = int(code.max(initial=-1)) + 1
    if not count:
        return Suspects()
    gather = csr_array((np.ones(len(here)), (np.arange(len(here)), code)), shape=(len(here), count))
    moves = csr_array(jacobian[:, here] @ gather).toarray()
    pull = np.asarray(moves.T @ cho_solve((root, True), residual))
    stiffness = np.maximum((moves * cho_solve((root, True), moves)).sum(axis=0), 1e-300)
    change = np.maximum(-pull / stiffness, _LEAST_FACTOR - 1)
    gain = -(2 * change * pull + change**2 * stiffness) - (np.log1p(change) / _SLIP_SD) ** 2
    first = cells.group_by("code").agg(pl.col("unit").first()).sort("code")["unit"]
    best = np.argsort(-gain, kind="stable")
    return Suspects((str(first[int(at)]), float(1 + change[at])) for at in best[:_SHOWN] if gain[at] > 0)
