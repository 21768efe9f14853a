"""What stands in the way: bottlenecks in plain words, use of resources, and what a unit more of a product would be worth."""

from __future__ import annotations

import polars as pl

from groundplan.report.blocks import Column, Figure, Panel, Section, Table
from groundplan.report.bottlenecks import Bottleneck, bottleneck_rows, rank_bottlenecks
from groundplan.report.charts.ranked_bars import ranked_bars
from groundplan.report.content import ReportInput
from groundplan.report.names import Names
from groundplan.report.numbers import MISSING, grouped, percent, plain, scale_for
from groundplan.report.sources import source_line

__all__ = ["limits_section"]

_MOST_DRAWN, _MOST_ROWS = 12, 60


def limits_section(shown: ReportInput, names: Names) -> Section | None:
    """Tell what binds; None where no plan was computed."""
    figures = [figure for figure in (_bottlenecks(shown, names), _resources(shown, names)) if figure is not None]
    return Section("limits", "What stands in the way", (), tuple(figures)) if figures else None


def _bottlenecks(shown: ReportInput, names: Names) -> Figure | None:
    ranked = rank_bottlenecks(shown, names)
    if not ranked:
        return None
    drawn = ranked[:_MOST_DRAWN]
    columns = (
        Column("Limit", is_number=False),
        Column("Limit now"),
        Column("1 % more closes", "% of the shortfall"),
        Column("Priority"),
        Column("Binds in", is_number=False),
        Column("Price holds up to", is_number=False),
    )
    cells = tuple(_cells(item) for item in ranked[:_MOST_ROWS])
    return Figure(
        name="bottlenecks",
        title=f"{grouped(len(ranked))} limits bind; {ranked[0].label} is worth most",
        sentence="Share of the goals' shortfall that one per cent more of each limit would close, by its shadow price. The price holds for small changes; the table says how far.",
        panels=(Panel(ranked_bars(bottleneck_rows(drawn), title="% of the shortfall"), "; ".join(f"{item.label}: {plain(100 * item.closes, 2)} %" for item in drawn)),),
        table=Table(columns, cells, "Limits that bind, by what they are worth", left_out=max(len(ranked) - _MOST_ROWS, 0)),
        source=source_line(shown, "shadow prices of the plan"),
    )


def _cells(item: Bottleneck) -> tuple[str, ...]:
    scale = scale_for(item.limit, item.measure)
    periods = f"{item.periods[0]} to {item.periods[-1]}" if len(item.periods) > 1 else item.periods[0]
    room = MISSING if item.room is None else "no end" if item.room > 10 else f"+{plain(100 * max(item.room, 0.0), 2)} %"
    return (item.label, f"{plain(item.limit / scale.divisor)} {scale.measure}".strip(), plain(100 * item.closes, 2), str(item.priority), periods, room)


def _resources(shown: ReportInput, names: Names) -> Figure | None:
    table = shown.table("resource_use").filter(pl.col("limit") > 0)
    if table.is_empty():
        return None
    most = (
        table.with_columns((pl.col("use") / pl.col("limit")).alias("share"))
        .sort("share", "period", descending=[True, False])
        .group_by("resource", "region", maintain_order=True)
        .first()
    )
    rows, cells = [], []
    measures = dict(shown.economy.resources.select("resource", "measure").unique("resource").iter_rows())
    for row in most.iter_rows(named=True):
        label = names.sector(row["resource"]) + (f", {row['region']}" if row["region"] != "all" else "")
        scale = scale_for(row["limit"], measures.get(row["resource"]))
        rows.append({"label": label, "text": percent(row["share"]), "value": 100 * row["share"], "solid": True})
        cells.append((label, scale.measure, plain(row["use"] / scale.divisor), plain(row["limit"] / scale.divisor), percent(row["share"], 1).removesuffix(" %"), row["period"]))
    full = sum(row["value"] >= 100 - 1e-4 for row in rows)
    columns = (Column("Resource", is_number=False), Column("Measure", is_number=False), Column("Use"), Column("Limit"), Column("Used", "%"), Column("Period"))
    return Figure(
        name="resources",
        title=f"{grouped(full)} of {grouped(len(rows))} resources are used up",
        sentence=f"Use as a share of the limit, in the period in which each is used most; the {min(len(rows), _MOST_DRAWN)} fullest.",
        panels=(Panel(ranked_bars(rows[:_MOST_DRAWN], title="% of the limit", mark_at=100), "; ".join(f"{row['label']}: {row['text']}" for row in rows[:_MOST_DRAWN])),),
        table=Table(columns, tuple(cells[:_MOST_ROWS]), "Use of resources", left_out=max(len(cells) - _MOST_ROWS, 0)),
        source=source_line(shown, "resource use of the plan"),
        legend=(("delivered", "used"), ("target_upright", "limit")),
    )
