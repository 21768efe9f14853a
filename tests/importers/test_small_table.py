"""A table small enough to work by hand: industry technology, outside flows, goals, limits."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from small_use_table import COMMODITIES, INDUSTRIES, MAKE, USE, with_totals, write_long

from groundplan.store.importers.use_table import import_use_table, read_structure
from groundplan.tables.check import check_economy


def amounts(economy, recipe: str) -> dict[str, float]:
    rows = economy.recipes.filter((pl.col("recipe") == recipe) & (pl.col("role").cast(pl.String) == "in"))
    return dict(rows.select("item", "amount").iter_rows())


def test_coefficients_follow_the_industry_that_makes_the_commodity(use_table, make_table):
    structure = read_structure(use_table, make=make_table)
    # Outputs: industries 100, 200, 100; commodities 95, 190, 105 and 10 of scrap. Power is made by its own industry (100 of 105) and by
    # the oil industry (5 of 105); each unit of metal carries the inputs of 200/190 of its industry's output, which the scrap does not.
    oil, metal, power = np.array([10, 5, 8]) / 100, np.array([20, 40, 15]) / 200, np.array([30, 10, 4]) / 100
    expected = np.column_stack([oil, metal * 200 / 190, oil * 5 / 105 + power * 100 / 105])
    np.testing.assert_allclose(structure.coefficients, expected, rtol=1e-12)
    np.testing.assert_allclose(structure.labour, [0.20, 50 / 190, (0.2 * 5 + 0.3 * 100) / 105], rtol=1e-12)


def test_the_base_year_closes_product_by_product(use_table, make_table):
    balance = import_use_table(use_table, make=make_table).base_year
    np.testing.assert_allclose(balance["residual"], 0.0, atol=1e-12 * 400)
    assert balance["output"].to_list() == [95, 190, 105]
    assert balance["imports"].to_list() == [10, 10, 0]
    assert balance["outside_supply"].to_list() == [0, 5, 0]


def test_gross_domestic_product_is_one_figure_by_use_by_income_and_as_published(use_table):
    product = import_use_table(use_table).product
    assert (product.by_use, product.by_income, product.published, product.outside) == (253, 253, 253, 5)


def test_without_a_make_table_each_industry_makes_its_own_and_the_rest_is_spread(use_table):
    imported = import_use_table(use_table)
    made = imported.adjustments.filter(pl.col("kind") == "make")
    cells = {(row, column): after for row, column, after in made.select("row", "col", "after").iter_rows()}
    # Oil has 5 and metal 10 beyond their own commodities; power lacks 5 and scrap 10, so a third of each goes to power.
    assert cells == pytest.approx({("211", "211"): 95, ("211", "22"): 5 / 3, ("211", "Used"): 10 / 3, ("331", "331"): 190, ("331", "22"): 10 / 3, ("331", "Used"): 20 / 3})
    assert any("There is no make table" in note.sentence for note in imported.notes)


def test_a_make_table_that_is_a_little_off_is_balanced_and_the_moves_are_listed(use_table, tmp_path):
    off = {row: dict(cells) for row, cells in MAKE.items()}
    off["211"]["22"] = 7
    imported = import_use_table(use_table, make=write_long(tmp_path / "off.csv", off))
    moved = imported.adjustments.filter(pl.col("kind") == "make")
    assert {"before": 7.0, "after": pytest.approx(5.0, abs=0.5)} in moved.select("before", "after").to_dicts()
    assert imported.base_year["residual"].abs().max() < 1e-9


def test_what_stays_outside_the_plan_is_listed_cell_by_cell(use_table):
    adjustments = import_use_table(use_table).adjustments
    outside = adjustments.filter(pl.col("kind") == "outside_commodity").select("row", "col", "before")
    assert outside.rows() == [("Used", "331", 5.0), ("Used", "F010", 8.0), ("Used", "F02E", -3.0)]
    negative = adjustments.filter(pl.col("kind") == "negative_cell").select("row", "col", "before")
    assert negative.rows() == [("331", "F030", -5.0)]


def test_goals_are_final_uses_grown_and_consumption_is_their_minimum(use_table):
    goals = import_use_table(use_table, growth=0.1, horizon=2).economy.goals.sort("period", "product")
    assert goals["period"].to_list() == ["2020"] * 3 + ["2021"] * 3
    np.testing.assert_allclose(goals["quantity"], _by_product([45, 150 - 5, 78], 1.1))
    np.testing.assert_allclose(goals["minimum"], [25, 78, 40] * 2)


def test_supply_from_outside_beyond_the_final_uses_is_a_line_of_its_own(tmp_path):
    drawn = {row: dict(cells) for row, cells in USE.items()}
    # Metal: stocks give 170 and final uses take 150, so 20 are left for industries; power uses 165 more of it than in the small table.
    drawn["331"]["F030"] = -170
    drawn["331"]["22"] += 165
    drawn["V003"]["22"] -= 165
    imported = import_use_table(write_long(tmp_path / "use.csv", with_totals(drawn)), year=2019, growth=0.1, horizon=2)
    assert imported.base_year["residual"].abs().max() < 1e-9
    assert "331" not in imported.economy.goals["product"].to_list()
    outside = imported.economy.lines.filter(pl.col("unit") == "outside").select("line", "capacity", "since").rows()
    assert outside == [("outside_331", pytest.approx(22.0), None), ("outside_331_2021", pytest.approx(2.2), "2021")]
    assert {fault.rule for fault in check_economy(imported.economy, today=date(2026, 1, 1))} <= {"item_in_and_out"}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    use=arrays(np.int64, (4, 3), elements=st.integers(-3, 40)),
    make=arrays(np.int64, (3, 4), elements=st.integers(0, 60)),
    consumed=arrays(np.int64, 4, elements=st.integers(0, 50)),
)
def test_whatever_the_flows_the_balance_closes_and_inputs_are_what_was_used(use, make, consumed, tmp_path):
    make = make + np.eye(3, 4, dtype=np.int64)
    table = {code: dict(zip(INDUSTRIES, map(int, row), strict=True)) for code, row in zip(COMMODITIES, use, strict=True)}
    for row, cells in enumerate(table.values()):
        # Exports take what is left of output; where that is below zero it is supply from outside.
        cells["F010"] = int(consumed[row])
        cells["F040"] = int(make[:, row].sum() - use[row].sum() - consumed[row])
    table["V001"] = dict.fromkeys(INDUSTRIES, 5)
    table["V002"] = dict.fromkeys(INDUSTRIES, 0)
    table["V003"] = {code: int(make[i].sum() - use[:, i].sum() - 5) for i, code in enumerate(INDUSTRIES)}
    made = {code: dict(zip(COMMODITIES, map(int, row), strict=True)) for code, row in zip(INDUSTRIES, make, strict=True)}
    file, make_file = write_long(tmp_path / "use.csv", with_totals(table)), write_long(tmp_path / "make.csv", made)
    imported, structure = import_use_table(file, year=2019, make=make_file), read_structure(file, year=2019, make=make_file)
    assert imported.base_year["residual"].abs().max() <= 1e-9 * make.sum()
    assert (structure.coefficients >= 0).all()
    np.testing.assert_allclose(structure.coefficients @ structure.output, np.maximum(use[:3], 0).sum(axis=1), atol=1e-9 * make.sum())
    np.testing.assert_allclose(structure.labour @ structure.output, 15.0, rtol=1e-9)
    assert imported.product.by_use == imported.product.by_income


def _by_product(base: list[float], factor: float) -> list[float]:
    """Products in the order of their codes: 211, 22, 331."""
    oil, metal, power = base
    return [value * factor**years for years in (1, 2) for value in (oil, power, metal)]


def test_limits_are_the_base_year_s_grown(use_table, make_table):
    economy = import_use_table(use_table, make=make_table, growth=0.1, labour_growth=0.01, productivity_growth=0.02, import_headroom=0.5, horizon=2).economy
    limits = {(resource, period): limit for resource, period, limit in economy.resources.select("resource", "period", "limit").iter_rows()}
    factor = 1.01 * 1.02
    assert limits == pytest.approx({("labour", "2020"): 100 * factor, ("labour", "2021"): 100 * factor**2, ("foreign_exchange", "2020"): 22, ("foreign_exchange", "2021"): 24.2})
    imports = economy.trade.filter(pl.col("period") == "2020")
    assert dict(imports.select("product", "import_limit").iter_rows()) == pytest.approx({"211": 16.5, "331": 16.5})


def test_capacity_is_output_over_utilisation_and_grows_with_the_investment_that_is_a_goal(use_table):
    economy = import_use_table(use_table, utilisation_shift=-30.0, growth=0.1, horizon=2).economy
    own = economy.lines.filter(pl.col("recipe") == "211").sort("line")
    assert own.select("line", "since").rows() == [("211", None), ("211_2021", "2021")]
    np.testing.assert_allclose(own["capacity"], [95 / 0.5 * 1.1, 95 / 0.5 * 0.11], rtol=1e-12)


def test_with_planned_investment_capacity_wears_out_and_investment_is_no_goal(use_table):
    economy = import_use_table(use_table, investment="planned", growth=0.1, depreciation=0.05, horizon=2).economy
    assert economy.lines.filter(pl.col("recipe") == "211")["line"].to_list() == ["211"]
    assert set(economy.investments["depreciation"]) == {0.05}
    metal = economy.goals.filter((pl.col("product") == "331") & (pl.col("period") == "2020"))["quantity"][0]
    assert metal == pytest.approx((40 + 50 - 5) * 1.1)
    # In a steady state new capacity is (growth + wear) of all, and takes what the table shows as investment: 60 of metal.
    taken = economy.investments.join(economy.lines.group_by("recipe").agg(pl.col("capacity").sum() / 1.1), on="recipe")
    assert (taken["amount"] * taken["capacity"]).sum() * 0.15 == pytest.approx(60.0)


def test_a_user_s_capacities_take_the_place_of_utilisation(use_table, tmp_path):
    file = tmp_path / "capacity.csv"
    file.write_text("product,capacity\n22,150\n211,120\n331,200\n")
    imported = import_use_table(use_table, capacity=file, growth=0.0)
    assert dict(imported.economy.lines.filter(pl.col("unit") != "outside").select("line", "capacity").iter_rows()) == {"211": 120, "331": 200, "22": 150}
    assert not any(note.subject == "utilisation" for note in imported.notes)


def test_utilisation_is_the_mean_of_the_year_or_of_the_latest_twelve_months(use_table, tmp_path):
    file = tmp_path / "rates.csv"
    months = [f"{year}-{month:02d}-01,{70 + (year - 2018) * 10}" for year in (2018, 2019) for month in range(1, 13)]
    file.write_text("\n".join(["month,utilisation_pct", *months]) + "\n")
    covered = import_use_table(use_table, utilisation=file)
    assert covered.base_year["capacity"].to_list() == pytest.approx([95 / 0.8, 190 / 0.8, 105 / 0.8])
    file.write_text("\n".join(["month,utilisation_pct", *months[:14]]) + "\n")
    stale = import_use_table(use_table, utilisation=file)
    assert stale.base_year["capacity"][0] == pytest.approx(95 / ((10 * 70 + 2 * 80) / 12 / 100))
    assert any("does not cover 2019" in note.sentence for note in stale.notes)


def test_the_economy_passes_its_checks(use_table, make_table):
    for investment in ("goal", "planned"):
        economy = import_use_table(use_table, make=make_table, investment=investment).economy
        faults = check_economy(economy, today=date(2026, 1, 1))
        assert {fault.rule for fault in faults} <= {"item_in_and_out"}, faults


def test_relabelling_industries_and_commodities_changes_nothing(tmp_path):
    names = {"211": "G", "331": "211", "22": "331"}
    table = with_totals(USE)
    renamed = {names.get(row, row): {names.get(column, column): cell for column, cell in cells.items()} for row, cells in reversed(table.items())}
    straight = import_use_table(write_long(tmp_path / "a.csv", table), year=2019, investment="planned").base_year.drop("product")
    again = import_use_table(write_long(tmp_path / "b.csv", renamed), year=2019, investment="planned").base_year.drop("product")
    np.testing.assert_allclose(again.sort("output").to_numpy(), straight.sort("output").to_numpy(), atol=1e-9)


def test_aggregating_first_keeps_the_sums(use_table, tmp_path):
    file = tmp_path / "sectors.csv"
    file.write_text("code,sector,name\n211,E,Energy\n22,E,Energy\n331,M,Metal\n")
    whole, summed = import_use_table(use_table), import_use_table(use_table, aggregate=file)
    assert summed.base_year["product"].to_list() == ["E", "M"]
    assert summed.economy.products["name"].to_list() == ["Energy", "Metal"]
    assert summed.product == whole.product
    for column in ("output", "imports", "intermediate", "private_consumption", "exports", "labour"):
        assert summed.base_year[column].sum() == pytest.approx(whole.base_year[column].sum(), rel=1e-12), column
