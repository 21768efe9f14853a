"""The last plan: reported against verified by sector, and reports that heap at the target."""

from __future__ import annotations

import polars as pl

from groundplan.report.blocks import Column, Figure, Panel, Section, Table
from groundplan.report.charts.heap import heap
from groundplan.report.charts.reported_verified import reported_verified
from groundplan.report.content import ReportInput
from groundplan.report.names import Names
from groundplan.report.numbers import MISSING, grouped, percent, plain, points, with_spread
from groundplan.report.sources import source_line
from groundplan.report.surety import INNER

__all__ = ["past_section"]

_MOST_SECTORS = 30
_LOWEST, _HIGHEST, _BIN = 0.70, 1.30, 0.02


def past_section(shown: ReportInput, names: Names) -> Section | None:
    """Tell how the last plan was met; None where there was none to review."""
    if not shown.has("fulfilment"):
        return None
    outcome = shown.table("outcomes").filter(pl.col("step") == "review")
    sentences = tuple(outcome["sentence"].to_list())
    figures = [figure for figure in (_sectors(shown, names), _heap(shown), _storming(shown, names)) if figure is not None]
    return Section("past", "What was reported, and what was really made", sentences, tuple(figures))


def _sectors(shown: ReportInput, names: Names) -> Figure | None:
    table = shown.table("fulfilment").filter((pl.col("level") == "sector") & (pl.col("product") == "all") & pl.col("reported_fulfilment").is_not_null())
    if table.is_empty():
        return None
    period = table["period"].max()
    last = table.filter(pl.col("period") == period)
    last = last.sort(pl.col("paper_gap").fill_null(0.0).abs(), "key", descending=[True, False])
    drawn = last.head(_MOST_SECTORS)
    rows, cells, described = [], [], []
    for row in drawn.iter_rows(named=True):
        target, verified = row["target"] or 0.0, row["verified_fulfilment"]
        low, high = (row[name] / target if row[name] is not None and target > 0 else None for name in ("verified_lower_90", "verified_upper_90"))
        inner = [verified * (end / verified) ** INNER if verified and end else None for end in (low, high)]
        label = names.words(row["key"])
        text = f"{points(row['paper_gap'])} points" if row["paper_gap"] is not None else percent(row["reported_fulfilment"])
        rows.append(
            {
                "label": label,
                "text": text,
                "reported": row["reported_fulfilment"],
                "verified": verified,
                "lower_90": low,
                "upper_90": high,
                "lower_50": inner[0],
                "upper_50": inner[1],
            }
        )
        spread = with_spread(100 * verified, 100 * low, 100 * high) if verified is not None and low is not None and high is not None else MISSING
        cells.append((label, plain(100 * row["reported_fulfilment"]), spread, points(row["paper_gap"]) if row["paper_gap"] is not None else MISSING))
        described.append(f"{label}: reported {percent(row['reported_fulfilment'])}, estimated {percent(verified)}")
    known = last["paper_gap"].is_not_null().any()
    columns = (Column("Sector", is_number=False), Column("Reported", "% of target"), Column("Estimated", "% of target"), Column("Gap", "points"))
    return Figure(
        name="sectors",
        title=_sector_title(last, names, str(period)) if known else f"By the reports, {period}",
        sentence="Fulfilment of the target by sector. The hatched space between report and estimate stands on paper only; the widest gap stands first."
        if known
        else "Fulfilment of the target by sector as reported; nothing has been estimated beside it.",
        panels=(Panel(reported_verified(rows, title=f"Output as a share of the target, {period}"), "; ".join(described)),),
        table=Table(columns, tuple(cells), f"Fulfilment by sector, {period}", left_out=len(last) - len(drawn)),
        source=source_line(shown, "reports, targets and estimates of output"),
        legend=(("reported", "reported"), ("estimated", "estimated"), ("band", "50 % and 90 % intervals"), ("gap", "gap"), ("target_upright", "target"))
        if known
        else (("reported", "reported"), ("target_upright", "target")),
    )


def _sector_title(last: pl.DataFrame, names: Names, period: str) -> str:
    over = last.filter(pl.col("paper_gap") > 0)
    first = last.row(0, named=True)
    return f"{len(over)} of {len(last)} sectors made less than they reported in {period}; {names.words(first['key'])} by most"


def _heap(shown: ReportInput) -> Figure | None:
    units = shown.table("fulfilment").filter((pl.col("level") == "unit") & (pl.col("product") != "all") & pl.col("reported_fulfilment").is_not_null())
    whole = shown.table("bunching").filter(pl.col("level") == "all")
    if len(units) < 20 or whole.is_empty():
        return None
    count = round((_HIGHEST - _LOWEST) / _BIN)
    starts = [round(_LOWEST + _BIN * number, 4) for number in range(count)]
    reported, verified = (_counts(units[name], starts) for name in ("reported_fulfilment", "verified_fulfilment"))
    estimated = units["verified_fulfilment"].is_not_null().any()
    rows = [
        {"start": start, "end": round(start + _BIN, 4), "reported": reported[number], "verified": verified[number] if estimated else None} for number, start in enumerate(starts)
    ]
    row = whole.row(0, named=True)
    excess = row["excess_mass"]
    heaped = excess is not None and row["standard_error"] is not None and excess > 2 * row["standard_error"] and excess > 0.1
    title = (
        f"Reports heap just above the target: {grouped(row['just_above'])} where about {plain(row['expected'], 2)} would be even"
        if heaped
        else "Reports do not heap at the target beyond chance"
    )
    outside = len(units) - sum(reported)
    columns = (Column("Fulfilment", "%"), Column("Reported", "targets"), Column("Estimated", "targets"))
    cells = tuple(
        (f"{round(100 * item['start'])} to {round(100 * item['end'])}", grouped(item["reported"]), MISSING if item["verified"] is None else grouped(item["verified"]))
        for item in rows
    )
    return Figure(
        name="heap",
        title=title,
        sentence=f"Number of targets by fulfilment, in steps of two points. {grouped(outside)} of {grouped(len(units))} targets lie outside 70 to 130 % and are not drawn. The excess is measured at 100 to 103 %, "
        "against a smooth counterfactual.",
        panels=(Panel(heap(rows), f"Histogram of fulfilment. {title}."),),
        table=Table(columns, cells, "Targets by fulfilment"),
        source=source_line(shown, "reports, targets and estimates of output"),
        legend=(("reported_bar", "reported"), ("estimated_line", "estimated"), ("target_upright", "target"))
        if estimated
        else (("reported_bar", "reported"), ("target_upright", "target")),
    )


def _counts(ratios: pl.Series, starts: list[float]) -> list[int]:
    # 100 % as a quotient of floats may fall a rounding error short of 1.
    bins = ((ratios.drop_nulls() + 1e-9 - _LOWEST) / _BIN).floor().cast(pl.Int64)
    found = bins.value_counts()
    counts = dict(zip(found[found.columns[0]].to_list(), found["count"].to_list(), strict=True))
    return [counts.get(number, 0) for number in range(len(starts))]


def _storming(shown: ReportInput, names: Names) -> Figure | None:
    table = shown.table("fulfilment").filter((pl.col("level") == "sector") & (pl.col("product") == "all") & pl.col("storming_index").is_not_null())
    if table.is_empty():
        return None
    last = table.filter(pl.col("period") == pl.col("period").max()).sort("storming_index", descending=True)
    columns = (Column("Sector", is_number=False), Column("Reported in the last third", "% of the year"))
    cells = tuple((names.words(row["key"]), plain(100 * row["storming_index"])) for row in last.head(_MOST_SECTORS).iter_rows(named=True))
    first = last.row(0, named=True)
    return Figure(
        name="storming",
        title=f"Storming: {names.words(first['key'])} reports {percent(first['storming_index'])} of its year in the last third",
        sentence="A third would be even; more is output, or reporting, at the last minute.",
        table=Table(columns, cells, "Storming by sector", left_out=max(len(last) - _MOST_SECTORS, 0)),
        source=source_line(shown, "reports"),
    )
