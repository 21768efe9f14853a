"""The units: where they are, which overstate, and whose uncertainty matters most for the plan."""

from __future__ import annotations

from typing import Any

import polars as pl

from groundplan.report.blocks import Column, Figure, Panel, Section, Table, words
from groundplan.report.charts.ranked_bars import ranked_bars
from groundplan.report.charts.unit_map import CLASSES, unit_map
from groundplan.report.content import ReportInput
from groundplan.report.names import Names
from groundplan.report.numbers import MISSING, counted, grouped, percent, plain, scale_for
from groundplan.report.sources import source_line
from groundplan.report.suspected import suspected_figure

__all__ = ["ground_section", "unit_states"]

_MOST_POINTS, _MOST_ROWS, _MOST_BARS, _MOST_REGIONS = 2000, 30, 12, 30
_SURE, _LIKELY = 0.9, 0.5


def ground_section(shown: ReportInput, names: Names) -> Section | None:
    """Tell about the units; None where nothing is estimated of them."""
    overstating, suspected, uncertain = _map(shown, names), suspected_figure(shown, names), _uncertain(shown, names)
    figures = tuple(figure for figure in (overstating, suspected, uncertain) if figure is not None)
    titles = [title for title, figure in (("who overstates", overstating or suspected), ("where another look is worth most", uncertain)) if figure is not None]
    if not figures:
        return None
    title = ", and ".join(titles)
    return Section("units", title[0].upper() + title[1:], (), figures)


def unit_states(shown: ReportInput) -> pl.DataFrame:
    """Give what the map shows of each estimated unit, over the last year of estimates.

    Returns:
        `unit`, `size` (sum over products of the unit's share of the product's whole), `probability` (mean probability of overstatement, by size),
        `over` (reported / median - 1), `inspected`, `product` (that of which it makes the largest share), `state` (one of CLASSES); the largest first.
    """
    estimates = shown.table("estimates")
    last = estimates.filter(pl.col("period").str.head(4) == pl.col("period").str.head(4).max())
    share = (pl.col("median") / pl.col("median").sum().over("product")).fill_nan(0.0).fill_null(0.0)
    units = (
        last.with_columns(share.alias("share"))
        .group_by("unit")
        .agg(
            pl.col("share").sum().alias("size"),
            ((pl.col("probability_overstated") * pl.col("share")).sum() / pl.col("share").filter(pl.col("probability_overstated").is_not_null()).sum())
            .fill_nan(None)
            .alias("probability"),
            (pl.col("reported").sum() / pl.col("median").filter(pl.col("reported").is_not_null()).sum() - 1).alias("over"),
            pl.col("inspected").fill_null(value=False).any(),
            pl.col("product").sort_by("share", "product").last(),
        )
    )
    state = (
        pl.when(pl.col("probability") >= _SURE).then(pl.lit(CLASSES[0]))
        .when(pl.col("probability") >= _LIKELY).then(pl.lit(CLASSES[1]))
        .when(pl.col("probability").is_null()).then(pl.lit(CLASSES[4]))
        .when(pl.col("inspected")).then(pl.lit(CLASSES[3]))
        .otherwise(pl.lit(CLASSES[2]))
    )  # fmt: skip
    return units.with_columns(state.alias("state")).sort("size", "unit", descending=[True, False])


_LEGEND = (
    (CLASSES[0], "alert", "at least 90 % likely to overstate"),
    (CLASSES[1], "alert_hollow", "50 to 90 %"),
    (CLASSES[2], "no_sign", "no sign of it"),
    (CLASSES[3], "inspected", "inspected, no sign of it"),
)


def _map(shown: ReportInput, names: Names) -> Figure | None:
    states = unit_states(shown) if shown.has("estimates") else None
    if states is None or states["probability"].is_null().all():
        return None
    places = shown.economy.units.filter(pl.col("latitude").is_not_null() & pl.col("longitude").is_not_null())
    placed = states.join(places.select("unit", "latitude", "longitude", "region"), on="unit", how="inner", maintain_order="left")
    counts = dict(states["state"].value_counts().iter_rows())
    sure = counts.get(CLASSES[0], 0)
    title = f"{grouped(sure)} of {counted(len(states), 'unit')} {'overstates' if sure == 1 else 'overstate'} by more than 5 %, with a probability of at least 90 %"
    sentence = "Whether a unit's reports exceed what electricity, headcount, findings and similar units suggest."
    panels: tuple[Panel, ...] = ()
    if not placed.is_empty():
        drawn = placed.head(_MOST_POINTS)
        likely = f"{grouped(counts.get(CLASSES[1], 0))} more probably {'does' if counts.get(CLASSES[1], 0) == 1 else 'do'}"
        panels = (Panel(unit_map(_points(drawn, names), _regions(placed)), f"Map of units. {title}; {likely}."),)
        sentence += f" A point's size is the unit's share of the country's output of what it makes; {likely}."
        if len(placed) > len(drawn):
            sentence += f" The {grouped(len(drawn))} largest of {grouped(len(placed))} units with a known place are drawn."
    else:
        sentence += " No unit has a latitude and longitude, so there is no map."
    return Figure(
        name="map",
        title=title,
        sentence=sentence,
        panels=panels,
        table=_overstating(states, names),
        source=source_line(shown, "estimates of output by unit"),
        legend=tuple((mark, told) for state, mark, told in _LEGEND if counts.get(state)) if panels else (),
    )


def _points(placed: pl.DataFrame, names: Names) -> list[dict[str, Any]]:
    # The largest are drawn first, so that they do not hide the small ones.
    return [
        {
            "longitude": round(row["longitude"], 4), "latitude": round(row["latitude"], 4), "size": float(f"{row['size']:.3g}"), "state": row["state"],
            "name": names.unit_both(row["unit"]), "told": f"{names.product(row['product'])}; overstates by {percent(row['over'])}, probability {percent(row['probability'])}",
        }
        for row in placed.iter_rows(named=True)
    ]  # fmt: skip


def _regions(placed: pl.DataFrame) -> list[dict[str, Any]]:
    middles = placed.filter(pl.col("region").is_not_null()).group_by("region").agg(pl.col("longitude", "latitude").median()).sort("region")
    if len(middles) > _MOST_REGIONS:
        return []
    return [{"longitude": row["longitude"], "latitude": row["latitude"], "label": row["region"]} for row in middles.iter_rows(named=True)]


def _overstating(states: pl.DataFrame, names: Names) -> Table:
    ranked = states.filter(pl.col("probability") >= _LIKELY).sort("probability", "size", descending=True)
    columns = (
        words("Unit"), words("Main product"), Column("Overstates by", "%"), Column("Probability", "%"), words("Inspected"),
    )  # fmt: skip
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
    table = shown.table("uncertain").filter(pl.col("worth") > 0).sort("worth", "unit", descending=[True, False])
    # Of one unit alone there is nothing to rank.
    if len(table) < 2:
        return None
    whole = float(table["worth"].sum())
    told = list(zip(_labels(table.head(_MOST_ROWS), names), table.head(_MOST_ROWS).to_dicts(), strict=True))
    rows = [
        {"label": label, "text": f"{plain(100 * row['worth'] / whole, 2)} %", "value": 100 * row["worth"] / whole, "solid": bool(row["inspected"])}
        for label, row in told[:_MOST_BARS]
    ]
    columns = (
        words("Unit"), words("Main product"), Column("Capacity", "units of activity"), Column("Standard deviation", "%"), Column("Share of the worth", "%"),
        words("Inspected"),
    )  # fmt: skip
    cells = []
    for label, row in told:
        scale = scale_for(row["capacity"], None)
        spread = MISSING if row["relative_sd"] is None else plain(100 * row["relative_sd"], 2)
        capacity = f"{plain((row['capacity'] or 0.0) / scale.divisor, 2)} {scale.measure}".strip()
        cells.append((label, names.product(row["product"]), capacity, spread, plain(100 * row["worth"] / whole, 2), "yes" if row["inspected"] else "no"))
    return Figure(
        name="uncertain",
        title=f"A visit would tell the plan most at {told[0][0]}",
        sentence="Uncertainty of each unit's capacity times what that capacity is worth to the plan, as a share of all units' sum. Hollow bars were never inspected.",
        panels=(Panel(ranked_bars(rows, title="% of all units' sum"), "; ".join(f"{row['label']}: {row['text']}" for row in rows)),),
        table=Table(columns, tuple(cells), "Units whose uncertainty matters most", left_out=len(table) - len(told)),
        source=source_line(shown, "estimates of capacity and shadow prices of the plan"),
        legend=(("delivered", "inspected"), ("hollow_bar", "never inspected")),
    )


def _labels(table: pl.DataFrame, names: Names) -> list[str]:
    """Name the rows; two units may share a name, and one unit may stand there with two products, but two rows of a chart must differ."""
    labels = [names.unit_both(unit) for unit in table["unit"].to_list()]
    keys = zip(labels, table["unit"].to_list(), table["product"].to_list(), strict=True)
    return [label if labels.count(label) == 1 else f"{label} ({unit}, {names.product(product)})" for label, unit, product in keys]
