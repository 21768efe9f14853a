"""Rules on what is reported, inspected and said: visits, findings, claims, reports, flows."""

from __future__ import annotations

import polars as pl

from groundplan.errors import Fault
from groundplan.tables.facts import CLAIM_THEMES
from groundplan.tables.faulty import Frames, row_faults
from groundplan.tables.rules_periods import period_bounds
from groundplan.tables.rules_references import ancestors

__all__ = ["check_inspection"]


def check_inspection(frames: Frames) -> list[Fault]:
    """Check visits, findings and reports against each other, and flows."""
    return _visits(frames) + _findings(frames) + _claims(frames) + _reports(frames) + _flows(frames)


def _visits(frames: Frames) -> list[Fault]:
    visits = frames["visits"]
    shown = visits.select(pl.struct("visit", "start", "end")).to_series()
    backwards = visits["end"] < visits["start"]
    faults = row_faults("visits", "start, end", "end_before_start", backwards, found=shown, expected="an end on or after the start", remedy="Mend one of the two dates.")
    drawn = visits["chosen_by"].str.strip_chars().str.to_lowercase() == "random"
    broken = frames.broken.get("visits", {}).get("inclusion_probability")
    bad = drawn & visits["inclusion_probability"].is_null()
    bad = bad if broken is None else bad & ~broken
    expected = "the probability with which each random visit was drawn: totals are weighted by it"
    remedy = "Fill it in, or mend chosen_by."
    return faults + row_faults("visits", "inclusion_probability", "no_inclusion_probability", bad, found="empty cells", expected=expected, remedy=remedy)


def _findings(frames: Frames) -> list[Fault]:
    findings = frames["findings"]
    if findings.is_empty():
        return []
    visits = frames["visits"].unique("visit", keep="first", maintain_order=True)
    visits = visits.select("visit", pl.col("unit").alias("visited"), pl.col("status").cast(pl.String), pl.col("start"), pl.coalesce("end", "start").alias("last"))
    joined = findings.join(visits, on="visit", how="left", maintain_order="left").join(
        period_bounds(findings["period"]).rename({"start": "from"}), on="period", how="left", maintain_order="left"
    )
    early = joined["status"].is_in(["planned", "announced", "missed"]) | (joined["start"] > frames.as_of)
    shown = joined.select(pl.struct("visit", "status")).to_series()
    remedy = "Mend the visit's status and dates, or take the finding out."
    faults = row_faults("findings", "visit", "finding_before_visit", early, found=shown, expected="a visit that has begun or is done", remedy=remedy)
    later = (joined["from"] > joined["last"]) & (joined["measure"].cast(pl.String) == "output")
    shown = joined.select(pl.struct("visit", "period", "last")).to_series()
    remedy = "Mend the period, or the dates of the visit."
    faults += row_faults("findings", "period", "finding_before_period", later, found=shown, expected="output of a period that had begun when the visit ended", remedy=remedy)
    if "units" in frames.unread:
        return faults
    within = ancestors(frames["units"]).with_columns(within=pl.lit(value=True)).rename({"above": "visited"})
    strange = joined.join(within, on=["unit", "visited"], how="left", maintain_order="left")
    bad = strange["within"].is_null() & strange["visited"].is_not_null() & strange["unit"].is_not_null()
    shown = strange.select(pl.struct("visit", "unit", "visited")).to_series()
    remedy = "Mend the unit, or name the visit that went there."
    return faults + row_faults("findings", "unit", "finding_of_other_unit", bad, found=shown, expected="the unit that was visited, or one below it", remedy=remedy)


def _claims(frames: Frames) -> list[Fault]:
    """A claim of output or capacity is one of a product, and has a figure."""
    claims = frames["claims"]
    counted = claims["theme"].is_in(CLAIM_THEMES).fill_null(value=False)
    faults: list[Fault] = []
    for name in ("product", "mean"):
        bad = counted & claims[name].is_null()
        broken = frames.broken.get("claims", {}).get(name)
        bad = bad if broken is None else bad & ~broken
        expected = f"a {name} for claims of {' and '.join(CLAIM_THEMES)}"
        faults += row_faults("claims", name, "incomplete_claim", bad, found=claims["theme"], expected=expected, remedy="Fill it in, or mend the theme.")
    return faults


def _reports(frames: Frames) -> list[Fault]:
    """A unit that reports a product should have a line for it, itself or below it."""
    reports, lines = frames["reports"], frames["lines"]
    if lines.is_empty() or reports.is_empty() or frames.unread.intersection(("recipes", "units")):
        return []
    outputs = frames["recipes"].filter(pl.col("role").cast(pl.String) == "out").select("recipe", pl.col("item").alias("product"))
    makers = lines.select("unit", "recipe").unique().join(outputs, on="recipe").select("unit", "product").unique()
    makers = makers.join(ancestors(frames["units"]), on="unit").select(pl.col("above").alias("unit"), "product").unique()
    odd = reports.select("unit", "product").unique().drop_nulls().join(makers, on=["unit", "product"], how="anti").with_columns(odd=pl.lit(value=True))
    joined = reports.select("unit", "product", "indicator").join(odd, on=["unit", "product"], how="left", maintain_order="left")
    bad = joined["odd"].fill_null(value=False) & (joined["indicator"] == "output")
    shown = joined.select(pl.struct("unit", "product")).to_series()
    expected = "a line of the unit that makes the product"
    remedy = "Add the line, or mend the report; the estimate uses it, and the plan counts no capacity from it."
    return row_faults("reports", "unit, product", "report_without_line", bad, found=shown, expected=expected, remedy=remedy, severity="warning")


def _flows(frames: Frames) -> list[Fault]:
    """Only stocks can change downwards."""
    flows = frames["flows"]
    bad = (flows["quantity"] < 0) & (flows["kind"].cast(pl.String) != "stock_change")
    shown = flows.select(pl.struct("product", "kind", "quantity")).to_series()
    remedy = "Take the sign off; goods that come in are imports, goods that go out exports."
    return row_faults("flows", "quantity", "negative_flow", bad, found=shown, expected="0 or more, unless kind is stock_change", remedy=remedy)
