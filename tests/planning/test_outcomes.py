"""How a plan ends where something is missing, out of reach or degenerate; and that the checker sees what is wrong."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from economies import economy_of, random_rows

from groundplan.errors import SolverError
from groundplan.planning.plan import plan
from groundplan.planning.verify import verify_plan
from groundplan.simulation.northland import simulate_northland


def bakery(*, capacity: float = 10.0, goal: float = 8.0, minimum: float = 0.0, flour: float = 20.0) -> dict[str, list[dict[str, object]]]:
    return {
        "units": [{"unit": "u", "region": "town"}],
        "products": [{"product": "bread", "measure": "t", "name": "Bread"}, {"product": "flour", "measure": "t"}],
        "recipes": [{"recipe": "bake", "item": "bread", "role": "out", "amount": 1.0}, {"recipe": "bake", "item": "flour", "role": "in", "amount": 1.0}],
        "lines": [{"line": "L", "unit": "u", "recipe": "bake", "capacity": capacity}],
        "goals": [{"product": "bread", "period": "2021", "quantity": goal, "minimum": minimum}],
        "trade": [{"product": "flour", "period": "2021", "import_limit": flour, "import_price": 1.0}],
    }


def test_no_goals_is_an_outcome_in_words():
    result = plan(economy_of(bakery() | {"goals": []}, horizon=1))

    assert result.outcome.status == "no_data"
    assert result.outputs.is_empty()
    assert verify_plan(economy_of(bakery() | {"goals": []}, horizon=1), result) == ()


def test_goals_outside_the_plan_are_told():
    rows = bakery()
    rows["goals"] = [*rows["goals"], {"product": "bread", "period": "2031", "quantity": 1.0}]

    result = plan(economy_of(rows, horizon=2))

    sentences = " ".join(note.sentence for note in result.notes)
    assert "2031" in sentences
    assert "No goal is stated for 2022" in sentences


def test_a_goal_that_nothing_can_make_is_a_gap_with_its_cause():
    rows = bakery()
    rows["goals"] = [{"product": "flour", "period": "2021", "quantity": 5.0}]
    rows["trade"] = []

    result = plan(economy_of(rows, horizon=1))

    gap = result.gaps.row(0, named=True)
    assert result.outcome.status == "limited"
    assert gap["shortfall_share"] == 1.0
    assert "Nothing in the plan makes flour" in gap["cause"]


def test_a_goal_whose_product_goes_elsewhere_says_so():
    # All flour there is, 8, is baked into bread that comes first; of flour itself 0 of 5 is delivered.
    rows = bakery(goal=20.0, flour=8.0)
    rows["goals"] = [*({**goal, "priority": 1} for goal in rows["goals"]), {"product": "flour", "period": "2021", "quantity": 5.0, "priority": 2}]
    result = plan(economy_of(rows, horizon=1))

    causes = dict(result.gaps.select("product", "cause").iter_rows())
    assert causes["flour"] == "All flour that is made, imported or in stock goes to uses that come before this goal."


def test_a_goal_of_no_weight_says_so():
    rows = bakery()
    rows["goals"] = [*rows["goals"], {"product": "flour", "period": "2021", "quantity": 500.0, "weight": 0.0}]
    result = plan(economy_of(rows, horizon=1))

    causes = dict(result.gaps.select("product", "cause").iter_rows())
    assert causes["flour"] == "Its weight is zero, so nothing is given up for it."


def test_minima_out_of_reach_name_the_cheapest_limits_to_relax():
    # 16 of bread at least, but 10 of capacity and 12 of flour: 60 % more capacity and 33 % more flour, each is needed.
    result = plan(economy_of(bakery(goal=20.0, minimum=16.0, flour=12.0), horizon=1))

    assert result.outcome.status == "infeasible"
    assert result.gaps["below_minimum"].to_list() == [pytest.approx(6.0, rel=1e-9)]
    assert "60% more capacity of bake in town (2021)" in result.outcome.sentence
    assert "33% more imports of flour (2021)" in result.outcome.sentence
    assert len([note for note in result.notes if note.severity == "alert"]) == 2


def test_no_line_no_capacity_and_no_recipe_at_all_still_plan():
    for rows in (bakery(capacity=0.0), bakery() | {"lines": []}, bakery() | {"lines": [], "recipes": [], "trade": []}):
        result = plan(economy_of(rows, horizon=1))
        assert result.outcome.status == "limited"
        assert result.gaps["shortfall_share"].to_list() == [1.0]
        assert verify_plan(economy_of(rows, horizon=1), result) == ()


def test_a_resource_without_a_row_is_unlimited_and_said_so():
    rows = bakery()
    rows["recipes"] = [*rows["recipes"], {"recipe": "bake", "item": "labour", "role": "in", "amount": 3.0}]

    result = plan(economy_of(rows, horizon=1))

    assert result.outcome.status == "done"
    assert any(note.subject == "labour" and "unlimited" in note.sentence for note in result.notes)


def test_nothing_is_done_without_need():
    # The goal is 8: not more is baked, bought or built, although there is room and export would pay.
    rows = bakery()
    rows["trade"] += [{"product": "bread", "period": "2021", "import_limit": 100.0, "import_price": 0.1, "export_limit": 100.0, "export_price": 9.0}]
    rows["investments"] = [{"recipe": "bake", "item": "bread", "amount": 0.1, "lag": 0}]

    result = plan(economy_of(rows, horizon=1))

    bread = result.outputs.filter(pl.col("product") == "bread").row(0, named=True)
    assert bread["final_use"] == 8.0
    assert bread["exports"] == 0.0
    assert bread["unused"] == 0.0
    assert result.new_capacity.is_empty()


def test_shared_errors_lower_the_capacity_that_is_there_with_a_chance():
    rows, _ = bakery(capacity=10.0, goal=100.0, flour=1000.0), None
    rows["lines"] = [{"line": f"L{number}", "unit": "u", "recipe": "bake", "capacity": 10.0} for number in range(4)]
    economy = economy_of(rows, horizon=1, capacity_chance=0.9)
    capacities = pl.DataFrame({"line": [f"L{number}" for number in range(4)], "median": 10.0, "log_sd": 0.1, "own_log_sd": 0.1})
    factors = pl.DataFrame({"line": [f"L{number}" for number in range(4)], "factor": "all", "loading": 0.1})

    alone = plan(economy, capacities=capacities)
    shared = plan(economy, capacities=capacities.with_columns(own_log_sd=pl.lit(0.0)), capacity_factors=factors)

    # Four equal lines: the total's relative sd is 0.1 / 2 where errors are their own, 0.1 where they are shared; z(0.9) = 1.2816.
    made = [result.activities["capacity"].sum() / 40.0 for result in (alone, shared)]
    assert made == pytest.approx([1.0 - 1.2816 * 0.05, 1.0 - 1.2816 * 0.1], abs=0.01)
    bounds = shared.outputs.filter(pl.col("product") == "bread").row(0, named=True)
    assert bounds["production_lower_90"] < bounds["production"] < bounds["production_upper_90"]


def test_the_checker_sees_what_is_wrong():
    rows, horizon = random_rows(7)
    economy = economy_of(rows, horizon=horizon)
    result = plan(economy)
    assert verify_plan(economy, result) == ()

    more = result.activities.with_columns(pl.col("level") * 1.001)
    assert verify_plan(economy, replace(result, activities=more))
    hidden = result.outputs.with_columns(pl.col("final_use") * 0.999)
    assert verify_plan(economy, replace(result, outputs=hidden))
    less = result.resource_use.select("resource", "region", "period", limit=pl.col("use") * 0.5)
    assert (less["limit"] > 0).any()
    assert any("resources" in found.rule for found in verify_plan(replace(economy, resources=less), result))


def test_a_recipe_without_any_capacity_is_named_as_what_is_lacking():
    result = plan(economy_of(bakery(goal=8.0, minimum=5.0, capacity=0.0), horizon=1))

    assert result.outcome.status == "infeasible"
    assert "could be met with 5 units of capacity of bake in town (2021)" in result.outcome.sentence
    limits = result.shadow_prices.filter(pl.col("kind") != "product")
    # One more of capacity is one more of bread, a fifth of the minimum.
    assert limits.select("kind", "item", "limit", "price").rows() == [("capacity", "bake | town", 0.0, pytest.approx(0.2))]
    assert "No line has capacity for bake in 2021, and that holds goals back." in [note.sentence for note in result.notes]
    assert "no line has capacity for bake" in result.gaps["cause"][0]


def test_what_only_a_recipe_without_capacity_would_use_does_not_upset_the_scales():
    rows = bakery(goal=20.0)
    rows["products"] = [*rows["products"], {"product": "rye", "measure": "t"}]
    rows["recipes"] += [{"recipe": "bake rye", "item": "bread", "role": "out", "amount": 1.0}, {"recipe": "bake rye", "item": "rye", "role": "in", "amount": 1.0}]
    rows["recipes"] += [{"recipe": "grow rye", "item": "rye", "role": "out", "amount": 1.0}]
    rows["lines"] += [{"line": "R", "unit": "u", "recipe": "bake rye", "capacity": 0.0}, {"line": "G", "unit": "u", "recipe": "grow rye", "capacity": 5.0}]

    result = plan(economy_of(rows, horizon=1))

    assert result.gaps["delivered"].to_list() == pytest.approx([10.0])
    # Another tonne by either recipe is worth the same.
    prices = dict(result.shadow_prices.filter(pl.col("kind") == "capacity").select("item", "price").iter_rows())
    assert prices["bake rye | town"] == pytest.approx(prices["bake | town"])


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e9])
def test_a_limit_of_zero_is_relaxed_whatever_the_units_of_measure(size):
    rows = bakery(goal=8.0 * size, minimum=5.0 * size, capacity=10.0 * size, flour=20.0 * size)
    rows["recipes"] = [*rows["recipes"], {"recipe": "bake", "item": "labour", "role": "in", "amount": 1.0}]
    rows["resources"] = [{"resource": "labour", "region": "all", "period": "2021", "limit": 0.0}]

    result = plan(economy_of(rows, horizon=1))

    assert f"{5.0 * size:.3g} units of labour (2021)" in result.outcome.sentence
    assert not [note for note in result.notes if "No limit helps" in note.sentence]


def test_a_minimum_that_no_limit_helps_is_left_out_of_what_could_be_met():
    rows = bakery(goal=20.0, minimum=12.0)
    rows["products"] = [*rows["products"], {"product": "salt", "measure": "t", "name": "Salt"}]
    rows["goals"] = [*rows["goals"], {"product": "salt", "period": "2021", "quantity": 1.0, "minimum": 1.0}]

    result = plan(economy_of(rows, horizon=1))

    assert "2 minima cannot be met" in result.outcome.sentence
    assert "all but 1 could be met with 20% more capacity of bake in town (2021)" in result.outcome.sentence
    assert "No limit helps the minimum of Salt in 2021: nothing can supply it." in [note.sentence for note in result.notes]
    assert any(note.sentence.startswith("To meet the other minima it takes 20% more") for note in result.notes)


def test_a_line_that_has_closed_is_told_where_no_limit_helps():
    rows = bakery(goal=8.0, minimum=5.0)
    rows["lines"] = [row | {"until": "2020"} for row in rows["lines"]]

    result = plan(economy_of(rows, horizon=1))

    assert "No limit helps the minimum of Bread in 2021: no line for bake is there." in [note.sentence for note in result.notes]


def test_the_loss_of_the_year_after_is_told_as_a_share():
    # All three goals are alike and are missed alike, those of the two years and that of the year after: a third of the loss is its own.
    rows = bakery(goal=8.0, capacity=5.0)
    rows["goals"] = [{"product": "bread", "period": year, "quantity": 8.0} for year in ("2021", "2022")]
    rows["trade"] = [{"product": "flour", "period": year, "import_limit": 20.0, "import_price": 1.0} for year in ("2021", "2022")]
    rows["products"] = [row | {"storable": False} for row in rows["products"]] + [{"product": "oven", "measure": "piece", "storable": False}]
    rows["investments"] = [{"recipe": "bake", "item": "oven", "amount": 1.0, "lag": 1, "depreciation": 0.0}]

    result = plan(economy_of(rows, horizon=2))

    told = [note.sentence for note in result.notes if note.subject == "after the plan"]
    assert told == ["If the year after the plan wants what 2022 wants, it cannot have all of it either; 33% of the objective comes from it."]


@pytest.mark.parametrize("large", [1e9, 1e12, 1e14])
@pytest.mark.parametrize("what", ["imports", "capacity"])
def test_a_limit_written_very_large_to_mean_none_changes_nothing(what, large):
    rows = bakery(goal=8.0, capacity=large if what == "capacity" else 10.0, flour=large if what == "imports" else 6.0)
    rows["products"] = [*rows["products"], {"product": "oven", "measure": "piece"}]
    rows["recipes"] = [*rows["recipes"], {"recipe": "forge", "item": "oven", "role": "out", "amount": 1.0}]
    rows["lines"] = [*rows["lines"], {"line": "F", "unit": "u", "recipe": "forge", "capacity": 1.0}]
    rows["investments"] = [{"recipe": "bake", "item": "oven", "amount": 0.1, "lag": 1, "depreciation": 0.1}]
    rows["goals"] = [{"product": "bread", "period": str(year), "quantity": 8.0} for year in (2021, 2022)]
    rows["trade"] = [dict(row, period=str(year)) for row in rows["trade"] for year in (2021, 2022)]
    economy = economy_of(rows, horizon=2)

    result = plan(economy)

    assert verify_plan(economy, result, nameplates=True) == ()
    assert result.gaps["delivered"].to_list() == pytest.approx([8.0, 8.0] if what == "imports" else [6.0, 6.0], rel=1e-9)


def test_a_plan_that_does_not_hold_is_refused_in_words():
    with pytest.raises(SolverError, match="off by .* written very large"):
        plan(economy_of(bakery(goal=1e14, minimum=1.0), horizon=1))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_small_northlands_with_few_visits_are_planned(seed):
    economy = simulate_northland(seed, enterprises=60, months=12, visits=10).economy

    result = plan(economy)

    assert result.outcome.status in ("done", "limited")
    assert verify_plan(economy, result, nameplates=True) == ()
