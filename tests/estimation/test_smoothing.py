"""What smoothing over time has to bring: nearer to the truth where months are missing or noisy, and nothing spread that one month did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from groundplan.estimation.estimate import estimate
from groundplan.simulation.northland import Simulated, simulate_northland

_HOLE = ["2020-03", "2020-04", "2020-05"]


def _error(northland: Simulated, estimates: pl.DataFrame) -> pl.DataFrame:
    truth = northland.truth["outputs"].filter(pl.col("quantity") > 0)
    return estimates.join(truth, on=["unit", "product", "period"]).with_columns(error=pl.col("log_mean") - pl.col("quantity").log())


def test_months_that_are_missing_are_filled_and_their_intervals_hold():
    hole = pl.col("period").is_in(_HOLE) & (pl.col("unit").hash(seed=1) % 3 == 0)
    filled = []
    for seed in (61, 62, 63, 64):
        simulated = simulate_northland(seed, enterprises=60, months=12, visits=20)
        economy = replace(simulated.economy, reports=simulated.economy.reports.filter(~hole))
        filled.append(_error(simulated, estimate(economy).estimates.filter(hole)))
    rows = pl.concat(filled)
    assert len(rows) > 200
    # Four seeds, whose rows share errors: one in twenty such means lies outside.
    assert 0.80 < (rows["error"].abs() < 1.645 * rows["log_sd"]).mean() < 0.98


def test_noisy_reports_are_drawn_to_their_series(northland, changed):
    rng = np.random.default_rng(5)

    def shaken(table: pl.DataFrame) -> pl.DataFrame:
        return table.with_columns(
            pl.when(pl.col("indicator") == "output").then(pl.col("quantity") * np.exp(rng.normal(0.0, 0.10, len(table)))).otherwise(pl.col("quantity")).alias("quantity")
        )

    economy = changed(reports=shaken)
    made = _error(northland, estimate(economy).estimates.filter(pl.col("reported") > 0))
    within = made.with_columns(
        smoothed=pl.col("error") - pl.col("error").mean().over("unit", "product"),
        raw=(pl.col("reported").log() - pl.col("quantity").log()) - (pl.col("reported").log() - pl.col("quantity").log()).mean().over("unit", "product"),
    )
    # The median error, since months in which a line stood still are not smoothed.
    assert within["smoothed"].abs().median() < 0.85 * within["raw"].abs().median()


def test_a_month_in_which_a_line_stood_still_stays_as_it_was_reported(northland, changed, estimated):
    rows = estimated.estimates.filter(~pl.col("inspected") & (pl.col("reported") > 0))
    unit, product = rows.group_by("unit", "product").len().filter(pl.col("len") >= 20).sort("unit", "product").row(0)[:2]
    own = (pl.col("unit") == unit) & (pl.col("product") == product)
    halved = own & (pl.col("period") == "2020-05")
    proxies = (pl.col("unit") == unit) & (pl.col("period") == "2020-05")
    economy = changed(
        reports=lambda table: table.with_columns(pl.when(halved).then(pl.col("quantity") / 2).otherwise(pl.col("quantity")).alias("quantity")),
        proxies=lambda table: table.with_columns(pl.when(proxies).then(pl.col("value") / 2).otherwise(pl.col("value")).alias("value")),
    )
    before, after = (made.filter(own).sort("period") for made in (estimated.estimates, estimate(economy).estimates))
    moved = (after["log_mean"] - before["log_mean"]).to_numpy()
    at = before["period"].to_list().index("2020-05")
    assert moved[at] == pytest.approx(-np.log(2), abs=0.12)
    assert np.abs(np.delete(moved, at)).max() < 0.08


def test_a_finding_at_a_unit_that_does_not_report_tells_of_its_other_months_too(northland, changed):
    found = northland.economy.findings.filter(pl.col("measure").cast(pl.String) == "output")
    unit = found["unit"].value_counts(sort=True).sort("count", "unit", descending=[True, False])["unit"][0]
    silent = changed(reports=lambda table: table.filter(pl.col("unit") != unit))
    unseen = replace(silent, findings=silent.findings.filter(pl.col("unit") != unit))
    with_finding, without = (
        _error(northland, estimate(economy).estimates.filter(pl.col("unit") == unit)).join(found.select("unit", "product", "period"), on=["unit", "product", "period"], how="anti")
        for economy in (silent, unseen)
    )
    assert len(with_finding) > 5
    assert with_finding["log_sd"].mean() < 0.7 * without["log_sd"].mean()
    assert (with_finding["error"] ** 2).mean() < (without["error"] ** 2).mean()
