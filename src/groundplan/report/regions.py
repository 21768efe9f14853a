"""Products that are balanced by region: whose goals are met where, and what regions send to each other."""

from __future__ import annotations

import polars as pl

from groundplan.report.blocks import Column, Figure, Panel, Table, words
from groundplan.report.charts.goal_bars import goal_bars
from groundplan.report.charts.ranked_bars import ranked_bars
from groundplan.report.content import ReportInput
from groundplan.report.goals import GoalRow
from groundplan.report.names import Names
from groundplan.report.numbers import MISSING, counted, grouped, percent, plain, scale_for
from groundplan.report.sources import source_line

__all__ = ["regional_goals_figure", "shipments_figure"]

_MOST_BARS, _MOST_ROWS = 12, 100
_MARKET = ["product", "region"]
_ROAD = ["product", "from", "to"]
_FULL = 1.0 - 1e-6


def regional_goals_figure(shown: ReportInput, names: Names) -> Figure | None:
    """Draw the goals that some region does not get in full, the farthest from it first; None where there are none."""
    goals = shown.table("regional_outputs").filter(pl.col("goal") > 0)
    sums = goals.group_by(_MARKET).agg(pl.col("goal", "shortfall").sum()).with_columns((1.0 - pl.col("shortfall") / pl.col("goal")).alias("share"))
    short = sums.filter(pl.col("share") < 1.0 - GoalRow.TOLERANCE).sort("share", *_MARKET).to_dicts()
    if not short:
        return None
    rows, cells = [], []
    for row in short[:_MOST_ROWS]:
        scale = scale_for(row["shortfall"], names.measure(row["product"]))
        label, lacks = f"{names.product(row['product'])}, {row['region']}", f"{plain(row['shortfall'] / scale.divisor)} {scale.measure}".strip()
        rows.append({"label": label, "text": f"−{lacks}", "share": row["share"]})
        cells.append((names.product_both(row["product"]), row["region"], percent(row["share"], 1).removesuffix(" %"), lacks))
    drawn = rows[:_MOST_BARS]
    columns = (words("Product"), words("Region"), Column("Delivered", "% of its goal"), Column("Missing"))
    first = short[0]
    return Figure(
        name="regional_goals",
        title=f"Where goals are missed: {names.product(first['product'])} in {first['region']} is farthest from its share",
        sentence="Delivered share of each region's part in the goal over the whole plan, and what is missing there; products that are balanced region by region.",
        panels=(Panel(goal_bars(drawn), "; ".join(f"{row['label']}: {percent(row['share'])} delivered" for row in drawn)),),
        table=Table(columns, tuple(cells), "Goals missed by region", left_out=len(short) - len(cells)),
        source=source_line(shown, "regional balances of the plan"),
        legend=(("delivered", "delivered"), ("gap", "missing"), ("target_upright", "goal")),
    )


def shipments_figure(shown: ReportInput, names: Names) -> Figure | None:
    """Draw what regions send to each other over the whole plan, as a share of what they have; None where nothing is moved."""
    moved = shown.table("shipments")
    if moved.is_empty():
        return None
    there = shown.table("regional_outputs").select(*_MARKET, "period", pl.sum_horizontal("production", "imports", "opening_stock", "received").alias("has"))
    full = (pl.col("sent") >= _FULL * pl.col("limit")).fill_null(value=False)
    sums = moved.group_by(_ROAD).agg(pl.col("sent", "received").sum(), full.sum().alias("full"), pl.len().alias("periods"), pl.col("limit").sum(), pl.col("taken").sum())
    has = there.group_by(_MARKET).agg(pl.col("has").sum())
    sums = sums.join(has, left_on=["product", "from"], right_on=_MARKET, how="left").with_columns((pl.col("sent") / pl.col("has")).alias("share"))
    taken = shown.economy.transfers.select(*_ROAD, "item")
    ranked = sums.join(taken, on=_ROAD, how="left").sort("share", *_ROAD, descending=[True, False, False, False]).to_dicts()
    rows, cells = [], []
    for row in ranked[:_MOST_ROWS]:
        scale = scale_for(row["sent"], names.measure(row["product"]))
        quantity = f"{plain(row['sent'] / scale.divisor)} {scale.measure}".strip()
        label = f"{names.product(row['product'])}, {row['from']} to {row['to']}"
        rows.append({"label": label, "text": quantity, "value": 100 * row["share"], "solid": row["full"] == 0})
        limit = "none" if row["limit"] == 0 else f"in {row['full']} of {row['periods']}"
        use = MISSING if row["item"] is None else _amount(row["taken"], row["item"], names)
        cells.append((names.product_both(row["product"]), row["from"], row["to"], quantity, percent(row["share"], 1).removesuffix(" %"), limit, use))
    drawn = rows[:_MOST_BARS]
    crowded = [row for row in ranked if row["full"]]
    columns = (words("Product"), words("From"), words("To"), Column("Sent"), Column("Of what is there", "%"), Column("At its limit", "periods"), Column("Takes"))
    title = f"What regions send to each other: {counted(len(ranked), 'road')} in use"
    return Figure(
        name="shipments",
        title=f"{title}, {grouped(len(crowded))} of them full in some period" if crowded else title,
        sentence="Quantity sent over the whole plan, as a share of all that the sending region makes, imports, receives or has in stock"
        + (f"; the {len(drawn)} largest shares of {grouped(len(ranked))}." if len(ranked) > len(drawn) else "."),
        panels=(Panel(ranked_bars(drawn, title="% of what is there"), "; ".join(f"{row['label']}: {row['text']}" for row in drawn)),),
        table=Table(columns, tuple(cells), "Shipments between regions", left_out=len(ranked) - len(cells)),
        source=source_line(shown, "shipments of the plan"),
        legend=(("delivered", "sent"), *((("hollow_bar", "sent, up to the road's limit in some period"),) if crowded else ())),
    )


def _amount(quantity: float, item: str, names: Names) -> str:
    scale = scale_for(quantity, names.measure(item))
    return f"{plain(quantity / scale.divisor)} {scale.measure} {names.product(item)}".replace("  ", " ").strip()
