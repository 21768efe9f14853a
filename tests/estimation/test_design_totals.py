"""Totals that rest on visits by lot: right on average, intervals that hold, and honest about draws that tell nothing."""

import numpy as np
import polars as pl
import pytest

from groundplan.estimation.design_totals import hajek_variance
from groundplan.estimation.estimate import estimate
from groundplan.tables.results import DesignTotals


def by_lot(probability: float = 0.25):
    """Visits as if all had been drawn by lot."""
    return lambda table: table.with_columns(chosen_by=pl.lit("random"), inclusion_probability=pl.lit(probability))


def test_hajek_variance_is_that_of_simple_random_sampling_where_chances_are_equal():
    values, n, N = np.array([3.0, 5.0, 8.0, 13.0, 1.0]), 5, 20
    expected = N**2 * (1 - n / N) * values.var(ddof=1) / n
    assert hajek_variance(values, np.full(n, n / N), np.zeros(0)) == pytest.approx(expected, rel=1e-12)


def test_units_drawn_for_certain_add_no_variance_and_units_outside_count_as_zeros():
    values, chance = np.array([3.0, 5.0]), np.array([0.1, 0.2])
    alone = hajek_variance(values, chance, np.zeros(0))
    assert hajek_variance(np.append(values, 1000.0), np.append(chance, 1.0), np.zeros(0)) == pytest.approx(alone, rel=1e-12)
    assert hajek_variance(values, chance, np.array([0.3])) == pytest.approx(hajek_variance(np.append(values, 0.0), np.append(chance, 0.3), np.zeros(0)), rel=1e-12)
    assert np.isnan(hajek_variance(np.array([3.0]), np.array([0.1]), np.zeros(0)))


def test_hajek_variance_is_right_on_average_over_draws_with_unequal_chances():
    rng, totals, variances = np.random.default_rng(5), [], []
    made = np.exp(rng.normal(0.0, 0.7, 120))
    chance = 30 * (0.5 + made / made.mean()) / (0.5 + made / made.mean()).sum()
    for _ in range(2000):
        order = rng.permutation(120)
        ends = np.cumsum(chance[order]) + rng.random()
        drawn = order[np.floor(ends + 1e-9) > np.floor(np.append(ends[0] - chance[order[0]], ends[:-1]) + 1e-9)]
        totals.append((made[drawn] / chance[drawn]).sum())
        variances.append(hajek_variance(made[drawn], chance[drawn], np.zeros(0)))
    # Four standard errors of a mean of 2000, and of a variance from 2000.
    assert abs(np.mean(totals) - made.sum()) < 4 * np.std(totals) / np.sqrt(2000)
    assert abs(np.var(totals) / np.mean(variances) - 1) < 4 * np.sqrt(2 / 2000) + 0.05


def test_no_visit_by_lot_gives_no_totals_by_design(changed):
    made = estimate(changed(visits=lambda table: table.with_columns(chosen_by=pl.lit("worth"), inclusion_probability=pl.lit(None, dtype=pl.Float64))))
    assert made.design_totals.is_empty()


def test_one_visit_by_lot_gives_no_standard_error(changed):
    first = pl.int_range(pl.len()) == 0
    lone = {"chosen_by": pl.when(first).then(pl.lit("random")).otherwise(pl.lit("worth")), "inclusion_probability": pl.when(first).then(0.1)}
    table = estimate(changed(visits=lambda visits: visits.with_columns(**lone))).design_totals
    assert len(table)
    assert table["standard_error"].is_null().all()
    assert table["p_value"].is_null().all()


def test_visits_that_were_all_certain_stand_for_nobody_else(changed):
    made = estimate(changed(visits=by_lot(1.0)))
    DesignTotals.validate(made.design_totals)
    # Only products all of whose makers were visited have totals; they have no error but that of measuring.
    assert (made.design_totals["units"] == made.design_totals["certain_units"]).all()


def test_totals_by_design_fit_their_schema_and_lie_near_the_truth(changed, northland):
    made = estimate(changed(visits=by_lot(25 / 90)))
    table = DesignTotals.validate(made.design_totals)
    truth = northland.truth["outputs"].group_by("product", period=pl.col("period").str.slice(0, 4)).agg(truth=pl.col("quantity").sum())
    judged = table.filter((pl.col("level") == "total") & (pl.col("estimator") == "difference") & (pl.col("drawn_units") >= 5)).join(truth, on=["product", "period"])
    assert len(judged)
    assert judged.select(((pl.col("total") / pl.col("truth")).log().abs() < 0.5).all()).item()
    assert table.filter(pl.col("estimator") == "horvitz_thompson")["difference"].is_null().all()


def test_chances_that_do_not_add_up_are_named(changed):
    made = estimate(changed(visits=by_lot(0.9)))
    assert any("stand for" in note.sentence for note in made.notes)
