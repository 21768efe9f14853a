"""What stands in the way: bottlenecks in plain words, and how far resources are used."""

from __future__ import annotations

import polars as pl

from groundplan.report.blocks import Column, Figure, Panel, Section, Table, words
from groundplan.report.bottlenecks import BEFORE_GOALS, Bottleneck, bottleneck_rows, group_bottlenecks, has_priorities, rank_bottlenecks, share_text
from groundplan.report.charts.ranked_bars import ranked_bars
from groundplan.report.content import ReportInput
from groundplan.report.fullness import FULL, full_text
from groundplan.report.names import Names
from groundplan.report.numbers import MISSING, counted, grouped, percent, plain, scale_for
from groundplan.report.sources import source_line

__all__ = ["limits_section"]

_MOST_DRAWN, _MOST_ROWS = 12, 60
# What brings less than this share of the gain stands in the table only.
_LEAST_DRAWN = 0.001


def limits_section(shown: ReportInput, names: Names) -> Section | None:
    """Tell what binds; None where no plan was computed."""
    figures = [figure for figure in (_bottlenecks(shown, names), _resources(shown, names)) if figure is not None]
    return Section("limits", "What stands in the way", (), tuple(figures)) if figures else None


def _bottlenecks(shown: ReportInput, names: Names) -> Figure | None:
    ranked = rank_bottlenecks(shown, names)
    if not ranked:
        return None
    together = group_bottlenecks(ranked)
    drawn = [item for item in together[:_MOST_DRAWN] if item.share >= _LEAST_DRAWN] or together[:1]
    several = has_priorities(together)
    of, gain = ("the goals of its priority", "% of the gain of its priority") if several else ("the goals", "% of the gain")
    columns = (
        words("Limit"),
        Column("In the plan"),
        Column("Share of the gain", "% within the priority" if several else "%"),
        Column("Moves goals of", "priority"),
        Column("Binds in"),
        Column("Price holds up to"),
    )
    return Figure(
        name="bottlenecks",
        title=f"{together[0].label}: the limit that is worth most to move",
        sentence=f"If all limits that bind were eased a little, by the same share, this is what each would bring of the gain for {of}. "
        f"It follows from the shadow prices, which hold for small changes; the table says how small, for {counted(len(ranked), 'limit')} region by region.",
        panels=(Panel(ranked_bars(bottleneck_rows(drawn), title=gain), "; ".join(f"{item.label}: {share_text(item)}" for item in drawn)),),
        table=Table(columns, tuple(_cells(item) for item in ranked[:_MOST_ROWS]), "Limits that bind, by what they are worth", left_out=max(len(ranked) - _MOST_ROWS, 0)),
        source=source_line(shown, "shadow prices of the plan"),
        legend=(("delivered", "share of the gain"),),
    )


def _cells(item: Bottleneck) -> tuple[str, ...]:
    scale = scale_for(item.limit, item.measure)
    periods = f"{item.periods[0]} to {item.periods[-1]}" if len(item.periods) > 1 else item.periods[0]
    room = MISSING if item.room is None else "no end" if item.room > 10 else f"{'−' if item.falls else '+'}{plain(100 * max(item.room, 0.0), 2)} %"
    return (
        item.label,
        f"{plain(item.limit / scale.divisor)} {scale.measure}".strip(),
        plain(100 * item.share, 2),
        str(item.priority) if item.priority > 0 else BEFORE_GOALS,
        periods,
        room,
    )


def _resources(shown: ReportInput, names: Names) -> Figure | None:
    table = shown.table("resource_use").filter(pl.col("limit") > 0)
    if table.is_empty():
        return None
    full = (pl.col("use") >= FULL * pl.col("limit")).alias("full")
    by_period = table.with_columns(full).group_by("resource", "period").agg(pl.col("use", "limit").sum(), pl.col("full").sum(), pl.len().alias("regions"))
    most = by_period.with_columns((pl.col("use") / pl.col("limit")).alias("share")).sort(
        pl.col("share").round(9), "full", "resource", "period", descending=[True, True, False, False]
    )
    fullest = most.group_by("resource", maintain_order=True).first()
    measures = dict(shown.economy.resources.select("resource", "measure").unique("resource", keep="first").iter_rows())
    rows, cells = [], []
    for row in fullest.head(_MOST_ROWS).iter_rows(named=True):
        label, scale = names.sector(row["resource"]), scale_for(row["limit"], measures.get(row["resource"]))
        used = full_text(row["share"])
        rows.append({"label": label, "text": used, "value": 100 * row["share"], "solid": True})
        regions = f"{row['full']} of {row['regions']}" if row["regions"] > 1 else "yes" if row["full"] else "no"
        cells.append(
            (label, scale.measure, plain(row["use"] / scale.divisor), plain(row["limit"] / scale.divisor), percent(row["share"], 1).removesuffix(" %"), regions, row["period"])
        )
    at_limit = fullest.filter(pl.col("full") > 0)
    columns = (
        words("Resource"), words("Measure"), Column("Use"), Column("Limit"), Column("Used", "%"), Column("Used up", "regions"), Column("Period"),
    )  # fmt: skip
    drawn = rows[:_MOST_DRAWN]
    return Figure(
        name="resources",
        title=f"{grouped(len(at_limit))} of {counted(len(fullest), 'resource')} {'is' if len(at_limit) == 1 else 'are'} used up in some region"
        if (by_period["regions"] > 1).any()
        else f"{grouped(len(at_limit))} of {counted(len(fullest), 'resource')} {'is' if len(at_limit) == 1 else 'are'} used up",
        sentence="Use as a share of the limit, summed over regions, in the period in which each is used most.",
        panels=(Panel(ranked_bars(drawn, title="% of the limit", mark_at=100), "; ".join(f"{row['label']}: {row['text']}" for row in drawn)),),
        table=Table(columns, tuple(cells), "Use of resources", left_out=len(fullest) - len(cells)),
        source=source_line(shown, "resource use of the plan"),
        legend=(("delivered", "used"), ("target_upright", "limit")),
    )
