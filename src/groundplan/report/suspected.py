"""Units whose reports are probably off, with what the sources say of each: reasons for a visit, not verdicts."""

from __future__ import annotations

import polars as pl

from groundplan.report.blocks import Column, Figure, Table, words
from groundplan.report.content import ReportInput
from groundplan.report.names import Names
from groundplan.report.numbers import counted, grouped, with_interval
from groundplan.report.sources import source_line

__all__ = ["suspected_figure"]

_MOST_ROWS = 12


def suspected_figure(shown: ReportInput, names: Names) -> Figure | None:
    """List the units whose reports of the base period are surest to be off by more than 10 %; None where no unit's are more likely off than not.

    Of inspected units the findings have told already, so the others stand first; the workbook has them all.
    """
    table = shown.table("suspects")
    if table.is_empty():
        return None
    flagged, unseen = int(table["flagged"].sum()), table.filter(~pl.col("inspected"))
    listed = table if unseen.is_empty() else unseen
    below = table.filter(pl.col("flagged") & (pl.col("direction").cast(pl.String) == "below")).height
    direction = "too little" if flagged and below == flagged else "too much" if not below else "too much or too little"
    title = f"{counted(flagged, 'unit')} {'seems' if flagged == 1 else 'seem'} to report at least 10 % {direction}; up to one in ten of these may not"
    told = [f"Reports of {shown.economy.settings.base_period} against what was made (median, 90 % interval), the surest first, with what each source says by itself."]
    if len(listed) < len(table):
        told.append(f"{counted(len(table) - len(listed), 'inspected unit')} left out: there, findings have told.")
    told.append("These are reasons for a visit, not verdicts: the list as a whole is right in nine of ten, those further down less surely than those on top.")
    if len(table) > flagged:
        told.append(f"{grouped(len(table) - flagged)} {'more ' if flagged else ''}are more likely off than not.")
    cells = tuple(
        (names.unit_both(row["unit"]), with_interval(*(None if end is None else 100 * end for end in (row["bias"], row["lower_90"], row["upper_90"]))), row["evidence"])
        for row in listed.head(_MOST_ROWS).iter_rows(named=True)
    )
    columns = (words("Unit"), Column("Reports off by", "%"), words("Evidence"))
    return Figure(
        name="suspects",
        title=title if flagged else f"No unit stands out; {counted(len(table), 'unit')} may report more than 10 % too much or too little",
        sentence=" ".join(told),
        table=Table(columns, cells, "Units whose reports are probably off by more than 10 %", left_out=max(len(listed) - _MOST_ROWS, 0)),
        source=source_line(shown, "estimates of output by unit, and each source by itself"),
    )
