"""Visits, findings and proxies: honest errors of the size that stands beside them."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from groundplan.period import parse_period
from groundplan.simulation.northland import Simulated, simulate_northland


@pytest.fixture(scope="module")
def many_visits() -> Simulated:
    return simulate_northland(2, enterprises=600, months=24, visits=300)


def findings_with_truth(simulated: Simulated, measure: str) -> pl.DataFrame:
    findings = simulated.economy.findings.filter(pl.col("measure") == measure)
    return findings.join(simulated.truth["outputs"].rename({"quantity": "true"}), on=["unit", "product", "period"], how="left", validate="m:1")


def test_findings_err_as_their_relative_error_says(many_visits):
    found = findings_with_truth(many_visits, "output").filter(pl.col("true") > 0)
    studentised = ((found["value"] / found["true"]).log() / found["relative_error"]).to_numpy()

    assert found["true"].null_count() == 0
    # Means and variances of n normal errors lie this close with a chance beyond 0.9999.
    assert abs(studentised.mean()) < 4 / np.sqrt(len(studentised))
    assert abs(studentised.std() - 1) < 4 / np.sqrt(2 * len(studentised))


def test_capacity_findings_err_as_their_relative_error_says(many_visits):
    found = findings_with_truth(many_visits, "capacity")
    lines = many_visits.economy.lines.join(many_visits.truth["capacities"], on="line", suffix="_true")
    outputs = many_visits.economy.recipes.filter(pl.col("role") == "out").select("recipe", product="item", yields="amount")
    capacity = lines.join(outputs, on="recipe").group_by("unit", "product").agg(capacity=(pl.col("capacity_true") * pl.col("yields") * pl.col("efficiency")).sum() / 12)
    error = found.join(capacity, on=["unit", "product"]).select((pl.col("value") / pl.col("capacity")).log() / pl.col("relative_error")).to_series()

    # Capacity grew by one or two hundredths a year since the month found.
    assert len(error) == found.height > 300
    assert abs(error.median()) < 0.5
    assert 0.85 < error.std() < 1.2


def test_output_never_exceeds_capacity_found(many_visits):
    """Monthly output is at most true monthly capacity."""
    lines = many_visits.economy.lines.join(many_visits.truth["capacities"], on="line", suffix="_true")
    outputs = many_visits.economy.recipes.filter(pl.col("role") == "out").select("recipe", product="item", yields="amount")
    capacity = lines.join(outputs, on="recipe").group_by("unit", "product").agg(capacity=(pl.col("capacity_true") * pl.col("yields") * pl.col("efficiency")).sum() / 12)
    compared = many_visits.truth["outputs"].join(capacity, on=["unit", "product"])

    assert (compared["quantity"] <= compared["capacity"] * (1 + 1e-9)).all()


def test_visits_find_the_past_in_the_base_year(many_visits):
    visits = many_visits.economy.visits
    found = many_visits.economy.findings.join(visits, on="visit", suffix="_visited")
    ends = found["period"].map_elements(lambda text: parse_period(text).end, return_dtype=pl.Date)
    months = found.filter(pl.col("measure") == "output").group_by("visit", "product").len()

    assert (found["unit"] == found["unit_visited"]).all()
    assert (ends <= found["start"]).all()
    assert visits["end"].max() < date(2021, 1, 1)
    assert visits["unit"].n_unique() == visits.height
    assert months["len"].is_between(3, 6).all()
    assert found["visit"].n_unique() == visits.height


def test_the_drawn_visits_state_their_probability():
    """Over many draws the sum of 1/probability is the number of units, which is what makes totals from them unbiased."""
    sizes = []
    for seed in range(60):
        visits = simulate_northland(seed, enterprises=100, months=12, visits=40).economy.visits
        drawn = visits.filter(pl.col("chosen_by") == "random")
        assert visits.filter(pl.col("chosen_by") == "worth")["inclusion_probability"].null_count() == visits.height - drawn.height
        assert drawn.height == 12
        sizes.append((1 / drawn["inclusion_probability"]).sum())

    np.testing.assert_allclose(sizes, 100, rtol=1e-9)


def test_electricity_follows_output_and_headcount_follows_slowly(many_visits):
    outputs = many_visits.truth["outputs"]
    single = outputs.filter(pl.col("product").n_unique().over("unit") == 1, pl.col("quantity").min().over("unit") > 0)
    wide = many_visits.economy.proxies.pivot(on="indicator", index=["unit", "period"], values="value").join(single, on=["unit", "period"]).sort("unit", "period")
    within = wide.with_columns(pl.col("electricity", "headcount", "quantity").log() - pl.col("electricity", "headcount", "quantity").log().mean().over("unit"))
    slope = {name: float((within[name] * within["quantity"]).sum() / (within["quantity"] ** 2).sum()) for name in ("electricity", "headcount")}

    assert slope["electricity"] == pytest.approx(0.9, abs=0.02)
    assert 0.05 < slope["headcount"] < 0.4


def test_size_of_reported_padding_varies_by_kind(many_visits):
    reporting = many_visits.truth["reporting"].group_by("kind").agg(pl.col("mean_log_error").mean(), pl.len())
    level = dict(reporting.select("kind", "mean_log_error").iter_rows())

    assert level["honest"] < level["padder"]
    assert level["honest"] < level["pleaser"]
    assert 0.35 < float(reporting.filter(pl.col("kind") == "honest")["len"][0]) / 600 < 0.65
