"""The units: where they are, which overstate, and whose uncertainty matters most for the plan."""

from __future__ import annotations

from typing import Any

import polars as pl

from groundplan.report.blocks import Column, Figure, Panel, Section, Table
from groundplan.report.charts.ranked_bars import ranked_bars
from groundplan.report.charts.unit_map import CLASSES, unit_map
from groundplan.report.content import ReportInput
from groundplan.report.names import Names
from groundplan.report.numbers import MISSING, grouped, percent, plain, scale_for
from groundplan.report.sources import source_line

__all__ = ["ground_section"]

_MOST_POINTS = 2000
_MOST_ROWS = 25
_SURE, _LIKELY = 0.9, 0.5


def ground_section(shown: ReportInput, names: Names) -> Section | None:
    """Tell about the units; None where nothing is estimated of them."""
    figures = [figure for figure in (_map(shown, names), _uncertain(shown, names)) if figure is not None]
    if not figures:
        return None
    return Section("units", "Who overstates, and where another look is worth most", (), tuple(figures))


def unit_states(shown: ReportInput) -> pl.DataFrame:
    """Give each estimated unit's state of the map (one of CLASSES), mean probability of overstatement, size and overstatement.

    Figures are those of the last year of estimates; products count by their share of the product's whole.
    """
    estimates = shown.table("estimates")
    year = estimates["period"].max()
    last = estimates.filter(pl.col("period").str.head(4) == str(year)[:4])
    weight = pl.col("median") / pl.col("median").sum().over("product")
    units = (
        last.with_columns(weight.fill_nan(0.0).fill_null(0.0).alias("weight"))
        .group_by("unit")
        .agg(
            pl.col("weight").sum().alias("size"),
            ((pl.col("probability_overstated") * pl.col("weight")).sum() / pl.col("weight").sum()).alias("probability"),
            (pl.col("reported").sum() / pl.col("median").sum() - 1).alias("over"),
            pl.col("inspected").any(),
            pl.col("product").sort_by("weight").last(),
        )
    )
    state = (
        pl.when(pl.col("probability") >= _SURE).then(pl.lit(CLASSES[0]))
        .when(pl.col("probability") >= _LIKELY).then(pl.lit(CLASSES[1]))
        .when(pl.col("inspected")).then(pl.lit(CLASSES[3]))
        .when(pl.col("probability").is_not_null()).then(pl.lit(CLASSES[2]))
        .otherwise(pl.lit(CLASSES[4]))
    )  # fmt: skip
    return units.with_columns(pl.col("probability").fill_nan(None)).with_columns(state.alias("state")).sort("size", "unit", descending=[True, False])


def _map(shown: ReportInput, names: Names) -> Figure | None:
    if not shown.has("estimates"):
        return None
    states = unit_states(shown)
    places = shown.economy.units.filter(pl.col("latitude").is_not_null() & pl.col("longitude").is_not_null())
    placed = states.join(places.select("unit", "latitude", "longitude", "region"), on="unit", how="inner", maintain_order="left")
    counts = dict(states["state"].value_counts().iter_rows())
    sure, likely = counts.get(CLASSES[0], 0), counts.get(CLASSES[1], 0)
    title = f"{grouped(sure)} of {grouped(len(states))} units very likely overstate by more than 5 %"
    drawn = placed.head(_MOST_POINTS)
    cut = f" The {grouped(len(drawn))} largest of {grouped(len(placed))} units with a known place are drawn." if len(placed) > len(drawn) else ""
    panels = (Panel(unit_map(_points(drawn, names), _regions(placed)), f"Map of units. {title}; {grouped(likely)} more probably do."),) if not drawn.is_empty() else ()
    return Figure(
        name="map",
        title=title,
        sentence=f"Orange triangles overstate with a probability of at least 90 % (solid) or 50 % (hollow), by what electricity, headcount and findings say. Size is the share of the country's output of what a unit makes.{cut}"
        if panels
        else "Probability of overstating output by more than 5 %. No unit has a latitude and longitude, so there is no map.",
        panels=panels,
        table=_overstating(states, names),
        source=source_line(shown, "estimates of output by unit"),
        legend=(("alert", "at least 90 % likely to overstate"), ("alert_hollow", "50 to 90 %"), ("no_sign", "no sign of it"), ("inspected", "inspected, no sign of it"))
        if panels
        else (),
    )


def _points(placed: pl.DataFrame, names: Names) -> list[dict[str, Any]]:
    return [
        {
            "longitude": round(row["longitude"], 4), "latitude": round(row["latitude"], 4), "size": float(f"{row['size']:.3g}"), "state": row["state"],
            "name": names.unit_both(row["unit"]), "told": f"{names.product(row['product'])}; overstates by {percent(row['over'])}, {percent(row['probability'])} sure",
        }
        for row in placed.reverse().iter_rows(named=True)
    ]  # fmt: skip


def _regions(placed: pl.DataFrame) -> list[dict[str, Any]]:
    means = placed.filter(pl.col("region").is_not_null()).group_by("region").agg(pl.col("longitude", "latitude").median()).sort("region")
    return [{"longitude": row["longitude"], "latitude": row["latitude"], "label": row["region"]} for row in means.iter_rows(named=True)] if len(means) <= 30 else []


def _overstating(states: pl.DataFrame, names: Names) -> Table:
    ranked = states.filter(pl.col("probability") >= _LIKELY).sort("probability", "size", descending=True)
    columns = (
        Column("Unit", is_number=False),
        Column("Main product", is_number=False),
        Column("Overstates by", "%"),
        Column("Probability", "%"),
        Column("Inspected", is_number=False),
    )
    cells = tuple(
        (
            names.unit_both(row["unit"]),
            names.product(row["product"]),
            plain(100 * row["over"], 2),
            percent(row["probability"]).removesuffix(" %"),
            "yes" if row["inspected"] else "no",
        )
        for row in ranked.head(_MOST_ROWS).iter_rows(named=True)
    )
    return Table(columns, cells, "Units that probably overstate their output by more than 5 %", left_out=max(len(ranked) - _MOST_ROWS, 0))


def _uncertain(shown: ReportInput, names: Names) -> Figure | None:
    table = shown.table("uncertain").filter(pl.col("worth") > 0).sort("worth", descending=True)
    if table.is_empty():
        return None
    top = table.head(12)
    whole = float(table["worth"].sum())
    rows = [
        {"label": names.unit_both(row["unit"]), "text": f"± {percent(row['relative_sd'])}", "value": 100 * row["worth"] / whole, "solid": bool(row["inspected"])}
        for row in top.iter_rows(named=True)
    ]
    # Two units may share a name; a chart's rows must not.
    seen: dict[str, int] = {}
    for row, unit in zip(rows, top["unit"].to_list(), strict=True):
        if seen.setdefault(str(row["label"]), 0):
            row["label"] = f"{row['label']} ({unit})"
        seen[str(row["label"])] = 1
    columns = (
        Column("Unit", is_number=False),
        Column("Main product", is_number=False),
        Column("Capacity"),
        Column("Standard deviation", "%"),
        Column("Share of the worth", "%"),
        Column("Inspected", is_number=False),
    )
    cells = []
    for row in table.head(_MOST_ROWS).iter_rows(named=True):
        scale = scale_for(row["capacity"], None)
        cells.append((names.unit_both(row["unit"]), names.product(row["product"]), f"{plain((row['capacity'] or 0) / scale.divisor)} {scale.measure}".strip(), plain(100 * row["relative_sd"], 2) if row["relative_sd"] is not None else MISSING,
                      plain(100 * row["worth"] / whole, 2), "yes" if row["inspected"] else "no"))  # fmt: skip
    first = names.unit(top["unit"][0])
    return Figure(
        name="uncertain",
        title=f"Another look is worth most at {first}",
        sentence="Uncertainty of a unit's capacity times what that capacity is worth to the plan, as a share of all units' sum; the figure at the right is the standard deviation of its capacity. Hollow bars were never inspected.",
        panels=(Panel(ranked_bars(rows, title="% of all units' sum"), "; ".join(f"{row['label']}: {plain(row['value'], 2)} %" for row in rows)),),
        table=Table(columns, tuple(cells), "Units whose uncertainty matters most", left_out=max(len(table) - _MOST_ROWS, 0)),
        source=source_line(shown, "estimates of capacity and shadow prices of the plan"),
        legend=(("delivered", "inspected"), ("hollow_bar", "not inspected")),
    )
