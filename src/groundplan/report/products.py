"""Output by product and year: small multiples on one scale, with the past as reported and estimated before the plan."""

from __future__ import annotations

from typing import Any

import polars as pl

from groundplan.report.blocks import Column, Figure, Panel, Table, words
from groundplan.report.charts.product_years import product_years
from groundplan.report.content import ReportInput
from groundplan.report.goals import GoalRow
from groundplan.report.names import Names
from groundplan.report.numbers import MISSING, grouped, percent, plain, scale_for, with_interval
from groundplan.report.sources import source_line

__all__ = ["products_figure"]

_FIRST_PANELS, _MOST_PANELS = 12, 72
_PAST_PERIODS = 3
# Chance at which a plan counts on the middle of what may be there.
_EVEN = 0.5
_INTERVAL = ("production", "production_lower_90", "production_upper_90")
# The scale reaches the top that 95 % of the panels need, within these bounds; the few panels that go beyond are drawn at its top.
_LEAST_TOP, _MOST_TOP, _COVERED = 1.25, 2.5, 0.95


def products_figure(shown: ReportInput, names: Names) -> Figure | None:
    """Draw one panel a product, those that miss most of their goals first; None where the plan makes nothing."""
    series = _series(shown)
    if not series:
        return None
    drawn = series[:_MOST_PANELS]
    top = _top(drawn)
    panels = tuple(_panel(item, names, top) for item in drawn)
    periods = [str(period) for period in shown.economy.settings.plan_periods()]
    columns = (words("Product"), words("Measure"), *(Column(period) for period in periods))
    cut = f" {grouped(len(drawn))} of {grouped(len(series))} products are drawn; the workbook holds all." if len(series) > len(drawn) else ""
    has_past = any(item["has_past"] for item in drawn)
    is_reported = any("reported" in point for item in drawn for point in item["points"])
    base = "its estimated output in the last year before the plan" if has_past else "its planned output in the first period"
    has_band = any(row["production_lower_90"] is not None for item in drawn for row in item["plan"])
    is_missed = any(item["is_missed"] for item in drawn)
    legend = [("line_band", "planned, with its 90 % interval") if has_band else ("line", "planned")]
    sentence = f"One panel a product, all on one scale: 100 % is {base}."
    if is_missed:
        legend += [("target", "output that would meet the goal too"), ("gap", "missing")]
        sentence += " The thin line is the output with which the goal for final use would be met too."
    chance = shown.economy.settings.capacity_chance
    if has_band and chance > _EVEN:
        sentence += f" The plan counts on capacity that is there with a chance of {percent(chance)}, so its line lies low in the interval of what the same lines may make."
    return Figure(
        name="products",
        title="Output by product: those that miss most first, then those that the goals need most" if is_missed else "Output by product",
        sentence=sentence + cut,
        panels=panels[:_FIRST_PANELS],
        more=panels[_FIRST_PANELS:],
        table=Table(
            columns, tuple(_cells(item, names, periods) for item in drawn), "Planned output, with what its lines may make (90 % interval)", left_out=len(series) - len(drawn)
        ),
        source=source_line(shown, "estimated totals and the plan's balances" if has_past else "the plan's balances"),
        legend=((("reported", "reported"),) if is_reported else ()) + ((("estimated", "estimated"),) if has_past else ()) + tuple(legend),
    )


def _series(shown: ReportInput) -> list[dict[str, Any]]:
    """Give, by product, its past and its plan as shares of its base; those that miss most first, then those that are worth most to the goals."""
    wanted = shown.table("gaps").select("product", "period", "shortfall", "weight", "shortfall_share")
    plans = shown.table("outputs").join(wanted, on=["product", "period"], how="left").sort("product", "period").partition_by("product", as_dict=True, maintain_order=True)
    totals = shown.table("totals").filter(pl.col("level") == "total").sort("product", "period").partition_by("product", as_dict=True)
    found = []
    for key, part in plans.items():
        plan, before = part.to_dicts(), totals[key].tail(_PAST_PERIODS).to_dicts() if key in totals else []
        base = next((row["median"] for row in reversed(before) if row["median"]), None) or next((row["production"] for row in plan if row["production"]), None)
        if base:
            shares = [(row["weight"] or 0.0, share) for row in plan if (share := row["shortfall_share"] or 0.0) > GoalRow.TOLERANCE]
            # A goal of weight 0 that is missed stands behind those that count, and is missed all the same.
            missed = (sum(weight * share for weight, share in shares), sum(share for _, share in shares))
            item = {"product": str(key[0]), "missed": missed, "is_missed": bool(shares), "plan": plan, "has_past": bool(before)}
            found.append(item | {"points": _points(before, plan, base)})
    goods = shown.table("shadow_prices").filter(pl.col("kind") == "product").group_by("item").agg(pl.col("value").sum())
    worth = dict(zip(goods["item"].to_list(), goods["value"].to_list(), strict=True))
    return sorted(found, key=lambda item: (-item["missed"][0], -item["missed"][1], -worth.get(item["product"], 0.0), item["product"]))


def _points(before: list[dict[str, Any]], plan: list[dict[str, Any]], base: float) -> list[dict[str, Any]]:
    def share(value: float | None) -> float | None:
        return None if value is None else round(value / base, 4)

    past = {"reported": "reported", "estimated": "median", "estimated_lower": "lower_90", "estimated_upper": "upper_90"}
    ahead = {"planned": "production", "lower_90": "production_lower_90", "upper_90": "production_upper_90"}
    # A total of no reports is no report of nothing.
    before = [row | {"reported": row["reported"] or None} for row in before]
    rows: list[dict[str, Any]] = [{"period": row["period"], **{name: share(row[column]) for name, column in past.items()}} for row in before]
    for row in plan:
        needed = None if row["shortfall"] is None else share(row["production"] + row["shortfall"])
        rows.append({"period": row["period"], **{name: share(row[column]) for name, column in ahead.items()}, "needed": needed})
    # What a period does not have is left out, which keeps the page small.
    return [{"position": number, **{name: value for name, value in row.items() if value is not None}} for number, row in enumerate(rows)]


def _top(drawn: list[dict[str, Any]]) -> float:
    tops = sorted(max(value for point in item["points"] for name, value in point.items() if name not in ("position", "period")) for item in drawn)
    top: float = min(max(1.05 * tops[int(_COVERED * (len(tops) - 1))], _LEAST_TOP), _MOST_TOP)
    return top


def _panel(item: dict[str, Any], names: Names, top: float) -> Panel:
    last = item["plan"][-1]
    scale = scale_for(last["production"], names.measure(item["product"]))
    lines = [f"{_spread(last, scale.divisor)} {scale.measure} in {last['period']}"]
    has_goal = any(row["shortfall"] is not None for row in item["plan"])
    if item["is_missed"]:
        wanted = [row for row in item["plan"] if row["shortfall"] is not None]
        lacks = sum(row["shortfall"] for row in wanted)
        smaller = scale_for(lacks, names.measure(item["product"]))
        # The line above is of one period, so this one says of which it is.
        span = f"in {wanted[0]['period']}" if len(wanted) == 1 else f"over {wanted[0]['period']} to {wanted[-1]['period']}"
        lines.append(f"short by {plain(lacks / smaller.divisor)} {smaller.measure} {span}")
    else:
        lines.append("goals met" if has_goal else "no goal of its own")
    name = names.product_both(item["product"])
    return Panel(product_years(item["points"], top=top), f"{name}: {', '.join(lines)}", name, tuple(lines))


def _spread(row: dict[str, Any], divisor: float) -> str:
    return with_interval(*(None if row[name] is None else row[name] / divisor for name in _INTERVAL))


def _cells(item: dict[str, Any], names: Names, periods: list[str]) -> tuple[str, ...]:
    scale = scale_for(max(row["production"] or 0.0 for row in item["plan"]), names.measure(item["product"]))
    texts = {row["period"]: _spread(row, scale.divisor) for row in item["plan"]}
    return (names.product_both(item["product"]), scale.measure, *(texts.get(period, MISSING) for period in periods))
