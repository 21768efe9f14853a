"""Material balances: both sides add up, users are named, and a plan of other tables is refused."""

from dataclasses import replace

import polars as pl
import pytest
from economies import economy_of, random_rows
from test_hand_solved import tractors_and_grain

from groundplan.errors import InputError, RunIncompleteError
from groundplan.planning.material_balances import largest_difference, material_balances
from groundplan.planning.plan import plan
from groundplan.tables.balance_sheet import SOURCES, USES
from groundplan.tables.results import MaterialBalances

KEYS = ["product", "period"]


def test_tractors_that_become_capacity_are_a_use_by_the_recipe_that_grows():
    # The works make 3 tractors in 2021, all of them built into the farms, which makes 13 of grain in 2022; 1 more in 2022 for the year after.
    economy = economy_of(tractors_and_grain(3.0), horizon=2)

    balances = material_balances(economy, plan(economy))

    rows = balances.select(*KEYS, "side", "item", "user", "user_name", "quantity", "share").rows()
    assert rows == [
        ("grain", "2021", "source", "production", "farming", "Farming", pytest.approx(10.0), 1.0),
        ("grain", "2021", "use", "final_use", "", "", pytest.approx(10.0), 1.0),
        ("grain", "2022", "source", "production", "farming", "Farming", pytest.approx(13.0), 1.0),
        ("grain", "2022", "use", "final_use", "", "", pytest.approx(13.0), 1.0),
        ("tractor", "2021", "source", "production", "building", "Building", pytest.approx(3.0), 1.0),
        ("tractor", "2021", "use", "investment", "farming", "Farming", pytest.approx(3.0), 1.0),
        ("tractor", "2022", "source", "production", "building", "Building", pytest.approx(1.0), 1.0),
        ("tractor", "2022", "use", "investment", "farming", "Farming", pytest.approx(1.0), 1.0),
    ]


@pytest.mark.parametrize("seed", range(12))
def test_both_sides_agree_and_users_add_up_to_the_plan_s_balance(seed):
    rows, horizon = random_rows(seed)
    economy = economy_of(rows, horizon=horizon)
    planned = plan(economy)

    balances = material_balances(economy, planned)

    assert MaterialBalances.is_valid(balances)
    assert largest_difference(balances) <= 1e-9
    told = planned.outputs.unpivot([*SOURCES, *USES], index=[*KEYS, "production", "imports", "opening_stock"], variable_name="item", value_name="total")
    summed = told.join(balances.group_by(*KEYS, "item").agg(pl.col("quantity").sum()), on=[*KEYS, "item"], how="left").with_columns(pl.col("quantity").fill_null(0.0))
    flow = pl.sum_horizontal("production", "imports", "opening_stock")
    flows = summed.filter(flow > 0)
    assert len(flows) > 0
    assert flows.select(((pl.col("total") - pl.col("quantity")).abs() <= 1e-9 * flow).all()).item()
    assert (summed.filter(flow <= 0)["quantity"] == 0).all()
    assert set(balances.filter(pl.col("user") != "")["user"]) <= set(economy.recipes["recipe"])


def test_the_largest_user_of_an_item_stands_first_and_shares_add_up():
    economy = economy_of(random_rows(3)[0], horizon=random_rows(3)[1])

    balances = material_balances(economy, plan(economy))

    assert balances["item"].is_in([*SOURCES, *USES]).all()
    for _, part in balances.group_by(*KEYS, "item"):
        assert part["quantity"].is_sorted(descending=True)
    shares = balances.group_by(*KEYS, "side").agg(pl.col("share").sum())["share"]
    assert shares.to_list() == pytest.approx([1.0] * len(shares), rel=1e-12)


def test_recipes_that_are_not_the_plan_s_are_refused():
    economy = economy_of(tractors_and_grain(3.0), horizon=2)
    planned = plan(economy)
    changed = replace(economy, recipes=economy.recipes.with_columns(pl.when(pl.col("recipe") == "farming").then(2.0).otherwise(pl.col("amount")).alias("amount")))

    with pytest.raises(InputError, match=r"20 of production of grain in 2021 by the economy's tables, 10 in the plan.*Run again"):
        material_balances(changed, planned)


def test_capital_goods_that_are_not_the_plan_s_are_refused():
    economy = economy_of(tractors_and_grain(3.0), horizon=2)
    planned = plan(economy)

    with pytest.raises(InputError, match="investment of tractor"):
        material_balances(replace(economy, investments=economy.investments.with_columns(amount=pl.lit(0.5))), planned)


def test_results_without_a_plan_are_refused():
    economy = economy_of(tractors_and_grain(3.0), horizon=2)

    with pytest.raises(RunIncompleteError, match="no plan"):
        material_balances(economy, {"estimates": pl.DataFrame()})


def test_a_plan_without_goals_has_no_balances():
    economy = economy_of(tractors_and_grain(3.0) | {"goals": []}, horizon=2)

    balances = material_balances(economy, plan(economy))

    assert balances.is_empty()
    assert largest_difference(balances) == 0.0
