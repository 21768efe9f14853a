"""The plan: output of each product over the years, goals that are missed and why, and capacity that is built."""

from __future__ import annotations

from typing import Any

import polars as pl

from groundplan.report.blocks import Column, Figure, Panel, Section, Table
from groundplan.report.charts.goal_bars import goal_bars
from groundplan.report.charts.product_years import product_years
from groundplan.report.charts.ranked_bars import ranked_bars
from groundplan.report.content import ReportInput
from groundplan.report.goals import goal_rows, goal_table
from groundplan.report.names import Names
from groundplan.report.numbers import MISSING, grouped, percent, plain, scale_for, with_spread
from groundplan.report.sources import source_line

__all__ = ["plan_section"]

_FIRST_PANELS, _MOST_PANELS = 12, 60
_MOST_GAPS = 15
_TOP = 2.0


def plan_section(shown: ReportInput, names: Names) -> Section | None:
    """Tell the plan; None where none was computed."""
    if not shown.has("outputs"):
        return None
    outcome = shown.table("outcomes").filter(pl.col("step") == "plan")
    figures = [figure for figure in (_gaps(shown, names), _products(shown, names), _built(shown, names)) if figure is not None]
    return Section("plan", "The plan, product by product", tuple(outcome["sentence"].to_list()), tuple(figures))


def _gaps(shown: ReportInput, names: Names) -> Figure | None:
    rows = goal_rows(shown.table("gaps"))
    short = [row for row in rows if row.is_short]
    if not rows:
        return None
    if not short:
        return Figure(
            "gaps",
            "No goal is missed",
            "Every goal for final use is delivered in every period.",
            (),
            goal_table(rows[:100], names, left_out=max(len(rows) - 100, 0)),
            source_line(shown, "goal gaps of the plan"),
        )
    by_weight = sorted(short, key=lambda row: (row.priority, -row.weighted))
    drawn = by_weight[:_MOST_GAPS]
    data = []
    for row in drawn:
        scale = scale_for(row.shortfall, names.measure(row.product))
        data.append({"label": names.product_both(row.product), "text": f"lacks {plain(row.shortfall / scale.divisor)} {scale.measure}", "share": row.share})
    first = by_weight[0]
    cause = f" {names.product(first.product)}: {first.cause}." if first.cause else ""
    return Figure(
        name="gaps",
        title=f"What gives way: {grouped(len(short))} goals, {names.product(first.product)} weighs most",
        sentence=f"Delivered share of the goal over the whole plan, by priority and then by weight; {len(drawn)} of {len(short)} are drawn. The table says what holds each back.{cause}",
        panels=(Panel(goal_bars(data), "; ".join(f"{names.product(row.product)}: {percent(row.share)} delivered" for row in drawn)),),
        table=goal_table(by_weight[:100], names, left_out=max(len(short) - 100, 0), causes=True),
        source=source_line(shown, "goal gaps of the plan"),
        legend=(("delivered", "delivered"), ("gap", "missing"), ("target_upright", "goal")),
    )


def _products(shown: ReportInput, names: Names) -> Figure | None:
    series = _series(shown)
    if not series:
        return None
    drawn = series[:_MOST_PANELS]
    tops = sorted(
        max([point[key] for point in item["points"] for key in ("planned", "upper_90", "needed", "reported") if point.get(key) is not None], default=1.0) for item in drawn
    )
    top = min(max(tops[int(0.95 * (len(tops) - 1))] * 1.05, 1.2), _TOP * 1.25)
    panels = tuple(_panel(item, names, top) for item in drawn)
    periods = [str(period) for period in shown.economy.settings.plan_periods()]
    cells = tuple(cell for item in drawn for cell in [_cells(item, names, periods)])
    columns = (Column("Product", is_number=False), Column("Measure", is_number=False), *(Column(period) for period in periods))
    left_out = len(series) - len(drawn)
    cut = f" {grouped(len(drawn))} of {grouped(len(series))} products are drawn; the workbook holds all." if left_out else ""
    return Figure(
        name="products",
        title="Output by product",
        sentence=f"Each panel is one product on the same scale: 100 % is its estimated output in the last year before the plan (or the plan's first year where none is known). The thin dark line is the output with which its goal would be met too. "
        f"Products that miss most of their goals stand first.{cut}",
        panels=panels[:_FIRST_PANELS],
        more=panels[_FIRST_PANELS:],
        table=Table(columns, cells, "Planned output with the half-width of its 90 % interval", left_out=left_out),
        source=source_line(shown, "estimated totals and the plan's balances"),
        legend=(
            ("reported", "reported"),
            ("estimated", "estimated"),
            ("line_band", "planned, with its 90 % interval"),
            ("target", "output that the goal would take"),
            ("gap", "missing"),
        ),
    )


def _series(shown: ReportInput) -> list[dict[str, Any]]:
    """Give, by product, its past and its plan as shares of its base; those that miss most first."""
    outputs = shown.table("outputs").sort("product", "period")
    gaps = shown.table("gaps")
    lacking = outputs.join(gaps.select("product", "period", "shortfall", "weight", "shortfall_share"), on=["product", "period"], how="left", maintain_order="left")
    totals = shown.table("totals").filter(pl.col("level") == "total").sort("product", "period")
    past = {str(key[0]): part.tail(3).to_dicts() for key, part in totals.partition_by("product", as_dict=True).items()}
    found = []
    for key, part in lacking.partition_by("product", as_dict=True, maintain_order=True).items():
        product, plan, before = str(key[0]), part.to_dicts(), past.get(str(key[0]), [])
        known = [row["median"] for row in before if row["median"]]
        base = known[-1] if known else next((row["production"] for row in plan if row["production"]), None)
        if not base:
            continue
        missed = sum((row["weight"] or 0.0) * (row["shortfall_share"] or 0.0) for row in plan)
        found.append({"product": product, "base": base, "missed": missed, "plan": plan, "points": _points(before, plan, base)})
    return sorted(found, key=lambda item: (-item["missed"], item["product"]))


def _points(before: list[dict[str, Any]], plan: list[dict[str, Any]], base: float) -> list[dict[str, Any]]:
    def share(value: float | None) -> float | None:
        return None if value is None else round(value / base, 4)

    rows: list[dict[str, Any]] = [
        {
            "period": row["period"],
            "reported": share(row["reported"]),
            "estimated": share(row["median"]),
            "estimated_lower": share(row["lower_90"]),
            "estimated_upper": share(row["upper_90"]),
        }
        for row in before
    ]
    for row in plan:
        needed = None if row["shortfall"] is None else share(row["production"] + row["shortfall"])
        rows.append(
            {
                "period": row["period"],
                "planned": share(row["production"]),
                "lower_90": share(row["production_lower_90"]),
                "upper_90": share(row["production_upper_90"]),
                "needed": needed,
            }
        )
    return [{"position": number, **row} for number, row in enumerate(rows)]


def _panel(item: dict[str, Any], names: Names, top: float) -> Panel:
    last = item["plan"][-1]
    scale = scale_for(last["production"], names.measure(item["product"]))
    figure = with_spread(*(None if last[name] is None else last[name] / scale.divisor for name in ("production", "production_lower_90", "production_upper_90")))
    lacks = sum(row["shortfall"] or 0.0 for row in item["plan"])
    gap = f", lacks {plain(lacks / scale.divisor)} in all" if item["missed"] > 1e-6 else ""
    subtitle = f"{figure} {scale.measure} in {last['period']}{gap}"
    name = names.product_both(item["product"])
    return Panel(product_years(item["points"], top=top), f"{name}: {subtitle}", name, subtitle)


def _cells(item: dict[str, Any], names: Names, periods: list[str]) -> tuple[str, ...]:
    scale = scale_for(max(row["production"] or 0.0 for row in item["plan"]), names.measure(item["product"]))
    texts = {
        row["period"]: with_spread(*(None if row[name] is None else row[name] / scale.divisor for name in ("production", "production_lower_90", "production_upper_90")))
        for row in item["plan"]
    }
    return (names.product_both(item["product"]), scale.measure, *(texts.get(period, MISSING) for period in periods))


def _built(shown: ReportInput, names: Names) -> Figure | None:
    built = shown.table("new_capacity").filter(pl.col("quantity") > 0)
    if built.is_empty():
        return None
    activities = shown.table("activities")
    first = activities.filter(pl.col("period") == pl.col("period").min()).select("pool", "capacity_median")
    today = first.join(activities.unique("pool").select("pool", "recipe"), on="pool").group_by("recipe").agg(pl.col("capacity_median").sum().alias("today"))
    by_recipe = (
        built.group_by("recipe")
        .agg(pl.col("quantity").sum(), pl.col("region").n_unique().alias("regions"), pl.col("period").min().alias("first"))
        .join(today, on="recipe", how="left")
    )
    grown = by_recipe.with_columns((pl.col("quantity") / pl.col("today")).alias("growth")).filter(pl.col("growth").is_finite()).sort("growth", "recipe", descending=[True, False])
    if grown.is_empty():
        return None
    outs = shown.economy.recipes.filter(pl.col("role") == "out").unique("recipe", keep="first", maintain_order=True)
    makes = dict(zip(outs["recipe"].to_list(), outs["item"].to_list(), strict=True))
    rows, cells = [], []
    for row in grown.iter_rows(named=True):
        product = makes.get(row["recipe"], row["recipe"])
        scale = scale_for(row["quantity"], None)
        quantity = f"{plain(row['quantity'] / scale.divisor)} {scale.measure}".strip()
        rows.append({"label": f"{names.product(product)} ({names.words(row['recipe'])})", "text": f"+{percent(row['growth'])}", "value": 100 * row["growth"], "solid": True})
        cells.append((names.product(product), names.words(row["recipe"]), quantity, percent(row["growth"], 1).removesuffix(" %"), str(row["regions"]), row["first"]))
    columns = (
        Column("Product", is_number=False),
        Column("Recipe", is_number=False),
        Column("New capacity", "units of activity"),
        Column("Of today's", "%"),
        Column("Regions"),
        Column("First usable in"),
    )
    return Figure(
        name="built",
        title=f"What is built: most of all for {names.product(makes.get(grown['recipe'][0], grown['recipe'][0]))}",
        sentence=f"New capacity over the whole plan as a share of today's, the {min(len(rows), 12)} largest of {len(rows)} recipes.",
        panels=(Panel(ranked_bars(rows[:12], title="% of today's capacity"), "; ".join(f"{row['label']}: {row['text']}" for row in rows[:12])),),
        table=Table(columns, tuple(cells[:100]), "New capacity by recipe", left_out=max(len(cells) - 100, 0)),
        source=source_line(shown, "investment decided by the plan"),
    )
