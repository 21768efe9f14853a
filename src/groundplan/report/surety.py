"""How sure are we: cover of the intervals, what was inspected, and the chance with which capacities are there."""

from __future__ import annotations

import polars as pl

from groundplan.report.blocks import Answer, Column, Figure, Panel, Table, words
from groundplan.report.charts.spread_bars import spread_bars
from groundplan.report.content import ReportInput
from groundplan.report.names import Names
from groundplan.report.numbers import grouped, percent, plain
from groundplan.report.sources import source_line

__all__ = ["Spread", "sector_spreads", "surety_answer"]

Spread = tuple[str, float, float, float]
"""Label, estimate, lower and upper end of its 90 % interval."""

_MOST = 5
_STATED = "Nobody reports and nobody was inspected: what can be made rests on the capacities that the tables state, with an error that is assumed."
INNER = 0.4100
"""Half-width of a 50 % interval as a share of that of a 90 % one, on logs: 0.6745 / 1.6449."""


def surety_answer(shown: ReportInput, names: Names) -> Answer:
    """Answer how sure the figures are, with the widest intervals as the picture."""
    question = "How sure are we?"
    sentences = [*_cover(shown), *_inspected(shown), *_chance(shown)]
    spreads = sector_spreads(shown, names)
    total = _total(shown)
    if not spreads:
        basis = "Nothing was inspected or reported" if not shown.has("estimates") else "No interval could be computed"
        return Answer(question, f"{basis}: figures stand as the tables state them", "unknown", tuple(sentences))
    widest = spreads[0]
    verdict = f"Output to ± {percent(_half(total))} in all" if total else f"Widest: {widest[0]}, ± {percent(_half(widest))}"
    if total:
        sentences.insert(0, f"That is the 90 % interval of all output; the widest sector is {widest[0]} with ± {percent(_half(widest))}.")
    if not shown.economy.findings.is_empty():
        return Answer(question, verdict, "measured", tuple(sentences), _widest(shown, spreads[:_MOST], len(spreads)))
    verdict = f"± {percent(_half(widest))} by assumption" if _half(spreads[-1]) >= 0.99 * _half(widest) else f"Up to ± {percent(_half(widest))}, by assumption"
    return Answer(question, verdict, "unknown", tuple(sentences), _widest(shown, spreads[:_MOST], len(spreads)))


def sector_spreads(shown: ReportInput, names: Names) -> list[Spread]:
    """Give the interval of each sector's output, the widest first; by product of the plan where there are no sectors."""
    table = shown.table("fulfilment").filter((pl.col("level") == "sector") & (pl.col("product") == "all") & pl.col("verified").is_not_null())
    if not table.is_empty():
        last = table.filter(pl.col("period") == pl.col("period").max())
        rows = last.select("key", "verified", "verified_lower_90", "verified_upper_90")
    else:
        outputs = shown.table("outputs").filter(pl.col("production_lower_90").is_not_null() & (pl.col("production") > 0))
        first = outputs.filter(pl.col("period") == pl.col("period").min())
        rows = first.select(pl.col("product").replace(names.products), "production", "production_lower_90", "production_upper_90")
    spreads = [(names.sector(label), value, lower, upper) for label, value, lower, upper in rows.iter_rows() if value and lower is not None and upper is not None and upper > lower]
    return sorted(spreads, key=lambda spread: -_half(spread))


def _total(shown: ReportInput) -> Spread | None:
    table = shown.table("fulfilment").filter((pl.col("level") == "total") & (pl.col("product") == "all") & (pl.col("verified") > 0)).sort("period").tail(1)
    if table.is_empty():
        return None
    row = table.row(0, named=True)
    return ("all", row["verified"], row["verified_lower_90"], row["verified_upper_90"])


def _half(spread: Spread) -> float:
    return (spread[3] - spread[2]) / 2 / spread[1]


def _widest(shown: ReportInput, spreads: list[Spread], count: int) -> Figure:
    rows = []
    for label, value, lower, upper in spreads:
        low, high = lower / value, upper / value
        # The sums are lognormal, so the inner band is the outer one shrunk on logs.
        rows.append({"label": label, "text": f"± {percent((high - low) / 2)}", "lower_90": low - 1, "upper_90": high - 1, "lower_50": low**INNER - 1, "upper_50": high**INNER - 1})
    cells = tuple(
        (label, f"± {percent((upper - lower) / 2 / value, 1).removesuffix(' %')}", f"{plain(100 * lower / value)} to {plain(100 * upper / value)}")
        for label, value, lower, upper in spreads
    )
    columns = (words("Sector or product"), Column("Half-width", "%"), Column("90 % interval", "estimate = 100"))
    return Figure(
        name="answer-surety",
        title="Least sure",
        sentence=f"Intervals around the estimate of output, the {len(spreads)} widest of {count}.",
        panels=(
            Panel(
                spread_bars(rows, title="Distance from the estimate"),
                "; ".join(f"{label}: plus or minus {percent((upper - lower) / 2 / value)}" for label, value, lower, upper in spreads),
            ),
        ),
        table=Table(columns, cells, "90 % intervals of output", left_out=count - len(spreads)),
        source=source_line(shown, "estimates"),
        legend=(("band", "50 % and 90 % intervals"),),
    )


def _cover(shown: ReportInput) -> list[str]:
    whole = shown.table("calibration").filter((pl.col("group") == "all") & pl.col("cover_90").is_not_null())
    if whole.is_empty():
        return []
    row = whole.row(0, named=True)
    return [
        f"Tried on {grouped(row['findings'])} findings of {grouped(row['units'])} inspected units, each held back in turn, "
        f"the 90 % intervals held the truth {percent(row['cover_90'])} of the time."
    ]


def _inspected(shown: ReportInput) -> list[str]:
    estimates = shown.table("estimates")
    if estimates.is_empty():
        return [_STATED] if shown.economy.reports.is_empty() and shown.has("capacities") else []
    units = estimates.group_by("unit").agg(pl.col("inspected").any())
    inspected = int(units["inspected"].sum())
    if inspected == 0:
        if shown.economy.reports.is_empty():
            return [_STATED]
        return [f"None of {grouped(len(units))} units was inspected, so nothing checks the reports from outside."]
    shares = estimates.group_by("product", maintain_order=True).agg((pl.col("median").filter(pl.col("inspected")).sum() / pl.col("median").sum()).alias("share"))
    share = shares["share"].fill_nan(None).mean()
    worth = percent(share) if isinstance(share, float) else ""
    return [f"{grouped(inspected)} of {grouped(len(units))} units were inspected; they make {worth} of the output (mean over products)."]


def _chance(shown: ReportInput) -> list[str]:
    if not shown.has("outputs"):
        return []
    chance = shown.economy.settings.capacity_chance
    return [f"The plan counts on no more capacity than each product has with a chance of {percent(chance)}; that all are there at once is less likely."]
