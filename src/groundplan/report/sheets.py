"""Which sheets a workbook has, and what stands on each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from groundplan.report.content import ReportInput
from groundplan.tables.results import COMPARISONS, FRONTIERS, RESULTS

__all__ = ["Sheet", "sheet_of", "sheets_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A sheet of a workbook.

    Args:
        title: its name.
        sentence: what it holds.
        frame: its rows.
        heads: head of each column.
        notes: what each column means.
        keys: how many columns stay in sight when the sheet is moved sideways.
    """

    title: str
    sentence: str
    frame: pl.DataFrame
    heads: Mapping[str, str]
    notes: Mapping[str, str]
    keys: int = 2


_EXTRA = {
    "name": "Name of the product or unit",
    "name_ko": "Name in Korean",
    "unit_name": "Name of the unit",
    "unit_name_ko": "Name of the unit in Korean",
    "sector": "Sector of the unit",
    "measure": "Unit of measure of the quantities in this row",
}


_ESTIMATES = "What each unit reported and what it really made, by year: reports and medians are summed over the periods of the year, the other columns are their means."
_ESTIMATE_COLUMNS = (
    "reported",
    "median",
    "lower_90",
    "upper_90",
    "probability_overstated",
    "share_report",
    "share_finding",
    "share_claim",
    "share_proxy",
    "share_prior",
    "inspected",
    "group",
)


def sheets_of(shown: ReportInput) -> list[Sheet]:
    """Give the sheets of a run, in the order in which a planner asks; a table that has no rows gets none."""
    economy = shown.economy
    products = economy.products.select("product", "name", "name_ko", "measure")
    units = economy.units.select("unit", pl.col("name").alias("unit_name"), pl.col("name_ko").alias("unit_name_ko"), "sector")
    lines = economy.lines.select("line", "unit", "recipe")

    def with_product(frame: pl.DataFrame) -> pl.DataFrame:
        return _put(frame.join(products, on="product", how="left", maintain_order="left"), "product", ["name", "name_ko", "measure"])

    def with_unit(frame: pl.DataFrame) -> pl.DataFrame:
        return _put(frame.join(units, on="unit", how="left", maintain_order="left"), "unit", ["unit_name", "unit_name_ko", "sector"])

    gaps = shown.table("gaps").sort("priority", "shortfall_share", descending=[False, True], maintain_order=True)
    chances = shown.table("chances").sort("chance", "priority", "product", "period")
    prices = shown.table("shadow_prices").sort("priority", "value", descending=[False, True], nulls_last=True, maintain_order=True)
    line_activities = _put(shown.table("line_activities").join(lines, on="line", how="left", maintain_order="left"), "line", ["unit", "recipe"])
    prepared: Sequence[tuple[str, str, str, pl.DataFrame, int]] = (
        ("Goals and gaps", "Goals, what the plan delivers, and what holds it back.", "gaps", with_product(gaps), 2),
        ("Chances", "With what chance each planned delivery is made, the least sure first.", "chances", with_product(chances), 2),
        ("Joint chances", "With what chance all deliveries are made together.", "joint_chances", shown.table("joint_chances"), 3),
        ("Balances", "The plan's balance of each product and period: sources equal uses.", "outputs", with_product(shown.table("outputs")), 2),
        ("Regional balances", "The balance of each product that is balanced by region.", "regional_outputs", with_product(shown.table("regional_outputs")), 3),
        ("Shipments", "What is moved between regions.", "shipments", with_product(shown.table("shipments")), 4),
        ("Bottlenecks", "What binds, and what one more unit of each limit would be worth.", "shadow_prices", prices.filter(pl.col("kind") != "product"), 2),
        ("Worth of products", "What one more unit of each product would be worth to the goals.", "shadow_prices", prices.filter(pl.col("kind") == "product"), 2),
        ("Targets by line", "What each unit's lines are to run in each period.", "line_activities", with_unit(line_activities), 4),
        ("Estimates by unit", _ESTIMATES, "estimates", with_unit(with_product(_yearly_estimates(shown))), 2),
        ("Suspects", "Units whose reports are probably off by more than 10 %: reasons for a visit, not verdicts.", "suspects", with_unit(shown.table("suspects")), 2),
        ("Totals", "Totals of output, reported and estimated.", "totals", with_product(shown.table("totals")), 3),
        ("Fulfilment", "How the last plan was met.", "fulfilment", shown.table("fulfilment"), 3),
        ("Bunching", "Reports just above 100 % of the target.", "bunching", shown.table("bunching"), 2),
        ("Capacities", "What each line could make.", "capacities", with_unit(shown.table("capacities")), 3),
        ("Activities", "What each pool of lines runs.", "activities", shown.table("activities"), 2),
        ("Uses", "Who uses what.", "allocations", with_product(shown.table("allocations")), 2),
        ("Resources", "Use of each limited resource.", "resource_use", shown.table("resource_use"), 3),
        ("New capacity", "Investment decided by the plan.", "new_capacity", shown.table("new_capacity"), 2),
        ("Most uncertain", "Units whose uncertainty matters most for the plan.", "uncertain", with_unit(with_product(shown.table("uncertain"))), 2),
        ("Calibration", "How honest the intervals are.", "calibration", shown.table("calibration"), 1),
        ("Notes", "What the reader should know.", "notes", shown.table("notes"), 1),
        ("Outcomes", "How each step ended.", "outcomes", shown.table("outcomes"), 1),
    )  # fmt: skip
    return [sheet_of(title, sentence, name, frame, keys) for title, sentence, name, frame, keys in prepared if not frame.is_empty()]


def _yearly_estimates(shown: ReportInput) -> pl.DataFrame:
    """Sum estimates over the periods of each year; where a year has but one, its row stands as it is.

    Quantiles do not add up, so a sum of periods has those of the review, and none where it has no target.
    """
    estimates = shown.table("estimates")
    keys = ["unit", "product", "period"]
    if estimates.is_empty() or not (estimates["period"].str.len_chars() > 4).any():
        return estimates.select("unit", "product", "period", *_ESTIMATE_COLUMNS)
    reviewed = shown.table("fulfilment").filter(pl.col("level") == "unit")
    ends = reviewed.select(pl.col("key").alias("unit"), "product", "period", pl.col("verified_lower_90").alias("lower_90"), pl.col("verified_upper_90").alias("upper_90"))
    shares = [name for name in _ESTIMATE_COLUMNS if name.startswith("share_")]
    sums = estimates.group_by("unit", "product", pl.col("period").str.head(4), maintain_order=True).agg(
        pl.col("reported", "median").sum(), pl.col("probability_overstated", *shares).mean(), pl.col("inspected").any(), pl.col("group").first()
    )
    return sums.join(ends, on=keys, how="left", maintain_order="left").select(*keys, *_ESTIMATE_COLUMNS)


def sheet_of(title: str, sentence: str, name: str, frame: pl.DataFrame, keys: int) -> Sheet:
    """Make a sheet of rows of the result table `name`, whose schema says what the columns mean; `keys` columns stay in sight."""
    schema = (RESULTS | COMPARISONS | FRONTIERS)[name]
    described = {column: str(kind.description) for column, kind in schema.columns().items()}
    notes = {column: _sentence(described.get(column) or _EXTRA.get(column, column)) for column in frame.columns}
    return Sheet(title, sentence, frame, {column: _sentence(column.replace("_", " ")) for column in frame.columns}, notes, keys)


def _put(frame: pl.DataFrame, after: str, names: list[str]) -> pl.DataFrame:
    """Move columns to stand behind another."""
    rest = [column for column in frame.columns if column not in names]
    position = rest.index(after) + 1
    return frame.select(*rest[:position], *(name for name in names if name in frame.columns), *rest[position:])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
