"""Positions of long columns of labels, looked up once a run of equal rows: panels come sorted as a rule."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.tables.axes import Axis

__all__ = ["distinct_rows", "label_positions", "series_positions"]

IntArray = NDArray[np.int64]


def distinct_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Give each row that there is once, in no order."""
    return _runs(rows)[0].unique()


def series_positions(series: pl.DataFrame, rows: pl.DataFrame) -> IntArray:
    """Give the position in `series` (unit, product) of each row, shape (n,); -1 where it has none."""
    runs, length = _runs(rows.select("unit", "product"))
    joined = runs.join(series.with_row_index("position"), on=["unit", "product"], how="left", maintain_order="left")
    return np.repeat(joined["position"].cast(pl.Int64).fill_null(-1).to_numpy(), length)


def label_positions(axis: Axis, labels: pl.Series) -> IntArray:
    """Give the positions of labels on an axis, shape (n,); -1 where a label is missing or unknown."""
    runs, length = _runs(labels.to_frame())
    return np.repeat(axis.positions(runs.to_series()), length)


def _runs(rows: pl.DataFrame) -> tuple[pl.DataFrame, IntArray]:
    """Give the first row of each run of equal rows, and how long each run is."""
    if rows.is_empty():
        return rows, np.zeros(0, np.int64)
    changed = rows.select(pl.any_horizontal((pl.col(name) != pl.col(name).shift()).fill_null(value=True) for name in rows.columns)).to_series()
    starts = np.flatnonzero(changed.to_numpy())
    if not len(starts) or starts[0] != 0:
        starts = np.concatenate([[0], starts])
    return rows[starts], np.diff(np.append(starts, len(rows)))
