"""Cover of the intervals against what they promise: the picture that the report and the page of the checks share."""

from __future__ import annotations

import polars as pl

from groundplan.report.blocks import Panel
from groundplan.report.charts.cover_curve import cover_curve
from groundplan.report.content import ReportInput

__all__ = ["COVER_LEGEND", "cover_panel"]

COVER_LEGEND = (
    ("target", "what intervals promise"), ("estimated", "held, each unit predicted without its visits"), ("band", "where chance leaves the true share (95 %)"),
    ("reported", "before widths were mended"),
)  # fmt: skip


def cover_panel(shown: ReportInput) -> Panel | None:
    """Draw cover against nominal for all inspected units; None where none was predicted."""
    whole = shown.table("predictive_cover").filter(pl.col("level") == "all").sort("nominal")
    if whole.is_empty():
        return None
    rows = [
        {"nominal": row["nominal"] / 100, "cover": row["cover"], "lower": row["lower_95"], "upper": row["upper_95"], "before": row["raw_cover"]}
        for row in whole.iter_rows(named=True)
    ]
    return Panel(cover_curve(rows), "; ".join(f"intervals of {row['nominal']:.0%} held {row['cover']:.0%}" for row in rows))
