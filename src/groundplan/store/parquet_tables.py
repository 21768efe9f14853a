"""Parquet files of tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from groundplan.errors import Fault
from groundplan.store.raw_table import RawTable, empty_raw_table

__all__ = ["read_parquet_table", "write_parquet_table"]


def read_parquet_table(name: str, path: Path) -> RawTable:
    """Read a table from a Parquet file, in the types of the file; row 2 is its first row, as in a CSV file.

    Args:
        name: name of the table.
        path: the file.

    Returns:
        The table; without rows, with a fault, where the file cannot be read as Parquet.
    """
    try:
        frame = pl.read_parquet(path, glob=False, hive_partitioning=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        found = str(error).splitlines()[0] if str(error) else type(error).__name__
        return empty_raw_table(name, path.name, Fault(path.name, "", "unreadable_file", 1, (), found, "a Parquet file", "Write it again."))
    frame.columns = [label.strip() for label in frame.columns] if len({label.strip() for label in frame.columns}) == frame.width else frame.columns
    return RawTable(name, path.name, frame, pl.Series("row", np.arange(2, len(frame) + 2)))


def write_parquet_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a table as Parquet.

    Raises:
        OSError: the file cannot be written.
    """
    frame.write_parquet(path, compression="zstd")
