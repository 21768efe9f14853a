"""What the report's tests share."""

from datetime import UTC, datetime

import polars as pl

from groundplan.errors import Fault
from groundplan.report.blocks import Figure, Story
from groundplan.report.content import ReportInput
from groundplan.tables.economy import Economy

FAULT = Fault(
    table="reports",
    column="quantity",
    rule="far_from_usual",
    count=3,
    rows=(17, 240, 1031),
    found="12,000 t where 1,200 t are usual",
    expected="a quantity like the unit's others",
    remedy="Ask the unit, then correct reports.csv.",
    severity="warning",
)


def shown_of(economy: Economy, tables: dict[str, pl.DataFrame], faults: tuple[Fault, ...] = ()) -> ReportInput:
    """What a report of these results shows."""
    return ReportInput(economy=economy, results=tables, faults=faults, run_id="20261124-120000-test", made_on=datetime(2026, 11, 24, 12, tzinfo=UTC), version="0.1.0")


def all_figures(story: Story) -> list[Figure]:
    """Every figure of a story."""
    return [answer.figure for answer in story.answers if answer.figure] + [figure for section in story.sections for figure in section.figures]
