"""A plan on an imported table: Leontief's output where nothing binds, exact balances, and the base year can be repeated."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from groundplan.loop.chain import run_chain
from groundplan.planning.plan import plan
from groundplan.planning.verify import verify_plan
from groundplan.store.folder import read_economy
from groundplan.store.importers.use_table import import_use_table, read_structure
from groundplan.tables.facts import FACTS

EXAMPLE = Path(__file__).parents[2] / "examples" / "united-states" / "economy"


def without_limits(economy):
    """The economy with ample capacity and without trade, resources and investment."""
    lines = economy.lines.filter(pl.col("since").is_null()).with_columns(pl.col("capacity") * 10)
    return replace(economy, lines=lines, **{name: FACTS[name].create_empty() for name in ("resources", "trade", "investments")})


def production(made, period: str) -> dict[str, float]:
    return dict(made.outputs.filter(pl.col("period") == period).select("product", "production").iter_rows())


def assert_leontief(file: Path, year: int) -> None:
    """Output of each product and year is (I - A)^-1 f, to 1e-8 of it."""
    structure = read_structure(file, year=year)
    economy = without_limits(import_use_table(file, year=year, horizon=2).economy)
    made = plan(economy)
    for period in economy.goals["period"].unique():
        goals = dict(economy.goals.filter(pl.col("period") == period).select("product", "quantity").iter_rows())
        final = np.array([goals.get(product, 0.0) for product in structure.products.labels])
        expected = np.linalg.solve(np.eye(len(final)) - structure.coefficients, final)
        found = production(made, period)
        np.testing.assert_allclose([found[product] for product in structure.products.labels], expected, rtol=1e-8)


def test_without_limits_output_is_the_leontief_inverse_of_final_uses_in_15_sectors():
    assert_leontief(EXAMPLE / "import_use_table.csv", 2019)


def test_without_limits_output_is_the_leontief_inverse_of_final_uses_in_71_industries(tables):
    assert_leontief(tables / "us_use.csv", 2019)


def test_without_limits_output_is_the_leontief_inverse_of_final_uses_in_germany(tables):
    # Imported inputs are in the recipes there, so foreign exchange has to be without limit, which no row in resources means.
    assert_leontief(tables / "germany_1995.csv", 1995)


@pytest.fixture(scope="module")
def planned():
    """The example, and its plan on estimated capacities."""
    economy = read_economy(EXAMPLE)
    return economy, run_chain(economy).plan


def test_every_balance_of_the_example_s_plan_closes_on_the_tables_themselves(planned):
    economy, made = planned
    levels = made.activities.group_by("recipe", "period").agg(pl.col("level").sum())
    flows = economy.recipes.join(levels, on="recipe").with_columns(pl.col("role").cast(pl.String), flow=pl.col("amount") * pl.col("level"))
    sums = flows.group_by(pl.col("item").alias("product"), "period").agg(
        pl.col("flow").filter(pl.col("role") == "out").sum().alias("made"), pl.col("flow").filter(pl.col("role") == "in").sum().alias("used")
    )
    balance = made.outputs.join(sums, on=["product", "period"], how="left").with_columns(pl.col("made", "used").fill_null(0.0))
    sources = (balance["made"] + balance["imports"] + balance["opening_stock"] - balance["losses"]).to_numpy()
    uses = balance.select(pl.sum_horizontal("used", "investment", "final_use", "exports", "closing_stock", "unused")).to_series().to_numpy()
    assert len(balance) == 15 * 5
    np.testing.assert_allclose(sources, uses, rtol=1e-9)


def test_the_independent_check_finds_nothing_broken_in_the_example_s_plan(planned):
    assert verify_plan(*planned) == ()


@pytest.mark.parametrize("investment", ["goal", "planned"])
def test_the_independent_check_finds_nothing_broken_in_71_industries(tables, investment):
    economy = import_use_table(tables / "us_use.csv", year=2019, investment=investment, labour_growth=0.004, productivity_growth=0.011).economy
    assert verify_plan(economy, plan(economy), nameplates=True) == ()


def test_no_limit_of_the_example_is_exceeded(planned):
    economy, made = planned
    levels = made.activities
    assert (levels["level"] <= levels["capacity"] * (1 + 1e-9)).all()
    work = economy.recipes.filter(pl.col("item") == "labour").select("recipe", "amount").join(levels, on="recipe")
    needed = work.group_by("period").agg((pl.col("amount") * pl.col("level")).sum().alias("use"))
    limits = economy.resources.filter(pl.col("resource") == "labour").join(needed, on="period")
    assert limits.height == 5
    assert (limits["use"] <= limits["limit"] * (1 + 1e-9)).all()
    imports = made.outputs.join(economy.trade, on=["product", "period"], how="left").with_columns(pl.col("import_limit").fill_null(0.0))
    assert (imports["imports"] <= imports["import_limit"] * (1 + 1e-9)).all()


def test_the_example_is_held_back_by_labour_and_by_no_capacity(planned):
    _, made = planned
    assert made.outcome.status == "limited"
    assert made.shadow_prices.filter(pl.col("kind") != "product").sort("value", descending=True)["item"][0] == "labour"
    binding = made.shadow_prices.filter((pl.col("kind") == "capacity") & (pl.col("value") > 1e-6))
    assert binding.is_empty()
    assert (made.gaps["below_minimum"].fill_null(0.0) <= 0.0).all()
    assert made.gaps["shortfall"].sum() < 0.02 * made.gaps["goal"].sum()


def test_the_readme_s_claim_on_productivity_holds():
    def outcome(productivity: float) -> str:
        imported = import_use_table(EXAMPLE / "import_use_table.csv", year=2019, capacity=EXAMPLE / "import_base_year.csv", labour_growth=0.004, productivity_growth=productivity)
        return run_chain(imported.economy).plan.outcome.status

    assert [outcome(0.011), outcome(0.016)] == ["limited", "done"]


def test_a_base_year_without_growth_can_be_repeated(use_table, make_table):
    for file, year in ((use_table, 2019), (EXAMPLE / "import_use_table.csv", 2019)):
        imported = import_use_table(file, year=year, growth=0.0, labour_growth=0.0, productivity_growth=0.0, make=make_table if file == use_table else None)
        made = run_chain(imported.economy).plan
        assert made.outcome.status == "done", made.outcome.sentence
        last = made.gaps.filter(pl.col("period") == "2024")
        np.testing.assert_allclose(last["delivered"], last["goal"], rtol=1e-9)


def test_germany_can_grow_as_its_labour_does(tables):
    made = run_chain(import_use_table(tables / "germany_1995.csv", year=1995).economy).plan
    assert made.outcome.status == "done", made.outcome.sentence
