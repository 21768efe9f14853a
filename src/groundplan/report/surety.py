"""How sure are we: cover of the intervals, what was inspected, and the chance with which capacities are there."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from groundplan.report.blocks import Answer, Column, Figure, Panel, Table, words
from groundplan.report.charts.spread_bars import spread_bars
from groundplan.report.content import ReportInput
from groundplan.report.delivery_chances import joint_chance
from groundplan.report.measured import measured_output
from groundplan.report.names import Names
from groundplan.report.numbers import around, counted, grouped, percent, plain
from groundplan.report.sources import source_line

__all__ = ["INNER", "Spread", "Spreads", "output_spreads", "surety_answer"]

_MOST = 5
# With fewer trials than this, one more miss moves the share by over ten points.
_LEAST_TRIALS = 10
_STATED = "Nobody reports and nobody was inspected: what can be made rests on the capacities that the tables state, with an error that is assumed."
INNER = 0.4100
"""Half-width of a 50 % interval as a share of that of a 90 % one, on logs: 0.6745 / 1.6449."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure with the ends of a 90 % interval; the figure of a plan need not lie in the interval's middle, nor inside it."""

    label: str
    value: float
    lower: float
    upper: float

    @property
    def width(self) -> float:
        """Give half the width as a share of the figure."""
        return (self.upper - self.lower) / 2 / self.value

    @property
    def text(self) -> str:
        """Say how far it reaches around the figure, in percent of it."""
        return around(self.value, self.lower, self.upper)


@dataclass(frozen=True, slots=True)
class Spreads:
    """Intervals of output, the widest first.

    Args:
        of: "estimate", around what was made, or "plan": what the planned lines may make, around what the plan counts on.
        parts: by sector, or by product where there are no sectors.
        total: of all output; None where it is not known.
    """

    of: str
    parts: tuple[Spread, ...]
    total: Spread | None = None


def surety_answer(shown: ReportInput, names: Names) -> Answer:
    """Answer how sure the figures are, with the widest intervals as the picture."""
    question = "How sure are we?"
    sentences = [*_cover(shown), *_inspected(shown), *_chance(shown)]
    spreads = output_spreads(shown, names)
    if not spreads.parts:
        basis = "Nothing was inspected or reported" if not shown.has("estimates") else "No interval could be computed"
        return Answer(question, f"{basis}: figures stand as the tables state them", "unknown", tuple(sentences))
    widest, total = spreads.parts[0], spreads.total
    if spreads.of == "plan":
        sentences.insert(0, "What the planned lines may make (90 % interval), as a distance from what the plan counts on.")
    elif total is not None and len(spreads.parts) > 1:
        sentences.insert(0, f"That is the 90 % interval of all output; the widest is that of {widest.label} with {widest.text}.")
    picture = _widest(shown, spreads)
    if shown.economy.findings.is_empty():
        return Answer(question, f"{'All within' if _is_alike(spreads) else f'Widest: {widest.label},'} {widest.text}, by assumption", "unknown", tuple(sentences), picture)
    verdict = f"Output to {total.text} in all" if total is not None else f"Widest: {widest.label}, {widest.text}"
    return Answer(question, verdict, "measured", tuple(sentences), picture)


def output_spreads(shown: ReportInput, names: Names) -> Spreads:
    """Give the intervals of what was made, by sector or else by product; those of the plan where nothing was estimated."""
    found = measured_output(shown, names)
    if found is not None:
        total = Spread("All", found.total.value, found.total.lower, found.total.upper)
        parts = [Spread(item.label, item.value, item.lower, item.upper) for item in found.sectors if item.value > 0] or [total]
        return Spreads("estimate", _ranked(parts), total if total.upper > total.lower else None)
    totals = shown.table("totals").filter((pl.col("level") == "total") & (pl.col("median") > 0))
    last = totals.filter(pl.col("period") == pl.col("period").max()).select("product", "median", "lower_90", "upper_90")
    parts = [Spread(names.product(product), *ends) for product, *ends in last.drop_nulls().iter_rows()]
    if parts:
        return Spreads("estimate", _ranked(parts))
    outputs = shown.table("outputs").filter(pl.col("production") > 0)
    first = outputs.filter(pl.col("period") == pl.col("period").min()).select("product", "production", "production_lower_90", "production_upper_90")
    return Spreads("plan", _ranked([Spread(names.product(product), *ends) for product, *ends in first.drop_nulls().iter_rows()]))


def _ranked(parts: list[Spread]) -> tuple[Spread, ...]:
    return tuple(sorted((part for part in parts if part.upper > part.lower), key=lambda part: (-part.width, part.label)))


def _is_alike(spreads: Spreads) -> bool:
    return spreads.parts[-1].width >= 0.99 * spreads.parts[0].width


def _widest(shown: ReportInput, spreads: Spreads) -> Figure:
    drawn = spreads.parts[:_MOST]
    rows = []
    for part in drawn:
        low, high = part.lower / part.value, part.upper / part.value
        # The sums are lognormal, so the inner band is the outer one shrunk on logs, around its own middle: a plan need not stand there.
        middle, half = (low * high) ** 0.5, (high / low) ** (INNER / 2) if low > 0 else 1.0
        rows.append({"label": part.label, "text": part.text, "lower_90": low - 1, "upper_90": high - 1, "lower_50": middle / half - 1, "upper_50": middle * half - 1})
    cells = tuple((part.label, f"{plain(100 * part.lower / part.value)} to {plain(100 * part.upper / part.value)}") for part in drawn)
    columns = (words("Sector or product"), Column("90 % interval", f"{spreads.of} = 100"))
    which = "the widest" if len(spreads.parts) <= len(drawn) else f"the {len(drawn)} widest of {len(spreads.parts)}"
    told = "Intervals around the estimate of output" if spreads.of == "estimate" else "Intervals of what the planned lines may make, around what the plan counts on"
    return Figure(
        name="answer-surety",
        title="Least sure",
        sentence=f"{told}, {which} first." if which == "the widest" else f"{told}, {which}.",
        panels=(Panel(spread_bars(rows, title=f"Distance from the {spreads.of}"), "; ".join(f"{part.label}: {part.text}" for part in drawn)),),
        table=Table(columns, cells, "90 % intervals of output", left_out=len(spreads.parts) - len(drawn)),
        source=source_line(shown, "estimates" if spreads.of == "estimate" else "estimated capacities, scaled to the plan"),
        legend=(("band", "50 % and 90 % intervals"),),
    )


def _cover(shown: ReportInput) -> list[str]:
    """Say how often held-out findings lay inside their 90 % interval, for output and for capacity."""
    told = []
    kinds = (
        ("all", "output", "inspected unit", "the mean of its findings"),
        ("capacity", "capacity, on which the plan rests", "capacity measured on the spot", "what was found"),
    )
    for group, what, one, found in kinds:
        row = shown.table("calibration").filter((pl.col("group") == group) & pl.col("cover_90").is_not_null() & (pl.col("units") > 0))
        if row.is_empty():
            continue
        tried, cover = int(row["units"][0]), float(row["cover_90"][0])
        many = "capacities measured on the spot" if group == "capacity" else ""
        if tried < _LEAST_TRIALS:
            told.append(f"Only {counted(tried, one, many)}: too few to say how often 90 % intervals of {what.split(',')[0]} hold.")
        else:
            held = round(cover * tried)
            told.append(f"90 % intervals of {what}: with each {one} held back in turn, {found} lay inside for {grouped(held)} of {grouped(tried)} ({percent(cover)}).")
    return told


def _inspected(shown: ReportInput) -> list[str]:
    estimates = shown.table("estimates")
    if estimates.is_empty():
        return [_STATED] if shown.economy.reports.is_empty() and shown.has("capacities") else []
    units = estimates.group_by("unit").agg(pl.col("inspected").any())
    inspected = int(units["inspected"].sum())
    if inspected == 0:
        if shown.economy.reports.is_empty():
            return [_STATED]
        if len(units) == 1:
            return ["The one unit was not inspected, so nothing checks its reports from outside."]
        return [f"None of {counted(len(units), 'unit')} was inspected, so nothing checks the reports from outside."]
    shares = estimates.group_by("product", maintain_order=True).agg((pl.col("median").filter(pl.col("inspected")).sum() / pl.col("median").sum()).alias("share"))
    share = shares["share"].fill_nan(None).mean()
    worth = percent(share) if isinstance(share, float) else ""
    were = "was inspected; it makes" if inspected == 1 else "were inspected; they make"
    return [f"{grouped(inspected)} of {counted(len(units), 'unit')} {were} {worth} of the output (mean over products)."]


def _chance(shown: ReportInput) -> list[str]:
    if not shown.has("outputs"):
        return []
    chance = shown.economy.settings.capacity_chance
    counted_on = f"The plan counts on no more capacity than each product has with a chance of {percent(chance)}"
    found = joint_chance(shown)
    if found is None:
        return [f"{counted_on}; that all are there at once is less likely."]
    return [f"{counted_on}; that all planned deliveries are made in full has a chance of {found.text}."]
