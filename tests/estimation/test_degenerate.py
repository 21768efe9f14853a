"""Input that lacks something: the estimate goes on and says what it rests on."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from groundplan.estimation.estimate import estimate
from groundplan.loop.chain import run_chain
from groundplan.tables.bundles import Estimate


def texts(made: Estimate, severity: str | None = None) -> str:
    return " ".join(note.sentence for note in made.notes if severity in (None, note.severity))


def width(made: Estimate) -> float:
    return float(made.estimates["log_sd"].drop_nulls().mean())


def none(table: pl.DataFrame) -> pl.DataFrame:
    return table.clear()


def test_without_findings_intervals_widen_and_an_alert_says_so(changed, estimated, sound):
    made = sound(estimate(changed(visits=none, findings=none)))
    assert "Nobody has measured output" in texts(made, "alert")
    assert width(made) > 1.2 * width(estimated)
    assert made.calibration.filter(pl.col("group") == "all")["findings"].to_list() == [0]
    assert not made.estimates["inspected"].any()


def test_without_findings_the_truth_still_lies_within(changed, northland):
    made = estimate(changed(visits=none, findings=none))
    rows = made.estimates.join(northland.truth["outputs"].rename({"quantity": "truth"}), on=["unit", "product", "period"]).filter(pl.col("truth") > 0)
    assert rows.select(pl.col("truth").is_between("lower_90", "upper_90").mean()).item() > 0.75


def test_without_proxies(changed, sound):
    made = sound(estimate(changed(proxies=none)))
    assert "no proxies" in texts(made)
    assert (made.estimates["share_proxy"] == 0).all()


def test_without_lines(changed, sound):
    made = sound(estimate(changed(lines=none)))
    assert made.outcome.status == "done"
    assert made.capacities.is_empty()


def test_without_targets(changed, sound):
    assert sound(estimate(changed(targets=none))).outcome.status == "done"


def test_with_reports_alone(changed, sound):
    made = sound(estimate(changed(proxies=none, lines=none, targets=none, visits=none, findings=none)))
    reported = made.estimates.filter(pl.col("reported") > 0)
    # Nothing contradicts the reports, and nothing bears them out: medians near them, the stated prior around them.
    assert np.abs((reported["median"] / reported["reported"]).log().to_numpy()).max() < 0.3
    assert width(made) > 0.25


def test_without_any_report_nameplates_and_proxies_speak(changed, northland, sound):
    made = sound(estimate(changed(reports=none)))
    assert made.outcome.status == "done"
    assert "no usable report" in texts(made)
    assert made.estimates["reported"].is_null().all()
    truth = northland.truth["outputs"].rename({"quantity": "truth"})
    rows = made.estimates.join(truth, on=["unit", "product", "period"]).filter(pl.col("truth") > 0)
    assert abs((rows["median"] / rows["truth"]).log().median()) < 0.4
    assert rows.select(pl.col("truth").is_between("lower_90", "upper_90").mean()).item() > 0.7


def test_nothing_at_all_is_no_data_in_words(changed):
    empty = dict.fromkeys(("reports", "lines", "proxies", "targets", "visits", "findings"), none)
    made = estimate(changed(**empty))
    assert made.outcome.status == "no_data"
    assert "nothing can be estimated" in made.outcome.sentence
    assert made.estimates.is_empty()


def test_a_unit_that_never_reports_is_judged_by_nameplate_and_proxies(changed, northland, sound):
    silent = northland.economy.reports["unit"][0]
    made = sound(estimate(changed(reports=lambda table: table.filter(pl.col("unit") != silent))))
    rows = made.estimates.filter(pl.col("unit") == silent)
    truth = northland.truth["outputs"].rename({"quantity": "truth"}).filter((pl.col("unit") == silent) & (pl.col("truth") > 0))
    both = rows.join(truth, on=["unit", "product", "period"])
    assert len(both) == len(truth)
    assert both["reported"].is_null().all()
    assert abs((both["median"] / both["truth"]).log().mean()) < 0.6
    others = made.estimates.filter((pl.col("unit") != silent) & ~pl.col("inspected"))["log_sd"].mean()
    assert both["log_sd"].mean() > others


def test_a_unit_of_which_nothing_is_known_is_named(changed, northland, sound):
    silent = northland.economy.reports["unit"][0]
    without = {name: (lambda table: table.filter(pl.col("unit") != silent)) for name in ("reports", "proxies", "findings", "visits", "targets")}
    no_plate = {"lines": lambda table: table.with_columns(pl.when(pl.col("unit") == silent).then(0.0).otherwise(pl.col("capacity")).alias("capacity"))}
    made = sound(estimate(changed(**without, **no_plate)))
    assert f"cannot be estimated: no report, finding, proxy or nameplate speaks of them ({silent}" in texts(made, "warning")
    assert made.estimates.filter(pl.col("unit") == silent).is_empty()


def test_a_unit_with_three_months_of_reports(changed, northland, sound):
    late = northland.economy.reports["unit"][0]
    few = lambda table: table.filter((pl.col("unit") != late) | (pl.col("period") >= "2020-10"))  # noqa: E731
    made = sound(estimate(changed(reports=few)))
    rows = made.estimates.filter(pl.col("unit") == late)
    reported, filled = rows.filter(pl.col("reported").is_not_null()), rows.filter(pl.col("reported").is_null())
    assert reported["period"].n_unique() == 3
    # Its electricity reads in all months, so it stood and ran; what it made is filled in with wider intervals.
    assert filled["period"].n_unique() == 21
    assert filled["log_sd"].mean() > reported["log_sd"].drop_nulls().mean()
    truth = northland.truth["outputs"].rename({"quantity": "truth"}).filter(pl.col("truth") > 0)
    assert abs(filled.join(truth, on=["unit", "product", "period"]).select((pl.col("median") / pl.col("truth")).log().median()).item()) < 0.4


def test_a_reported_zero_is_zero_and_stays_in_the_table(changed, northland, sound):
    first = northland.economy.reports.filter(pl.col("quantity") > 0).row(0, named=True)
    is_first = (pl.col("unit") == first["unit"]) & (pl.col("product") == first["product"]) & (pl.col("period") == first["period"])
    made = sound(estimate(changed(reports=lambda table: table.with_columns(pl.when(is_first).then(0.0).otherwise(pl.col("quantity")).alias("quantity")))))
    row = made.estimates.filter(is_first).row(0, named=True)
    assert (row["reported"], row["median"], row["lower_90"], row["upper_90"]) == (0.0, 0.0, 0.0, 0.0)
    assert row["log_mean"] is None
    assert row["log_sd"] is None


def test_all_reports_zero(changed, sound):
    made = sound(estimate(changed(reports=lambda table: table.with_columns(quantity=pl.lit(0.0)), visits=none, findings=none)))
    assert (made.estimates["median"] == 0).all()


def test_a_finding_of_zero_against_a_report(changed, northland, sound):
    found = northland.economy.findings.filter(pl.col("measure").cast(pl.String) == "output").row(0, named=True)
    is_found = pl.all_horizontal(pl.col(name) == found[name] for name in ("unit", "product", "period"))
    standing = pl.when(is_found & (pl.col("measure").cast(pl.String) == "output")).then(0.0).otherwise(pl.col("value")).alias("value")
    made = sound(estimate(changed(findings=lambda table: table.with_columns(standing))))
    row = made.estimates.filter(is_found).row(0, named=True)
    assert row["median"] == 0.0
    assert row["probability_overstated"] == 1.0


def test_the_latest_version_of_a_report_counts(changed, northland, sound):
    row = northland.economy.reports.filter(pl.col("quantity") > 0).head(1)
    later = row.with_columns(version=pl.lit(7, pl.Int64), quantity=pl.col("quantity") * 1.01)
    # The correction stands first in the table: the version decides, not the order.
    made = sound(estimate(changed(reports=lambda table: pl.concat([later, table]))))
    seen = made.estimates.join(later.select("unit", "product", "period", "quantity"), on=["unit", "product", "period"])
    assert seen["reported"].to_list() == seen["quantity"].to_list()


def test_decimal_slips_and_doubled_months_do_not_wreck_a_unit(changed, northland, estimated, sound):
    latest = northland.economy.reports.filter(pl.col("quantity") > 0)
    unit, product = latest.row(0, named=True)["unit"], latest.row(0, named=True)["product"]
    mine = (pl.col("unit") == unit) & (pl.col("product") == product)
    factor = (
        pl.when(mine & (pl.col("period") == "2019-05")).then(10.0).when(mine & (pl.col("period") == "2020-03")).then(0.1).when(mine & (pl.col("period") == "2020-07")).then(2.0)
    )
    slipped = lambda table: table.with_columns(quantity=pl.col("quantity") * factor.otherwise(1.0))  # noqa: E731
    made = sound(estimate(changed(reports=slipped)))
    assert "3 reports look like slips" in texts(made, "warning")
    both = made.estimates.filter(mine).join(estimated.estimates, on=["unit", "product", "period"], suffix="_before")
    moved = np.abs((both["median"] / both["median_before"]).log().to_numpy())
    assert moved.max() < 0.3
    assert np.median(moved) < 0.02


def test_slips_are_seen_without_proxies_too(changed, northland):
    row = northland.economy.reports.filter(pl.col("quantity") > 0).row(0, named=True)
    mine = (pl.col("unit") == row["unit"]) & (pl.col("product") == row["product"]) & (pl.col("period") == "2019-05")
    slipped = lambda table: table.with_columns(quantity=pl.col("quantity") * pl.when(mine).then(10.0).otherwise(1.0))  # noqa: E731
    made = estimate(changed(reports=slipped, proxies=none))
    assert "look like slips" in texts(made, "warning")


def test_a_month_at_half_output_that_electricity_bears_out_is_believed(estimated, northland):
    # Northland has months in which a line stood ready half the time; none of them is a slip, and nothing else is in its last versions.
    assert "slips" not in texts(estimated)


def test_one_unit_with_one_report(make_economy, sound):
    rows = {
        "units": [{"unit": "E1"}],
        "products": [{"product": "steel", "measure": "t"}],
        "reports": [{"unit": "E1", "product": "steel", "period": "2020-01", "quantity": 8.0}],
    }
    made = sound(estimate(make_economy(rows)))
    assert len(made.estimates) == 1
    assert made.estimates["median"][0] == pytest.approx(8.0)
    assert len(made.totals) == 3


def test_the_small_economy_of_the_tests_goes_through(small_economy, sound):
    made = sound(estimate(small_economy))
    steel = made.estimates.filter((pl.col("unit") == "E1") & (pl.col("period") == "2020-01")).row(0, named=True)
    # The workshop's weighing of 6.9 t stands for the works that report 8.0 t: it is their only steel line.
    assert steel["inspected"]
    assert abs(steel["median"] - 6.9) < 0.35
    assert made.capacities["line"].to_list() == ["L1", "L2"]


def test_one_unit_of_many_months_with_one_visit(make_economy, sound):
    periods = [f"2020-{month:02d}" for month in range(1, 13)]
    rows = {
        "units": [{"unit": "E1", "sector": "steel", "region": "north"}],
        "products": [{"product": "steel", "measure": "t"}],
        "reports": [{"unit": "E1", "product": "steel", "period": period, "quantity": 120.0} for period in periods],
        "visits": [{"visit": "V1", "unit": "E1", "start": date(2020, 12, 1)}],
        "findings": [{"visit": "V1", "unit": "E1", "product": "steel", "period": period, "value": 100.0, "method": "weighing"} for period in periods[3:6]],
    }
    made = sound(estimate(make_economy(rows)))
    january = made.estimates.row(0, named=True)
    assert 98.0 < january["median"] < 106.0
    assert january["log_bias"] > 0.12
    assert made.estimates.row(4, named=True)["log_sd"] < january["log_sd"]


def test_the_chain_runs_on_findings_of_periods_nobody_reported(changed, northland, sound):
    periods = northland.economy.findings["period"].unique().to_list()
    made = sound(estimate(changed(reports=lambda table: table.filter(~pl.col("period").is_in(periods)))))
    assert made.outcome.status == "done"


def test_review_takes_the_estimate(northland):
    chain = run_chain(northland.economy, last="review")
    assert chain.review is not None
    verified = chain.review.fulfilment.filter((pl.col("level") == "total") & (pl.col("product") != "all"))
    totals = chain.estimate.totals.filter(pl.col("level") == "total")
    both = verified.join(totals, on=["product", "period"])
    # Both add the same estimates up in the same way.
    assert len(both) > 0
    assert np.allclose(both["verified"], both["median"], rtol=1e-9)
    assert np.allclose(both["verified_upper_90"], both["upper_90"], rtol=1e-9)


def test_yearly_and_monthly_reports_side_by_side_are_not_added_twice(changed, northland, sound):
    reports = northland.economy.reports
    latest = reports.filter(pl.col("version") == pl.col("version").max().over("unit", "product", "period"))
    yearly = latest.with_columns(pl.col("period").str.slice(0, 4)).group_by("unit", "product", "period").agg(pl.col("quantity", "declared_capacity").sum())
    yearly = yearly.with_columns(indicator=pl.lit("output"), version=pl.lit(1, pl.Int64), reported_on=pl.lit(None, pl.Date), status=pl.lit(None, pl.String))
    first = latest["unit"].unique().sort().to_list()[::2]
    mixed = pl.concat([latest.filter(pl.col("unit").is_in(first)), yearly.filter(~pl.col("unit").is_in(first)).select(reports.columns)])
    made = sound(estimate(changed(reports=mixed)))
    spans = made.estimates.with_columns(pl.col("period").str.len_chars().alias("length")).group_by("unit", "product").agg(pl.col("length").n_unique())
    # A unit whose findings are of months keeps those months beside its years.
    inspected = made.estimates.filter("inspected")["unit"].unique().to_list()
    assert spans.filter(~pl.col("unit").is_in(inspected))["length"].max() == 1
    truth = northland.truth["outputs"].group_by("product", pl.col("period").str.slice(0, 4)).agg(pl.col("quantity").sum().alias("truth"))
    totals = made.totals.filter(pl.col("level") == "total").join(truth, on=["product", "period"])
    assert abs((totals["median"] / totals["truth"]).log().median()) < 0.15


def test_reports_beyond_any_measure_count_as_missing(changed, northland, sound):
    unit = northland.economy.reports["unit"][0]
    absurd = lambda table: table.with_columns(quantity=pl.when(pl.col("unit") == unit).then(1e300).otherwise(pl.col("quantity")))  # noqa: E731
    made = sound(estimate(changed(reports=absurd)))
    assert "beyond any measure" in texts(made, "warning")
    assert made.estimates.filter(pl.col("unit") == unit)["median"].max() < 1e12


def test_plates_meters_and_reports_in_a_wrong_unit_of_measure(changed, northland, estimated, sound):
    units = northland.economy.reports["unit"].unique().sort()[:4].to_list()
    wrong = lambda name: lambda table: table.with_columns(pl.when(pl.col("unit").is_in(units)).then(pl.col(name) * 1000).otherwise(pl.col(name)).alias(name))  # noqa: E731
    truth = northland.truth["outputs"].rename({"quantity": "truth"}).filter(pl.col("truth") > 0)

    def error(made: Estimate) -> float:
        rows = made.estimates.join(truth, on=["unit", "product", "period"]).filter(~pl.col("unit").is_in(units))
        return float((rows["median"] / rows["truth"]).log().pow(2).mean() ** 0.5)

    for tables in ({"lines": wrong("capacity")}, {"proxies": wrong("value")}, {"reports": wrong("quantity")}):
        made = sound(estimate(changed(**tables)))
        # The others are not drawn along.
        assert error(made) < 1.3 * error(estimated)


def test_where_nobody_reports_capacities_are_as_stated_and_no_output_is_estimated(changed, sound):
    made = sound(estimate(changed(reports=none, visits=none, findings=none, proxies=none)))
    assert made.outcome.sentence.startswith("Nobody reports output, so none is estimated")
    assert made.estimates.is_empty()
    assert made.totals.is_empty()
    lines = made.capacities.filter(pl.col("nameplate") > 0)
    assert np.allclose(lines["median"], lines["nameplate"], rtol=1e-12)
    # One line of one product in its unit has exactly the stated error: country 0.15, sector 0.03, plant 0.15.
    assert lines["log_sd"].min() == pytest.approx(np.sqrt(2 * 0.15**2 + 0.03**2))
    assert lines["basis"].unique().to_list() == ["nameplate"]
    assert "flatter" not in texts(made)
    assert "taken as stated, with an assumed error of 24%" in texts(made, "warning")


def test_sectors_that_do_not_report_beside_one_that_does(changed, northland, sound):
    food = northland.economy.units.filter(pl.col("sector") == "food")["unit"].to_list()
    theirs = lambda table: table.filter(pl.col("unit").is_in(food))  # noqa: E731
    made = sound(estimate(changed(reports=theirs, proxies=theirs, visits=none, findings=none)))
    assert set(made.estimates["unit"]) <= set(food)
    others = made.capacities.filter(~pl.col("unit").is_in(food) & (pl.col("nameplate") > 0))
    assert np.allclose(others["median"], others["nameplate"], rtol=1e-12)
    assert others["log_sd"].min() == pytest.approx(np.sqrt(2 * 0.15**2 + 0.03**2))
    assert "Nobody reports in 11 sectors" in texts(made, "warning")
    assert "how far reports flatter" in texts(made, "alert")


def test_totals_of_what_nobody_reports_have_no_reported_sum(changed, northland, sound):
    product = "electricity"
    made = sound(estimate(changed(reports=lambda table: table.filter(pl.col("product") != product))))
    total = made.totals.filter(pl.col("level") == "total")
    assert total.filter(pl.col("product") == product)["reported"].is_null().all()
    assert total.filter(pl.col("product") == product)["median"].min() > 0
    assert total.filter(pl.col("product") != product)["reported"].is_not_null().all()


def test_peaks_of_output_that_was_judged_by_nameplates_say_nothing_of_these(changed):
    made = estimate(changed(reports=none))
    assert not made.capacities["basis"].str.contains("peaks").any()


def test_a_finding_of_a_year_is_set_against_the_sum_of_its_months(changed, northland, sound):
    outputs = northland.economy.findings.filter(pl.col("measure").cast(pl.String) == "output").unique(["visit", "unit", "product"], keep="first", maintain_order=True)
    years = northland.truth["outputs"].filter(pl.col("period").str.starts_with("2020")).group_by("unit", "product").agg(pl.col("quantity").sum().alias("year"))
    yearly = outputs.join(years, on=["unit", "product"], maintain_order="left").with_columns(period=pl.lit("2020"), value=pl.col("year"), relative_error=pl.lit(0.02))
    made = sound(estimate(changed(findings=yearly.select(northland.economy.findings.columns))))
    assert "set against the sum of the reports inside them" in texts(made, "info")
    rows = made.estimates.filter(pl.col("inspected") & pl.col("period").str.starts_with("2020"))
    sums = rows.group_by("unit", "product").agg(pl.col("median").sum(), pl.len()).join(years, on=["unit", "product"]).filter((pl.col("len") == 12) & (pl.col("year") > 0))
    # The year's total is what was found, give or take the 2 % of the finding and what a unit's products differ by.
    assert len(sums) > 10
    assert np.abs((sums["median"] / sums["year"]).log().to_numpy()).mean() < 0.05


def test_a_finding_of_a_month_beside_reports_of_quarters_is_noted_and_not_used(make_economy, sound):
    rows = {
        "units": [{"unit": "E1"}],
        "products": [{"product": "steel", "measure": "t"}],
        "reports": [{"unit": "E1", "product": "steel", "period": f"2020-Q{quarter}", "quantity": 300.0} for quarter in (1, 2, 3, 4)],
        "visits": [{"visit": "V1", "unit": "E1"}],
        "findings": [{"visit": "V1", "unit": "E1", "product": "steel", "period": "2020-05", "value": 80.0, "method": "weighing"}],
    }
    made = sound(estimate(make_economy(rows)))
    assert "1 findings of output belong to periods that reports neither have nor make up" in texts(made, "warning")
    assert not made.estimates["inspected"].any()
