"""The last plan: reported against verified by sector, reports that heap at the target, and output at the last minute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from groundplan.report.blocks import Column, Figure, Panel, Section, Table, words
from groundplan.report.charts.heap import heap
from groundplan.report.charts.ranked_bars import ranked_bars
from groundplan.report.charts.reported_verified import reported_verified
from groundplan.report.content import ReportInput
from groundplan.report.measured import Measured, MeasuredOutput, measured_output
from groundplan.report.names import Names
from groundplan.report.numbers import MISSING, counted, grouped, listing, percent, plain, points, with_interval
from groundplan.report.sources import source_line
from groundplan.report.surety import INNER

__all__ = ["measured_table", "past_section", "told_apart"]

_MOST_SECTORS, _MOST_STORMING = 24, 8
_LOWEST, _HIGHEST, _BIN = 0.70, 1.30, 0.02
# Fewer targets than this make no histogram.
_LEAST_TARGETS = 20
_SOURCE = "reports, targets and estimates of output"


def past_section(shown: ReportInput, names: Names) -> Section | None:
    """Tell how the last plan was met, or, where there was none, what was made beside the reports; None where nothing was estimated either."""
    title = "What was reported, and what was really made"
    if not shown.has("fulfilment"):
        found = measured_output(shown, names)
        return None if found is None else Section("past", title, (), (_beside_reports(shown, found),))
    outcome = shown.table("outcomes").filter(pl.col("step") == "review")
    figures = [figure for figure in (_sectors(shown, names), _heap(shown), _storming(shown, names)) if figure is not None]
    return Section("past", title, tuple(outcome["sentence"].to_list()), tuple(figures))


def told_apart(sectors: Sequence[Measured]) -> str:
    """Say in how many sectors the report lies beyond the 90 % interval, and name those in which it does not."""
    over, under = (sum(getattr(item, name) for item in sectors) for name in ("is_over", "is_under"))
    inside = [item.label for item in sectors if not (item.is_over or item.is_under)]
    told = f"In {grouped(over)} of {counted(len(sectors), 'sector')} the reports lie above the 90 % interval of what was made"
    told += f", in {grouped(under)} below it." if under else "."
    return f"{told} Not told apart: {listing(inside)}." if inside else told


def measured_table(found: MeasuredOutput) -> Table:
    """Write what was made beside what was reported, by sector and in all."""
    measure = "% of target" if found.is_of_target else "report = 100"
    columns = (words("Sector"), Column("Reported", measure), Column("Estimated", measure), Column("90 % interval", measure))
    items = [*found.sectors, found.total] if len(found.sectors) > 1 else list(found.sectors) or [found.total]
    cells = tuple(
        (item.label or "All", plain(100 * item.reported), plain(100 * item.value), f"{plain(100 * item.lower)} to {plain(100 * item.upper)}") for item in items[-_MOST_SECTORS:]
    )
    return Table(columns, cells, f"Reported and estimated output, {found.period}", left_out=len(items) - len(cells))


def _beside_reports(shown: ReportInput, found: MeasuredOutput) -> Figure:
    drawn = found.sectors[:_MOST_SECTORS] or (found.total,)
    rows = []
    for item in drawn:
        # The sums are lognormal, so the inner band is the outer one shrunk on logs.
        inner = [item.value * (end / item.value) ** INNER for end in (item.lower, item.upper)]
        rows.append({
            "label": item.label or "All", "text": percent(item.value), "reported": item.reported, "verified": item.value,
            "lower_90": item.lower, "upper_90": item.upper, "lower_50": inner[0], "upper_50": inner[1],
        })  # fmt: skip
    return Figure(
        name="measured",
        title=f"{percent(found.total.value)} of what was reported in {found.period} was really made, or {percent(found.total.lower)} to {percent(found.total.upper)}",
        sentence=f"Output by sector where there are reports, as a share of them; within a sector each product counts with its share of the reports. {told_apart(found.sectors)}"
        if found.sectors
        else "Output where there are reports, as a share of them; each product counts alike.",
        panels=(
            Panel(
                reported_verified(rows, title=f"Share of the reports, {found.period}", has_target=False),
                "; ".join(f"{row['label']}: estimated {row['text']} of the report" for row in rows),
            ),
        ),
        table=measured_table(found),
        source=source_line(shown, "reports and estimates of output"),
        legend=(("reported", "reported"), ("estimated", "estimated"), ("band", "50 % and 90 % intervals"), ("gap", "on paper only, or not reported")),
    )


def _last_by_sector(shown: ReportInput, column: str) -> tuple[str, pl.DataFrame]:
    """Give the last period and its rows by sector, over all products, where a column has a value."""
    table = shown.table("fulfilment").filter((pl.col("level") == "sector") & (pl.col("product") == "all") & pl.col(column).is_not_null())
    period = "" if table.is_empty() else str(table.get_column("period").sort()[-1])
    return period, table.filter(pl.col("period") == period)


def _sectors(shown: ReportInput, names: Names) -> Figure | None:
    period, last = _last_by_sector(shown, "reported_fulfilment")
    if last.is_empty():
        return None
    ranked = last.sort(pl.col("paper_gap").fill_null(0.0).abs(), "key", descending=[True, False])
    rows = [_sector_row(row, names) for row in ranked.head(_MOST_SECTORS).iter_rows(named=True)]
    columns = (words("Sector"), Column("Reported", "% of target"), Column("Estimated", "% of target"), Column("Gap", "points"))
    cells = tuple(_sector_cells(row) for row in rows)
    described = "; ".join(f"{row['label']}: reported {percent(row['reported'])}, estimated {percent(row['verified'])}" for row in rows)
    is_known = ranked["paper_gap"].is_not_null().any()
    title = f"Fulfilment by the reports, {period}"
    sentence = "Output as a share of the target by sector, as reported; nothing has been estimated beside it."
    legend: tuple[tuple[str, str], ...] = (("reported", "reported"), ("target_upright", "target"))
    if is_known:
        known = ranked.filter(pl.col("paper_gap").is_not_null())
        apart = [
            Measured(names.sector(row["key"]), *(row[name] for name in ("reported", "verified", "verified_lower_90", "verified_upper_90")))
            for row in known.drop_nulls(["verified_lower_90", "verified_upper_90"]).iter_rows(named=True)
        ]
        over = sum(item.is_over for item in apart)
        title = f"{grouped(over)} of {counted(len(ranked), 'sector')} made less than reported in {period}, beyond the 90 % interval; the gap is widest in {rows[0]['label']}"
        sentence = (
            "Output as a share of the target by sector. What is hatched stands on paper only; its width, in points of the target, is written at the right. "
            f"The widest gap stands first. {told_apart(apart)}"
        )
        legend = (legend[0], ("estimated", "estimated"), ("band", "50 % and 90 % intervals"), ("gap", "on paper only"), legend[1])
    return Figure(
        name="sectors",
        title=title,
        sentence=sentence,
        panels=(Panel(reported_verified(rows, title=f"Share of the target, {period}"), described),),
        table=Table(columns, cells, f"Fulfilment by sector, {period}", left_out=len(ranked) - len(rows)),
        source=source_line(shown, _SOURCE),
        legend=legend,
    )


def _sector_row(row: dict[str, Any], names: Names) -> dict[str, Any]:
    target, verified = row["target"] or 0.0, row["verified_fulfilment"]
    low, high = (row[name] / target if row[name] is not None and target > 0 else None for name in ("verified_lower_90", "verified_upper_90"))
    # The sums are lognormal, so the inner band is the outer one shrunk on logs.
    inner = [verified * (end / verified) ** INNER if verified and end else None for end in (low, high)]
    text = f"{points(row['paper_gap'])} points" if row["paper_gap"] is not None else percent(row["reported_fulfilment"])
    return {
        "label": names.sector(row["key"]), "text": text, "gap": row["paper_gap"], "reported": row["reported_fulfilment"], "verified": verified,
        "lower_90": low, "upper_90": high, "lower_50": inner[0], "upper_50": inner[1],
    }  # fmt: skip


def _sector_cells(row: dict[str, Any]) -> tuple[str, ...]:
    ends = (row["verified"], row["lower_90"], row["upper_90"])
    spread = MISSING if None in ends else with_interval(*(100 * end for end in ends))
    return (row["label"], plain(100 * row["reported"]), spread, MISSING if row["gap"] is None else points(row["gap"]))


def _heap(shown: ReportInput) -> Figure | None:
    units = shown.table("fulfilment").filter((pl.col("level") == "unit") & (pl.col("product") != "all") & pl.col("reported_fulfilment").is_not_null())
    whole = shown.table("bunching").filter(pl.col("level") == "all")
    if len(units) < _LEAST_TARGETS or whole.is_empty():
        return None
    starts = [round(_LOWEST + _BIN * number, 4) for number in range(round((_HIGHEST - _LOWEST) / _BIN))]
    reported, verified = (_counts(units[name], len(starts)) for name in ("reported_fulfilment", "verified_fulfilment"))
    is_estimated = units["verified_fulfilment"].is_not_null().any()
    rows = [
        {"start": start, "end": round(start + _BIN, 4), "reported": reported[number], "verified": verified[number] if is_estimated else None} for number, start in enumerate(starts)
    ]
    title = _heap_title(whole.row(0, named=True))
    left_out = len(units) - sum(reported)
    unseen = units["verified_fulfilment"].count() - sum(verified)
    by_estimate = f", and {grouped(unseen)} by what was made" if is_estimated else ""
    outside = f"Outside 70 to 130 %, and not drawn, {'lies' if left_out == 1 else 'lie'} {grouped(left_out)} of {grouped(len(units))} targets by the reports{by_estimate}."
    columns = (Column("Fulfilment", "%"), Column("Reported", "targets"), Column("Estimated", "targets"))
    cells = tuple(
        (f"{round(100 * start)} to {round(100 * (start + _BIN))}", grouped(reported[number]), grouped(verified[number]) if is_estimated else MISSING)
        for number, start in enumerate(starts)
    )
    legend = (("reported_bar", "reported"), ("estimated_line", "estimated"), ("target_upright", "target"))
    return Figure(
        name="heap",
        title=title,
        sentence="Number of targets by their fulfilment, in steps of two points. The excess is measured at 100 to 103 % against a smooth counterfactual. " + outside,
        panels=(Panel(heap(rows), f"Histogram of fulfilment. {title}."),),
        table=Table(columns, cells, "Targets by fulfilment", is_ranked=False),
        source=source_line(shown, _SOURCE),
        legend=legend if is_estimated else (legend[0], legend[2]),
    )


def _heap_title(bunch: dict[str, Any]) -> str:
    excess, error = bunch["excess_mass"], bunch["standard_error"]
    if excess is not None and error is not None and excess > 2 * error and excess > 0.1:
        return f"Reports heap just above the target: {grouped(bunch['just_above'])} stand at 100 to 103 %, where a smooth distribution has about {plain(bunch['expected'], 2)}"
    return "Reports do not heap at the target beyond chance"


def _counts(ratios: pl.Series, bins: int) -> list[int]:
    # 100 % as a quotient of floats may fall a rounding error short of 1.
    numbers = ((ratios.drop_nulls() + 1e-9 - _LOWEST) / _BIN).floor().cast(pl.Int64).alias("bin").value_counts()
    counts = dict(zip(numbers["bin"].to_list(), numbers["count"].to_list(), strict=True))
    return [counts.get(number, 0) for number in range(bins)]


def _storming(shown: ReportInput, names: Names) -> Figure | None:
    period, last = _last_by_sector(shown, "storming_index")
    if last.is_empty():
        return None
    ranked = last.sort("storming_index", "key", descending=[True, False])
    rows = [
        {"label": names.sector(row["key"]), "text": percent(row["storming_index"]), "value": 100 * row["storming_index"], "solid": False}
        for row in ranked.head(_MOST_STORMING).iter_rows(named=True)
    ]
    columns = (words("Sector"), Column("Reported in the last third", "% of the year"))
    return Figure(
        name="storming",
        title=f"Storming: {rows[0]['label']} reports {rows[0]['text']} of its year in the last third",
        sentence="Share of the year's reported output that falls in its last third. The thin line is an even year; more is output, or reporting, at the last minute.",
        panels=(
            Panel(
                ranked_bars(rows, title=f"% of the output reported for {period}", mark_at=100 / 3, colour="reported"), "; ".join(f"{row['label']}: {row['text']}" for row in rows)
            ),
        ),
        table=Table(columns, tuple((str(row["label"]), plain(row["value"])) for row in rows), "Storming by sector", left_out=len(ranked) - len(rows)),
        source=source_line(shown, "reports"),
        legend=(("reported_hollow_bar", "as reported"), ("target_upright", "an even year")),
    )
