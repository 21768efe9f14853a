"""The plan: goals that are missed and why, output of each product over the years, and capacity that is built."""

from __future__ import annotations

import polars as pl

from groundplan.report.blocks import Column, Figure, Panel, Section, Table, words
from groundplan.report.charts.goal_bars import goal_bars
from groundplan.report.charts.ranked_bars import ranked_bars
from groundplan.report.content import ReportInput
from groundplan.report.delivery_chances import chances_figure
from groundplan.report.goals import GoalRow, goal_rows, goal_table
from groundplan.report.names import Names
from groundplan.report.numbers import counted, grouped, percent, plain, scale_for
from groundplan.report.products import products_figure
from groundplan.report.regions import regional_goals_figure, shipments_figure
from groundplan.report.sources import source_line

__all__ = ["plan_section"]

_MOST_GAPS, _MOST_BARS, _MOST_ROWS = 15, 12, 100


def plan_section(shown: ReportInput, names: Names) -> Section | None:
    """Tell the plan; None where none was computed."""
    if not shown.has("outputs"):
        return None
    outcome = shown.table("outcomes").filter(pl.col("step") == "plan")
    parts = (_gaps, regional_goals_figure, chances_figure, products_figure, shipments_figure, _built)
    figures = tuple(figure for part in parts if (figure := part(shown, names)) is not None)
    return Section("plan", "The plan, product by product", tuple(outcome["sentence"].to_list()), figures)


def _gaps(shown: ReportInput, names: Names) -> Figure | None:
    rows = goal_rows(shown.table("gaps"))
    if not rows:
        return None
    source = source_line(shown, "goal gaps of the plan")
    short = sorted((row for row in rows if row.is_short), key=lambda row: (row.priority, -row.weighted, row.product))
    if not short:
        table = goal_table(rows[:_MOST_ROWS], names, left_out=max(len(rows) - _MOST_ROWS, 0))
        return Figure("gaps", "No goal is missed", "Every goal for final use is delivered in every period.", (), table, source)
    drawn = short[:_MOST_GAPS]
    data = [{"label": names.product_both(row.product), "text": f"−{_amount(row, names)}", "share": row.share} for row in drawn]
    count = f"{len(drawn)} of {grouped(len(short))} are drawn" if len(short) > len(drawn) else "all are drawn"
    cause = f" {names.product(short[0].product)}: {short[0].cause[:1].lower()}{short[0].cause[1:].rstrip('.')}." if short[0].cause else ""
    return Figure(
        name="gaps",
        title=f"What gives way: goals of {counted(len(short), 'product')}; {names.product(short[0].product)} weighs most",
        sentence=f"Delivered share of the goal over the whole plan, and what is missing; by priority, then by weight, {count}. The table says what holds each back.{cause}",
        panels=(Panel(goal_bars(data), "; ".join(f"{names.product(row.product)}: {percent(row.share)} delivered, {_amount(row, names)} missing" for row in drawn)),),
        table=goal_table(short[:_MOST_ROWS], names, left_out=max(len(short) - _MOST_ROWS, 0), causes=True),
        source=source,
        legend=(("delivered", "delivered"), ("gap", "missing"), ("target_upright", "goal")),
    )


def _amount(row: GoalRow, names: Names) -> str:
    scale = scale_for(row.shortfall, names.measure(row.product))
    return f"{plain(row.shortfall / scale.divisor)} {scale.measure}".strip()


def _built(shown: ReportInput, names: Names) -> Figure | None:
    built = shown.table("new_capacity").filter(pl.col("quantity") > 0)
    activities = shown.table("activities")
    if built.is_empty() or activities.is_empty():
        return None
    first = activities.filter(pl.col("period") == pl.col("period").min())
    today = first.group_by("recipe").agg(pl.col("capacity_median").sum().alias("today"))
    sums = built.group_by("recipe").agg(pl.col("quantity").sum(), pl.col("region").n_unique().alias("regions"), pl.col("period").min().alias("first"))
    grown = sums.join(today, on="recipe", how="left").with_columns((pl.col("quantity") / pl.col("today")).alias("growth")).filter(pl.col("growth").is_finite())
    if grown.is_empty():
        return None
    grown = grown.sort("growth", "recipe", descending=[True, False])
    outs = shown.economy.recipes.filter(pl.col("role") == "out").unique("recipe", keep="first", maintain_order=True)
    makes = dict(zip(outs["recipe"].to_list(), outs["item"].to_list(), strict=True))
    rows, cells = [], []
    for row in grown.head(_MOST_ROWS).iter_rows(named=True):
        product = names.product(makes.get(row["recipe"], row["recipe"]))
        way = names.words(row["recipe"])
        scale = scale_for(row["quantity"], None)
        label = product if way.lower() == product.lower() else f"{product} ({way})"
        rows.append({"label": label, "text": f"+{percent(row['growth'])}", "value": 100 * row["growth"], "solid": True})
        quantity = f"{plain(row['quantity'] / scale.divisor)} {scale.measure}".strip()
        cells.append((product, way, quantity, percent(row["growth"], 1).removesuffix(" %"), str(row["regions"]), row["first"]))
    columns = (
        words("Product"), words("Recipe"), Column("New capacity", "units of activity"), Column("Of today's", "%"), Column("Regions"),
        Column("First usable in"),
    )  # fmt: skip
    drawn = rows[:_MOST_BARS]
    return Figure(
        name="built",
        title=f"What is built: {grouped(len(grown))} kinds of capacity grow, {rows[0]['label']} by most" if len(grown) > 1 else f"What is built: capacity for {rows[0]['label']}",
        sentence="New capacity over the whole plan as a share of what there is in its first period" + (f", the {len(drawn)} that grow most." if len(grown) > len(drawn) else "."),
        panels=(Panel(ranked_bars(drawn, title="% of today's capacity"), "; ".join(f"{row['label']}: {row['text']}" for row in drawn)),),
        table=Table(columns, tuple(cells), "New capacity by recipe", left_out=len(grown) - len(cells)),
        source=source_line(shown, "investment decided by the plan"),
        legend=(("delivered", "new capacity"),),
    )
