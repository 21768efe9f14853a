"""What an importer changed on the way, one row a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

__all__ = ["Adjustment", "adjustments_table"]

_SCHEMA = {"kind": pl.String, "row": pl.String, "col": pl.String, "before": pl.Float64, "after": pl.Float64, "reason": pl.String}


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One cell that was changed or left outside the plan.

    Args:
        kind: make, outside_commodity, negative_cell, import_cell, rounding, total or surplus.
        row: row of the table; for a make matrix the industry.
        col: column of the table; for a make matrix the commodity.
        before: value as it stood, in the table's money measure.
        after: value that the plan's balance uses in its place.
        reason: why, in words.
    """

    kind: str
    row: str
    col: str
    before: float
    after: float
    reason: str


def adjustments_table(adjustments: Sequence[Adjustment]) -> pl.DataFrame:
    """Write adjustments as a table, in the order in which they were made."""
    rows = [(item.kind, item.row, item.col, item.before, item.after, item.reason) for item in adjustments]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")
