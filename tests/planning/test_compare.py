"""What changed between two plans, and which input it comes from: cases that are known by hand, and that parts always add up."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import polars as pl
import pytest
from economies import economy_of, random_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from groundplan.errors import InputError, SettingsError, SolverError
from groundplan.maths.shapley import coalitions, shapley_weights
from groundplan.planning.compare import compare_plans
from groundplan.planning.exchange import find_exchange
from groundplan.planning.loss import goal_losses, relative_loss
from groundplan.planning.plan import plan
from groundplan.tables.bundles import Comparison, result_tables
from groundplan.tables.economy import Economy
from groundplan.tables.results import COMPARISONS

KEYS = ["measure", "item", "period", "priority"]


def bakery(hours: float = 10.0, bread: float = 10.0, machine: float = 100.0) -> Economy:
    """Bread takes labour, of which there is little; cloth takes machines and nothing else. The two have nothing in common."""
    rows: dict[str, list[dict[str, object]]] = {
        "units": [{"unit": "u", "region": "town"}],
        "products": [{"product": name, "measure": "t", "storable": False} for name in ("bread", "cloth")],
        "recipes": [
            {"recipe": "bake", "item": "bread", "role": "out", "amount": 1.0},
            {"recipe": "bake", "item": "labour", "role": "in", "amount": 1.0},
            {"recipe": "weave", "item": "cloth", "role": "out", "amount": 1.0},
        ],
        "lines": [{"line": "oven", "unit": "u", "recipe": "bake", "capacity": 100.0}, {"line": "loom", "unit": "u", "recipe": "weave", "capacity": machine}],
        "goals": [{"product": "bread", "period": "2021", "quantity": bread}, {"product": "cloth", "period": "2021", "quantity": 50.0, "priority": 2}],
        "resources": [{"resource": "labour", "region": "all", "period": "2021", "limit": hours}],
    }
    return economy_of(rows, horizon=1)


def lost(missed: float) -> float:
    return float(relative_loss(np.array([missed]))[0])


def parts_of(result: Comparison, measure: str, item: str, period: str = "2021", priority: int = 0) -> dict[str, float]:
    own = result.change_parts.filter((pl.col("measure") == measure) & (pl.col("item") == item) & (pl.col("period") == period) & (pl.col("priority") == priority))
    return dict(own.select("cause", "part").iter_rows())


def assert_adds_up(result: Comparison) -> None:
    """Every change is the sum of its parts, and every table fits its schema."""
    summed = result.change_parts.group_by(KEYS).agg(pl.col("part").sum()).join(result.plan_changes, on=KEYS, how="full")
    size = summed.select(pl.max_horizontal(pl.col("before").abs(), pl.col("after").abs())).to_series().to_numpy()
    change = (summed["after"] - summed["before"]).to_numpy()
    np.testing.assert_array_less(np.abs(change - summed["part"].to_numpy()), 1e-9 * size + 1e-15)
    assert result.plan_changes["change"].to_list() == (result.plan_changes["after"] - result.plan_changes["before"]).to_list()
    for name, table in result_tables(result).items():
        COMPARISONS[name].validate(table)


def test_where_only_a_resource_changed_all_of_the_change_is_its():
    result = compare_plans(bakery(hours=6.0), bakery(hours=8.0))

    assert result.causes == ("resources",)
    assert parts_of(result, "production", "bread") == pytest.approx({"resources": 2.0}, rel=1e-12)
    assert parts_of(result, "fulfilment", "bread") == pytest.approx({"resources": 0.2}, rel=1e-12)
    assert parts_of(result, "loss", "", "", 1) == pytest.approx({"resources": lost(0.2) - lost(0.4)}, rel=1e-12)
    assert parts_of(result, "loss", "bread", priority=1) == parts_of(result, "loss", "", "", 1)
    assert result.changed_cells.rows() == [("resources", "resources", "labour, all, 2021", "limit", "6", "8", pytest.approx(8 / 6))]
    assert result.input_changes.select("cause", "added", "removed", "altered").rows() == [("resources", 0, 0, 1)]
    assert "comes from resources alone" in result.outcome.sentence
    assert_adds_up(result)


def test_two_changes_in_unconnected_parts_have_each_their_own():
    result = compare_plans(bakery(hours=6.0, machine=40.0), bakery(hours=8.0, machine=30.0))

    assert set(result.causes) == {"resources", "lines"}
    assert parts_of(result, "loss", "", "", 1) == pytest.approx({"resources": lost(0.2) - lost(0.4), "lines": 0.0}, rel=1e-12)
    assert parts_of(result, "loss", "", "", 2) == pytest.approx({"resources": 0.0, "lines": lost(0.4) - lost(0.2)}, rel=1e-12)
    assert parts_of(result, "production", "cloth") == pytest.approx({"resources": 0.0, "lines": -10.0}, rel=1e-12)
    assert_adds_up(result)


def test_two_changes_that_act_together_share_what_they_do_together_in_halves():
    # More bread is made only where more is wanted and there are hours for it: neither change alone does anything to production.
    result = compare_plans(bakery(hours=10.0, bread=10.0), bakery(hours=14.0, bread=14.0))

    assert parts_of(result, "production", "bread") == pytest.approx({"goals": 2.0, "resources": 2.0}, rel=1e-12)
    # The goal alone would miss 4 of 14; the hours mend that, and alone do nothing.
    alone = lost(4.0 / 14.0)
    assert parts_of(result, "loss", "", "", 1) == pytest.approx({"goals": alone / 2, "resources": -alone / 2}, rel=1e-12)
    assert "stays the same" in result.outcome.sentence
    assert_adds_up(result)


def test_turned_round_every_part_has_the_other_sign():
    one, other = bakery(hours=6.0, bread=10.0, machine=30.0), bakery(hours=8.0, bread=14.0, machine=60.0)

    forth, back = compare_plans(one, other), compare_plans(other, one)

    joined = forth.change_parts.join(back.change_parts, on=[*KEYS, "cause"], how="full", suffix="_back")
    assert joined["part"].to_list() == pytest.approx([-part for part in joined["part_back"]], abs=1e-12)
    assert set(forth.causes) == {"goals", "resources", "lines"}


def test_what_binds_now_and_no_more():
    result = compare_plans(bakery(hours=6.0), bakery(hours=12.0, machine=30.0))

    assert result.binding_changes.select("kind", "item", "binds").rows() == [("capacity", "weave | town", "now"), ("resource", "labour", "no more")]


def test_the_same_economy_has_no_causes_and_no_changes():
    result = compare_plans(bakery(), bakery())

    assert result.causes == ()
    assert result.notes == ()
    assert result.plan_changes["change"].to_list() == [0.0] * len(result.plan_changes)
    assert result.change_parts.is_empty()
    assert "plans are the same" in result.outcome.sentence


def test_more_of_what_does_not_bind_changes_nothing_and_is_told_so():
    result = compare_plans(bakery(hours=20.0), bakery(hours=30.0))

    assert result.causes == ("resources",)
    assert result.moved == ()
    assert result.notes == ()
    assert "0 of 2 goals are missed, as before. Nothing else differs either." in result.outcome.sentence


def test_names_are_no_cause():
    named = bakery()
    named = replace(named, products=named.products.with_columns(pl.lit("Bread and cloth").alias("name")))

    assert compare_plans(bakery(), named).causes == ()


def test_rows_in_another_order_are_no_cause():
    turned = bakery()
    turned = replace(turned, goals=turned.goals.reverse(), recipes=turned.recipes.reverse())

    assert compare_plans(bakery(), turned).causes == ()


def with_new_product(economy: Economy) -> Economy:
    """Plastics come in: a product, its recipe, a line and a goal."""
    more = economy_of(
        {
            "products": [{"product": "plastics", "measure": "t", "storable": False}],
            "recipes": [{"recipe": "mould", "item": "plastics", "role": "out", "amount": 1.0}],
            "lines": [{"line": "press", "unit": "u", "recipe": "mould", "capacity": 3.0}],
            "goals": [{"product": "plastics", "period": "2021", "quantity": 4.0}],
        }
    )
    return replace(economy, **{name: pl.concat([economy.tables()[name], more.tables()[name]]) for name in ("products", "recipes", "lines", "goals")})


def test_a_goal_for_a_new_product_and_the_line_that_makes_it_are_one_cause():
    result = compare_plans(bakery(hours=6.0), with_new_product(bakery(hours=8.0)))

    assert set(result.causes) == {"goals and lines", "resources"}
    assert parts_of(result, "loss", "", "", 1) == pytest.approx({"resources": lost(0.2) - lost(0.4), "goals and lines": lost(0.25)}, rel=1e-12)
    assert "goals and lines count as one cause" in result.notes[0].sentence
    assert_adds_up(result)


def test_a_new_line_of_a_new_recipe_of_a_known_product_is_a_matter_of_lines():
    before = bakery(machine=30.0)
    recipes = pl.concat([before.recipes, pl.DataFrame([{"recipe": "knit", "item": "cloth", "role": "out", "amount": 1.0}]).cast(dict(before.recipes.schema))])
    lines = pl.concat([before.lines, before.lines.filter(pl.col("line") == "loom").with_columns(pl.lit("needle").alias("line"), pl.lit("knit").alias("recipe"))])
    after = replace(bakery(hours=6.0, machine=30.0), recipes=recipes, lines=lines)

    result = compare_plans(before, after)

    assert set(result.causes) == {"resources", "lines"}
    assert parts_of(result, "production", "cloth") == pytest.approx({"resources": 0.0, "lines": 20.0}, rel=1e-12)


def test_a_new_enterprise_comes_with_its_lines():
    before = bakery(machine=30.0)
    units = pl.concat([before.units, before.units.with_columns(pl.lit("v").alias("unit"))])
    lines = pl.concat([before.lines, before.lines.filter(pl.col("line") == "loom").with_columns(pl.lit("loom 2").alias("line"), pl.lit("v").alias("unit"))])

    result = compare_plans(before, replace(before, units=units, lines=lines))

    assert result.causes == ("units",)
    assert parts_of(result, "production", "cloth") == pytest.approx({"units": 20.0}, rel=1e-12)
    assert set(result.input_changes["table"]) == {"units", "lines"}


def test_every_mixture_passes_the_checks():
    exchange = find_exchange(bakery(hours=6.0), with_new_product(bakery(hours=8.0)))
    assert set(exchange.causes) == {"goals", "lines", "resources"}
    # Unmerged, the goal for plastics alone is what nobody can supply; merging is what keeps it from being planned.
    alone = exchange.mixture(["goals"])
    assert set(alone.goals["product"]) - set(alone.lines.join(alone.recipes, on="recipe")["item"]) == {"plastics"}


def test_split_causes_stand_for_each_resource():
    def two(labour: float, water: float) -> Economy:
        economy = bakery(hours=labour)
        recipes = pl.concat([economy.recipes, pl.DataFrame([{"recipe": "weave", "item": "water", "role": "in", "amount": 1.0}]).cast(dict(economy.recipes.schema))])
        limits = pl.concat([economy.resources, economy.resources.with_columns(pl.lit("water").alias("resource"), pl.lit(water).alias("limit"))])
        return replace(economy, recipes=recipes, resources=limits)

    result = compare_plans(two(6.0, 40.0), two(8.0, 30.0), split=("resources",))

    assert result.causes == ("resources: labour", "resources: water")
    assert parts_of(result, "production", "bread") == pytest.approx({"resources: labour": 2.0, "resources: water": 0.0}, rel=1e-12)
    assert parts_of(result, "production", "cloth") == pytest.approx({"resources: labour": 0.0, "resources: water": -10.0}, rel=1e-12)


def test_plans_of_other_years_are_one_cause_with_what_is_by_year():
    before, after = bakery(hours=6.0, machine=40.0), bakery(hours=8.0, machine=30.0)
    settings = replace(after.settings, base_period="2021")
    later = {name: after.tables()[name].with_columns(pl.lit("2022").alias("period")) for name in ("goals", "resources")}

    result = compare_plans(before, replace(after, settings=settings, **later), split=("goals",))

    assert set(result.causes) == {"plan periods", "lines"}
    assert parts_of(result, "loss", "", "", 2) == pytest.approx({"plan periods": 0.0, "lines": lost(0.4) - lost(0.2)}, rel=1e-12)
    assert any("undivided" in note.sentence for note in result.notes)
    assert_adds_up(result)


def test_a_plan_that_is_known_is_not_made_again():
    before, after = bakery(hours=6.0), bakery(hours=8.0)
    made: list[Economy] = []

    def make(economy: Economy):
        made.append(economy)
        return plan(economy)

    result = compare_plans(before, after, make_plan=make, plans=(plan(before), plan(after)))

    assert made == []
    assert parts_of(result, "production", "bread") == pytest.approx({"resources": 2.0}, rel=1e-12)


def test_products_measured_differently_are_refused():
    other = bakery()
    other = replace(other, products=other.products.with_columns(pl.lit("kt").alias("measure")))

    with pytest.raises(InputError, match=r"products\.measure: found bread in t before and in kt after, and 1 more"):
        compare_plans(bakery(), other)


def test_periods_of_other_lengths_are_refused():
    year = bakery()
    quarter = {name: year.tables()[name].with_columns(pl.lit("2021-Q1").alias("period")) for name in ("goals", "resources")}
    quarters = replace(year, settings=replace(year.settings, base_period="2020-Q4"), **quarter)

    with pytest.raises(SettingsError, match="plan periods of a year before and of a quarter after"):
        compare_plans(year, quarters)


def test_an_economy_with_faults_is_refused():
    with pytest.raises(InputError, match="the second economy cannot be compared\n.*resources.limit"):
        compare_plans(bakery(), bakery(hours=-1.0))


def test_a_group_that_cannot_be_split_is_refused():
    with pytest.raises(InputError, match="found 'evidence', expected one of goals, resources"):
        compare_plans(bakery(), bakery(), split=("evidence",))


def test_a_mixture_that_cannot_be_planned_is_named():
    def make(economy: Economy):
        if economy.resources["limit"].item() == 8.0 and economy.goals["quantity"][0] == 10.0:
            raise SolverError("no plan")
        return plan(economy)

    with pytest.raises(SolverError, match="first economy with resources of the second could not be planned: no plan"):
        compare_plans(bakery(hours=6.0), bakery(hours=8.0, bread=14.0), make_plan=make)


@pytest.mark.parametrize(("gap", "moved"), [(0.01, (1,)), (1.0, ())])
def test_what_is_no_nearer_than_the_proven_gap_is_told_and_no_answer(gap, moved):
    def make(economy: Economy):
        made = plan(economy)
        return replace(made, bound=made.objective - gap)

    result = compare_plans(bakery(hours=6.0), bakery(hours=8.0), make_plan=make)

    (note,) = result.notes
    assert f"up to {gap:.1g} more" in note.sentence
    assert result.moved == moved
    assert ("stays the same" in result.outcome.sentence) is (moved == ())


def test_two_orders_are_taken_where_there_are_many_causes():
    before, after = bakery(hours=6.0, bread=10.0, machine=30.0), bakery(hours=8.0, bread=14.0, machine=60.0)
    made: list[Economy] = []

    def make(economy: Economy):
        made.append(economy)
        return plan(economy)

    few = compare_plans(before, after, make_plan=make, exact_up_to=2)
    assert len(made) == 6
    assert "its reverse" in few.outcome.method
    assert_adds_up(few)
    # Causes that act in pairs at most have their Shapley values from two orders as well.
    all_of_them = compare_plans(before, after)
    assert few.change_parts["part"].to_list() == pytest.approx(all_of_them.change_parts["part"].to_list(), abs=1e-12)


@pytest.mark.parametrize("causes", range(5))
def test_shapley_values_are_the_mean_over_all_orders(causes):
    values = dict(zip(coalitions(causes), np.random.default_rng(causes).normal(size=2**causes), strict=True))
    means = np.zeros(causes)
    orders = list(permutations(range(causes)))
    for order in orders:
        for place, cause in enumerate(order):
            means[cause] += (values[tuple(sorted(order[: place + 1]))] - values[tuple(sorted(order[:place]))]) / len(orders)

    found = shapley_weights(causes) @ np.array(list(values.values()))

    assert found == pytest.approx(means, abs=1e-12)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), causes=st.integers(1, 9))
def test_two_orders_give_shapley_values_of_causes_that_act_in_pairs(seed, causes):
    rng = np.random.default_rng(seed)
    own, pairs = rng.normal(size=causes), np.triu(rng.normal(size=(causes, causes)), 1)
    figures = [own[list(some)].sum() + pairs[np.ix_(some, some)].sum() for some in coalitions(causes, exact_up_to=2)]

    found = shapley_weights(causes, exact_up_to=2) @ np.array(figures)

    assert found == pytest.approx(own + (pairs.sum(axis=0) + pairs.sum(axis=1)) / 2, abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_any_two_economies_of_one_kind_have_parts_that_add_up(seed):
    rows, horizon = random_rows(seed, hungry=seed % 3 == 0)
    rng = np.random.default_rng(seed)
    other = {name: [dict(row) for row in table] for name, table in rows.items()}
    for row in other["goals"]:
        row["quantity"] = float(row["quantity"]) * float(rng.uniform(1.0, 1.4))
    for row in other["resources"]:
        row["limit"] = float(row["limit"]) * float(rng.uniform(0.7, 1.4))
    for row in other["lines"]:
        row["capacity"] = float(row["capacity"]) * float(rng.uniform(0.7, 1.4))
    before, after = economy_of(rows, horizon=horizon), economy_of(other, horizon=horizon)

    result = compare_plans(before, after)

    assert_adds_up(result)
    whole = result.plan_changes.filter((pl.col("measure") == "loss") & (pl.col("item") == ""))
    summed = whole.filter((pl.col("priority") > 0) | (pl.col("period") != ""))
    for side, made in (("before", plan(before)), ("after", plan(after))):
        assert whole.filter((pl.col("priority") == 0) & (pl.col("period") == ""))[side].item() == made.objective
        # What is summed by priority, and the year after, is the objective.
        assert summed[side].sum() == pytest.approx(made.objective, rel=1e-9, abs=1e-12)
        assert goal_losses(made.gaps).sum() <= made.objective * (1 + 1e-9) + 1e-12
