"""What people on the ground say: used by its grade, which inspections show the worth of."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from groundplan.errors import SettingsError
from groundplan.estimation.claims import CLAIM_ERRORS
from groundplan.estimation.estimate import estimate
from groundplan.simulation.claims import simulate_claims
from groundplan.simulation.northland import simulate_northland
from groundplan.tables.check import check_tables
from groundplan.tables.facts import FACTS, GRADES
from groundplan.tables.settings import Settings

SCHEMA = dict(FACTS["claims"].create_empty().schema)
TRUE_GRADES = {"B2": (-0.08, 0.18), "D4": (0.15, 0.5)}


def claims_table(rows):
    return pl.DataFrame(rows, schema=list(SCHEMA), orient="row").select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def error_and_cover(made, simulated):
    rows = made.estimates.join(simulated.truth["outputs"].rename({"quantity": "truth"}), on=["unit", "product", "period"])
    rows = rows.filter((pl.col("truth") > 0) & (pl.col("reported") > 0) & ~pl.col("inspected"))
    return (rows["median"] / rows["truth"]).log().pow(2).mean() ** 0.5, rows["truth"].is_between(rows["lower_90"], rows["upper_90"]).mean()


def notes_of(made, subject="claims"):
    return [note for note in made.notes if note.subject == subject]


def test_claims_make_estimates_better_and_intervals_hold_smoke():
    figures = []
    for seed in range(4):
        simulated = simulate_northland(50 + seed, enterprises=150, months=24, visits=20)
        with_claims = replace(simulated.economy, claims=simulate_claims(simulated, seed, grades=TRUE_GRADES))
        made = estimate(with_claims)
        figures.append((error_and_cover(estimate(simulated.economy), simulated)[0], *error_and_cover(made, simulated)))
        assert 0.02 < made.estimates["share_claim"].mean() < 0.4
    without, with_them, cover = np.mean(figures, axis=0)
    assert with_them < 0.98 * without
    assert 0.82 < cover < 0.97


def test_inspections_show_the_error_and_the_bias_of_a_grade():
    """A grade that is far worse than assumed, and says a quarter too much, is found out where many of its units were inspected."""
    simulated = simulate_northland(3, enterprises=250, months=24, visits=150)
    claims = simulate_claims(simulated, 1, grades={"A1": (0.22, 0.45)}, share=0.9)
    (note,) = notes_of(estimate(replace(simulated.economy, claims=claims)))
    words = note.sentence.split()
    said, error = float(words[words.index("say") + 1].rstrip("%")), float(words[words.index("error") + 2].rstrip("%"))
    assert note.severity == "info"
    assert "more than what is made" in note.sentence
    assert 12 <= said <= 38
    assert 36 <= error <= 54
    assert f"{CLAIM_ERRORS['A1']:.0%} was assumed" in note.sentence


def test_without_inspected_overlap_their_bias_is_said_to_rest_on_the_prior():
    simulated = simulate_northland(4, enterprises=80, months=24, visits=0)
    (note,) = notes_of(estimate(replace(simulated.economy, claims=simulate_claims(simulated, 1, grades=TRUE_GRADES, share=0.2))))[:1]
    assert note.severity == "warning"
    assert "stated prior" in note.sentence


def test_claims_stand_in_where_a_unit_does_not_report():
    simulated = simulate_northland(6, enterprises=120, months=24, visits=30)
    claims = simulate_claims(simulated, 2, grades={"A1": (0.0, 0.1)}, share=0.3, months=12)
    silent = claims["scope"].unique().sort().to_list()[:8]
    economy = replace(simulated.economy, reports=simulated.economy.reports.filter(~pl.col("unit").is_in(silent)))

    def off(economy):
        rows = estimate(economy).estimates.filter(pl.col("unit").is_in(silent) & ~pl.col("inspected"))
        rows = rows.join(simulated.truth["outputs"].rename({"quantity": "truth"}), on=["unit", "product", "period"]).filter(pl.col("truth") > 0)
        return (rows["median"] / rows["truth"]).log().pow(2).mean() ** 0.5, rows

    without, _ = off(economy)
    with_claims, rows = off(replace(economy, claims=claims))
    assert with_claims < 0.85 * without
    assert rows["share_claim"].max() > 0.5
    assert rows["truth"].is_between(rows["lower_90"], rows["upper_90"]).mean() > 0.75


def test_a_claim_alone_speaks_of_its_month():
    simulated = simulate_northland(6, enterprises=60, months=24, visits=20)
    economy = simulated.economy
    unit, product = economy.reports.select("unit", "product").row(0)
    rest = {
        "reports": economy.reports.filter(pl.col("unit") != unit),
        "proxies": economy.proxies.filter(pl.col("unit") != unit),
        "findings": economy.findings.filter(pl.col("unit") != unit),
    }
    period = economy.reports["period"].max()
    claims = claims_table([("C1", unit, period, "output", product, 5, 123.0, None, "B2")])
    lines = economy.lines.with_columns(pl.when(pl.col("unit") == unit).then(0.0).otherwise("capacity").alias("capacity"))
    made = estimate(replace(economy, **rest, lines=lines, claims=claims)).estimates.filter((pl.col("unit") == unit) & (pl.col("product") == product))
    assert made["period"].to_list() == [period]
    assert made["median"][0] == pytest.approx(123.0, rel=0.2)
    assert made["log_sd"][0] > 0.1


def test_claims_of_capacity_move_capacities():
    simulated = simulate_northland(8, enterprises=80, months=24, visits=20)
    economy = simulated.economy
    plain = estimate(economy).capacities
    lines = economy.lines.join(economy.recipes.filter(pl.col("role") == "out").unique("recipe", keep="first", maintain_order=True), on="recipe")
    alone = lines.filter(pl.len().over("unit") == 1).filter(pl.col("capacity") > 0).head(6)
    nameplate = pl.col("capacity") * pl.col("amount") * pl.col("efficiency")
    stated = alone.select("unit", "item", nameplate.alias("nameplate")).iter_rows()
    period = economy.settings.base_period
    rows = [(f"C{at}", unit, period, "capacity", item, 8, (0.75 if at % 2 else 1.3) * plate, None, "A1") for at, (unit, item, plate) in enumerate(stated)]
    told = estimate(replace(economy, claims=claims_table(rows))).capacities
    both = plain.join(told, on="line", suffix="_told").filter(pl.col("line").is_in(alone["line"].to_list()))
    both = both.join(pl.DataFrame({"line": alone["line"], "low": [bool(at % 2) for at in range(len(alone))]}), on="line")
    moved = (both["median_told"] / both["median"]).log()
    # All of a grade may say too much; between those who say more and those who say less that does not count.
    assert moved.filter(~both["low"]).mean() - moved.filter(both["low"]).mean() > 0.03
    assert both["log_sd_told"].mean() < 0.97 * both["log_sd"].mean()
    assert both["basis_told"].str.contains("claims").all()


def test_an_error_that_the_user_sets_counts():
    simulated = simulate_northland(9, enterprises=80, months=24, visits=10)
    claims = simulate_claims(simulated, 1, grades={"B2": (0.0, 0.2)}, share=0.15)
    shares = []
    for errors in ({}, {"B2": 2.0}):
        economy = replace(simulated.economy, claims=claims, settings=replace(simulated.economy.settings, claim_errors=errors))
        shares.append(estimate(economy).estimates["share_claim"].sum())
    assert shares[1] < 0.5 * shares[0]


def test_default_errors_rise_with_each_letter_and_number_but_those_that_cannot_be_judged():
    assert set(CLAIM_ERRORS) == set(GRADES)
    for number in "123456":
        assert np.all(np.diff([CLAIM_ERRORS[f"{letter}{number}"] for letter in "ABCDE"]) > 0)
    for letter in "ABCDEF":
        assert np.all(np.diff([CLAIM_ERRORS[f"{letter}{number}"] for number in range(1, 6)]) > 0)
        assert CLAIM_ERRORS[f"{letter}4"] < CLAIM_ERRORS[f"{letter}6"] < CLAIM_ERRORS[f"{letter}5"]


@pytest.mark.parametrize("errors", [{"G1": 0.2}, {"B2": 0.0}, {"B2": "a lot"}, {"B2": True}])
def test_settings_refuse_errors_of_grades_that_make_no_sense(errors):
    with pytest.raises(SettingsError):
        Settings(claim_errors=errors)


def test_faults_of_claims_are_named():
    rows = [
        ("C1", "E1", "2020-01", "output", None, 5, 1.0, None, "B2"),
        ("C2", "E1", "2020-01", "output", "steel", 5, None, None, "B2"),
        ("C3", "E9", "2020-01", "safety", None, 5, None, None, "B2"),
        ("C4", "E1", "2031-01", "output", "steel", 5, 1.0, None, "B2"),
    ]
    units = pl.DataFrame({"unit": ["E1"]}).join(FACTS["units"].create_empty(), on="unit", how="left").with_columns(kind=pl.lit("enterprise"), major=pl.lit(value=False))
    products = FACTS["products"].create_empty().select(pl.col("product")).clear(1).with_columns(product=pl.lit("steel"))
    faults = check_tables(Settings(), {"claims": claims_table(rows), "units": units, "products": products}, today=date(2026, 1, 1))
    found = {(fault.column, fault.rule, fault.rows) for fault in faults if fault.table == "claims"}
    assert found == {("product", "incomplete_claim", (2,)), ("mean", "incomplete_claim", (3,)), ("scope", "unknown_id", (4,)), ("period", "period_in_future", (5,))}
