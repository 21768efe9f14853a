"""Totals by anything: the same as the table of totals where that has them, and right against draws of every row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from groundplan.estimation.any_total import total_output

ENDS = ["median", "lower_50", "upper_50", "lower_90", "upper_90"]


@pytest.mark.parametrize("level", ["sector", "region", "total"])
def test_totals_by_year_are_those_of_the_table(northland, estimated, level):
    by = ["year"] if level == "total" else [level, "year"]
    found = total_output(estimated, by, units=northland.economy.units)
    key = pl.lit("all") if level == "total" else pl.col(level)
    table = estimated.totals.filter(pl.col("level") == level)
    both = table.join(found.with_columns(key.alias("key")), left_on=["key", "product", "period"], right_on=["key", "product", "year"], how="left", suffix="_found")
    assert len(table) > 20
    for name in (*ENDS, "reported", "units"):
        assert np.allclose(both[name].fill_null(-1.0), both[f"{name}_found"].fill_null(-1.0), rtol=1e-9)


def test_the_interval_of_a_sum_is_that_of_sums_of_draws(estimated):
    product = estimated.estimates.group_by("product").agg(pl.col("unit").n_unique()).sort("unit", "product")["product"][-1]
    found = total_output(estimated, ["period"]).filter(pl.col("product") == product)
    rng = np.random.default_rng(3)
    factors = estimated.estimate_factors
    names = factors["factor"].unique().sort().to_list()
    drawn = pl.DataFrame({"factor": names}).hstack(pl.DataFrame(rng.standard_normal((len(names), 4000)), schema=[f"d{at}" for at in range(4000)]))
    rows = estimated.estimates.filter((pl.col("product") == product) & (pl.col("period") == found["period"][-1]) & pl.col("log_mean").is_not_null())
    loadings = factors.join(rows.select("unit", "product"), on=["unit", "product"], how="inner")
    shared = np.zeros((len(rows), 4000))
    positions = {unit: at for at, unit in enumerate(rows["unit"])}
    for unit, factor, loading in loadings.select("unit", "factor", "loading").iter_rows():
        shared[positions[unit]] += loading * drawn.filter(pl.col("factor") == factor).drop("factor").to_numpy()[0]
    logs = rows["log_mean"].to_numpy()[:, None] + shared + rows["own_log_sd"].to_numpy()[:, None] * rng.standard_normal(shared.shape)
    sums = np.exp(logs).sum(axis=0)
    row = found.row(-1, named=True)
    assert len(rows) >= 5
    assert np.std(np.log(sums)) == pytest.approx(row["log_sd"], rel=0.08)
    assert np.median(sums) == pytest.approx(row["median"], rel=0.02)


def test_errors_in_common_do_not_average_out_over_a_year(estimated):
    year = estimated.estimates["period"].str.head(4).max()
    rows = estimated.estimates.filter((pl.col("period").str.head(4) == year) & pl.col("log_mean").is_not_null())
    middle = pl.col("log_mean").exp()
    alone = rows.group_by("product").agg(((middle * pl.col("log_sd")) ** 2).sum().sqrt() / middle.sum()).sort("product")["log_mean"]
    together = total_output(estimated).filter(pl.col("year") == year)
    assert (together["log_sd"] > 1.5 * alone).mean() > 0.9


def test_periods_add_up_where_none_is_named(estimated):
    whole, yearly = total_output(estimated, []), total_output(estimated)
    assert whole.columns[:2] == ["product", "reported"]
    reported = yearly.group_by("product").agg(pl.col("reported").sum()).sort("product")
    assert np.allclose(whole["reported"].fill_null(0.0), reported["reported"])


def test_what_is_not_stated_and_what_is_not_there(northland, estimated):
    some = northland.economy.units.with_columns(pl.when(pl.col("region") == northland.economy.units["region"].drop_nulls()[0]).then(None).otherwise("region").alias("region"))
    assert "not stated" in total_output(estimated, ["region"], units=some)["region"].to_list()
    with pytest.raises(ValueError, match="by colour: there is no such column"):
        total_output(estimated, ["colour"], units=some)
    with pytest.raises(ValueError, match="no table of units is given"):
        total_output(estimated, ["sector"])


def test_of_nothing_there_are_no_totals(estimated):
    nothing = replace(estimated, estimates=estimated.estimates.clear(), estimate_factors=estimated.estimate_factors.clear())
    assert total_output(nothing).is_empty()
