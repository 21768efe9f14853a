"""Worlds in which the model is wrong, and what the estimate does about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from groundplan.estimation.estimate import estimate
from groundplan.simulation.northland import simulate_northland


def test_a_unit_that_reports_in_another_measure_is_set_aside_and_named():
    economy = simulate_northland(7, enterprises=300, months=12, visits=20).economy
    rows = economy.reports.filter(pl.col("indicator") == "output")
    single = rows.group_by("unit").agg(pl.col("product").n_unique().alias("products"), pl.col("product").first()).filter(pl.col("products") == 1)
    common = single.group_by("product").len().filter(pl.col("len") >= 10).sort("product")["product"].to_list()
    found = economy.findings["unit"].to_list()
    unit, product = single.filter(pl.col("product").is_in(common) & ~pl.col("unit").is_in(found)).sort("unit").select("unit", "product").row(0)
    thousandfold = pl.when(pl.col("unit") == unit).then(pl.col("quantity") * 1000).otherwise(pl.col("quantity")).alias("quantity")
    right, wrong = estimate(economy), estimate(replace(economy, reports=economy.reports.with_columns(thousandfold)))
    named = [note.sentence for note in wrong.notes if "another measure" in note.sentence]
    assert len(named) == 1
    assert f"{unit} {product} (1,000 times too large)" in named[0]
    before, after = (made.estimates.filter(pl.col("unit") == unit).sort("period")["median"].to_numpy() for made in (right, wrong))
    assert np.abs(np.log(after / before)).mean() < 1.0
    assert not [note for note in right.notes if "another measure" in note.sentence]


def test_visits_that_were_steered_to_the_honest_are_noticed_and_drawn_ones_are_not(northland, changed):
    truth = northland.truth["reporting"].sort("mean_log_error", "unit")
    reporting = northland.economy.reports.filter((pl.col("indicator") == "output") & (pl.col("period") == "2020-06") & (pl.col("quantity") > 0))
    honest = [unit for unit in truth["unit"].to_list() if unit in set(reporting["unit"].to_list())][:25]
    outputs = northland.truth["outputs"].filter(pl.col("unit").is_in(honest) & (pl.col("period") == "2020-06") & (pl.col("quantity") > 0))
    findings, visits = northland.economy.findings, northland.economy.visits
    numbered = {unit: f"N{number:03d}" for number, unit in enumerate(honest)}
    steered_findings = outputs.select(
        visit=pl.col("unit").replace_strict(numbered), unit="unit", product="product", period="period", measure=pl.lit("output"), value="quantity",
        method=pl.lit("weighing"), relative_error=pl.lit(0.03), evidence=pl.lit(None, dtype=pl.String),
    ).cast(dict(findings.schema))  # fmt: skip

    def steered_visits(how: str) -> pl.DataFrame:
        base = visits.head(1).drop("visit", "unit", "chosen_by", "inclusion_probability")
        rows = pl.DataFrame({"visit": list(numbered.values()), "unit": honest}).join(base, how="cross")
        chance = 25 / len(truth) if how == "random" else None
        return rows.with_columns(chosen_by=pl.lit(how), inclusion_probability=pl.lit(chance)).select(visits.columns).cast(dict(visits.schema))

    def alarms(how: str) -> list[str]:
        made = estimate(changed(findings=steered_findings, visits=steered_visits(how)))
        return [note.sentence for note in made.notes if "look more honest" in note.sentence]

    assert len(alarms("worth")) == 1
    assert not alarms("random")
    assert not [note for note in estimate(northland.economy).notes if "look more honest" in note.sentence]
