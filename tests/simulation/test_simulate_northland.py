"""Northland as a whole: the same bytes for a seed, tables that fit their schemas, reports that flatter by a known amount."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from groundplan.flows.examples import write_northland
from groundplan.period import parse_period
from groundplan.simulation.country import SECTORS
from groundplan.simulation.northland import Simulated, simulate_northland
from groundplan.tables.facts import FACTS
from last_digits import assert_same_frame, assert_same_text


@pytest.fixture(scope="module")
def northland() -> Simulated:
    return simulate_northland(1)


def last_version(reports: pl.DataFrame) -> pl.DataFrame:
    return reports.sort("unit", "product", "period", "version").group_by("unit", "product", "period", maintain_order=True).last()


def reported_and_true(simulated: Simulated) -> pl.DataFrame:
    truth = simulated.truth["outputs"].rename({"quantity": "true"})
    return last_version(simulated.economy.reports).join(truth, on=["unit", "product", "period"], how="left", validate="1:1")


def by_year_with_targets(simulated: Simulated) -> pl.DataFrame:
    yearly = (
        reported_and_true(simulated)
        .with_columns(period=pl.col("period").str.slice(0, 4))
        .group_by("unit", "product", "period")
        .agg(pl.col("quantity", "true").sum(), months=pl.len())
    )
    targets = simulated.economy.targets.select("unit", "product", "period", target="quantity")
    return yearly.filter(pl.col("months") == 12).join(targets, on=["unit", "product", "period"], validate="1:1")


@pytest.mark.parametrize("size", [{"enterprises": 60, "months": 12, "visits": 20}, {"enterprises": 130, "months": 30, "visits": 25}])
def test_same_seed_gives_the_same_tables_and_another_seed_others(size):
    first, second, other = (simulate_northland(seed, **size) for seed in (7, 7, 8))

    for name, table in first.economy.tables().items():
        assert table.equals(second.economy.tables()[name], null_equal=True), name
        assert table.schema == second.economy.tables()[name].schema
    for name, table in first.truth.items():
        assert table.equals(second.truth[name], null_equal=True), name
    assert not first.economy.reports.equals(other.economy.reports)


@pytest.mark.parametrize(
    "size", [{}, {"enterprises": 12, "months": 12, "visits": 0}, {"enterprises": 60, "months": 12, "visits": 20}, {"enterprises": 100, "months": 31, "visits": 200}]
)
def test_every_table_fits_its_schema_and_its_references(size):
    tables = simulate_northland(3, **size).economy.tables()

    for name, schema in FACTS.items():
        schema.validate(tables[name])
        for column, definition in schema.columns().items():
            targets = (definition.metadata or {}).get("refers_to", "")
            known = pl.concat([tables[table][key] for table, key in (target.split(".") for target in targets.split("|") if target)]) if targets else None
            assert known is None or tables[name][column].drop_nulls().is_in(known.implode()).all(), f"{name}.{column}"


def test_tables_are_sorted_by_their_keys(northland):
    for name in ("reports", "targets", "proxies", "findings"):
        keys = getattr(northland.economy, name).select(FACTS[name].primary_key()).cast({pl.Enum: pl.String})
        assert keys.equals(keys.sort(keys.columns)), name
    assert northland.truth["outputs"].equals(northland.truth["outputs"].sort("unit", "product", "period"))


def test_has_the_size_that_was_asked_for(northland):
    units = northland.economy.units

    assert units.filter(pl.col("kind") == "authority").height == 1 + len(SECTORS)
    assert units.filter(pl.col("kind") != "authority").height == 800
    assert northland.economy.products.height == 60
    assert northland.economy.reports["period"].n_unique() == 36
    assert northland.economy.visits.height == 40
    assert units["region"].n_unique() == 12
    assert units["name"].is_unique().all()
    assert units["name_ko"].is_unique().all()
    assert northland.economy.settings.simulated


@pytest.mark.parametrize(("argument", "value"), [("enterprises", 11), ("months", 11), ("visits", -1)])
def test_refuses_a_country_too_small(argument, value):
    with pytest.raises(ValueError, match="northland needs at least"):
        simulate_northland(1, **{argument: value})


def test_truth_of_the_base_year_balances(northland):
    balances = northland.truth["balances"]
    made = northland.truth["outputs"].filter(pl.col("period").str.starts_with("2020")).group_by("product").agg(made=pl.col("quantity").sum())
    sources = balances["output"] + balances["imports"]
    uses = balances["intermediate"] + balances["final_use"] + balances["built"] + balances["exports"]

    assert np.abs((sources - uses) / uses).max() < 1e-9
    compared = balances.join(made, on="product", how="left").with_columns(pl.col("made").fill_null(0.0))
    np.testing.assert_allclose(compared["made"], compared["output"], rtol=1e-9)
    assert (balances.drop("product", "period").to_numpy() >= 0).all()


def test_intermediate_use_follows_from_lines_and_recipes(northland):
    recipes, products = northland.economy.recipes, northland.economy.products["product"].implode()
    lines = northland.economy.lines.select("line", "recipe").join(northland.truth["capacities"], on="line")
    inputs = recipes.filter((pl.col("role") == "in") & pl.col("item").is_in(products))
    used = lines.join(inputs, on="recipe").group_by(product="item").agg(used=(pl.col("activity") * pl.col("amount")).sum())
    compared = northland.truth["balances"].join(used, on="product", how="left").with_columns(pl.col("used").fill_null(0.0))

    np.testing.assert_allclose(compared["used"], compared["intermediate"], rtol=1e-9)


def test_capacity_is_used_to_between_60_and_90_percent(northland):
    used = northland.truth["capacities"].join(northland.economy.lines.select("line", "recipe"), on="line")
    by_recipe = used.group_by("recipe").agg((pl.col("utilisation") * pl.col("capacity")).sum() / pl.col("capacity").sum())

    assert by_recipe["utilisation"].min() > 0.6
    assert by_recipe["utilisation"].max() < 0.9


def test_most_products_are_made_in_several_places(northland):
    outputs = northland.economy.recipes.filter(pl.col("role") == "out").select("recipe", product="item")
    lines = northland.economy.lines.join(outputs, on="recipe").join(northland.economy.units.select("unit", "region"), on="unit")
    spread = lines.group_by("product").agg(units=pl.col("unit").n_unique(), regions=pl.col("region").n_unique(), recipes=pl.col("recipe").n_unique())

    assert (spread["units"] >= 4).mean() > 0.9
    assert (spread["regions"] >= 2).mean() > 0.9
    assert (spread["recipes"] >= 2).sum() >= 8


@pytest.mark.parametrize("seed", range(5))
def test_reports_err_by_a_fifth_to_a_third_and_upwards(seed):
    compared = reported_and_true(simulate_northland(seed, enterprises=400, months=24)).filter(pl.col("true") > 0)
    error = (compared["quantity"] / compared["true"]).log()

    assert 0.18 < float(np.sqrt((error**2).mean())) < 0.35
    assert 0.05 < error.mean() < 0.25


def test_the_last_plan_was_missed_but_met_on_paper(northland):
    final = by_year_with_targets(northland).filter(pl.col("period") == "2020")
    true, reported = (final[name] / final["target"] for name in ("true", "quantity"))

    assert 0.72 < true.median() < 0.90
    assert reported.median() > 0.9
    assert (reported >= 1).mean() > 2 * (true >= 1).mean()


def test_reports_bunch_just_above_the_target(northland):
    yearly = by_year_with_targets(northland)
    share = yearly["quantity"] / yearly["target"]
    above, below, beyond = (((share >= low) & (share < low + 0.02)).sum() for low in (1.0, 0.98, 1.02))

    assert above > 1.5 * max(below, beyond)


def test_declared_capacity_hides_and_is_not_below_what_is_reported(northland):
    compared = reported_and_true(northland)
    by_year = (
        compared.with_columns(year=pl.col("period").str.slice(0, 4))
        .group_by("unit", "product", "year")
        .agg(pl.col("quantity").mean(), pl.col("declared_capacity").n_unique().alias("values"), pl.col("declared_capacity").first(), pl.len())
    )

    assert by_year["values"].max() == 1
    # Months that were not reported, and figures rounded to three digits, account for the slack.
    whole = by_year.filter(pl.col("len") == 12)
    assert (whole["declared_capacity"] >= whole["quantity"]).all()


def test_corrections_follow_their_first_reports(northland):
    reports = northland.economy.reports
    corrected = reports.filter(pl.col("version") == 2).join(reports.filter(pl.col("version") == 1), on=["unit", "product", "period"], suffix="_first", how="left")

    assert 0.005 < corrected.height / reports.height < 0.03
    assert (corrected["reported_on"] > corrected["reported_on_first"]).all()
    assert (corrected["quantity"] != corrected["quantity_first"]).all()
    assert reports["reported_on"].max() <= northland.economy.settings.as_of
    ends = reports["period"].map_elements(lambda text: parse_period(text).end, return_dtype=pl.Date)
    assert (reports["reported_on"] >= ends).all()
    expected = northland.truth["outputs"].height
    assert 0.005 < 1 - last_version(reports).height / expected < 0.02


def test_nameplates_are_outdated(northland):
    compared = northland.economy.lines.join(northland.truth["capacities"], on="line", suffix="_true")
    error = (compared["capacity"] / compared["capacity_true"]).log()

    assert 0.12 < error.std() < 0.18
    assert 0.0 < error.mean() < 0.08


def test_padding_is_skewed_and_many_are_honest():
    units = [simulate_northland(seed, enterprises=400, months=12, visits=0) for seed in range(3)]
    frames = [unit.truth["reporting"].join(unit.economy.units, on="unit").with_columns(seed=pl.lit(seed)) for seed, unit in enumerate(units)]
    table = pl.concat(frames)
    own = (table["log_bias"] - table.select(pl.col("log_bias").median().over("seed", "sector", "kind_right", "major")).to_series()).to_numpy()

    assert 0.4 < (table["kind"] == "honest").mean() < 0.65
    assert np.mean((own - own.mean()) ** 3) / own.std() ** 3 > 0.5


def test_the_example_is_what_its_seed_gives(tmp_path):
    kept = Path(__file__).parents[2] / "examples" / "northland"
    write_northland(tmp_path / "again")
    for path in sorted((tmp_path / "again" / "economy").iterdir()):
        assert_same_text(path, kept / "economy" / path.name)
    for path in sorted((tmp_path / "again" / "truth").iterdir()):
        assert_same_frame(pl.read_parquet(path), pl.read_parquet(kept / "truth" / path.name))
