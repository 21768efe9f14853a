"""What was made beside what was reported: sums of estimates agree with the totals, and stay away where there is nothing to compare."""

import polars as pl
import pytest
from report_runs import shown_of

from groundplan.report.measured import measured_output
from groundplan.report.names import names_of


@pytest.fixture
def one_product(northland):
    """The estimate alone, of one product of which every row has a report, and the total that the estimate gives for it."""
    estimates = northland.table("estimates")
    full = estimates.group_by("product").agg(pl.col("reported").is_not_null().all().alias("full")).filter("full").sort("product")
    product = full["product"][0]
    kept = {name: northland.table(name).filter(pl.col("product") == product) for name in ("estimates", "estimate_factors", "totals")}
    total = kept["totals"].filter(pl.col("level") == "total").sort("period").row(-1, named=True)
    return shown_of(northland.economy, kept), total


def test_the_sum_over_one_product_is_its_total(one_product):
    shown, total = one_product
    found = measured_output(shown, names_of(shown.economy))
    assert found.period == total["period"]
    assert not found.is_of_target
    for end, name in ((found.total.value, "median"), (found.total.lower, "lower_90"), (found.total.upper, "upper_90")):
        assert end * total["reported"] == pytest.approx(total[name], rel=1e-9)


def test_where_nobody_reports_there_is_nothing_to_compare(one_product, silent):
    shown, _ = one_product
    unreported = shown.table("estimates").with_columns(pl.lit(None, pl.Float64).alias("reported"))
    assert measured_output(shown_of(shown.economy, {"estimates": unreported, "totals": shown.table("totals")}), names_of(shown.economy)) is None
    assert measured_output(silent, names_of(silent.economy)) is None


def test_sectors_that_report_too_much_stand_first(parts):
    found = measured_output(parts["review"], names_of(parts["review"].economy))
    assert found.is_of_target
    gaps = [item.reported - item.value for item in found.sectors]
    assert gaps == sorted(gaps, reverse=True)
