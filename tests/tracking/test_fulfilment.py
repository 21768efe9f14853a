"""Review of the last plan: by hand."""

import numpy as np
import polars as pl
import pytest

from groundplan.tables.economy import Economy
from groundplan.tables.facts import FACTS
from groundplan.tables.results import Bunching, EstimateFactors, Estimates, Fulfilment
from groundplan.tables.settings import Settings
from groundplan.tracking.bunching import excess_mass
from groundplan.tracking.fulfilment import review

MONTHS = [f"2020-{month:02d}" for month in range(1, 13)]


def frame(schema, rows):
    base = dict.fromkeys(schema.column_names())
    return pl.DataFrame([base | row for row in rows], schema=dict(schema.create_empty().schema))


def economy(reports, targets):
    units = [{"unit": unit, "kind": "enterprise", "sector": "steel", "region": "north", "major": False} for unit in ("a", "b")]
    return Economy.from_tables(
        Settings(base_period="2020"),
        {"units": frame(FACTS["units"], units), "reports": frame(FACTS["reports"], reports), "targets": frame(FACTS["targets"], targets)},
    )


def report(unit, period, quantity, version=1, product="steel"):
    return {"unit": unit, "product": product, "indicator": "output", "period": period, "version": version, "quantity": quantity}


def target(unit, period, quantity, plan="P1", version=1, product="steel"):
    return {"plan": plan, "version": version, "unit": unit, "product": product, "indicator": "output", "period": period, "quantity": quantity}


def estimate(unit, period, median, sd, product="steel"):
    return {"unit": unit, "product": product, "period": period, "median": median, "log_sd": sd, "own_log_sd": 0.0, "inspected": False}


def at(table, level, key, product="steel"):
    return table.filter((pl.col("level") == level) & (pl.col("key") == key) & (pl.col("product") == product)).to_dicts()[0]


def test_reports_of_months_are_summed_against_the_target_of_their_year():
    reports = [report(unit, month, 10.0) for unit in "ab" for month in MONTHS]
    result = review(economy(reports, [target("a", "2020", 100.0), target("b", "2020", 150.0)]))
    total = at(result.fulfilment, "total", "all")
    assert (total["target"], total["reported"]) == (250.0, 240.0)
    assert total["reported_fulfilment"] == pytest.approx(0.96)
    assert at(result.fulfilment, "unit", "a")["reported_fulfilment"] == pytest.approx(1.2)
    assert total["storming_index"] == pytest.approx(1 / 3)
    assert total["verified"] is None
    assert Fulfilment.is_valid(result.fulfilment)
    assert Bunching.is_valid(result.bunching)


def test_a_correction_replaces_the_first_report():
    reports = [report("a", "2020", 100.0), report("a", "2020", 90.0, version=2)]
    assert at(review(economy(reports, [target("a", "2020", 100.0)])).fulfilment, "unit", "a")["reported"] == 90.0


def test_only_the_last_plan_counts_and_only_up_to_the_base_period():
    targets = [target("a", "2019", 50.0, plan="P0"), target("a", "2020", 100.0), target("a", "2021", 120.0, plan="P2"), target("a", "2020", 110.0, version=2)]
    result = review(economy([report("a", year, 100.0) for year in ("2019", "2020")], targets))
    assert result.fulfilment["period"].unique().to_list() == ["2020"]
    assert at(result.fulfilment, "unit", "a")["target"] == 110.0


def test_a_target_met_on_paper_only_is_said_so():
    estimates = frame(Estimates, [estimate("a", month, 8.0, 0.05) for month in MONTHS])
    factors = frame(EstimateFactors, [{"unit": "a", "product": "steel", "factor": "unit|a", "loading": 0.05}])
    result = review(economy([report("a", month, 10.0) for month in MONTHS], [target("a", "2020", 120.0)]), estimates=estimates, estimate_factors=factors)
    row = at(result.fulfilment, "unit", "a")
    assert row["met_on_paper_only"]
    # The unit's own error is the same in all twelve months, so that it does not average out.
    assert row["verified"] == pytest.approx(96.0, rel=1e-3)
    assert np.log(row["verified_upper_90"] / row["verified"]) == pytest.approx(1.645 * 0.05, rel=1e-3)
    assert row["paper_gap"] == pytest.approx(0.2, abs=1e-3)


def test_independent_errors_average_out_and_shared_ones_do_not():
    estimates = frame(Estimates, [{**estimate(unit, "2020", 100.0, 0.1), "own_log_sd": 0.1} for unit in "ab"])
    reports, targets = [report(unit, "2020", 100.0) for unit in "ab"], [target(unit, "2020", 100.0) for unit in "ab"]
    alone = at(review(economy(reports, targets), estimates=estimates).fulfilment, "total", "all")
    shared_factors = frame(EstimateFactors, [{"unit": unit, "product": "steel", "factor": "bias", "loading": 0.1} for unit in "ab"])
    together = at(review(economy(reports, targets), estimates=estimates.with_columns(own_log_sd=pl.lit(0.0)), estimate_factors=shared_factors).fulfilment, "total", "all")
    widths = [np.log(row["verified_upper_90"] / row["verified_lower_90"]) for row in (alone, together)]
    assert widths[1] / widths[0] == pytest.approx(np.sqrt(2), rel=0.01)


def test_products_of_different_measures_are_averaged_by_share_of_target():
    reports = [report("a", "2020", 50.0), report("a", "2020", 2e6, product="cloth")]
    targets = [target("a", "2020", 100.0), target("a", "2020", 2e6, product="cloth")]
    assert at(review(economy(reports, targets)).fulfilment, "total", "all", product="all")["reported_fulfilment"] == pytest.approx(0.75)


def test_no_targets_is_an_outcome_in_words():
    result = review(economy([report("a", "2020", 1.0)], []))
    assert result.outcome.status == "no_data"
    assert result.fulfilment.is_empty()


def test_half_a_year_of_reports_is_said_so():
    result = review(economy([report("a", month, 10.0) for month in MONTHS[:6]], [target("a", "2020", 120.0)]))
    assert any(note.subject == "reports" and "part of their period" in note.sentence for note in result.notes)


def test_smooth_ratios_show_no_excess_and_bunched_ones_do():
    rng = np.random.default_rng(3)
    ratios = rng.normal(1.0, 0.12, 20_000)
    units = np.arange(20_000) // 5
    smooth = excess_mass(ratios, units, np.random.default_rng(1))
    assert abs(smooth.excess) < 3 * smooth.standard_error
    moved = np.where((ratios > 0.96) & (ratios < 1.0) & (rng.random(20_000) < 0.5), 1.005, ratios)
    bunched = excess_mass(moved, units, np.random.default_rng(1))
    below = ((ratios > 0.96) & (ratios < 1.0)).sum() / 2
    assert bunched.excess * bunched.expected == pytest.approx(below, rel=0.15)
    assert bunched.excess > 5 * bunched.standard_error


def test_too_few_reports_give_no_excess_rather_than_a_wrong_one():
    bunch = excess_mass(np.array([1.01]), np.array([0]), np.random.default_rng(1))
    assert np.isnan(bunch.excess)
