"""Levelled plans: the largest gap as small as can be, then the next; by hand, against an independent search, and what must hold of any."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array, hstack, vstack

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from economies import economy_of, random_rows

from _feature_economies import feature_economy
from _linopy_plan import state_plan
from groundplan.errors import SettingsError
from groundplan.planning import levels
from groundplan.planning.compare import compare_plans
from groundplan.planning.plan import plan
from groundplan.planning.verify import verify_plan
from groundplan.tables.bundles import Plan
from groundplan.tables.economy import Economy

EXACT = 2e-6
"""A gap may exceed its level by a millionth of its goal."""


def workshops(**settings: object) -> Economy:
    """One hour makes a loaf, a coat or a lamp; there are 120 hours, and lines for 30 lamps. Nobody makes rings."""
    made, periods = {"loaf": 200.0, "coat": 200.0, "lamp": 30.0}, ("2021",)
    return economy_of(
        {
            "products": [{"product": name, "measure": "piece", "storable": False} for name in (*made, "ring")],
            "units": [{"unit": "u", "region": "n"}],
            "recipes": [{"recipe": name, "item": item, "role": role, "amount": 1.0} for name in made for item, role in ((name, "out"), ("labour", "in"))],
            "lines": [{"line": name, "unit": "u", "recipe": name, "capacity": capacity} for name, capacity in made.items()],
            "goals": [
                {"product": name, "period": period, "quantity": goal, "weight": weight}
                for name, goal, weight in (("loaf", 100.0, 10.0), ("coat", 50.0, 1.0), ("lamp", 60.0, 1.0), ("ring", 5.0, 1.0))
                for period in periods
            ],
            "resources": [{"resource": "labour", "region": "all", "period": period, "limit": 120.0} for period in periods],
        },
        horizon=1,
        **settings,
    )


def gaps(result: Plan) -> dict[str, float]:
    return dict(result.gaps.select("product", "shortfall_share").iter_rows())


def test_the_largest_gap_is_as_small_as_can_be_and_then_the_next():
    # Rings: nobody can help, 100 %. Lamps: half at the best, for 30 hours. The 90 hours left give loaves and coats 60 % each: gaps of 40 %.
    result = plan(workshops(aim="levelled"))
    assert gaps(result) == pytest.approx({"ring": 1.0, "lamp": 0.5, "loaf": 0.4, "coat": 0.4}, abs=EXACT)


def test_the_weighted_plan_serves_what_weighs_most():
    result = plan(workshops())
    assert gaps(result)["loaf"] < 0.05
    assert gaps(result)["coat"] > 0.6


def test_a_levelled_plan_says_so_beside_the_weighted_one():
    economy = workshops(aim="levelled")
    able = replace(economy, goals=economy.goals.filter(pl.col("product") != "ring"))
    result = plan(able)

    weighted = max(gaps(plan(replace(able, settings=replace(able.settings, aim="weighted")))).values())
    assert f"lamp in 2021 (50% of the goal; gaps are levelled, else the largest would be {weighted:.0%})" in result.outcome.sentence
    (note,) = (note.sentence for note in result.notes if note.subject == "levelling")
    assert note.startswith(f"Gaps of priority 1 are levelled, the largest first: it is 50.0% of its goal, where the least weighted loss would leave one of {weighted:.1%}.")
    assert "gaps of priority 1 levelled in 2 rounds" in result.outcome.method
    # With rings, whose gap no plan can help, the largest is the same.
    assert any("and no plan has a smaller largest one" in note.sentence for note in plan(economy).notes)


def test_prices_are_gains_in_the_weighted_loss_with_the_levels_held():
    # One hour more makes a loaf or a coat: the loaf weighs most, at the slope of the loss between 35 % and 50 % missed.
    result = plan(workshops(aim="levelled"))
    labour = result.shadow_prices.filter(pl.col("kind") == "resource").row(0, named=True)
    assert labour["price"] == pytest.approx(10.0 * (1.0 + 2.0 * (0.35 + 0.5)) / 3.0 / 100.0, rel=1e-9)
    assert "labour" in result.gaps.filter(pl.col("product") == "coat")["cause"].item()


def test_priorities_come_before_levelling():
    # Loaves first: all of them; 20 hours are left for coats and lamps, 20/110 of each.
    economy = workshops(aim="levelled")
    first = replace(economy, goals=economy.goals.with_columns(pl.when(pl.col("product") == "loaf").then(1).otherwise(2).cast(pl.Int64).alias("priority")))
    assert gaps(plan(first)) == pytest.approx({"ring": 1.0, "loaf": 0.0, "coat": 90 / 110, "lamp": 90 / 110}, abs=EXACT)


def test_goals_without_weight_are_not_levelled():
    economy = workshops(aim="levelled")
    free = replace(economy, goals=economy.goals.with_columns(pl.when(pl.col("product") == "coat").then(0.0).otherwise(pl.col("weight")).alias("weight")))
    assert gaps(plan(free)) == pytest.approx({"ring": 1.0, "lamp": 0.5, "loaf": 0.1, "coat": 1.0}, abs=EXACT)


def search_levels(economy: Economy) -> np.ndarray:
    """The levelled gaps of a plan without minima, floors or year after, by product and period; a programme of its own asks each goal whether it can still gain."""
    model = state_plan(economy).model
    model.add_objective(model.variables["missed"].sum(), overwrite=True)
    matrices = model.matrices
    matrix, sense, right = matrices.A.tocsr(), np.asarray(matrices.sense), np.asarray(matrices.b)
    bounds = np.column_stack([matrices.lb, matrices.ub])
    more = sense == ">"
    upper, most = matrix[sense != "="].copy(), right[sense != "="].copy()
    sign = np.where(more[sense != "="], -1.0, 1.0)
    upper, most = upper.multiply(sign[:, None]).tocsr(), most * sign
    goals = economy.goals.sort("product", "period")
    labels = model.variables["missed"].labels
    rows = np.zeros((len(goals), matrix.shape[1]))
    for row, (product, period, quantity) in enumerate(goals.select("product", "period", "quantity").iter_rows()):
        rows[row, np.isin(matrices.vlabels, labels.sel(product=product, period=period).values)] = 1.0 / quantity

    def least(cost: np.ndarray, caps: np.ndarray, is_open: np.ndarray) -> float:
        """The least of z, or of one gap, where gaps that are open are at most z and the others at most their caps."""
        extra = np.column_stack([rows, np.where(is_open, -1.0, 0.0)])
        whole = vstack([hstack([upper, csr_array((upper.shape[0], 1))]), csr_array(extra)])
        equal = hstack([matrix[sense == "="], csr_array((int((sense == "=").sum()), 1))])
        found = linprog(
            cost,
            A_ub=whole,
            b_ub=np.append(most, np.where(is_open, 0.0, caps + 1e-8)),
            A_eq=equal,
            b_eq=right[sense == "="],
            bounds=np.vstack([bounds, [0.0, top]]),
            method="highs",
        )
        assert found.status == 0, found.message
        return float(found.fun)

    level, is_open, top = np.ones(len(goals)), np.ones(len(goals), dtype=bool), 1.0
    largest = np.append(np.zeros(rows.shape[1]), 1.0)
    while is_open.any():
        top = least(largest, level, is_open)
        level[is_open] = top
        if top <= 1e-9:
            break
        top += 1e-8
        blocked = [goal for goal in np.flatnonzero(is_open) if least(np.append(rows[goal], 0.0), level, is_open) >= top - 1e-6]
        assert blocked
        is_open[blocked] = False
    return level


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_levels_are_those_of_an_independent_search(seed, monkeypatch):
    economy = feature_economy(seed, investing=False, regional=False)
    economy = replace(
        economy,
        settings=replace(economy.settings, aim="levelled"),
        goals=economy.goals.with_columns(pl.lit(0.0).alias("minimum"), pl.lit(1).cast(pl.Int64).alias("priority"), pl.lit(1.0).alias("weight")),
        stocks=economy.stocks.with_columns(pl.lit(0.0).alias("floor")),
    )

    usual = plan(economy)
    monkeypatch.setattr(levels, "_ROOM", (1e-9, 1e-8))
    strict = plan(economy)

    expected = search_levels(economy)
    found, allowed = (result.gaps.sort("product", "period")["shortfall_share"].to_numpy() for result in (strict, usual))
    assert found == pytest.approx(expected, abs=1e-5)
    # By a millionth of one goal others may gain more: none is above its level, but some may be below.
    assert (allowed <= expected + 5e-6).all()


@pytest.mark.parametrize("seed", range(10))
def test_the_largest_gap_is_never_larger_than_in_the_weighted_plan(seed):
    rows, horizon = random_rows(seed, investing=seed % 2 == 0, hungry=seed % 5 == 0)
    weighted, economy = plan(economy_of(rows, horizon=horizon)), economy_of(rows, horizon=horizon, aim="levelled")

    levelled = plan(economy)

    assert verify_plan(economy, levelled, nameplates=True) == ()
    assert levelled.outcome.status == weighted.outcome.status
    assert levelled.gap < 1e-6
    for priority in (1, 2):
        largest, before = (result.gaps.filter(pl.col("priority") == priority)["shortfall_share"].max() or 0.0 for result in (levelled, weighted))
        # The same minima are missed, though others may bear it, and what a later priority is left hangs on what the earlier ones took.
        if weighted.outcome.status != "infeasible":
            assert largest <= before + 1e-5
        if before > 1e-5:
            break


def test_gaps_are_levelled_by_vertices_whatever_the_size(monkeypatch):
    monkeypatch.setattr(levels, "_VERTEX_ROWS", 0)
    result = plan(workshops(aim="levelled"))
    assert "simplex" in result.outcome.method
    assert gaps(result)["coat"] == pytest.approx(0.4, abs=EXACT)


def test_a_plan_beyond_vertices_is_refused_by_the_name_of_the_setting(monkeypatch):
    monkeypatch.setattr(levels, "MOST_ROWS", 2)
    with pytest.raises(SettingsError, match="aim: found 'levelled' for a plan of"):
        plan(workshops(aim="levelled"))


def test_an_aim_that_is_none_is_a_fault():
    with pytest.raises(SettingsError, match="'weighted' or 'levelled'"):
        workshops(aim="level")


def test_the_aim_is_a_cause_of_its_own_where_plans_are_compared():
    before, after = (replace(economy, goals=economy.goals.filter(pl.col("product") != "ring")) for economy in (workshops(), workshops(aim="levelled")))
    found = compare_plans(before, after)
    assert found.causes == ("aim",)
