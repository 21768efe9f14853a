"""Sums that come out the same on every machine, and keep their digits."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["ordered_sum", "sum_before"]


def ordered_sum(values: pl.Expr) -> pl.Expr:
    """Sum the rows of a group in their order; an empty cell counts as nothing.

    A plain grouped sum is split among as many threads as there are, and its last digit with it.
    """
    return values.fill_null(0.0).cum_sum().last()


def sum_before(group: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add up, for each row, the values of those before it in its group, shape (n,): each group by itself, since sums over all of them would leave small groups no digits."""
    rows = pl.DataFrame({"group": group, "value": values})
    return rows.select(pl.col("value").cum_sum().over("group") - pl.col("value")).to_series().to_numpy()
