"""Plans followed in draws of what can really be made: balances close, limits hold, and the chances of deliveries are what they are by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cases import case
from economies import economy_of, random_rows
from scipy.special import ndtr

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from _perfect_recourse import all_in_full, perfectly_in_full
from _perfect_recourse import planned as planned_in_whole
from groundplan.planning.chance import LineCapacities, capacities_at_chance
from groundplan.planning.columns import lay_out
from groundplan.planning.delivery_chances import IN_FULL, chance_in_words, delivery_chances, draws_for, standard_error
from groundplan.planning.draws import draw_pools
from groundplan.planning.inputs import Inputs, read_inputs
from groundplan.planning.levels import solve_levels
from groundplan.planning.plan import plan
from groundplan.planning.pools import make_pools, placed_lines
from groundplan.planning.recourse import deliveries_of, follow_draws
from groundplan.planning.tables_out import Levels, levels_of
from groundplan.tables.bundles import Plan
from groundplan.tables.economy import Economy
from plan import random_economy, with_many_lines


def errors(economy: Economy, own: float, shared: float = 0.0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Capacities whose medians are the nameplates, with log errors of their own and one that all share."""
    lines = economy.lines.select("line", pl.col("capacity").alias("median")).sort("line")
    factors = pl.DataFrame({"line": lines["line"], "factor": ["all"] * len(lines), "loading": [shared] * len(lines)})
    return lines.with_columns(pl.lit((own**2 + shared**2) ** 0.5).alias("log_sd"), pl.lit(own).alias("own_log_sd")), factors


def planned(economy: Economy, own: float, shared: float = 0.0) -> tuple[Inputs, Levels, LineCapacities]:
    lines = capacities_at_chance(economy, *errors(economy, own, shared))
    inputs = read_inputs(economy, make_pools(economy, placed_lines(economy, lines)))
    layout = lay_out(inputs)
    return inputs, levels_of(inputs, layout, solve_levels(inputs, layout, tell=lambda _at, _share: None).x), lines


def with_chances(economy: Economy, own: float, shared: float = 0.0, **options: int) -> Plan:
    capacities, factors = errors(economy, own, shared)
    return plan(economy, capacities=capacities, capacity_factors=factors, **options)


def two_products(**settings: object) -> Economy:
    """Bread of flour and shoes, each wanted beyond what their one line can make, which nothing makes good."""
    rows = {
        "units": [{"unit": "u", "region": "town"}],
        "products": [{"product": name, "measure": "t", "storable": False} for name in ("bread", "shoes")],
        "recipes": [{"recipe": name, "item": name, "role": "out", "amount": 1.0} for name in ("bread", "shoes")],
        "lines": [{"line": name, "unit": "u", "recipe": name, "capacity": 10.0} for name in ("bread", "shoes")],
        "goals": [{"product": "bread", "period": "2021", "quantity": 20.0, "priority": 1}, {"product": "shoes", "period": "2021", "quantity": 20.0, "priority": 2}],
    }
    return economy_of(rows, horizon=1, **settings)


@pytest.mark.parametrize("seed", range(8))
def test_each_draw_closes_its_balances_and_exceeds_no_limit(seed):
    rows, horizon = random_rows(seed)
    inputs, levels, lines = planned(economy_of(rows, horizon=horizon), 0.3, 0.1)
    drawn = draw_pools(inputs, lines, draws=4, seed=1)
    trade, stocks, limits = inputs.trade, inputs.stocks, inputs.limits

    for one in follow_draws(inputs, levels, drawn):
        sources = inputs.made @ one.activity + one.imports + one.opening * stocks.kept[:, None]
        uses = inputs.used @ one.activity + one.delivered + one.invested + one.exports + one.closing + one.unused
        assert np.abs(sources - uses).max() <= 1e-7 * max(1.0, np.abs(sources).max())
        assert (np.abs(sources - uses) <= 1e-6 * np.maximum(sources.max(axis=1, keepdims=True), 1e-12)).all()
        assert (one.activity <= one.capacity * (1 + 1e-9)).all()
        assert min(part.min() for part in (one.activity, one.imports, one.exports, one.closing, one.unused)) >= 0.0
        assert (one.delivered <= levels.delivered * (1 + 1e-9) + 1e-12).all()
        assert one.delivered.min() >= 0.0
        assert (one.imports <= trade.import_limit[:, :horizon]).all()
        assert (one.exports <= trade.export_limit[:, :horizon]).all()
        assert (one.closing <= stocks.ceiling[:, None] * (1 + 1e-9)).all()
        assert one.opening[:, 1:] == pytest.approx(one.closing[:, :-1])
        for entry in np.flatnonzero(limits.period < horizon):
            at = limits.period[entry]
            use = (limits.use[[entry], :] @ one.activity[:, at])[0]
            if limits.trades[entry]:
                use += trade.import_price[:, at] @ one.imports[:, at] - trade.export_price[:, at] @ one.exports[:, at]
            assert use <= limits.limit[entry] + 1e-6 * max(limits.limit[entry], 1.0)


@pytest.mark.parametrize("seed", range(6))
def test_a_plan_on_certain_capacities_is_made_in_full(seed):
    # All but a thousandth, as in full is meant: up to that, a rule that weighs may sell one goal for others.
    rows, horizon = random_rows(seed)
    inputs, levels, lines = planned(economy_of(rows, horizon=horizon), 0.0)

    delivered = deliveries_of(inputs, levels, draw_pools(inputs, lines, draws=2, seed=1))

    assert delivered == pytest.approx(np.repeat(levels.delivered[:, :, None], 2, axis=2), rel=IN_FULL, abs=1e-9)


def test_without_errors_of_capacities_no_chance_is_told():
    economy = two_products()

    for found in (plan(economy), with_chances(economy, 0.0)):
        assert found.chances.is_empty()
        assert found.joint_chances.is_empty()
        assert "chance" not in found.outcome.sentence


def test_two_products_by_hand():
    # Each is planned at Fenton's 20 % quantile of its line and made in full where the line is there: P(log C >= log q). Lines err by themselves, so both are there with
    # the product of the two chances. What is delivered is the line's capacity up to the plan: its 5 % quantile is that of the line.
    own = 0.3
    found = with_chances(two_products(), own, draws=2000)

    mean = 10.0 * np.exp(own**2 / 2)
    spread = np.sqrt(np.log1p(own**2))
    chosen = mean * np.exp(-(spread**2) / 2 - 0.8416212 * spread)
    chance = float(ndtr(np.log(10.0 / (0.999 * chosen)) / own))
    by_goal, joint = found.chances.sort("product"), found.joint_chances.sort("what", "priority")
    assert by_goal["delivered"].to_list() == pytest.approx([chosen, chosen], rel=1e-6)
    assert by_goal["chance"].to_list() == pytest.approx([chance, chance], abs=0.03)
    assert by_goal["standard_error"].to_list() == pytest.approx([(chance * (1 - chance) / 2000) ** 0.5] * 2, rel=0.1)
    assert by_goal["lower_5"].to_list() == pytest.approx([10.0 * np.exp(-1.6449 * own)] * 2, rel=0.05)
    assert by_goal["median"].to_list() == pytest.approx([chosen, chosen], rel=1e-6)
    assert by_goal["minimum_chance"].to_list() == [None, None]
    assert joint.select("what", "priority", "period").rows() == [("deliveries", 1, "2021"), ("deliveries", 2, "2021")]
    assert joint["chance"].to_list() == pytest.approx([chance, chance**2], abs=0.03)
    assert f"All planned deliveries together are made in full with a chance of {joint['chance'][1]:.0%} (give or take 1 points, 2000 draws)" in found.outcome.sentence


def test_one_shared_error_is_there_or_lacks_for_all_at_once():
    found = with_chances(two_products(), 0.0, 0.3, draws=300)

    assert found.chances["chance"].to_list() == [found.joint_chances["chance"][1]] * 2


def test_what_lacks_comes_from_stocks_and_imports_first():
    # 10 are wanted, of which 8 are planned from the line, at most 2 from abroad; half the draws lack some, and a stock of 30 makes up for all of it.
    def economy(stock: float) -> Economy:
        return case(
            {"bake": {"bread": 1.0}}, {("bread", 1): 10.0}, capacity=9.0, loss_share=0.0, stocks={"bread": {"opening": stock}},
            trade={("bread", 1): {"import_limit": 0.5, "import_price": 1.0, "export_limit": 0.0, "export_price": 0.0}}, resources={("foreign_exchange", 1): 100.0},
        )  # fmt: skip

    bare, stocked = (with_chances(economy(stock), 0.2) for stock in (0.0, 30.0))

    assert bare.chances["chance"][0] < 0.95
    assert stocked.chances["chance"][0] == 1.0
    assert "more than 97%" in stocked.outcome.sentence


def test_later_priorities_give_way_first_and_minima_last():
    # Bread and cake share one line of flour; cake is of the later priority, and its minimum is kept before any bread beyond its own.
    economy = case(
        {"mill": {"flour": 1.0}, "bake": {"bread": 1.0, "flour": -1.0}, "ice": {"cake": 1.0, "flour": -1.0}},
        {("bread", 1): {"quantity": 4.0, "priority": 1, "minimum": 1.0}, ("cake", 1): {"quantity": 40.0, "priority": 2, "minimum": 1.0}},
        capacity={"mill": 10.0, "bake": 1e5, "ice": 1e5},
    )
    inputs, levels, lines = planned(economy, 0.3)
    mill = inputs.pools.table["recipe"].to_list().index("mill")
    capacity = np.repeat(draw_pools(inputs, lines, draws=1, seed=1), 3, axis=1)
    capacity[:] = 1e5
    capacity[mill] = [6.0, 3.0, 1.5]

    delivered = deliveries_of(inputs, levels, capacity)[:, 0]

    by_name = dict(zip(inputs.products.labels, delivered, strict=True))
    assert by_name["bread"] == pytest.approx([4.0, 2.0, by_name["bread"][2]])
    assert by_name["cake"][:2] == pytest.approx([2.0, 1.0])
    assert by_name["bread"][2] + by_name["cake"][2] == pytest.approx(1.5)


def test_what_cannot_be_built_lacks_later():
    # A tractor this year is a unit of farm capacity next year: where the works fail, 2022 lacks what they did not make.
    economy = case(
        {"farm": {"grain": 1.0}, "works": {"tractor": 1.0}}, {("grain", 1): 9.0, ("grain", 2): 12.0}, capacity={"farm": 10.0, "works": 4.0},
        capital={"farm": {"tractor": 1.0}},
    )  # fmt: skip
    inputs, levels, _ = planned(economy, 0.0)
    recipes = inputs.pools.table["recipe"].to_list()
    capacity = np.array([[10.0, 10.0] if recipe == "farm" else [4.0, 1.0] for recipe in recipes])

    grain = deliveries_of(inputs, levels, capacity)[inputs.products.labels.index("grain")]

    assert grain[:, 0] == pytest.approx([9.0, 12.0])
    assert grain[:, 1] == pytest.approx([9.0, 11.0])


def test_more_uncertainty_lowers_the_chance_of_the_same_plan():
    inputs, levels, _ = planned(two_products(), 0.2)
    economy = two_products()
    chances = []
    for own in (0.1, 0.2, 0.4):
        # Means as they were: the median is lower where the error is larger.
        capacities, factors = errors(economy, own)
        lines = capacities_at_chance(economy, capacities.with_columns(pl.col("median") * np.exp(0.02 - own**2 / 2)), factors)
        chances.append(delivery_chances(economy, inputs, levels, lines, draws=300).joint["chance"][-1])

    assert chances == sorted(chances, reverse=True)
    assert chances[0] > chances[-1]


def test_the_rule_is_in_full_only_where_foresight_could_be_and_mostly_where_it_is():
    ruled, foreseen = [], []
    for seed in range(8):
        rows, horizon = random_rows(seed)
        economy = economy_of(rows, horizon=horizon)
        inputs, layout, levels, lines = planned_in_whole(economy, *errors(economy, 0.15, 0.05))
        drawn = draw_pools(inputs, lines, draws=12, seed=1)
        ruled.append(all_in_full(levels, deliveries_of(inputs, levels, drawn)))
        foreseen.append(perfectly_in_full(inputs, layout, levels, drawn, as_built=False))

    ruled, foreseen = np.concatenate(ruled), np.concatenate(foreseen)
    assert 0.1 < foreseen.mean() < 0.9
    assert not (ruled & ~foreseen).any()
    assert ruled.mean() >= 0.75 * foreseen.mean()


def test_classes_of_efficiency_have_the_chances_of_lines_told_apart():
    economy = with_many_lines(random_economy(40, 1), 12, 1)
    apart = with_chances(economy, 0.19, 0.06)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("groundplan.planning.classes._MOST_POOLS", 0)
        classed = with_chances(economy, 0.19, 0.06)

    assert len(classed.activities) < len(apart.activities)
    # Both plans are followed in the same 100 draws, but lines stand in another order and so come out otherwise: two standard errors.
    assert classed.joint_chances["chance"][-1] == pytest.approx(apart.joint_chances["chance"][-1], abs=0.14)
    assert classed.chances["chance"].mean() == pytest.approx(apart.chances["chance"].mean(), abs=0.01)


def test_the_same_seed_gives_the_same_bytes():
    rows, horizon = random_rows(3)
    first, second, other = (with_chances(economy_of(rows, horizon=horizon, seed=seed), 0.3, draws=60) for seed in (1, 1, 2))

    assert first.chances.equals(second.chances)
    assert first.joint_chances.equals(second.joint_chances)
    assert not first.chances.equals(other.chances)


def test_joint_chances_fall_with_every_period_and_priority():
    rows, horizon = random_rows(5)
    found = with_chances(economy_of(rows, horizon=horizon), 0.3, 0.1, draws=60)

    deliveries = found.joint_chances.filter(pl.col("what") == "deliveries")
    assert (deliveries.sort("period").group_by("priority").agg((pl.col("chance").diff() <= 0).all())["chance"]).all()
    assert (deliveries.sort("priority").group_by("period").agg((pl.col("chance").diff() <= 0).all())["chance"]).all()
    assert deliveries["chance"].min() <= found.chances["chance"].min()


def test_plans_too_large_to_follow_say_so():
    inputs, levels, lines = planned(two_products(), 0.2)

    assert draws_for(len(inputs.products)) == 100
    assert draws_for(10_000) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("groundplan.planning.delivery_chances._DRAWS", ((1, 10),))
        found = delivery_chances(two_products(), inputs, levels, lines)
    assert found.chances.is_empty()
    assert [note.subject for note in found.notes] == ["chances"]


def test_chances_in_words():
    assert [chance_in_words(chance, 100) for chance in (0.0, 0.26, 1.0)] == ["less than 3%", "26%", "more than 97%"]
    assert standard_error(0, 100) > 0.0
    assert float(standard_error(26, 100)) == pytest.approx(0.0439, abs=0.001)
