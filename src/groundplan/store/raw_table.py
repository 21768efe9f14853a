"""A table as a file holds it, before it is fitted to its schema."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from groundplan.errors import Fault

__all__ = ["RawTable", "empty_raw_table"]


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """A table as a file holds it.

    Args:
        name: name of the table.
        source: the file (and sheet) as messages name it.
        frame: its columns under the names of the file's header, stripped; text where the file knows no types.
        rows: number of each row in the file, shape (len(frame),).
        faults: what is wrong with the file itself.
        numbers: the same columns as exact numbers, where a workbook holds numbers; None for other files.
        types: polars types of columns that no schema knows, as the file or its description states them.
    """

    name: str
    source: str
    frame: pl.DataFrame
    rows: pl.Series
    faults: tuple[Fault, ...] = ()
    numbers: pl.DataFrame | None = None
    types: dict[str, pl.DataType] = field(default_factory=dict)


def empty_raw_table(name: str, source: str, *faults: Fault) -> RawTable:
    """Give a table of which nothing could be read."""
    return RawTable(name, source, pl.DataFrame(), pl.Series("row", [], dtype=pl.Int64), faults)
