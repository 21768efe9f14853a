"""Positions of long columns of labels, looked up once a run of equal rows: panels come sorted as a rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from groundplan.tables.axes import Axis

__all__ = ["Runs", "label_positions", "series_positions"]

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Rows, equal neighbours taken together.

    Args:
        rows: the first row of each run.
        length: how long each run is.
    """

    rows: pl.DataFrame
    length: IntArray

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Runs:
        """Find the runs."""
        if rows.is_empty():
            return cls(rows, np.zeros(0, np.int64))
        numbers = [column.rle_id().to_numpy() for column in rows.iter_columns()]
        starts = np.flatnonzero(np.concatenate([[True], np.logical_or.reduce([number[1:] != number[:-1] for number in numbers])]))
        return cls(rows[starts], np.diff(np.append(starts, len(rows))))

    def distinct(self) -> pl.DataFrame:
        """Give each row that there is once, in no order."""
        return self.rows.unique()

    def positions(self, series: pl.DataFrame) -> IntArray:
        """Give the position in `series` (unit, product) of each row, shape (n,); -1 where it has none."""
        joined = self.rows.join(series.with_row_index("position"), on=["unit", "product"], how="left", maintain_order="left")
        return np.repeat(joined["position"].cast(pl.Int64).fill_null(-1).to_numpy(), self.length)


def series_positions(series: pl.DataFrame, rows: pl.DataFrame) -> IntArray:
    """Give the position in `series` (unit, product) of each row, shape (n,); -1 where it has none."""
    return Runs.of(rows.select("unit", "product")).positions(series)


def label_positions(axis: Axis, labels: pl.Series) -> IntArray:
    """Give the positions of labels on an axis, shape (n,); -1 where a label is missing or unknown."""
    runs = Runs.of(labels.to_frame())
    return np.repeat(axis.positions(runs.rows.to_series()), runs.length)
