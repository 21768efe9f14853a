"""Whose reports are doubted: who is named, how surely, and with what words."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from groundplan.estimation.estimate import estimate


@pytest.fixture(scope="module")
def listed(northland, estimated):
    """The list, with what each unit really reports too much over the base year (mean of logs over its products)."""
    year = pl.col("period").str.head(4) == northland.economy.settings.base_period
    truth = northland.truth["outputs"].rename({"quantity": "truth"})
    both = estimated.estimates.filter(year & pl.col("reported").is_not_null()).join(truth, on=["unit", "product", "period"])
    sums = both.group_by("unit", "product").agg(pl.col("reported", "truth").sum()).filter((pl.col("reported") > 0) & (pl.col("truth") > 0))
    real = sums.group_by("unit").agg((pl.col("reported") / pl.col("truth")).log().mean().alias("real"))
    return estimated.suspects.join(real, on="unit", how="left", maintain_order="left")


def test_those_flagged_are_mostly_off_and_in_the_direction_given(listed):
    flagged = listed.filter("flagged")
    assert len(flagged) >= 15
    right = pl.when(pl.col("direction") == "above").then(pl.col("real") > np.log(1.1)).otherwise(pl.col("real") < np.log(0.9))
    # Chance alone would do worse than this one time in a hundred, were one in ten wrong.
    assert flagged.select(right.mean()).item() >= 0.75


def test_the_list_is_ranked_by_how_sure_it_is_and_its_figures_agree(listed):
    assert listed["rank"].to_list() == list(range(1, len(listed) + 1))
    assert listed["probability"].is_sorted(descending=True)
    assert listed["probability"].min() >= 0.5
    assert listed["flagged"].cast(int).is_sorted(descending=True)
    assert (listed["lower_90"] < listed["bias"]).all()
    assert (listed["bias"] < listed["upper_90"]).all()
    assert np.allclose(listed["false_share"], (1 - listed["probability"]).cum_sum() / listed["rank"], atol=1e-12)


def test_intervals_of_the_bias_hold_what_is_real(listed):
    held = listed.filter(pl.col("real").is_not_null()).select(pl.col("real").exp().sub(1).is_between("lower_90", "upper_90").mean()).item()
    assert 0.75 <= held <= 1.0


def test_the_words_tell_of_findings_where_there_are_some(listed, northland):
    visited = northland.economy.findings.filter(pl.col("measure") == "output")["unit"].unique().to_list()
    of_inspected = listed.filter(pl.col("unit").is_in(visited) & (pl.col("probability") > 0.99))
    assert len(of_inspected) >= 3
    assert of_inspected["evidence"].str.contains(r"what its (one finding|\d+ findings) measured").all()
    others = listed.filter(~pl.col("unit").is_in(visited))
    assert not others["evidence"].str.contains("measured").any()
    assert others["evidence"].str.contains("supports|units like it").all()
    assert not listed["evidence"].str.contains(r"reports 0%").any()


def best_metered(estimated, northland, kept):
    """The unit that nobody inspected and of which proxies say most, among those that an expression keeps."""
    found = northland.economy.findings["unit"].to_list()
    rows = estimated.estimates.filter(~pl.col("unit").is_in(found) & kept)
    return rows.group_by("unit").agg(pl.col("share_proxy").mean()).sort("share_proxy", "unit", descending=[True, False])["unit"][0]


def scaled(unit, factor):
    """Changes reports of output: those of one unit are multiplied by a factor."""
    reported = (pl.col("unit") == unit) & (pl.col("indicator") == "output")
    return lambda table: table.with_columns(pl.when(reported).then(factor * pl.col("quantity")).otherwise("quantity").alias("quantity"))


def test_an_honest_unit_that_would_report_twice_as_much_is_flagged_above(changed, estimated, northland):
    unit = best_metered(estimated, northland, ~pl.col("unit").is_in(estimated.suspects["unit"].to_list()))
    row = estimate(changed(reports=scaled(unit, 2.0))).suspects.filter(pl.col("unit") == unit).row(0, named=True)
    assert row["direction"] == "above"
    assert row["flagged"]
    assert row["bias"] > 0.3
    assert "above what its" in row["evidence"]


def test_hidden_output_is_told_as_below(changed, estimated, northland):
    unit = best_metered(estimated, northland, pl.lit(True))
    row = estimate(changed(reports=scaled(unit, 0.3))).suspects.filter(pl.col("unit") == unit).row(0, named=True)
    assert row["direction"] == "below"
    assert row["bias"] < -0.1
    assert "below what its" in row["evidence"]


def test_without_reports_nobody_is_listed(changed):
    assert estimate(changed(reports=lambda table: table.clear())).suspects.is_empty()
