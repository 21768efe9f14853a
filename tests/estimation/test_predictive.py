"""Predictive checks: no unit has a part in what is predicted of it, and groups that do not hold are named."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest

from groundplan.estimation.estimate import estimate
from groundplan.estimation.predictive import NOMINALS, predictive_notes
from groundplan.maths.conformal import conformal_factor, left_out_factors
from groundplan.tables.results import PredictiveChecks, PredictiveCover


@pytest.mark.parametrize("level", [0.5, 0.9])
@pytest.mark.parametrize("number", [2, 7, 60])
def test_a_factor_left_out_is_the_factor_of_all_others(level, number):
    rng = np.random.default_rng(number)
    residual, variance, noise = rng.standard_t(3, number) * 0.2, rng.uniform(0.01, 0.05, number), rng.uniform(0.0, 0.01, number)
    found = left_out_factors(residual, variance, noise, level=level)
    rest = [np.delete(np.arange(number), at) for at in range(number)]
    expected = [conformal_factor(residual[keep], variance[keep], noise[keep], level=level) for keep in rest]
    assert np.allclose(found, expected, rtol=1e-12)


def test_a_single_unit_gets_the_factor_of_nobody():
    assert left_out_factors(np.ones(1), np.ones(1), np.zeros(1), level=0.9).tolist() == [1.0]


def test_each_inspected_unit_has_one_row_with_its_visits(estimated, northland):
    table = PredictiveChecks.validate(estimated.predictive_checks)
    found = northland.economy.findings.filter(pl.col("measure").cast(pl.String) == "output")
    assert set(table["unit"]) <= set(found["unit"])
    visits = found.group_by("unit").agg(pl.col("visit").unique())
    for row in table.join(visits, on="unit").iter_rows(named=True):
        assert set(row["visits"].split(", ")) == set(row["visit"])
    assert np.allclose(table["standardised"], (table["log_found"] - table["log_predicted"]) / np.sqrt(table["log_sd"] ** 2 + table["finding_log_sd"] ** 2))


def test_what_was_found_does_not_move_its_own_prediction(changed, northland, estimated):
    """The variances are those of all units, so they are all that a unit's own finding can move."""
    unit = estimated.predictive_checks["unit"][3]
    raised = pl.when(pl.col("unit") == unit).then(pl.col("value") * 1.1).otherwise(pl.col("value")).alias("value")
    made = estimate(changed(findings=lambda table: table.with_columns(raised)))
    before, after = (one.predictive_checks.filter(pl.col("unit") == unit).row(0, named=True) for one in (estimated, made))
    assert after["log_found"] - before["log_found"] == pytest.approx(np.log(1.1), abs=1e-9)
    assert abs(after["log_predicted"] - before["log_predicted"]) < 0.1 * np.log(1.1)


def test_cover_counts_units_and_gives_their_binomial_interval(estimated):
    table = PredictiveCover.validate(estimated.predictive_cover)
    checks = estimated.predictive_checks
    whole = table.filter(pl.col("level") == "all")
    assert whole["nominal"].to_list() == list(NOMINALS)
    ninety = whole.filter(pl.col("nominal") == 90).row(0, named=True)
    assert ninety["held"] == checks["inside_90"].sum()
    assert whole.filter(pl.col("nominal") == 50)["held"][0] == checks["inside_50"].sum()
    interval = binomtest(ninety["held"], ninety["units"]).proportion_ci(0.95, "exact")
    assert (ninety["lower_95"], ninety["upper_95"]) == pytest.approx((interval.low, interval.high))
    for level in ("sector", "region", "kind", "chosen"):
        assert table.filter((pl.col("level") == level) & (pl.col("nominal") == 90))["units"].sum() == len(checks)


def test_sectors_too_thin_for_a_factor_are_named(estimated):
    assert set(estimated.predictive_checks["factor_from"]) == {"all"}
    assert any("fewer than 50 inspected units" in note.sentence and note.severity == "warning" for note in estimated.notes)


def test_a_group_that_does_not_hold_is_an_alert(estimated):
    row = estimated.predictive_cover.filter((pl.col("level") == "kind") & (pl.col("nominal") == 90)).head(1)
    broken = row.with_columns(cover=pl.lit(0.4), p_value=pl.lit(0.001), is_off=pl.lit(value=True))
    (note,) = predictive_notes(broken)
    assert note.severity == "alert"
    assert "too narrow" in note.sentence


def test_without_findings_nothing_is_checked(changed):
    made = estimate(changed(visits=lambda table: table.clear(), findings=lambda table: table.clear()))
    assert made.predictive_checks.is_empty()
    assert made.predictive_cover.is_empty()
    assert made.design_totals.is_empty()
